//! When a node looks next for what is due.
//!
//! A node hears what is planned, and after a look it knows the next time. Both only ever make the next look earlier, so what
//! is planned while a look goes on is not forgotten. There is no clock in here.

use std::sync::atomic::{AtomicU64, Ordering};

/// The time of the next look, in milliseconds since 1970. 0, as at the start: at once.
#[derive(Debug, Default)]
pub struct NextLook(AtomicU64);

impl NextLook {
    /// Notes that something is due at a time.
    pub fn at_latest(&self, ms: u64) {
        self.0.fetch_min(ms, Ordering::SeqCst);
    }

    /// Whether it is time to look. What is planned from here on is noted for the look after this one.
    pub fn has_come(&self, now_ms: u64) -> bool {
        let come = self.0.load(Ordering::SeqCst) <= now_ms;
        if come {
            self.0.store(u64::MAX, Ordering::SeqCst);
        }
        come
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planned_during_a_look_is_not_forgotten() {
        let next = NextLook::default();
        assert!(next.has_come(5), "a node looks when it starts");
        next.at_latest(7);
        // The look has found nothing before 9.
        next.at_latest(9);
        assert!(!next.has_come(6));
        assert!(next.has_come(7));
        assert!(!next.has_come(1_000));
    }
}
