//! The timer wheel of a shard: coarse, lazy, eight bytes for each connection.
//!
//! A connection asks to be looked at at a tick. When that comes, its deadline is computed anew. If the deadline has
//! moved (a write puts off the heartbeat), the connection asks again. Nothing is ever taken out of the wheel before its
//! tick.

use crate::gate::ConnectionKey;

const SLOTS: u32 = 512;

/// The connections by the tick at which they are looked at. Time is a count of ticks.
pub struct Wheel {
    slots: Vec<Vec<ConnectionKey>>,
    /// All slots up to this tick were emptied.
    done: u32,
}

impl Wheel {
    /// An empty wheel at tick 0.
    pub fn new() -> Self {
        Wheel { slots: (0..SLOTS).map(|_| Vec::new()).collect(), done: 0 }
    }

    /// Notes that a connection is looked at at this tick, or at the wheel's horizon if that is earlier. Returns the
    /// tick.
    pub fn insert(&mut self, to: ConnectionKey, tick: u32) -> u32 {
        let tick = tick.clamp(self.done + 1, self.done + SLOTS - 1);
        self.slots[(tick % SLOTS) as usize].push(to);
        tick
    }

    /// The next connections whose tick has come, with the tick; `None` when there are none left up to `now`.
    pub fn next(&mut self, now: u32) -> Option<(u32, Vec<ConnectionKey>)> {
        while self.done < now {
            self.done += 1;
            let due = std::mem::take(&mut self.slots[(self.done % SLOTS) as usize]);
            if !due.is_empty() {
                return Some((self.done, due));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_looked_at_in_time_and_nobody_early() {
        let mut wheel = Wheel::new();
        let to = |index| ConnectionKey { index, generation: 0 };
        for (index, tick) in [(1, 5), (2, 3), (3, 5), (4, 0), (5, 10_000)] {
            wheel.insert(to(index), tick);
        }
        let mut seen = Vec::new();
        for now in 0..SLOTS {
            while let Some((tick, due)) = wheel.next(now) {
                assert_eq!(tick, now);
                seen.extend(due.into_iter().map(|to| (tick, to.index)));
            }
        }
        assert_eq!(seen, [(1, 4), (3, 2), (5, 1), (5, 3), (SLOTS - 1, 5)]);
    }
}
