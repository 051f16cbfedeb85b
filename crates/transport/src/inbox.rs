//! A shard's inbox: messages from other threads. The shard swaps it out whole, and is woken only if it sleeps.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use encke_engine::hub::Page;
use encke_engine::{Batch, Error, PersonId, Position, StreamId};
use rustix::event::{EventfdFlags, eventfd};

use crate::gate::{Admission, ConnectionKey, CredentialTime};
use crate::hosts::MovedConnection;
use crate::request::{Refusal, SendAnswer};
use crate::shards::Parked;
use crate::wait::{ForeignAnswer, ParkedWait};

/// A message to a shard.
pub enum Message {
    /// A commit, and the time when it was published.
    Batch(Arc<Batch>, Instant),
    /// A signal for the followers of a stream.
    Signal(StreamId, Bytes),
    /// A revocation: its number, the person, and the credential (`None` for all of them).
    Revoked(u64, PersonId, Option<u64>),
    /// The gate's answer to a request.
    Admitted(ConnectionKey, Result<Box<Admission>, Box<Refusal>>),
    /// The store's answer to the request for a page.
    Paged(ConnectionKey, Result<Page, Error>),
    /// The answer to a command.
    Answered(ConnectionKey, Option<Bytes>),
    /// The outcome of a send over HTTP.
    Sent(ConnectionKey, Box<SendAnswer>),
    /// The time for which a session's credential is still good.
    CredentialTime(ConnectionKey, CredentialTime),
    /// A connection from the HTTP server.
    Parked(Box<Parked>),
    /// A connection from the HTTP server with a request of another protocol, which waits.
    Waiting(Box<ParkedWait>),
    /// A connection from another site's shards.
    MovedConnection(Box<MovedConnection>),
    /// The answer of another protocol, after a look-up.
    ForeignAnswer(ConnectionKey, ForeignAnswer),
    /// A person's waits read again from this position.
    LookAgain(PersonId, Position),
    /// A new connection from a shard that has more than its share.
    Accepted(OwnedFd, SocketAddr),
    /// The server goes down, and the shard ends by this time.
    Drain(Instant),
}

#[derive(Default)]
struct Queued {
    messages: Vec<Message>,
    asleep: bool,
}

/// The inbox of one shard.
pub struct Inbox {
    waiting: Mutex<Queued>,
    wake: OwnedFd,
}

impl Inbox {
    /// An empty inbox.
    pub fn new() -> std::io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Inbox { waiting: Mutex::default(), wake })
    }

    /// The file that epoll watches for edges. Every write to it is an edge, so it is never read.
    pub fn wake_fd(&self) -> &OwnedFd {
        &self.wake
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, and wakes the shard if it sleeps.
    pub fn push(&self, message: Message) {
        let mut waiting = self.lock();
        waiting.messages.push(message);
        let wake = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if wake {
            // It can only fail when the counter is full, and then the shard is awake.
            let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        }
    }

    /// Swaps all messages for the empty `into`. Only the shard calls this.
    pub fn take(&self, into: &mut Vec<Message>) {
        let mut waiting = self.lock();
        waiting.asleep = false;
        std::mem::swap(&mut waiting.messages, into);
    }

    /// Whether the shard may sleep. From this call on a push wakes it.
    pub fn may_sleep(&self) -> bool {
        let mut waiting = self.lock();
        waiting.asleep = waiting.messages.is_empty();
        waiting.asleep
    }
}
