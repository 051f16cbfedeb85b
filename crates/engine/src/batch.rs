//! What one commit brought, in order.

use std::sync::Arc;

use crate::entry::Entry;
use crate::ids::{PersonId, Position};
use crate::stream::StreamId;

/// One thing that a commit brought.
#[derive(Clone, Debug)]
pub enum Step {
    /// An event was appended.
    Event(Arc<Entry>),
    /// From here on the person's sessions follow the stream. Stands right before the first event that they get of it.
    Subscribe {
        /// Whose sessions.
        person: PersonId,
        /// What they follow.
        stream: StreamId,
        /// The first position that they get.
        from: Position,
    },
    /// From here on they don't. Stands right before the first event that they no longer get.
    Unsubscribe {
        /// Whose sessions.
        person: PersonId,
        /// What they no longer follow.
        stream: StreamId,
    },
    /// From here on a credential of the person is no longer good, or none of them is.
    Revoke {
        /// Whose.
        person: PersonId,
        /// The number of the credential; all if absent.
        credential: Option<u64>,
    },
}

/// All that one commit brought. Positions rise and have no gap between one batch and the next.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of the log.
    pub steps: Vec<Step>,
}
