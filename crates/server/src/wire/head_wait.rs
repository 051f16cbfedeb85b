//! A time limit for the head of a request on a connection that may be idle for longer before it.
//!
//! hyper has one timer for both waits. This wrapper of the socket has a timer for the head: it starts with the first
//! byte of a request and stops when hyper hands the request on. When it expires, the next read fails.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use encke_engine::limits;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::wire::write_through::write_through;

/// How many requests of a connection were begun, and how many were answered.
#[derive(Default)]
pub struct Requests {
    begun: AtomicU64,
    done: AtomicU64,
}

/// A request that is being served, until this value is dropped.
pub struct Turn(Arc<Requests>);

impl Requests {
    /// Notes that the head of a request is complete.
    pub fn begin(self: &Arc<Self>) -> Turn {
        self.begun.fetch_add(1, Relaxed);
        Turn(self.clone())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Relaxed);
    }
}

/// A socket that fails to read if a head takes too long.
pub struct HeadWait<IO> {
    io: IO,
    requests: Arc<Requests>,
    begun_before: u64,
    over: Option<Pin<Box<Sleep>>>,
}

fn timer() -> Option<Pin<Box<Sleep>>> {
    Some(Box::pin(sleep(Duration::from_millis(limits::HEAD_WAIT_MS_MAX))))
}

impl<IO> HeadWait<IO> {
    /// Wraps a new connection. The time of its first head starts now.
    pub fn around(io: IO) -> (Self, Arc<Requests>) {
        let requests = Arc::<Requests>::default();
        (HeadWait { io, requests: requests.clone(), begun_before: 0, over: timer() }, requests)
    }

    /// The socket inside.
    pub fn into_inner(self) -> IO {
        self.io
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for HeadWait<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let begun = self.requests.begun.load(Relaxed);
        if begun != self.begun_before {
            (self.begun_before, self.over) = (begun, None);
        }
        let filled = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        // During a request the client sends its body, which has a time limit of its own.
        let waiting = self.requests.done.load(Relaxed) == begun;
        if read.is_ready() {
            if waiting && self.over.is_none() && buf.filled().len() > filled {
                self.over = timer();
            }
        } else if let Some(over) = &mut self.over
            && over.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "half a head")));
        }
        read
    }
}

write_through!(HeadWait<IO>, io);
