//! Waits: requests of another protocol, parked like a poll or a stream of the feed.
//!
//! The reader of the request says whose session it is, which streams it follows and from where ([`Wait`]). It also
//! gives an object that knows the protocol ([`ForeignRequest`]): the answer to events, to a heartbeat, at the end. That
//! object makes bodies only. The shard does the rest as for every session: heads, writing, catching up, deadlines,
//! revocation and drain.

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

/// Gives the answer of a protocol after a look-up. The reply may be answered from any thread.
pub type AnswerLater = Box<dyn FnOnce(Reply<ForeignAnswer>) + Send>;

/// The answer of a protocol to events.
pub enum ForeignAnswer {
    /// The events are not for this request: it goes on waiting.
    Nothing,
    /// A part of the body; the request goes on waiting for more.
    Part(Bytes),
    /// The body, or the last part of it.
    Whole(Bytes),
    /// The answer needs a look-up first. The request gets nothing else meanwhile.
    Later(AnswerLater),
    /// No answer is possible any more: the connection is cut.
    Cut,
}

/// The reason why a wait ends without an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitEnd {
    /// The time of the wait is over.
    Time,
    /// The server goes down, or has no room: the client comes back later.
    Drain,
    /// The credential is no longer good.
    Revoked,
    /// The session can't go on from its position: the client asks again.
    Again,
    /// The session follows more channels than allowed (`too_many_channels`).
    TooMany,
}

/// One waiting request of another protocol. Calls come on a shard's thread, so they must not block.
pub trait ForeignRequest: Send {
    /// The beginning of a body that is sent before there is an event (see [`Wait::beats`]).
    fn begin(&mut self) -> Bytes {
        Bytes::new()
    }

    /// Takes events of the streams that it follows, in order, each once unless
    /// [`Shards::look_again`](crate::Shards::look_again) is called. Returns the answer to them.
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer;

    /// The bytes that keep a silent body alive after it has begun.
    fn beat(&self) -> Bytes {
        Bytes::from_static(b" ")
    }

    /// The answer when the wait ends without an event: status and body, or the last part of a body that has begun.
    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes);

    /// Notes that the connection took everything that was written, and was open before the write. A request that is
    /// dropped without this call was not delivered.
    fn on_written(&mut self) {}
}

/// A request that waits.
pub struct Wait {
    /// The owner of the session; `None` if the protocol needs nobody to be known.
    pub who: Option<Who>,
    /// The visitor's address, if a proxy told one. Unknown visitors share the quota of channels of their address.
    pub visitor: Option<IpAddr>,
    /// The streams that the session follows, as they were at `as_of`.
    pub follows: Vec<Follow>,
    /// The position of the log at which `follows` was read.
    pub as_of: Position,
    /// [`Reach::revocations`](encke_engine::reach::Reach::revocations), read before the credential was checked.
    pub revocations_seen: u64,
    /// Milliseconds until the session's credential ends, unless it is extended; `u64::MAX` for never.
    pub ends_in_ms: u64,
    /// The session gets the events after this position.
    pub at: Position,
    /// Milliseconds until the wait is over; `None` for never.
    pub wait_ms: Option<u64>,
    /// Whether the head is sent at once, and then heartbeats while there are no events. Such a body ends with its
    /// connection.
    pub beats: bool,
    /// The transport that it is counted as.
    pub transport: Transport,
    /// `Content-Type` of the answer.
    pub content_type: &'static str,
    /// Further lines of the answer's head, each with its line end.
    pub lines: &'static str,
    /// Whether another request may come on the connection.
    pub keep_alive: bool,
    /// The protocol's side of the request.
    pub protocol: Box<dyn ForeignRequest>,
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("who", &self.who).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A connection that the HTTP server hands over together with a request that waits, as [`Parked`](crate::Parked) does
/// for the feed.
#[derive(Debug)]
pub struct ParkedWait {
    /// The socket; the shard makes it non-blocking.
    pub io: OwnedFd,
    /// The address at the other end.
    pub peer: SocketAddr,
    /// Bytes that were read after the request.
    pub leftover: Bytes,
    /// The kind of the connection.
    pub kind: ConnectionKind,
    /// The request.
    pub wait: Wait,
}

/// The part of a wait that the shard keeps after its session is open.
pub(crate) struct OpenWait {
    pub content_type: &'static str,
    pub lines: &'static str,
    /// The household of the visitor.
    pub visitor: IpAddr,
    pub protocol: Box<dyn ForeignRequest>,
    /// It was answered; the connection has yet to take the answer.
    pub answered: bool,
}

impl OpenWait {
    /// A complete answer.
    pub fn answer(&self, status: u16, body: &[u8], keep_alive: bool) -> Bytes {
        let mut lines = format!("Content-Length: {}\r\n", body.len());
        if status == Code::TooManyChannels.status() {
            let _ = write!(lines, "Retry-After: {}\r\n", limits::CHANNELS_AGAIN_MS / 1_000);
        }
        let connection = if keep_alive { "" } else { "Connection: close\r\n" };
        head::foreign(status, self.content_type, &[self.lines, connection, &lines], body)
    }

    /// The head of a body that ends with its connection, and the beginning of the body.
    pub fn begin(&mut self) -> Bytes {
        let begin = self.protocol.begin();
        let lines = [self.lines, "X-Accel-Buffering: no\r\n", "Connection: close\r\n"];
        head::foreign(200, self.content_type, &lines, &begin)
    }
}

impl Wait {
    /// The complete answer to a request that can't wait.
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
    /// Gives the protocol's answer.
    pub fn say(self, told: ForeignAnswer) {
        let message = Message::ForeignAnswer(self.to(), told);
        self.send(message);
    }
}
