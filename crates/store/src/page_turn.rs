//! One turn of a replay: which of the rows that pass by belong to a session, and when the page is full.

use encke_engine::hub::PageRequest;
use encke_engine::{Position, StreamId, limits};
use rustc_hash::FxHashMap;

pub(crate) struct PageTurn {
    follows: FxHashMap<StreamId, Position>,
    pub after: Position,
    pub until: Position,
    /// The page is complete up to this position.
    up_to: Position,
    seen: usize,
    taken: usize,
    bytes: usize,
    full: bool,
}

impl PageTurn {
    /// Rows that a turn looks at, at most.
    pub const SCANNED_MAX: usize = limits::SCAN_EVENTS_MAX;

    pub fn new(request: &PageRequest, until: Position) -> Self {
        PageTurn {
            follows: request.follows.iter().map(|f| (f.stream, f.from)).collect(),
            after: request.after,
            until,
            up_to: request.after,
            seen: 0,
            taken: 0,
            bytes: 0,
            full: false,
        }
    }

    /// Takes the next row into account. Returns whether its event belongs to the session.
    pub fn wants(&mut self, at: Position, stream: StreamId, bytes: usize) -> bool {
        self.seen += 1;
        self.up_to = at;
        if self.follows.get(&stream.route()).is_none_or(|from| at < *from) {
            return false;
        }
        self.taken += 1;
        self.bytes += bytes;
        self.full =
            self.taken >= limits::REPLAY_EVENTS_MAX || self.bytes >= limits::REPLAY_BYTES_MAX;
        true
    }

    /// Whether the page is full. Further events come in the next turn.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The position up to which the page is complete, once no row is left or it is full.
    pub fn up_to(&self) -> Position {
        if self.full || self.seen == Self::SCANNED_MAX {
            return self.up_to;
        }
        self.until.max(self.after)
    }
}
