//! The counts of a shard: plain numbers, copied to atomics once a turn and summed by the reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::request::Transport;

/// The number of transports.
pub const TRANSPORTS: usize = Transport::ALL.len();

/// Upper bounds of the delay histogram in microseconds; a last bucket takes the rest.
pub const DELAY_BOUNDS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_000_000];

const DELAYS: usize = DELAY_BOUNDS_US.len() + 1;

/// Counts since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Open sessions now, in the order of [`Transport::ALL`].
    pub sessions: [u64; TRANSPORTS],
    /// Connections now, with or without a session.
    pub connections: u64,
    /// Connections accepted from the listeners.
    pub accepted: u64,
    /// Connections handed to the HTTP server.
    pub handed_off: u64,
    /// Events handed to live sessions.
    pub deliveries: u64,
    /// Events replayed, from the tail or the store.
    pub replayed: u64,
    /// Deliveries by the time from publish until the whole batch was written; see [`DELAY_BOUNDS_US`].
    pub delays: [u64; DELAYS],
    /// The sum of those times in microseconds.
    pub delay_sum_us: u64,
    /// Sessions that fell behind because their connection was full.
    pub fell_behind: u64,
    /// Readers that were cut because they took nothing for too long.
    pub slow_cut: u64,
    /// Requests for the feed, and connections, that were refused.
    pub refused: u64,
    /// Connections that gave up their place to others.
    pub given_up: u64,
    /// Connections that ended because handling them panicked.
    pub panics: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

/// All of [`Stats`] as words, in a fixed order.
const WORDS: usize = TRANSPORTS + 5 + DELAYS + 7;

impl Stats {
    /// Counts deliveries and the time that they took.
    pub fn delivered(&mut self, count: u64, delay: Duration) {
        let us = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.deliveries += count;
        self.delays[DELAY_BOUNDS_US.partition_point(|bound| *bound < us)] += count;
        self.delay_sum_us += us.saturating_mul(count);
    }

    fn words(&mut self) -> [&mut u64; WORDS] {
        let Stats { sessions, delays, .. } = self;
        let rest = [
            &mut self.connections,
            &mut self.accepted,
            &mut self.handed_off,
            &mut self.deliveries,
            &mut self.replayed,
            &mut self.delay_sum_us,
            &mut self.fell_behind,
            &mut self.slow_cut,
            &mut self.refused,
            &mut self.given_up,
            &mut self.panics,
            &mut self.bytes_out,
        ];
        let mut all = sessions.iter_mut().chain(delays).chain(rest);
        std::array::from_fn(|_| all.next().expect("WORDS counts them all"))
    }

    pub(crate) fn sum(counters: &[Arc<Counters>]) -> Stats {
        let mut sum = Stats::default();
        for of_shard in counters {
            for (word, counted) in sum.words().into_iter().zip(&of_shard.words) {
                *word += counted.load(Relaxed);
            }
        }
        sum
    }
}

/// The counts of one shard, readable from other threads.
#[derive(Default)]
pub struct Counters {
    words: [AtomicU64; WORDS],
}

impl Counters {
    pub(crate) fn publish(&self, stats: &mut Stats) {
        for (word, seen) in stats.words().into_iter().zip(&self.words) {
            seen.store(*word, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_summed_once() {
        let mut stats = Stats::default();
        for (n, word) in stats.words().into_iter().enumerate() {
            *word = n as u64 + 1;
        }
        let counters = Arc::new(Counters::default());
        counters.publish(&mut stats);
        assert_eq!(Stats::sum(&[counters]), stats);
    }

    #[test]
    fn delays_fall_into_their_bucket() {
        let mut stats = Stats::default();
        stats.delivered(2, Duration::from_micros(100));
        stats.delivered(3, Duration::from_micros(101));
        stats.delivered(1, Duration::from_secs(9));
        assert_eq!((stats.delays[0], stats.delays[1], stats.delays[DELAYS - 1]), (2, 3, 1));
        assert_eq!(stats.deliveries, 6);
    }
}
