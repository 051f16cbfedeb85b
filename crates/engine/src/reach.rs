//! The way from a product to connected sessions, for everything except events.

use bytes::Bytes;

use crate::ids::PersonId;
use crate::stream::StreamId;

/// The fan-out as products see it.
pub trait Reach: Send + Sync {
    /// Sends a signal, one item of JSON, to the live sessions on all nodes that follow the stream; at most once (P9).
    fn signal(&self, stream: StreamId, item: Bytes);

    /// Sends a signal to the live sessions of this node that follow the stream.
    fn signal_here(&self, stream: StreamId, item: Bytes) {
        self.signal(stream, item);
    }

    /// Tells the products on other nodes something; at most once.
    fn note(&self, _note: Bytes) {}

    /// The number of revocations so far. An admission says how many of them it knew.
    fn revocations(&self) -> u64;

    /// Ends the person's open connections on this node within a second (P7), those of one credential or all.
    fn revoke(&self, person: PersonId, credential: Option<u64>);
}
