//! The client's end of an HTTP/1.1 connection that can be parked: a socket, plain or under TLS.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use encke_engine::limits;
use encke_transport::{ConnectionKind, Sealed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::wire::handshake_records::Records;
use crate::wire::sealed_stream::SealedStream;
use crate::wire::socket::Socket;

/// How long a client may take to read the last answer.
pub const LINGER_MAX: Duration = Duration::from_secs(1);

/// A socket, plain or under TLS.
pub enum Wire {
    /// Plain.
    Plain(Socket),
    /// Under TLS 1.3.
    Sealed(SealedStream),
}

impl Wire {
    /// The client's end of a socket, with its keys if it is under TLS.
    pub fn of(stream: Socket, sealed: Option<Box<Sealed>>) -> Self {
        match sealed {
            None => Wire::Plain(stream),
            Some(sealed) => Wire::Sealed(SealedStream::new(stream, sealed, Vec::new())),
        }
    }

    /// Takes apart a connection after its handshake. A socket and its keys are left.
    pub fn after_handshake(stream: TlsStream<Records>) -> io::Result<Self> {
        let (records, mut tls) = stream.into_inner();
        let mut early = Vec::new();
        match tls.reader().read_to_end(&mut early) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(e),
            _ => {}
        }
        let secrets = tls.dangerous_extract_secrets().map_err(io::Error::other)?;
        let keys = Sealed::new(secrets).ok_or_else(|| io::Error::other("an unknown cipher"))?;
        let (stream, mut unread) = records.into_parts();
        let mut stream = SealedStream::new(stream, Box::new(keys), early);
        SealedStream::take(&mut stream, &mut unread)?;
        Ok(Wire::Sealed(stream))
    }

    /// Waits until the client has read the last answer. To close a socket with unread bytes would reset the connection,
    /// and the answer would be lost.
    pub async fn linger(mut self) {
        let _ = self.shutdown().await;
        let rest = async {
            let mut chunk = [0; 4096];
            let mut left = limits::REFUSED_BODY_BYTES_MAX;
            while let Ok(n @ 1..) = self.read(&mut chunk).await
                && n < left
            {
                left -= n;
            }
        };
        let _ = tokio::time::timeout(LINGER_MAX, rest).await;
    }

    /// Takes the connection apart for a shard: the socket, its kind, and the bytes that were received but not read yet.
    pub async fn into_parked(self) -> io::Result<(std::net::TcpStream, ConnectionKind, Bytes)> {
        match self {
            Wire::Plain(stream) => Ok((stream.into_std()?, ConnectionKind::Direct, Bytes::new())),
            Wire::Sealed(stream) => {
                let (stream, sealed, plain) = stream.into_parts().await?;
                Ok((stream.into_std()?, ConnectionKind::Sealed(sealed), plain.into()))
            }
        }
    }
}

/// Calls the same function of either kind.
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
