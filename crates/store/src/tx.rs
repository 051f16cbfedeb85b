//! One write: SQL and events, all or nothing.

use std::sync::Arc;

use encke_engine::append::{Appends, FirstAppend, Head};
use encke_engine::{Entry, Error, NewEvent, PersonId, Position, StreamId};

use crate::channels::Channels;
use crate::error::StoreError;
use crate::row::Row;
use crate::tables::Engine;
use crate::value::Value;
use crate::{Appended, Sql, postgres, sqlite};

/// The transaction that a [`crate::Store::write`] gets. If the write ends in an error, nothing of it remains.
pub struct Tx<'a>(pub(crate) On<'a>);

/// The engine of a write.
pub(crate) enum On<'a> {
    Sqlite(&'a mut sqlite::Writing),
    Postgres(&'a mut postgres::Writing),
}

macro_rules! on {
    ($tx:ident, $writing:ident => $what:expr) => {
        match &mut $tx.0 {
            On::Sqlite($writing) => $what,
            On::Postgres($writing) => $what,
        }
    };
}

impl Tx<'_> {
    /// Runs a statement and returns how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        on!(self, writing => writing.execute(sql, params))
    }

    /// The time of this write, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            On::Sqlite(writing) => writing.now_ms(),
            On::Postgres(writing) => writing.now_ms(),
        }
    }

    /// Appends an event. With a key that was used before by the same sender it returns the first append, or
    /// `key_reused` if that had another body.
    pub fn append(&mut self, event: NewEvent) -> Result<Appended, Error> {
        on!(self, writing => writing.append(event))
    }

    /// The first append of a person with this idempotency key, if the key is still remembered.
    pub fn first_with_key(
        &mut self,
        from: PersonId,
        key: &str,
    ) -> Result<Option<FirstAppend>, StoreError> {
        on!(self, writing => writing.first_with_key(Some(from), key))
    }

    /// The event that was appended at a position.
    pub fn event(&mut self, at: Position) -> Result<Option<Arc<Entry>>, StoreError> {
        on!(self, writing => writing.event(at))
    }

    /// The newest event of a stream, those of this write included.
    pub fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        on!(self, writing => writing.head(stream))
    }

    /// Announces that these streams' heads will be asked for or appended to. Where it saves time, all are read at once.
    pub fn expect(&mut self, streams: &[StreamId]) -> Result<(), StoreError> {
        match &mut self.0 {
            On::Sqlite(_) => Ok(()),
            On::Postgres(writing) => writing.expect(streams),
        }
    }

    /// Makes the person's sessions follow the stream from the next event on.
    pub fn subscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        on!(self, writing => writing.subscribe(person, stream))
    }

    /// The same for many people and streams. Where it saves time, all are written at once.
    pub fn subscribe_all(&mut self, all: &[(PersonId, StreamId)]) -> Result<(), StoreError> {
        on!(self, writing => writing.subscribe_all(all))
    }

    /// Makes the person's sessions follow the stream no longer from the next event on.
    pub fn unsubscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        on!(self, writing => writing.unsubscribe(person, stream))
    }

    /// Reserves the appends of a person to a stream, or of everybody: to follow the stream is not enough for an append from
    /// here on, and [`Guard::Follows`](crate::Guard::Follows) is refused with `read_only`. An append whose caller has
    /// checked everything itself goes on.
    pub fn reserve(
        &mut self,
        stream: StreamId,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        on!(self, writing => writing.reserve(stream, person))
    }

    /// Takes back what [`Tx::reserve`] did for the same person, or for everybody.
    pub fn free(&mut self, stream: StreamId, person: Option<PersonId>) -> Result<(), StoreError> {
        on!(self, writing => writing.free(stream, person))
    }

    /// Ends all sessions that rest on a credential of a person, or on any of the person's, on every node (P7).
    pub fn revoke(&mut self, person: PersonId, credential: Option<u64>) -> Result<(), StoreError> {
        on!(self, writing => writing.revoke(person, credential))
    }

    /// Names of channels.
    pub fn channels(&self) -> &Arc<Channels> {
        match &self.0 {
            On::Sqlite(writing) => writing.channels(),
            On::Postgres(writing) => writing.channels(),
        }
    }
}

impl Sql for Tx<'_> {
    fn engine(&self) -> Engine {
        match self.0 {
            On::Sqlite(_) => Engine::Sqlite,
            On::Postgres(_) => Engine::Postgres,
        }
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        on!(self, writing => writing.query(sql, params))
    }
}
