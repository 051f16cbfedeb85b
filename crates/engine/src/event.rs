//! An event: one immutable entry of a stream.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::ids::{PersonId, Position, Seq};
use crate::limits;
use crate::stream::StreamId;

/// The kind of an event whose content was erased (P10).
pub const ERASED: &str = "erased";
/// The body of an event whose content was erased.
pub const ERASED_BODY: &str = "{}";

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
    /// The positions of the earlier events that lost their content with this one; nearly always none. Whoever keeps
    /// events in memory replaces those by [`Event::erased`].
    pub erases: Vec<Position>,
    /// The name of the channel, for an event of a channel.
    pub channel: Option<Arc<str>>,
}

impl Event {
    /// The position of the event before this one in its stream; `None` if this is the first. A walk by it always ends,
    /// also over events that are wrong: each step leads to an earlier position.
    pub fn earlier(&self) -> Option<Position> {
        (self.back.0 > 0 && self.back < self.position).then_some(self.back)
    }

    /// The event without its content, as it stands in the log after it was erased. Its place, its time, its sender and
    /// the sender's key stay.
    pub fn erased(&self) -> Event {
        let (kind, body) = (Cow::Borrowed(ERASED), Bytes::from_static(ERASED_BODY.as_bytes()));
        Event { kind, body, ..self.clone() }
    }

    /// Whether the content of the event was erased.
    pub fn is_erased(&self) -> bool {
        self.kind == ERASED
    }
}

/// Whether an event at a position may erase these events: they stand before it, and they are not too many.
pub fn may_erase(position: Position, erases: &[Position]) -> bool {
    let earlier = |at: &Position| at.0 > 0 && *at < position;
    erases.len() <= limits::ERASED_PER_EVENT_MAX && erases.iter().all(earlier)
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
    /// The positions of earlier events whose content goes with this append: see [`Event::erases`]. The caller has
    /// checked that the person may do that.
    pub erases: Vec<Position>,
}
