//! The hot path: one event appended to one stream, by the same rules on both engines.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error, Event, NewEvent, PersonId, Position, Seq, StreamId, limits};

use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::Head;

/// Who may append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// The caller has checked.
    Open,
    /// Only if this person follows the stream at the moment of the commit; else `not_member`.
    Follows(PersonId),
}

/// What became of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Where it stands in the log,
    pub position: Position,
    /// in its stream,
    pub seq: Seq,
    /// and since when, in milliseconds since 1970.
    pub at_ms: u64,
    /// It was there already: the same key with the same body.
    pub repeated: bool,
}

/// One append and who is to be told.
pub struct Append {
    /// What.
    pub event: NewEvent,
    /// Who may.
    pub guard: Guard,
    /// Called once, after the commit, on the store's thread: it must not block.
    pub reply: Box<dyn FnOnce(Result<Appended, Error>) + Send>,
}

/// The first append with a key.
#[derive(Clone)]
pub(crate) struct First {
    pub stream: StreamId,
    pub kind: String,
    pub body: Bytes,
    pub appended: Appended,
}

impl First {
    pub fn of(event: &Event, appended: Appended) -> Self {
        let (kind, body) = (event.kind.to_string(), event.body.clone());
        First { stream: event.stream, kind, body, appended }
    }
}

/// A transaction that events are appended in. What the engines do in ways of their own is asked for; the rules are here.
pub(crate) trait Appends {
    fn now_ms(&self) -> u64;
    fn channels(&self) -> &Arc<Channels>;
    /// The newest event of the log, those of this transaction included.
    fn newest(&self) -> Position;
    fn head(&mut self, stream: StreamId) -> Result<Head, StoreError>;
    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<First>, StoreError>;
    fn does_follow(&mut self, person: PersonId, stream: StreamId) -> Result<bool, StoreError>;
    /// Takes an event that comes next in the log.
    fn take(&mut self, event: Event) -> Result<Appended, Error>;

    fn append_guarded(&mut self, event: NewEvent, guard: Guard) -> Result<Appended, Error> {
        // A retry gets the first answer, also when its sender has been removed since.
        if let Some(first) = self.before(&event)? {
            return Ok(first);
        }
        if let Guard::Follows(person) = guard
            && !self.does_follow(person, event.stream)?
        {
            return Err(Error::new(Code::NotMember, "You are not a member of this conversation."));
        }
        self.append_new(event)
    }

    fn append(&mut self, event: NewEvent) -> Result<Appended, Error> {
        match self.before(&event)? {
            Some(first) => Ok(first),
            None => self.append_new(event),
        }
    }

    /// The same append, if it was made before (P3).
    fn before(&mut self, new: &NewEvent) -> Result<Option<Appended>, Error> {
        let Some(key) = &new.key else { return Ok(None) };
        let Some(first) = self.first_with_key(new.from, key)? else { return Ok(None) };
        if first.stream != new.stream || first.kind != new.kind || first.body != new.body {
            let what = "This idempotency key was used for something else.";
            return Err(Error::new(Code::KeyReused, what));
        }
        Ok(Some(Appended { repeated: true, ..first.appended }))
    }

    fn append_new(&mut self, new: NewEvent) -> Result<Appended, Error> {
        if new.body.len() > limits::EVENT_BODY_BYTES_MAX {
            return Err(Error::new(Code::TooLarge, "This is more than one event may hold."));
        }
        let before = self.head(new.stream)?;
        self.take(Event {
            position: Position(self.newest().0 + 1),
            stream: new.stream,
            seq: Seq(before.seq.0 + 1),
            back: before.position,
            at_ms: self.now_ms(),
            from: new.from,
            kind: new.kind,
            key: new.key,
            body: new.body,
            channel: self.channels().name(new.stream),
        })
    }
}
