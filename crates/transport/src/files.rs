//! The files that connections may have open: one count for everything that holds one.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The number of files that connections may have open, and the number that are open.
#[derive(Debug)]
pub struct Files {
    open: AtomicUsize,
    max: usize,
}

impl Files {
    /// A count with at most `max` files, none of them open.
    pub fn new(max: usize) -> Self {
        Files { open: AtomicUsize::new(0), max }
    }

    /// Takes `count` files if at least `left` remain after that. Returns whether it did.
    pub fn take(&self, count: usize, left: usize) -> bool {
        let more = |open: usize| (open + count + left <= self.max).then_some(open + count);
        self.open.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// Takes one file in any case, because another is about to be given back.
    pub fn take_early(&self) {
        self.open.fetch_add(1, Relaxed);
    }

    /// Gives back `count` files.
    pub fn give(&self, count: usize) {
        self.open.fetch_sub(count, Relaxed);
    }
}
