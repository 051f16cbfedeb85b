//! The messages between nodes, and their form on the wire.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::ids::ID_MAX;
use encke_engine::{
    Batch, Committed, Entry, Epoch, Event, PersonId, Point, Position, Seq, Step, StreamId, limits,
};
use serde::{Deserialize, Serialize};

/// A message of one node to the others.
#[derive(Clone, Debug)]
pub enum Message {
    /// The node has committed this.
    Commit(Committed),
    /// The node has committed something that is too large for the bus, or that changes rights. The log of this epoch
    /// goes to this point.
    End(Epoch, Point),
    /// A signal for the sessions that follow a stream.
    Signal(StreamId, Bytes),
    /// A message of the apps of a node to those of the others.
    Note(Bytes),
}

/// The version of the form on the wire. A message of another version counts as lost.
const VERSION: u8 = 3;

/// The sender of a message, and the number of the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct MessageHead {
    /// The sender, a random number for each start of a node.
    pub node: u64,
    /// The number of the message; it rises with each message of a sender.
    pub number: u64,
    /// The time when it was sent, in milliseconds since 1970.
    pub at_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    version: u8,
    head: MessageHead,
    #[serde(borrow)]
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    Commit {
        epoch: u64,
        before: (u64, u64),
        after: (u64, u64),
        mark: u64,
        #[serde(borrow)]
        events: Vec<WireEvent<'a>>,
    },
    End {
        epoch: u64,
        after: (u64, u64),
    },
    Signal(u64, &'a [u8]),
    Note(&'a [u8]),
}

/// An event. Its position follows from the beginning of the commit. Changes of rights have no form on the wire.
#[derive(Serialize, Deserialize)]
struct WireEvent<'a> {
    stream: u64,
    seq: u64,
    back: u64,
    at_ms: u64,
    from: Option<u64>,
    kind: &'a str,
    key: Option<&'a str>,
    channel: Option<&'a str>,
    body: &'a [u8],
    erases: Vec<u64>,
}

fn pair(point: Point) -> (u64, u64) {
    (point.position.0, point.change)
}

fn point((position, change): (u64, u64)) -> Point {
    Point { position: Position(position), change }
}

fn part(step: &Step) -> Option<WireEvent<'_>> {
    let Step::Event(entry) = step else { return None };
    let event = &entry.event;
    Some(WireEvent {
        stream: event.stream.raw(),
        seq: event.seq.0,
        back: event.back.0,
        at_ms: event.at_ms,
        from: event.from.map(|p| p.0),
        kind: &event.kind,
        key: event.key.as_deref(),
        channel: event.channel.as_deref(),
        body: &event.body,
        erases: event.erases.iter().map(|at| at.0).collect(),
    })
}

impl Message {
    /// The message in the form that may be sent: a commit that changes rights only tells how far the log goes.
    pub(crate) fn without_rights(self) -> Message {
        match self {
            Message::Commit(c) if c.changes_rights() => Message::End(c.epoch, c.after),
            other => other,
        }
    }

    /// The message in its form on the wire, in at most `bytes_max` bytes; `None` if it can't be that small.
    pub(crate) fn encode(&self, head: MessageHead, bytes_max: usize) -> Option<Vec<u8>> {
        let end = |epoch: Epoch, after| Body::End { epoch: epoch.0, after: pair(after) };
        let body = match self {
            Message::Commit(committed) => {
                let events: Option<Vec<_>> = committed.batch.steps.iter().map(part).collect();
                match events {
                    Some(events) => Body::Commit {
                        epoch: committed.epoch.0,
                        before: pair(committed.before),
                        after: pair(committed.after),
                        mark: committed.mark,
                        events,
                    },
                    None => end(committed.epoch, committed.after),
                }
            }
            Message::End(epoch, after) => end(*epoch, *after),
            Message::Signal(stream, item) => Body::Signal(stream.raw(), item),
            Message::Note(bytes) => Body::Note(bytes),
        };
        let bytes_max = bytes_max.min(limits::BUS_MESSAGE_BYTES_MAX);
        let bytes = postcard::to_stdvec(&Envelope { version: VERSION, head, body }).ok()?;
        if bytes.len() <= bytes_max {
            return Some(bytes);
        }
        match self {
            Message::Commit(c) => Message::End(c.epoch, c.after).encode(head, bytes_max),
            _ => None,
        }
    }

    /// A message from the wire and its head; `None` if the bytes are not a valid message.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(MessageHead, Message)> {
        let Envelope { version, head, body } = postcard::from_bytes(bytes).ok()?;
        if version != VERSION {
            return None;
        }
        let message = match body {
            Body::Commit { epoch, before, after, mark, events } => {
                let (epoch, before, after) = (Epoch(epoch), point(before), point(after));
                let steps = steps_of(epoch, before, events)?;
                let batch = Arc::new(Batch { steps });
                let committed = Committed { epoch, before, after, mark, batch };
                if !committed.is_sound() {
                    return None;
                }
                Message::Commit(committed)
            }
            Body::End { epoch, after } => Message::End(Epoch(epoch), point(after)),
            Body::Signal(stream, item) => {
                Message::Signal(StreamId::checked(stream)?, Bytes::copy_from_slice(item))
            }
            Body::Note(bytes) => Message::Note(Bytes::copy_from_slice(bytes)),
        };
        Some((head, message))
    }
}

/// The events of a commit that begins at a point; `None` if one of them could not be in a log.
fn steps_of(epoch: Epoch, before: Point, parts: Vec<WireEvent<'_>>) -> Option<Vec<Step>> {
    let mut at = before.position;
    let mut steps = Vec::with_capacity(parts.len());
    for part in parts {
        at = Position(at.0.checked_add(1)?);
        let WireEvent { stream, seq, back, at_ms, from, kind, key, channel, body, erases } = part;
        let stream = StreamId::checked(stream)?;
        // A store has no greater numbers and no longer texts.
        let fits = from.is_none_or(|person| person <= ID_MAX)
            && kind.len() <= limits::KIND_BYTES_MAX
            && key.is_none_or(|key| key.len() <= limits::KEY_BYTES_MAX)
            && channel.is_none_or(|name| name.len() <= limits::CHANNEL_NAME_BYTES_MAX)
            && stream.is_channel() == channel.is_some()
            && body.len() <= limits::EVENT_BODY_BYTES_MAX
            && erases.len() <= limits::ERASED_PER_EVENT_MAX;
        if !fits {
            return None;
        }
        let event = Event {
            position: at,
            stream,
            seq: Seq(seq),
            back: Position(back),
            at_ms,
            from: from.map(PersonId),
            kind: kind.to_owned().into(),
            key: key.map(Into::into),
            body: Bytes::copy_from_slice(body),
            erases: erases.into_iter().map(Position).collect(),
            channel: channel.map(Into::into),
        };
        steps.push(Step::Event(Arc::new(Entry::new(event, epoch))));
    }
    Some(steps)
}
