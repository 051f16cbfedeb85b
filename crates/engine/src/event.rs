//! An event: one immutable entry of a stream.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::ids::{PersonId, Position, Seq};
use crate::stream::StreamId;

/// An event as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Place in the space's one order.
    pub position: Position,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// Place in that stream.
    pub seq: Seq,
    /// Where the event before it in the same stream stands; 0 if it is the first. With it a stream can be
    /// walked backwards without an index by stream.
    pub back: Position,
    /// When it was appended, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who did it.
    pub from: Option<PersonId>,
    /// What it is, as listed in docs/protocol.md.
    pub kind: Cow<'static, str>,
    /// The sender's idempotency key.
    pub key: Option<Box<str>>,
    /// The body: one JSON value.
    pub body: Bytes,
    /// The name of the channel, if it is a channel's.
    pub channel: Option<Arc<str>>,
}

impl Event {
    /// Where the event before it in its stream stands; `None` if it is the first. A walk by it comes to an end whatever
    /// an event says: each step leads to an earlier position.
    pub fn earlier(&self) -> Option<Position> {
        (self.back.0 > 0 && self.back < self.position).then_some(self.back)
    }
}

/// An event that has no place in the log yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEvent {
    /// The stream that it goes to.
    pub stream: StreamId,
    /// Who does it.
    pub from: Option<PersonId>,
    /// What it is.
    pub kind: Cow<'static, str>,
    /// The sender's idempotency key; a second append with the same key by the same sender is the first one (P3).
    pub key: Option<Box<str>>,
    /// The body: one JSON value.
    pub body: Bytes,
}
