//! An event with its encodings. Each is made once and shared by all receivers.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;

use crate::event::Event;
use crate::ids::{Epoch, Position};
use crate::item;

/// The number of framings that an entry has room for. A transport numbers its own.
pub const FRAMINGS: usize = 4;

/// Bytes of all encodings that were ever made in this process. A holder of entries sees by it that some may have grown.
static ENCODED: AtomicU64 = AtomicU64::new(0);

/// Bytes that an entry takes besides texts and bodies: itself, its places in a tail, and the allocator's share.
const OVERHEAD_BYTES: usize = size_of::<Entry>() + 128;

/// An event in memory, shared between shards.
#[derive(Debug)]
pub struct Entry {
    /// The event.
    pub event: Event,
    epoch: Epoch,
    json: OnceLock<Bytes>,
    framed: [OnceLock<Bytes>; FRAMINGS],
}

impl Entry {
    /// Wraps an event of a log of this epoch. Nothing is encoded yet.
    pub fn new(event: Event, epoch: Epoch) -> Self {
        Entry { event, epoch, json: OnceLock::new(), framed: Default::default() }
    }

    /// The incarnation of the log that the event is in.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The entry of the same event without its content ([`Event::erased`]), and without the encodings of it.
    pub fn erased(&self) -> Self {
        Entry::new(self.event.erased(), self.epoch)
    }

    /// Another event of the same log: this one as it is shown after an edit.
    pub fn shown_as(&self, event: Event) -> Self {
        Entry::new(event, self.epoch)
    }

    /// The item as one line of JSON.
    pub fn json(&self) -> &Bytes {
        self.json.get_or_init(|| counted(item::event(&self.event, self.epoch)))
    }

    /// The item as a transport frames it. `frame` runs once for each number, for the first caller.
    ///
    /// # Panics
    /// If `number` is not below [`FRAMINGS`].
    pub fn framed(&self, number: usize, frame: impl FnOnce(&Self) -> Bytes) -> &Bytes {
        self.framed[number].get_or_init(|| counted(frame(self)))
    }

    /// Bytes that the entry takes now, with the encodings that were made so far.
    pub fn held_bytes(&self) -> usize {
        let encodings = self.framed.iter().chain([&self.json]).filter_map(OnceLock::get);
        let event = &self.event;
        OVERHEAD_BYTES
            + event.body.len()
            + event.kind.len()
            + event.erases.len() * size_of::<Position>()
            + event.key.as_ref().map_or(0, |key| key.len())
            + encodings.map(Bytes::len).sum::<usize>()
    }

    /// Bytes of all encodings that were ever made in this process, of all entries. The number only rises.
    pub fn encoded_bytes() -> u64 {
        ENCODED.load(Relaxed)
    }
}

/// Counts an encoding that was made.
fn counted(encoding: Bytes) -> Bytes {
    ENCODED.fetch_add(encoding.len() as u64, Relaxed);
    encoding
}
