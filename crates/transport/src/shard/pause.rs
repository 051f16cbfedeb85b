//! Pauses: after a quota has refused a send or a command, the connection is not read for a moment.
//!
//! The client gets the refusal at once, with the time for the next try. A client that ignores it only fills its own
//! socket: its flood costs the shard one read for each pause, and the sends of others don't wait behind it. Answers and
//! events are still written to the connection.

use std::collections::VecDeque;

use encke_engine::limits;
use rustc_hash::FxHashMap;

use super::Shard;
use crate::gate::ConnectionKey;

/// The paused connections, in the order in which their pauses end.
#[derive(Default)]
pub(super) struct Pauses {
    until: VecDeque<(u32, ConnectionKey)>,
    /// The place and generation of each paused connection.
    paused: FxHashMap<u32, u32>,
}

impl Pauses {
    pub fn is_paused(&self, to: ConnectionKey) -> bool {
        !self.paused.is_empty() && self.paused.get(&to.index) == Some(&to.generation)
    }

    /// Notes a pause. Beyond `max` pauses it does nothing, because more of them must be a flood of new connections.
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
    /// Pauses a connection after a quota has refused its input.
    pub(super) fn pause(&mut self, to: ConnectionKey) {
        let until = self.now.saturating_add(self.timing.ticks(limits::REFUSED_PAUSE_MS));
        self.pauses.begin(to, until, self.connections_max);
    }

    /// Lets the connections go on whose pauses are over.
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
        // Another connection has taken the place, and is refused, too.
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
