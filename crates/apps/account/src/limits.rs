//! Limits of tries to sign in.
//!
//! A try counts for the name at its address, for the name everywhere, and for the address. These limits never keep
//! people from their own devices: a browser in which the name has signed in before has an allowance of its own and
//! needs no other.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;

use encke_engine::{Code, Error, PersonId, desk_limits, household, limits};

use super::device::DeviceId;
use encke_site::remembered::Remembered;

const MINUTE_MS: u64 = 60_000;

/// An allowance that refills evenly over a minute.
#[derive(Clone, Copy)]
struct Bucket {
    /// The rest of the allowance in thousandths of a try.
    left: u64,
    at_ms: u64,
}

struct Buckets<K> {
    per_minute: u64,
    /// The partly used allowances. When there are too many, the oldest are forgotten, so that nobody can fill the table
    /// and have others refused.
    counted: Remembered<K, Bucket>,
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(per_minute: u32) -> Self {
        let counted = Remembered::new(limits::TRIES_COUNTED_MAX);
        Buckets { per_minute: u64::from(per_minute), counted }
    }

    fn refilled(&self, bucket: Bucket, now_ms: u64) -> Bucket {
        let passed = now_ms.saturating_sub(bucket.at_ms).min(MINUTE_MS);
        let left = bucket.left + passed * self.per_minute * 1_000 / MINUTE_MS;
        Bucket { left: left.min(self.per_minute * 1_000), at_ms: now_ms }
    }

    /// Takes one try. The error is the number of milliseconds until there is one.
    fn take(&mut self, key: K, now_ms: u64) -> Result<(), u64> {
        let full = Bucket { left: self.per_minute * 1_000, at_ms: now_ms };
        let mut bucket = self.refilled(*self.counted.get(&key).unwrap_or(&full), now_ms);
        if bucket.left < 1_000 {
            return Err((1_000 - bucket.left) * MINUTE_MS / (self.per_minute * 1_000) + 1);
        }
        bucket.left -= 1_000;
        self.counted.insert(key, bucket);
        Ok(())
    }

    /// Gives one try back.
    fn give(&mut self, key: &K) {
        let full = self.per_minute * 1_000;
        if let Some(bucket) = self.counted.get_mut(key) {
            bucket.left = (bucket.left + 1_000).min(full);
        }
    }

    /// Gives all tries back.
    fn fill(&mut self, key: &K) {
        let full = self.per_minute * 1_000;
        if let Some(bucket) = self.counted.get_mut(key) {
            bucket.left = full;
        }
    }
}

fn refused(wait_ms: u64) -> Error {
    Error::new(Code::RateLimited, "Too many tries; wait a little.").retry_after_ms(wait_ms)
}

/// The facts that a try to sign in counts for.
#[derive(Clone, Copy)]
pub(crate) struct Try<'a> {
    /// The name, if it is a possible one. Impossible names are not counted, because their length is not bounded.
    pub name: Option<&'a str>,
    /// The address, if it is known.
    pub address: Option<IpAddr>,
    /// The device, if the name has signed in on it before.
    pub device: Option<DeviceId>,
}

type Address = Option<IpAddr>;

/// The allowances of names, addresses and devices.
pub(crate) struct SignInLimits(Mutex<Left>);

struct Left {
    names: Buckets<String>,
    names_at: Buckets<(String, Address)>,
    addresses: Buckets<Address>,
    devices: Buckets<DeviceId>,
    entries: Buckets<Address>,
    guesses: Buckets<PersonId>,
    visitors: Buckets<Address>,
    doors: Buckets<Address>,
    helps: Buckets<Address>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        SignInLimits(Mutex::new(Left {
            names: Buckets::new(limits::SIGN_INS_PER_NAME_PER_MIN),
            names_at: Buckets::new(limits::SIGN_INS_PER_NAME_AND_ADDRESS_PER_MIN),
            addresses: Buckets::new(limits::SIGN_INS_PER_ADDRESS_PER_MIN),
            devices: Buckets::new(limits::SIGN_INS_PER_DEVICE_PER_MIN),
            entries: Buckets::new(limits::ENTRIES_PER_ADDRESS_PER_MIN),
            guesses: Buckets::new(limits::PASSWORD_GUESSES_PER_MIN),
            visitors: Buckets::new(desk_limits::VISITORS_PER_ADDRESS_PER_MIN),
            doors: Buckets::new(desk_limits::DOORS_PER_ADDRESS_PER_MIN),
            helps: Buckets::new(desk_limits::HELP_PER_ADDRESS_PER_MIN),
        }))
    }
}

impl Left {
    fn take(&mut self, tried: Try<'_>, now_ms: u64) -> Result<(), u64> {
        if let Some(device) = tried.device {
            return self.devices.take(device, now_ms);
        }
        let address = tried.address.map(household);
        self.addresses.take(address, now_ms)?;
        let Some(name) = tried.name else { return Ok(()) };
        self.names_at.take((name.to_owned(), address), now_ms)?;
        self.names.take(name.to_owned(), now_ms)
    }

    fn succeeded(&mut self, tried: Try<'_>) {
        if let Some(device) = tried.device {
            return self.devices.fill(&device);
        }
        let Some(name) = tried.name else { return };
        self.names_at.fill(&(name.to_owned(), tried.address.map(household)));
        // Others may be guessing while the person signs in, so only the person's own try comes back.
        self.names.give(&name.to_owned());
    }
}

impl SignInLimits {
    fn left<T>(&self, work: impl FnOnce(&mut Left) -> T) -> T {
        work(&mut self.0.lock().expect("not poisoned"))
    }

    /// Takes one try to sign in.
    pub fn take(&self, tried: Try<'_>, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.take(tried, now_ms)).map_err(refused)
    }

    /// Gives the allowances back that belong only to the person that signed in.
    pub fn succeeded(&self, tried: Try<'_>) {
        self.left(|left| left.succeeded(tried));
    }

    /// Takes one entry from an address, by a form without a password.
    pub fn take_entry(&self, address: Address, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.entries.take(address.map(household), now_ms)).map_err(refused)
    }

    /// Takes one new visitor of a desk from an address.
    pub fn take_visitor(&self, address: Address, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.visitors.take(address.map(household), now_ms)).map_err(refused)
    }

    /// Takes one look at the door of a desk from an address.
    pub fn take_door(&self, address: Address, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.doors.take(address.map(household), now_ms)).map_err(refused)
    }

    /// Takes one read of a desk's help from an address.
    pub fn take_help(&self, address: Address, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.helps.take(address.map(household), now_ms)).map_err(refused)
    }

    /// Takes one guess of a password by somebody who is signed in. It does not count as a try to sign in.
    pub fn take_guess(&self, person: PersonId, now_ms: u64) -> Result<(), Error> {
        self.left(|left| left.guesses.take(person, now_ms)).map_err(refused)
    }

    /// Gives all guesses of a person back.
    pub fn guessed(&self, person: PersonId) {
        self.left(|left| left.guesses.fill(&person));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_forgets_the_oldest_and_refuses_nobody() {
        let mut buckets = Buckets::new(1);
        for name in 0..3 * limits::TRIES_COUNTED_MAX {
            assert_eq!(buckets.take(name, 0), Ok(()));
            assert!(buckets.take(name, 0).is_err());
        }
        let counted =
            (0..3 * limits::TRIES_COUNTED_MAX).filter(|n| buckets.counted.get(n).is_some());
        assert!(counted.count() <= 2 * limits::TRIES_COUNTED_MAX);
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
