//! The agenda: what happens when. The only clock there is.

use std::collections::BTreeMap;
use std::time::Duration;

/// Microseconds since the world began.
pub type Time = u64;

/// A millisecond.
pub const MS: Time = 1_000;

/// Everything that is yet to happen, in order; what falls on the same moment happens in the order in which it was noted.
pub struct Agenda<T> {
    now: Time,
    noted: u64,
    /// Of all that has happened: the same for the same world.
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

    /// The present as the engine counts time: since the world began.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    /// Of when everything happened until now, and in which order.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Notes what happens so much later.
    pub fn after(&mut self, delay: Time, what: T) {
        self.at(self.now + delay, what);
    }

    /// Notes what happens at a time; what should have happened already happens now.
    pub fn at(&mut self, time: Time, what: T) {
        self.noted += 1;
        self.to_come.insert((time.max(self.now), self.noted), what);
    }

    /// Goes on to what comes next, unless that is after `end`.
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
