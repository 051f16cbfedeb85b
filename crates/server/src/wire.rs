//! The client's end of an HTTP/1.1 connection that can be parked: a socket, plain or under TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use encke_transport::{Kind, Sealed};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sealed_stream::SealedStream;
use crate::socket::Socket;

/// A socket, plain or under TLS.
pub enum Wire {
    /// Plain.
    Plain(Socket),
    /// Under TLS 1.3.
    Sealed(SealedStream),
}

impl Wire {
    /// Of a socket with its keys, if it has any.
    pub fn of(stream: Socket, sealed: Option<Box<Sealed>>) -> Self {
        match sealed {
            None => Wire::Plain(stream),
            Some(sealed) => Wire::Sealed(SealedStream::new(stream, sealed, Vec::new())),
        }
    }

    /// Takes it apart for a shard: the socket, what it is, and what came and was not read yet.
    pub async fn into_parked(self) -> io::Result<(std::net::TcpStream, Kind, Bytes)> {
        match self {
            Wire::Plain(stream) => Ok((stream.into_std()?, Kind::Direct, Bytes::new())),
            Wire::Sealed(stream) => {
                let (stream, sealed, plain) = stream.into_parts().await?;
                Ok((stream.into_std()?, Kind::Sealed(sealed), plain.into()))
            }
        }
    }
}

/// Calls the same function of whichever it is.
macro_rules! either {
    ($wire:expr, $stream:ident => $call:expr) => {
        match $wire.get_mut() {
            Wire::Plain(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Wire::Sealed(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self, Wire::Plain(_))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }
}
