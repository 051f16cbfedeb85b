//! Pauses: a connection whose send or command was refused by a quota is not read for a moment.
//!
//! Its client gets the refusal at once, which says when to try again. One that goes on all the same only fills its own
//! socket: its flood costs the shard one read for each pause, and nobody else's sends wait behind it. What is due to the
//! connection is written as ever.

use std::collections::VecDeque;

use encke_engine::limits;
use rustc_hash::FxHashMap;

use super::Shard;
use crate::gate::ConnectionKey;

/// The connections that are not read, in the order in which they will be again.
#[derive(Default)]
pub(super) struct Pauses {
    until: VecDeque<(u32, ConnectionKey)>,
    /// Place and generation of each of them.
    paused: FxHashMap<u32, u32>,
}

impl Pauses {
    pub fn is_paused(&self, to: ConnectionKey) -> bool {
        !self.paused.is_empty() && self.paused.get(&to.index) == Some(&to.generation)
    }

    /// Notes a pause, unless so many are noted that this must be a flood of new connections.
    fn begin(&mut self, to: ConnectionKey, until: u32, max: usize) {
        if self.until.len() < max
            && self.paused.insert(to.index, to.generation) != Some(to.generation)
        {
            self.until.push_back((until, to));
        }
    }

    /// A connection whose pause is over.
    fn over(&mut self, now: u32) -> Option<ConnectionKey> {
        let (_, to) = self.until.pop_front_if(|(until, _)| *until <= now)?;
        if self.is_paused(to) {
            self.paused.remove(&to.index);
        }
        Some(to)
    }
}

impl Shard {
    /// Does not read a connection for a moment, for a quota has refused what came on it.
    pub(super) fn pause(&mut self, to: ConnectionKey) {
        let until = self.now.saturating_add(self.timing.ticks(limits::REFUSED_PAUSE_MS));
        self.pauses.begin(to, until, self.connections_max);
    }

    /// Lets those go on whose pause is over.
    pub(super) fn end_pauses(&mut self) {
        while let Some(to) = self.pauses.over(self.now) {
            if let Some(conn) = self.conns.get_mut(to) {
                conn.state.queued = false;
            }
            self.enqueue(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_of_one_connection_and_ends_in_time() {
        let mut pauses = Pauses::default();
        let to = |generation| ConnectionKey { index: 3, generation };
        pauses.begin(to(1), 5, 2);
        pauses.begin(to(1), 6, 2);
        assert!(pauses.is_paused(to(1)) && !pauses.is_paused(to(2)));
        // Another connection has the place meanwhile, and is refused, too.
        pauses.begin(to(2), 6, 2);
        pauses.begin(ConnectionKey { index: 4, generation: 1 }, 6, 2);
        assert!(
            !pauses.is_paused(ConnectionKey { index: 4, generation: 1 }),
            "there are as many as may be"
        );
        assert_eq!(pauses.over(4), None);
        assert_eq!((pauses.over(5), pauses.over(5)), (Some(to(1)), None));
        assert!(pauses.is_paused(to(2)));
        assert_eq!(pauses.over(6), Some(to(2)));
        assert!(!pauses.is_paused(to(2)) && pauses.paused.is_empty());
    }
}
