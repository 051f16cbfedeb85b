//! How often somebody may try to sign in.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;

use encke_engine::{Code, Error, household, limits};
use rustc_hash::FxHashMap;

/// Names or addresses that are counted; beyond that those with full allowance are forgotten.
const COUNTED_MAX: usize = 100_000;
const MINUTE_MS: u64 = 60_000;

/// An allowance that refills evenly over a minute.
#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a try.
    left: u64,
    at_ms: u64,
}

struct Buckets<K> {
    per_minute: u64,
    counted: FxHashMap<K, Bucket>,
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(per_minute: u32) -> Self {
        Buckets { per_minute: u64::from(per_minute), counted: FxHashMap::default() }
    }

    fn refilled(&self, bucket: Bucket, now_ms: u64) -> Bucket {
        let passed = now_ms.saturating_sub(bucket.at_ms).min(MINUTE_MS);
        let left = bucket.left + passed * self.per_minute * 1_000 / MINUTE_MS;
        Bucket { left: left.min(self.per_minute * 1_000), at_ms: now_ms }
    }

    /// Takes one try, or says after how many milliseconds there is one.
    fn take(&mut self, key: K, now_ms: u64) -> Result<(), u64> {
        let full = Bucket { left: self.per_minute * 1_000, at_ms: now_ms };
        let mut bucket = self.refilled(*self.counted.get(&key).unwrap_or(&full), now_ms);
        if bucket.left < 1_000 {
            return Err((1_000 - bucket.left) * MINUTE_MS / (self.per_minute * 1_000) + 1);
        }
        bucket.left -= 1_000;
        if self.counted.len() >= COUNTED_MAX {
            self.counted.retain(|_, b| now_ms.saturating_sub(b.at_ms) < MINUTE_MS);
            if self.counted.len() >= COUNTED_MAX {
                return Err(MINUTE_MS);
            }
        }
        self.counted.insert(key, bucket);
        Ok(())
    }
}

fn refused(wait_ms: u64) -> Error {
    Error::new(Code::RateLimited, "Too many tries; wait a little.").retry_after_ms(wait_ms)
}

/// What is left to names and addresses.
pub(crate) struct SignInLimits {
    names: Mutex<Buckets<String>>,
    addresses: Mutex<Buckets<Option<IpAddr>>>,
    entries: Mutex<Buckets<Option<IpAddr>>>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        SignInLimits {
            names: Mutex::new(Buckets::new(limits::SIGN_INS_PER_NAME_PER_MIN)),
            addresses: Mutex::new(Buckets::new(limits::SIGN_INS_PER_ADDRESS_PER_MIN)),
            entries: Mutex::new(Buckets::new(limits::ENTRIES_PER_ADDRESS_PER_MIN)),
        }
    }
}

impl SignInLimits {
    /// Takes one try from the address and, if one is given, from the name.
    pub fn take(
        &self,
        name: Option<&str>,
        address: Option<IpAddr>,
        now_ms: u64,
    ) -> Result<(), Error> {
        let mut addresses = self.addresses.lock().expect("not poisoned");
        let taken = addresses.take(address.map(household), now_ms);
        drop(addresses);
        taken.map_err(refused)?;
        name.map_or(Ok(()), |name| self.take_name(name, now_ms))
    }

    /// Takes one entry from the address: by a form that asks for no password.
    pub fn take_entry(&self, address: Option<IpAddr>, now_ms: u64) -> Result<(), Error> {
        let mut entries = self.entries.lock().expect("not poisoned");
        entries.take(address.map(household), now_ms).map_err(refused)
    }

    /// Takes one try from the name alone. It has been checked: names of any length would be memory of any size.
    pub fn take_name(&self, name: &str, now_ms: u64) -> Result<(), Error> {
        let mut names = self.names.lock().expect("not poisoned");
        names.take(name.to_owned(), now_ms).map_err(refused)
    }

    /// Who signed in gets the whole allowance back.
    pub fn succeeded(&self, name: &str) {
        self.names.lock().expect("not poisoned").counted.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_bounded() {
        let mut buckets = Buckets::new(10);
        for name in 0..COUNTED_MAX {
            assert_eq!(buckets.take(name, 0), Ok(()));
        }
        assert!(buckets.take(COUNTED_MAX, 0).is_err());
        assert_eq!(buckets.take(COUNTED_MAX, MINUTE_MS), Ok(()));
        assert_eq!(buckets.counted.len(), 1);
    }

    #[test]
    fn an_allowance_runs_out_and_refills() {
        let mut buckets = Buckets::new(10);
        for _ in 0..10 {
            assert_eq!(buckets.take("mei", 0), Ok(()));
        }
        let wait = buckets.take("mei", 0).unwrap_err();
        assert!((1..=6_001).contains(&wait), "{wait}");
        assert_eq!(buckets.take("tom", 0), Ok(()));
        assert_eq!(buckets.take("mei", wait), Ok(()));
        assert!(buckets.take("mei", wait).is_err());
    }
}
