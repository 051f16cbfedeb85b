//! The socket under a TLS handshake: it gives whole records only, so that when the handshake is done nothing is
//! half-way inside of rustls, and the connection can go on with its bare keys.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Content type, version, length.
const HEADER_BYTES: usize = 5;
/// Types of records: change of cipher, alert, handshake, data.
const TYPES: std::ops::RangeInclusive<u8> = 20..=23;
/// Bytes read from the socket at one time.
const CHUNK_BYTES: usize = 4 * 1024;

/// A socket that is read by whole records.
pub struct Records {
    stream: TcpStream,
    read: BytesMut,
    /// Bytes of the record that is being given.
    left: usize,
}

impl Records {
    /// Of a new connection.
    pub fn of(stream: TcpStream) -> Self {
        Records { stream, read: BytesMut::new(), left: 0 }
    }

    /// The socket, and what was read from it beyond the last record that was given.
    pub fn into_parts(self) -> (TcpStream, BytesMut) {
        (self.stream, self.read)
    }

    /// Bytes of the next record, with its header, if they are all here. Not more than a header can say: 64 KB.
    fn next_record(&self) -> Option<usize> {
        let header = self.read.first_chunk::<HEADER_BYTES>()?;
        if !TYPES.contains(&header[0]) {
            // It is no TLS: rustls is to see that at once.
            return Some(self.read.len());
        }
        let length = HEADER_BYTES + usize::from(u16::from_be_bytes([header[3], header[4]]));
        (self.read.len() >= length).then_some(length)
    }
}

impl AsyncRead for Records {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.left == 0 {
            if let Some(length) = self.next_record() {
                self.left = length;
                break;
            }
            let mut chunk = [0; CHUNK_BYTES];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.read.extend_from_slice(chunk.filled());
        }
        let count = self.left.min(buf.remaining());
        buf.put_slice(&self.read[..count]);
        self.read.advance(count);
        self.left -= count;
        if self.read.is_empty() {
            self.read = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Records {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
