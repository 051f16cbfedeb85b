//! The events and changes that one commit brought, in order.

use std::sync::Arc;

use crate::entry::Entry;
use crate::ids::{PersonId, Position};
use crate::stream::StreamId;

/// One thing that a commit brought.
#[derive(Clone, Debug)]
pub enum Step {
    /// An event was appended.
    Event(Arc<Entry>),
    /// The person's sessions follow the stream from here on. The step stands right before the first event that they get
    /// of the stream.
    Subscribe {
        /// The person whose sessions follow.
        person: PersonId,
        /// The stream that they follow.
        stream: StreamId,
        /// The first position that they get.
        from: Position,
    },
    /// The person's sessions follow the stream no longer. The step stands right before the first event that they miss.
    Unsubscribe {
        /// The person whose sessions stop following.
        person: PersonId,
        /// The stream that they no longer follow.
        stream: StreamId,
    },
    /// A credential of the person, or every one, is revoked from here on.
    Revoke {
        /// The owner of the credential.
        person: PersonId,
        /// The number of the credential; `None` stands for all of them.
        credential: Option<u64>,
    },
}

/// Everything that one commit brought. Positions rise, and there is no gap between one batch and the next.
#[derive(Debug, Default)]
pub struct Batch {
    /// The steps in the order of the log.
    pub steps: Vec<Step>,
}
