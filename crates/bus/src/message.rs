//! What nodes tell each other, and its form on the wire.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{
    Batch, Committed, Entry, Epoch, Event, PersonId, Point, Position, Seq, Step, StreamId, limits,
};
use serde::{Deserialize, Serialize};

/// What one node tells the others.
#[derive(Clone, Debug)]
pub enum Message {
    /// It has committed this.
    Commit(Committed),
    /// It has committed something that is too large for the bus; the log of this epoch goes so far.
    End(Epoch, Point),
    /// A signal for the sessions that follow a stream.
    Signal(StreamId, Bytes),
    /// Something that the apps of a node tell those of the others.
    Note(Bytes),
}

/// The form on the wire. What another version sends is not understood, which is as if it were lost.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    version: u8,
    /// Who sent it, so that nobody hears itself.
    node: u64,
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
        steps: Vec<Part<'a>>,
    },
    End {
        epoch: u64,
        after: (u64, u64),
    },
    Signal(u64, &'a [u8]),
    Note(&'a [u8]),
}

#[derive(Serialize, Deserialize)]
enum Part<'a> {
    Event {
        stream: u64,
        seq: u64,
        back: u64,
        at_ms: u64,
        from: Option<u64>,
        kind: &'a str,
        key: Option<&'a str>,
        channel: Option<&'a str>,
        body: &'a [u8],
    },
    Subscribe(u64, u64),
    Unsubscribe(u64, u64),
    Revoke(u64, Option<u64>),
}

fn pair(point: Point) -> (u64, u64) {
    (point.position.0, point.change)
}

fn point((position, change): (u64, u64)) -> Point {
    Point { position: Position(position), change }
}

fn part(step: &Step) -> Part<'_> {
    match step {
        Step::Event(entry) => {
            let event = &entry.event;
            Part::Event {
                stream: event.stream.raw(),
                seq: event.seq.0,
                back: event.back.0,
                at_ms: event.at_ms,
                from: event.from.map(|p| p.0),
                kind: &event.kind,
                key: event.key.as_deref(),
                channel: event.channel.as_deref(),
                body: &event.body,
            }
        }
        Step::Subscribe { person, stream, .. } => Part::Subscribe(person.0, stream.raw()),
        Step::Unsubscribe { person, stream } => Part::Unsubscribe(person.0, stream.raw()),
        Step::Revoke { person, credential } => Part::Revoke(person.0, *credential),
    }
}

impl Message {
    /// As it goes over the wire, at most so many bytes; `None` if it can't be that small.
    pub(crate) fn encode(&self, node: u64, bytes_max: usize) -> Option<Vec<u8>> {
        let body = match self {
            Message::Commit(committed) => Body::Commit {
                epoch: committed.epoch.0,
                before: pair(committed.before),
                after: pair(committed.after),
                mark: committed.mark,
                steps: committed.batch.steps.iter().map(part).collect(),
            },
            Message::End(epoch, after) => Body::End { epoch: epoch.0, after: pair(*after) },
            Message::Signal(stream, item) => Body::Signal(stream.raw(), item),
            Message::Note(bytes) => Body::Note(bytes),
        };
        let bytes_max = bytes_max.min(limits::BUS_MESSAGE_BYTES_MAX);
        let bytes = postcard::to_stdvec(&Envelope { version: VERSION, node, body }).ok()?;
        if bytes.len() <= bytes_max {
            return Some(bytes);
        }
        match self {
            Message::Commit(c) => Message::End(c.epoch, c.after).encode(node, bytes_max),
            _ => None,
        }
    }

    /// What came over the wire, and from whom; `None` if it is nothing that could be meant.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(u64, Message)> {
        let Envelope { version, node, body } = postcard::from_bytes(bytes).ok()?;
        if version != VERSION {
            return None;
        }
        let message = match body {
            Body::Commit { epoch, before, after, mark, steps } => {
                let (epoch, before, after) = (Epoch(epoch), point(before), point(after));
                let steps = steps_of(epoch, before, after, steps)?;
                let batch = Arc::new(Batch { steps });
                Message::Commit(Committed { epoch, before, after, mark, batch })
            }
            Body::End { epoch, after } => Message::End(Epoch(epoch), point(after)),
            Body::Signal(stream, item) => {
                Message::Signal(StreamId::from_raw(stream), Bytes::copy_from_slice(item))
            }
            Body::Note(bytes) => Message::Note(Bytes::copy_from_slice(bytes)),
        };
        Some((node, message))
    }
}

/// Positions are not sent: they follow from where the part begins, and must come out where it says that it ends.
fn steps_of(epoch: Epoch, before: Point, after: Point, parts: Vec<Part<'_>>) -> Option<Vec<Step>> {
    let mut at = before;
    let mut steps = Vec::with_capacity(parts.len());
    for part in parts {
        let next = Position(at.position.0.checked_add(1)?);
        if !matches!(part, Part::Event { .. }) {
            at.change = at.change.checked_add(1)?;
        }
        steps.push(match part {
            Part::Event { stream, seq, back, at_ms, from, kind, key, channel, body } => {
                at.position = next;
                let event = Event {
                    position: next,
                    stream: StreamId::from_raw(stream),
                    seq: Seq(seq),
                    back: Position(back),
                    at_ms,
                    from: from.map(PersonId),
                    kind: kind.to_owned().into(),
                    key: key.map(Into::into),
                    body: Bytes::copy_from_slice(body),
                    channel: channel.map(Into::into),
                };
                Step::Event(Arc::new(Entry::new(event, epoch)))
            }
            Part::Subscribe(person, stream) => Step::Subscribe {
                person: PersonId(person),
                stream: StreamId::from_raw(stream),
                from: next,
            },
            Part::Unsubscribe(person, stream) => {
                Step::Unsubscribe { person: PersonId(person), stream: StreamId::from_raw(stream) }
            }
            Part::Revoke(person, credential) => {
                Step::Revoke { person: PersonId(person), credential }
            }
        });
    }
    (at == after).then_some(steps)
}
