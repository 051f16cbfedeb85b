//! Idempotency keys of the newest sends, in memory, with the positions of the first appends.
//!
//! The keys themselves lie in the log, and this is only a way to find them. It is filled from the log at the start.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use encke_engine::{PersonId, Position, limits};
use rustc_hash::FxHashMap;

struct Remembered {
    print: u64,
    at: Position,
    at_ms: u64,
}

/// Fingerprints of keys, with the positions where they were used.
pub(super) struct Keys {
    hasher: RandomState,
    positions: FxHashMap<u64, Position>,
    /// The keys in the order of the log.
    order: VecDeque<Remembered>,
}

impl Keys {
    pub fn new() -> Self {
        Keys { hasher: RandomState::new(), positions: FxHashMap::default(), order: VecDeque::new() }
    }

    fn print(&self, author: Option<PersonId>, key: &str) -> u64 {
        self.hasher.hash_one((author, key))
    }

    /// The position where a key may have been used. The caller compares the event there.
    pub fn find(&self, author: Option<PersonId>, key: &str) -> Option<Position> {
        self.positions.get(&self.print(author, key)).copied()
    }

    pub fn add(&mut self, author: Option<PersonId>, key: &str, at: Position, at_ms: u64) {
        let print = self.print(author, key);
        self.positions.insert(print, at);
        self.order.push_back(Remembered { print, at, at_ms });
    }

    /// The number of keys that are remembered.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Forgets the newest keys down to this number, because their write did not happen.
    pub fn shorten(&mut self, len: usize) {
        while self.order.len() > len
            && let Some(undone) = self.order.pop_back()
        {
            self.forget(&undone);
        }
    }

    /// Forgets keys that are too old or too many.
    pub fn expire(&mut self, now_ms: u64) {
        let old = now_ms.saturating_sub(limits::KEY_AGE_MS);
        while let Some(oldest) = self.order.front()
            && (self.order.len() > limits::KEYS_MAX || oldest.at_ms < old)
        {
            let oldest = Remembered { ..*oldest };
            self.forget(&oldest);
            self.order.pop_front();
        }
    }

    /// A newer key with the same fingerprint stays.
    fn forget(&mut self, old: &Remembered) {
        if self.positions.get(&old.print) == Some(&old.at) {
            self.positions.remove(&old.print);
        }
    }
}
