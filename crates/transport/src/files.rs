//! The files that connections may have open: one count for everything that holds one.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Files that connections may have open, and how many have one.
#[derive(Debug)]
pub struct Files {
    open: AtomicUsize,
    max: usize,
}

impl Files {
    /// So many, none of which is open.
    pub fn new(max: usize) -> Self {
        Files { open: AtomicUsize::new(0), max }
    }

    /// Takes so many if at least `left` are left then.
    pub fn take(&self, count: usize, left: usize) -> bool {
        let more = |open: usize| (open + count + left <= self.max).then_some(open + count);
        self.open.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// Takes one in any case: somebody is about to give one back.
    pub fn take_early(&self) {
        self.open.fetch_add(1, Relaxed);
    }

    /// Gives back so many.
    pub fn give(&self, count: usize) {
        self.open.fetch_sub(count, Relaxed);
    }
}
