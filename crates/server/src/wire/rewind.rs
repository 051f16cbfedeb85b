//! A socket with bytes in front of it that were already read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

use crate::wire::client_end::Wire;
use crate::wire::write_through::write_through;

/// A reader of the bytes first, then of the socket.
pub struct Rewind {
    stream: Wire,
    unread: Bytes,
}

impl Rewind {
    /// Puts bytes back in front of a socket.
    pub fn new(stream: Wire, unread: Bytes) -> Self {
        Rewind { stream, unread }
    }

    /// The socket, and the bytes in front of it that are still unread.
    pub fn into_parts(self) -> (Wire, Bytes) {
        (self.stream, self.unread)
    }
}

impl AsyncRead for Rewind {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..count]);
        self.unread.advance(count);
        if self.unread.is_empty() {
            self.unread = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

write_through!(Rewind, stream);
