//! The functions of the store that reads and writes share.

use std::sync::Arc;

use encke_engine::{Entry, Error, Position, StreamId};
use encke_store::{Head, Read, Sql, Tx};

/// A view of the log beside its SQL.
pub trait View: Sql {
    /// The newest event of a stream.
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error>;
    /// The event at a position.
    fn event_at(&mut self, at: Position) -> Result<Option<Arc<Entry>>, Error>;
}

impl View for Read<'_> {
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error> {
        self.head(stream)
    }

    fn event_at(&mut self, at: Position) -> Result<Option<Arc<Entry>>, Error> {
        Ok(self.event(at)?)
    }
}

impl View for Tx<'_> {
    fn head_of(&mut self, stream: StreamId) -> Result<Head, Error> {
        Ok(self.head(stream)?)
    }

    fn event_at(&mut self, at: Position) -> Result<Option<Arc<Entry>>, Error> {
        Ok(self.event(at)?)
    }
}
