//! Streams that only change how reading works: all writes go to the stream inside.

/// Implements `AsyncWrite` for a type with a field that takes all that is written.
macro_rules! write_through {
    ($wrapper:ident $(<$inner:ident>)?, $stream:ident) => {
        const _: () = {
            use std::io::{IoSlice, Result};
            use std::pin::Pin;
            use std::task::{Context, Poll};
            use tokio::io::AsyncWrite;

            impl $(<$inner: AsyncWrite + Unpin>)? AsyncWrite for $wrapper $(<$inner>)? {
                fn poll_write(
                    mut self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buf: &[u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut self.$stream).poll_write(cx, buf)
                }

                fn poll_write_vectored(
                    mut self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    bufs: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut self.$stream).poll_write_vectored(cx, bufs)
                }

                fn is_write_vectored(&self) -> bool {
                    self.$stream.is_write_vectored()
                }

                fn poll_flush(
                    mut self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                ) -> Poll<Result<()>> {
                    Pin::new(&mut self.$stream).poll_flush(cx)
                }

                fn poll_shutdown(
                    mut self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                ) -> Poll<Result<()>> {
                    Pin::new(&mut self.$stream).poll_shutdown(cx)
                }
            }
        };
    };
}
pub(crate) use write_through;
