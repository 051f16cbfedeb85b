//! One write: SQL and events, all of it or nothing.

use std::sync::Arc;

use encke_engine::{Entry, Error, Event, NewEvent, PersonId, Position, StreamId};

use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::Head;
use crate::row::Row;
use crate::sqlite::Writing;
use crate::value::Value;
use crate::{Appended, Sql};

/// What a [`crate::Store::write`] gets to work with. If it ends in an error, nothing of it remains.
pub struct Tx<'a>(pub(crate) &'a mut Writing);

impl Tx<'_> {
    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.0.execute(sql, params)
    }

    /// The time of this write, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    /// Appends an event. With a key that was used before by the same sender it returns the first append, or
    /// `key_reused` if that had another body.
    pub fn append(&mut self, event: NewEvent) -> Result<Appended, Error> {
        self.0.append(event)
    }

    /// The event that was appended at a position.
    pub fn event(&mut self, at: Position) -> Result<Option<Event>, StoreError> {
        self.0.event(at)
    }

    /// The newest event of a stream, those of this write included.
    pub fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        self.0.head(stream)
    }

    /// From the next event on the person's sessions follow the stream.
    pub fn subscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        self.0.subscribe(person, stream)
    }

    /// From the next event on they don't.
    pub fn unsubscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        self.0.unsubscribe(person, stream)
    }

    /// Names of channels.
    pub fn channels(&self) -> &Arc<Channels> {
        self.0.channels()
    }

    /// Wraps an event for the wire.
    pub fn entry(&self, event: Event) -> Entry {
        Entry::new(event, self.0.epoch())
    }
}

impl Sql for Tx<'_> {
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.0.query(sql, params)
    }
}
