//! Waits: requests of another protocol than the feed's, parked like a poll or a stream of the feed.
//!
//! Whoever read the request says whose session it is, what it follows and from where ([`Wait`]), and gives an object
//! that knows its protocol ([`ForeignRequest`]): what to say to the events that come, to a heartbeat, at the end. It knows
//! bodies only; heads, writing, catching up, deadlines, revocation and drain are the shard's, as for every session.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use encke_engine::hub::Follow;
use encke_engine::{Code, Entry, Position, limits};

use crate::gate::{Answer, ConnectionKey, Reply, Who};
use crate::head;
use crate::inbox::Message;
use crate::request::Transport;
use crate::shards::ConnectionKind;

/// Gives what a protocol says when it had to be looked up first; the reply may be answered from any thread.
pub type AnswerLater = Box<dyn FnOnce(Reply<ForeignAnswer>) + Send>;

/// What a protocol says to events.
pub enum ForeignAnswer {
    /// They are not for this request: it goes on waiting.
    Nothing,
    /// A part of the body; it goes on waiting for more.
    Part(Bytes),
    /// The body, or the last part of it.
    Whole(Bytes),
    /// That has to be looked up first; the request gets nothing else meanwhile.
    Later(AnswerLater),
    /// Nothing can be said any more: the connection is cut.
    Cut,
}

/// Why a wait ends without an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitEnd {
    /// Its time is over.
    Time,
    /// The server goes down, or has no room: the client is to come back.
    Drain,
    /// The credential is no longer good.
    Revoked,
    /// It can't go on from where it is: the client is to ask again.
    Again,
    /// It follows more channels than it may at once (`too_many_channels`).
    TooMany,
}

/// A protocol, as far as one waiting request concerns it. Calls come on a shard's thread: they must not block.
pub trait ForeignRequest: Send {
    /// How a body begins that is sent before there is an event (see [`Wait::beats`]).
    fn begin(&mut self) -> Bytes {
        Bytes::new()
    }

    /// Events of what it follows, in order, each once unless [`Shards::look_again`](crate::Shards::look_again) says
    /// otherwise.
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer;

    /// What is written to a body that has begun and is silent.
    fn beat(&self) -> Bytes {
        Bytes::from_static(b" ")
    }

    /// Status and body, or the last part of one that has begun, when the wait ends without an event.
    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes);

    /// All that was said so far has been taken by the connection, which was open before it was written. If this is
    /// dropped without that, it was not.
    fn on_written(&mut self) {}
}

/// A request that waits.
pub struct Wait {
    /// Whose session it is; `None` if nobody has to be known.
    pub who: Option<Who>,
    /// The visitor's address, if a proxy told one: the quota of channels of those who are not known.
    pub visitor: Option<IpAddr>,
    /// What it follows,
    pub follows: Vec<Follow>,
    /// as it was at this position.
    pub as_of: Position,
    /// [`Reach::revocations`](encke_engine::reach::Reach::revocations), read before the credential was checked.
    pub revocations_seen: u64,
    /// Milliseconds until what the session was authorised by ends, unless it is extended; `u64::MAX` for never.
    pub ends_in_ms: u64,
    /// It gets what comes after this position.
    pub at: Position,
    /// Milliseconds until its time is over; `None` for never.
    pub wait_ms: Option<u64>,
    /// Whether the head is sent at once, and heartbeats while nothing comes. Such a body ends with its connection.
    pub beats: bool,
    /// How it is counted.
    pub transport: Transport,
    /// `Content-Type` of the answer.
    pub content_type: &'static str,
    /// Further lines of the answer's head, each with its end.
    pub lines: &'static str,
    /// Whether another request may come on the connection.
    pub keep_alive: bool,
    /// The protocol.
    pub protocol: Box<dyn ForeignRequest>,
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("who", &self.who).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A connection that the HTTP server hands over together with a request that waits; as
/// [`Parked`](crate::Parked) for the feed.
#[derive(Debug)]
pub struct ParkedWait {
    /// The socket; it is made non-blocking.
    pub io: OwnedFd,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// Bytes that were read after the request.
    pub leftover: Bytes,
    /// Whose end it is.
    pub kind: ConnectionKind,
    /// The request.
    pub wait: Wait,
}

/// What a shard keeps of a wait once its session is open.
pub(crate) struct OpenWait {
    pub content_type: &'static str,
    pub lines: &'static str,
    /// The household of the visitor.
    pub visitor: IpAddr,
    pub protocol: Box<dyn ForeignRequest>,
    /// It was answered; only whether the connection took the answer is still to be seen.
    pub answered: bool,
}

impl OpenWait {
    /// A whole answer.
    pub fn answer(&self, status: u16, body: &[u8], keep_alive: bool) -> Bytes {
        let mut lines = format!("Content-Length: {}\r\n", body.len());
        if status == Code::TooManyChannels.status() {
            let _ = write!(lines, "Retry-After: {}\r\n", limits::CHANNELS_AGAIN_MS / 1_000);
        }
        let connection = if keep_alive { "" } else { "Connection: close\r\n" };
        head::foreign(status, self.content_type, &[self.lines, connection, &lines], body)
    }

    /// The head of a body that ends with its connection, and how the body begins.
    pub fn begin(&mut self) -> Bytes {
        let begin = self.protocol.begin();
        let lines = [self.lines, "X-Accel-Buffering: no\r\n", "Connection: close\r\n"];
        head::foreign(200, self.content_type, &lines, &begin)
    }
}

impl Wait {
    /// The whole answer to a request that can't wait.
    pub fn turned_away(self, why: WaitEnd) -> Bytes {
        let Wait { content_type, lines, mut protocol, beats, .. } = self;
        let mut body = BytesMut::new();
        if beats {
            body.put(protocol.begin());
        }
        let (status, last) = protocol.on_end(why);
        body.put(last);
        let length = format!("Connection: close\r\nContent-Length: {}\r\n", body.len());
        head::foreign(status, content_type, &[lines, &length], &body)
    }
}

impl Answer for ForeignAnswer {
    fn lost(to: ConnectionKey) -> Message {
        Message::ForeignAnswer(to, ForeignAnswer::Cut)
    }
}

impl Reply<ForeignAnswer> {
    /// Says it.
    pub fn say(self, told: ForeignAnswer) {
        let message = Message::ForeignAnswer(self.to(), told);
        self.send(message);
    }
}
