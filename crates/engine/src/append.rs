//! The rules by which an event is appended to a stream, the same on every store.
//!
//! [`Appends`] asks the store for facts, in the transaction that the event belongs to, and decides.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::event::{self, Event, NewEvent};
use crate::ids::{PersonId, Position, Seq};
use crate::limits;
use crate::stream::StreamId;

/// The newest event of a stream, by number and position. Both are 0 for a stream without events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// Number in the stream.
    pub seq: Seq,
    /// Place in the log.
    pub position: Position,
}

/// The condition of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// The caller has checked.
    Open,
    /// Only if this person follows the stream, or the one that it is a companion of, at the moment of the commit; else
    /// `not_member`. If its appends are reserved there, `read_only`.
    Follows(PersonId),
}

/// The way in which a person follows a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Following {
    /// The person does not follow it.
    No,
    /// The person follows it, and following alone is not enough for an append: whoever owns the stream decides on each.
    Reserved,
    /// The person follows it, and may append for that reason alone.
    Freely,
}

/// The outcome of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// The position of the event in the log.
    pub position: Position,
    /// The number of the event in its stream.
    pub seq: Seq,
    /// The time of the append, in milliseconds since 1970.
    pub at_ms: u64,
    /// The event was there already, appended with the same key and the same body.
    pub repeated: bool,
}

/// The first append with an idempotency key.
#[derive(Clone, Debug)]
pub struct FirstAppend {
    /// The stream that it was appended to.
    pub stream: StreamId,
    /// The event's kind.
    pub kind: String,
    /// The event's body.
    pub body: Bytes,
    /// The place of the event.
    pub appended: Appended,
}

impl FirstAppend {
    /// The first append, given the event that it made.
    pub fn of(event: &Event, appended: Appended) -> Self {
        let (kind, body) = (event.kind.to_string(), event.body.clone());
        FirstAppend { stream: event.stream, kind, body, appended }
    }
}

/// The refusal of a send whose idempotency key belongs to another one.
pub fn key_reused() -> Error {
    Error::new(Code::KeyReused, "This idempotency key was used for something else.")
}

/// A transaction that events are appended in. Each store answers the questions in its own way; the rules are here.
pub trait Appends {
    /// The reason why the store could not answer a question.
    type Failed: Into<Error>;

    /// The time of the transaction, in milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// The name of a channel's stream.
    fn channel(&self, stream: StreamId) -> Option<Arc<str>>;
    /// The newest event of the log, those of this transaction included.
    fn newest(&self) -> Position;
    /// The newest event of a stream, those of this transaction included.
    fn head(&mut self, stream: StreamId) -> Result<Head, Self::Failed>;
    /// The first append of a sender with this key, if it is still remembered.
    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<FirstAppend>, Self::Failed>;
    /// The way in which a person follows a stream now.
    fn following(&mut self, person: PersonId, stream: StreamId) -> Result<Following, Self::Failed>;
    /// Takes an event that comes next in the log.
    fn take(&mut self, event: Event) -> Result<Appended, Error>;

    /// Appends an event if it may be appended.
    fn append_guarded(&mut self, event: NewEvent, guard: Guard) -> Result<Appended, Error> {
        // A retry gets the first answer, also when its sender has been removed since.
        if let Some(first) = self.before(&event)? {
            return Ok(first);
        }
        if let Guard::Follows(person) = guard {
            match self.following(person, event.stream.route()).map_err(Into::into)? {
                Following::Freely => {}
                Following::No => {
                    let what = "You are not a member of this conversation.";
                    return Err(Error::new(Code::NotMember, what));
                }
                Following::Reserved => {
                    return Err(Error::new(Code::ReadOnly, "You may only read here."));
                }
            }
        }
        self.append_new(event)
    }

    /// Appends an event, unless it was appended before.
    fn append(&mut self, event: NewEvent) -> Result<Appended, Error> {
        match self.before(&event)? {
            Some(first) => Ok(first),
            None => self.append_new(event),
        }
    }

    /// The same append, if it was made before (P3).
    fn before(&mut self, new: &NewEvent) -> Result<Option<Appended>, Error> {
        let Some(key) = &new.key else { return Ok(None) };
        let first = self.first_with_key(new.from, key).map_err(Into::into)?;
        let Some(first) = first else { return Ok(None) };
        // Nothing is left of the content of an erased event that a retry could be compared with. A hash is not kept,
        // because the text of a short message can be guessed from it. So the key and the stream decide.
        let is_same =
            first.kind == event::ERASED || first.kind == new.kind && first.body == new.body;
        if first.stream != new.stream || !is_same {
            return Err(key_reused());
        }
        Ok(Some(Appended { repeated: true, ..first.appended }))
    }

    /// Appends a new event.
    fn append_new(&mut self, new: NewEvent) -> Result<Appended, Error> {
        if new.body.len() > limits::EVENT_BODY_BYTES_MAX {
            return Err(Error::new(Code::TooLarge, "This is more than one event may hold."));
        }
        let position = Position(self.newest().0 + 1);
        if !new.erases.is_empty() && !event::may_erase(position, &new.erases) {
            return Err(Error::new(Code::TooLarge, "This is more than one event may erase."));
        }
        let before = self.head(new.stream).map_err(Into::into)?;
        self.take(Event {
            position,
            stream: new.stream,
            seq: Seq(before.seq.0 + 1),
            back: before.position,
            at_ms: self.now_ms(),
            from: new.from,
            kind: new.kind,
            key: new.key,
            body: new.body,
            erases: new.erases,
            channel: self.channel(new.stream),
        })
    }
}
