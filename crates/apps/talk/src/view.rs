//! The functions of the store that reads and writes share.

use bytes::Bytes;
use encke_engine::{Error, Event, Position, StreamId};
use encke_store::{Head, Read, Sql, Tx};

/// A view of the log beside its SQL.
pub trait View: Sql {
    /// The newest event of a stream.
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error>;
    /// The event at a position.
    fn event_at(&mut self, at: Position) -> Result<Option<Event>, Error>;
    /// The event at a position, as clients get it.
    fn item(&mut self, at: Position) -> Result<Option<Bytes>, Error>;
}

impl View for Read<'_> {
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error> {
        self.head(stream)
    }

    fn event_at(&mut self, at: Position) -> Result<Option<Event>, Error> {
        Ok(self.event(at)?.map(|entry| entry.event.clone()))
    }

    fn item(&mut self, at: Position) -> Result<Option<Bytes>, Error> {
        Ok(self.event(at)?.map(|entry| entry.json().clone()))
    }
}

impl View for Tx<'_> {
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error> {
        Ok(self.head(stream)?)
    }

    fn event_at(&mut self, at: Position) -> Result<Option<Event>, Error> {
        Ok(self.event(at)?)
    }

    fn item(&mut self, at: Position) -> Result<Option<Bytes>, Error> {
        let Some(event) = self.event(at)? else { return Ok(None) };
        Ok(Some(self.entry(event).json().clone()))
    }
}
