//! An event: one immutable entry of a stream.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::ids::{PersonId, Position, Seq};
use crate::stream::StreamId;

/// An event as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The event's place in the one order of the space.
    pub position: Position,
    /// The stream that the event belongs to.
    pub stream: StreamId,
    /// The event's number in its stream.
    pub seq: Seq,
    /// The position of the event before this one in the same stream; 0 if this is the first. A stream can be walked
    /// backwards by it without an index by stream.
    pub back: Position,
    /// The time of the append, in milliseconds since 1970.
    pub at_ms: u64,
    /// The person who caused the event.
    pub from: Option<PersonId>,
    /// The kind of the event, as docs/protocol.md lists them.
    pub kind: Cow<'static, str>,
    /// The sender's idempotency key.
    pub key: Option<Box<str>>,
    /// The body: one JSON value.
    pub body: Bytes,
    /// The name of the channel, for an event of a channel.
    pub channel: Option<Arc<str>>,
}

impl Event {
    /// The position of the event before this one in its stream; `None` if this is the first. A walk by it always ends,
    /// also over events that are wrong: each step leads to an earlier position.
    pub fn earlier(&self) -> Option<Position> {
        (self.back.0 > 0 && self.back < self.position).then_some(self.back)
    }
}

/// An event before it has its place in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEvent {
    /// The stream that the event goes to.
    pub stream: StreamId,
    /// The person who causes the event.
    pub from: Option<PersonId>,
    /// The kind of the event.
    pub kind: Cow<'static, str>,
    /// The sender's idempotency key. A second append with the same key by the same sender is the first one (P3).
    pub key: Option<Box<str>>,
    /// The body: one JSON value.
    pub body: Bytes,
}
