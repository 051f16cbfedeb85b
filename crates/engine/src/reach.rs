//! How the product reaches connected sessions with what is not an event.

use bytes::Bytes;

use crate::ids::PersonId;
use crate::stream::StreamId;

/// The fan-out, as the apps see it.
pub trait Reach: Send + Sync {
    /// Sends a signal (one item of JSON) to the live sessions that follow the stream, on whichever node they are; at most
    /// once (P9).
    fn signal(&self, stream: StreamId, item: Bytes);

    /// The same to the sessions of this node alone.
    fn signal_here(&self, stream: StreamId, item: Bytes) {
        self.signal(stream, item);
    }

    /// Tells the apps of the other nodes something, if there are others; at most once.
    fn note(&self, _note: Bytes) {}

    /// How many revocations there have been; an admission says which of them it knew.
    fn revocations(&self) -> u64;

    /// Ends open connections of the person on this node within a second (P7): those of one credential, or all.
    fn revoke(&self, person: PersonId, credential: Option<u64>);
}
