//! An event with its encodings, each made once and shared by all who receive it.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::event::Event;
use crate::ids::Epoch;
use crate::item;

/// How many framings there is room for; a transport gives each of its own a number.
pub const FRAMINGS: usize = 4;

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

    /// The item as one line of JSON.
    pub fn json(&self) -> &Bytes {
        self.json.get_or_init(|| item::event(&self.event, self.epoch))
    }

    /// The item as a transport frames it; `frame` runs once for each number, whoever asks first.
    ///
    /// # Panics
    /// If `number` is not below [`FRAMINGS`].
    pub fn framed(&self, number: usize, frame: impl FnOnce(&Self) -> Bytes) -> &Bytes {
        self.framed[number].get_or_init(|| frame(self))
    }
}
