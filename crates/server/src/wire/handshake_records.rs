//! The socket under a TLS handshake. It gives rustls whole records only: so no record is half-way inside of rustls when
//! the handshake is done, and the connection can go on with its bare keys.
//!
//! During the handshake rustls gets no more than one record's worth of bytes, several times what a handshake takes. A
//! client gets more memory only after its handshake is done.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::wire::socket::Socket;
use crate::wire::write_through::write_through;

/// Content type, version, length.
const HEADER_BYTES: usize = 5;
/// The types of records: change of cipher, alert, handshake, data.
const TYPES: std::ops::RangeInclusive<u8> = 20..=23;
/// Bytes of a record behind its header: the content and the additions of a cipher.
const RECORD_BYTES_MAX: usize = 16 * 1024 + 256;
/// Bytes that a client may send until its handshake is done.
const HANDSHAKE_BYTES_MAX: usize = HEADER_BYTES + RECORD_BYTES_MAX;
/// Bytes that are read from the socket at one time.
const CHUNK_BYTES: usize = 4 * 1024;

/// A socket that is read in whole records.
pub struct Records {
    stream: Socket,
    read: BytesMut,
    /// Bytes that are left of the record that is being given.
    left: usize,
    /// Bytes that may still be given before the handshake is done; `None` after it.
    allowed: Option<usize>,
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl Records {
    /// Wraps the socket of a new connection.
    pub fn of(stream: Socket) -> Self {
        let allowed = Some(HANDSHAKE_BYTES_MAX);
        Records { stream, read: BytesMut::new(), left: 0, allowed }
    }

    /// Lifts the limit of bytes, because the client has completed its handshake.
    pub fn handshake_is_done(&mut self) {
        self.allowed = None;
    }

    /// The socket, and the bytes that were read beyond the last given record.
    pub fn into_parts(self) -> (Socket, BytesMut) {
        (self.stream, self.read)
    }

    /// The length of the next record with its header, if all of it was read.
    fn next_record(&self) -> io::Result<Option<usize>> {
        let Some(header) = self.read.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        if !TYPES.contains(&header[0]) {
            // This is no TLS. rustls gets the bytes at once, to refuse them.
            return Ok(Some(self.read.len()));
        }
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if length > RECORD_BYTES_MAX {
            return Err(refused("a TLS record that is too long"));
        }
        let length = HEADER_BYTES + length;
        if self.allowed.is_some_and(|allowed| length > allowed) {
            return Err(refused("a TLS handshake that is too long"));
        }
        Ok((self.read.len() >= length).then_some(length))
    }
}

impl AsyncRead for Records {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.left == 0 {
            if let Some(length) = self.next_record()? {
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
        if let Some(allowed) = &mut self.allowed {
            *allowed = allowed.saturating_sub(count);
        }
        if self.read.is_empty() {
            self.read = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

write_through!(Records, stream);
