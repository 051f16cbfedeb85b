//! A shard's inbox: what other threads want of it. Swapped out whole; the shard is woken only if it sleeps.

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

/// What a shard is told.
pub enum Message {
    /// A commit, and when it was published.
    Batch(Arc<Batch>, Instant),
    /// A signal for who follows the stream.
    Signal(StreamId, Bytes),
    /// The number of a revocation, whose, and of which credential.
    Revoked(u64, PersonId, Option<u64>),
    /// The gate's word on a request.
    Admitted(ConnectionKey, Result<Box<Admission>, Box<Refusal>>),
    /// The store's page.
    Paged(ConnectionKey, Result<Page, Error>),
    /// The answer to a command.
    Answered(ConnectionKey, Option<Bytes>),
    /// What became of a send over HTTP.
    Sent(ConnectionKey, Box<SendAnswer>),
    /// What is left of what a session was authorised by.
    CredentialTime(ConnectionKey, CredentialTime),
    /// A connection from the HTTP server.
    Parked(Box<Parked>),
    /// A connection from the HTTP server whose request waits.
    Waiting(Box<ParkedWait>),
    /// A connection from another site's shards.
    MovedConnection(Box<MovedConnection>),
    /// What another protocol says, after it was looked up.
    ForeignAnswer(ConnectionKey, ForeignAnswer),
    /// The waits of a person are to look again at what came after a position.
    LookAgain(PersonId, Position),
    /// A connection from a shard that has more than its share.
    Accepted(OwnedFd, SocketAddr),
    /// Go down, at the latest then.
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

    /// What to watch for edges: every write to it is one, so it is never read.
    pub fn wake_fd(&self) -> &OwnedFd {
        &self.wake
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message.
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

    /// Whether the shard may sleep; from here on a push wakes it.
    pub fn may_sleep(&self) -> bool {
        let mut waiting = self.lock();
        waiting.asleep = waiting.messages.is_empty();
        waiting.asleep
    }
}
