//! The store's counters, for the operator.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the histogram of writes in a commit; one more bucket holds the rest.
pub const COMMIT_BUCKETS: [u64; 8] = [1, 2, 5, 10, 50, 100, 500, 1000];

/// Counters that only rise.
#[derive(Debug, Default)]
pub struct Stats {
    /// Commits that reached the disk.
    pub commits: AtomicU64,
    /// Writes in those commits.
    pub writes: AtomicU64,
    /// Events in those commits.
    pub events: AtomicU64,
    /// Nanoseconds spent in commits.
    pub commit_ns: AtomicU64,
    /// Commits and queries that failed.
    pub errors: AtomicU64,
    /// Commits by number of writes, as in [`COMMIT_BUCKETS`].
    pub commit_sizes: [AtomicU64; COMMIT_BUCKETS.len() + 1],
}

impl Stats {
    pub(crate) fn committed(&self, writes: usize, events: usize, ns: u64) {
        self.commits.fetch_add(1, Relaxed);
        self.writes.fetch_add(writes as u64, Relaxed);
        self.events.fetch_add(events as u64, Relaxed);
        self.commit_ns.fetch_add(ns, Relaxed);
        let bucket = COMMIT_BUCKETS.partition_point(|bound| *bound < writes as u64);
        self.commit_sizes[bucket].fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Relaxed);
    }
}
