//! The agenda: all future events and their times. It is the only clock of a world.

use std::collections::BTreeMap;
use std::time::Duration;

/// Microseconds since the world began.
pub type Time = u64;

/// A millisecond.
pub const MS: Time = 1_000;

/// All future events, in order. Events of the same moment happen in the order in which they were noted.
pub struct Agenda<T> {
    now: Time,
    noted: u64,
    /// A hash of all past events. It is the same for the same world.
    fingerprint: u64,
    to_come: BTreeMap<(Time, u64), T>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda { now: 0, noted: 0, fingerprint: 0, to_come: BTreeMap::new() }
    }
}

impl<T> Agenda<T> {
    /// The present.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The current time as the engine counts it: since the world began.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    /// The hash of all past events, with their times and their order.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Notes an event that happens after a delay.
    pub fn after(&mut self, delay: Time, what: T) {
        self.at(self.now + delay, what);
    }

    /// Notes an event that happens at a time. An event whose time has passed happens now.
    pub fn at(&mut self, time: Time, what: T) {
        self.noted += 1;
        self.to_come.insert((time.max(self.now), self.noted), what);
    }

    /// Moves the clock to the next event and returns it, unless it happens after `end`.
    pub fn next(&mut self, end: Time) -> Option<T> {
        let entry = self.to_come.first_entry().filter(|e| e.key().0 <= end)?;
        let (time, number) = *entry.key();
        self.now = time;
        for part in [time, number] {
            self.fingerprint = (self.fingerprint ^ part).wrapping_mul(0x0100_0000_01b3);
        }
        Some(entry.remove())
    }
}
