//! The hot path: one event appended to one stream.

use encke_engine::{Error, NewEvent, PersonId, Position, Seq};

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
