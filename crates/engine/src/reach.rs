//! How the product reaches connected sessions with what is not an event.

use bytes::Bytes;

use crate::ids::{PersonId, StreamId};

/// The fan-out of this node, as the apps see it.
pub trait Reach: Send + Sync {
    /// Sends a signal (one item of JSON) to the live sessions that follow the stream; at most once (P9).
    fn signal(&self, stream: StreamId, item: Bytes);

    /// How many revocations there have been; an admission says which of them it knew.
    fn revocations(&self) -> u64;

    /// Ends open connections of the person within a second (P7): those of one credential, or all.
    fn revoke(&self, person: PersonId, credential: Option<u64>);
}
