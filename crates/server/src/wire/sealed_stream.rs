//! A connection under TLS 1.3 after its handshake, for hyper: a socket and its keys. It can be parked.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use encke_transport::{Broken, Sealed};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::wire::socket::Socket;

/// Bytes that are read or sealed at one time.
const CHUNK_BYTES: usize = 16 * 1024;

/// A socket and the keys of its records.
pub struct SealedStream {
    stream: Socket,
    sealed: Box<Sealed>,
    /// Received bytes that wait until hyper reads them.
    plain: Vec<u8>,
    /// Records that wait until the socket takes them.
    waiting: Bytes,
    /// Whether the client has sent its last byte.
    ended: bool,
    /// Whether the client was told that the bytes end here.
    closed: bool,
}

fn broken(_: Broken) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a TLS record that can't be read or written")
}

impl SealedStream {
    /// Joins a socket, its keys and the bytes that were received already.
    pub fn new(stream: Socket, sealed: Box<Sealed>, plain: Vec<u8>) -> Self {
        let waiting = Bytes::new();
        SealedStream { stream, sealed, plain, waiting, ended: false, closed: false }
    }

    /// Decrypts records that were read from the socket before.
    pub fn take(&mut self, records: &mut [u8]) -> io::Result<()> {
        self.ended |= self.sealed.open(records, &mut self.plain).map_err(broken)?;
        Ok(())
    }

    /// Writes the records that wait, and takes the stream apart: the socket, its keys, and the bytes that hyper has not
    /// read.
    pub async fn into_parts(mut self) -> io::Result<(Socket, Box<Sealed>, Vec<u8>)> {
        self.flush().await?;
        Ok((self.stream, self.sealed, self.plain))
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.waiting))?;
            self.waiting.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for SealedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.plain.is_empty() && !self.ended {
            let mut chunk = [0; CHUNK_BYTES];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
            self.ended = chunk.filled().is_empty();
            self.take(chunk.filled_mut())?;
        }
        let count = self.plain.len().min(buf.remaining());
        buf.put_slice(&self.plain[..count]);
        self.plain.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SealedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_waiting(cx))?;
        let count = buf.len().min(CHUNK_BYTES);
        self.waiting = self.sealed.seal(&[&buf[..count]]).map_err(broken)?;
        match self.poll_waiting(cx) {
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            // The next call writes the waiting records before it takes more bytes.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(cx))?;
        if !self.closed {
            self.closed = true;
            self.waiting = self.sealed.close().map_err(broken)?;
        }
        ready!(self.poll_waiting(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
