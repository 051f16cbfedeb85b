//! How many pages are fetched in a time, so that one person can't keep the server busy, and the server no host.
//!
//! Each node counts for itself.

use std::sync::Mutex;

use encke_engine::{PersonId, outgoing_limits};
use encke_site::remembered::Remembered;

const MS_PER_MIN: u64 = 60_000;

/// What is counted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    /// The messages of a person.
    Person(PersonId),
    /// A host.
    Host(String),
}

impl Counted {
    fn per_min(&self) -> u64 {
        match self {
            Counted::Person(_) => outgoing_limits::PREVIEWS_PER_PERSON_PER_MIN,
            Counted::Host(_) => outgoing_limits::PREVIEWS_PER_HOST_PER_MIN,
        }
    }
}

/// For each person and host the time at which its allowance of a minute is full again, in milliseconds since 1970.
pub(crate) struct Rates(Mutex<Remembered<Counted, u64>>);

impl Default for Rates {
    fn default() -> Self {
        Rates(Mutex::new(Remembered::new(outgoing_limits::PREVIEW_COUNTED_MAX)))
    }
}

impl Rates {
    /// Takes one page of all of these, or of none. The error is the number of milliseconds until there is one.
    pub fn take(&self, all: &[Counted], now_ms: u64) -> Result<(), u64> {
        let mut full = self.0.lock().expect("not poisoned");
        let after = |counted: &Counted, full: &Remembered<Counted, u64>| {
            let before = full.get(counted).copied().unwrap_or(0).max(now_ms);
            before + MS_PER_MIN / counted.per_min()
        };
        for counted in all {
            let after = after(counted, &full);
            if after > now_ms + MS_PER_MIN {
                return Err(after - now_ms - MS_PER_MIN);
            }
        }
        for counted in all {
            let after = after(counted, &full);
            full.insert(counted.clone(), after);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_and_a_host_have_an_allowance_of_their_own() {
        let rates = Rates::default();
        let (mei, tom) = (Counted::Person(PersonId(1)), Counted::Person(PersonId(2)));
        let host = Counted::Host("example.com".into());
        let now = 1_800_000_000_000;
        let both = [mei.clone(), host.clone()];
        for _ in 0..outgoing_limits::PREVIEWS_PER_PERSON_PER_MIN {
            assert_eq!(rates.take(&both, now), Ok(()));
        }
        let wait = rates.take(&both, now).unwrap_err();
        assert_eq!(wait, MS_PER_MIN / outgoing_limits::PREVIEWS_PER_PERSON_PER_MIN);
        // What was refused took nothing of the host.
        let left = outgoing_limits::PREVIEWS_PER_HOST_PER_MIN
            - outgoing_limits::PREVIEWS_PER_PERSON_PER_MIN;
        let others = [tom, host];
        for _ in 0..left {
            assert_eq!(rates.take(&others, now), Ok(()));
        }
        assert!(rates.take(&others, now).is_err());
        assert_eq!(rates.take(&[mei], now + wait), Ok(()));
    }
}
