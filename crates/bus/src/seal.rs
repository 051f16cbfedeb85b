//! The check that a message is genuine and new: a seal by a key that only the nodes of the space know, over the message
//! and its subject; and a memory of the newest messages, so that no old one is taken again.

use std::sync::RwLock;
use std::time::{Duration, Instant};

use encke_engine::limits;
use ring::hmac::{self, HMAC_SHA256, Key};
use rustc_hash::FxHashMap;

/// Bytes of a seal, which follows the message.
pub(crate) const SEAL_BYTES: usize = 32;

/// The key of a space for one subject, and for a moment the key before it.
pub(crate) struct Keys {
    subject: String,
    inner: RwLock<Inner>,
}

struct Inner {
    bytes: [u8; 32],
    key: Key,
    /// The key before this one, and the time when this one was learnt.
    before: Option<(Key, Instant)>,
}

impl Keys {
    /// The current key of the space.
    pub fn new(subject: &str, bytes: [u8; 32]) -> Self {
        let inner = Inner { bytes, key: derived(subject, &bytes), before: None };
        Keys { subject: subject.to_owned(), inner: RwLock::new(inner) }
    }

    /// Sets the key that the space has from `now` on. The key before it is used for [`limits::BUS_KEY_LEAD_MS`] and
    /// taken for [`limits::BUS_KEY_OVERLAP_MS`], because other nodes notice the new one a little earlier or later.
    pub fn turn(&self, bytes: [u8; 32], now: Instant) {
        let mut inner = self.inner.write().expect("not poisoned");
        if inner.bytes != bytes {
            let before = std::mem::replace(&mut inner.key, derived(&self.subject, &bytes));
            inner.bytes = bytes;
            inner.before = Some((before, now));
        }
    }

    /// Adds the seal to a message.
    pub fn seal(&self, message: &mut Vec<u8>, now: Instant) {
        let inner = self.inner.read().expect("not poisoned");
        let key = inner.before_for(limits::BUS_KEY_LEAD_MS, now).unwrap_or(&inner.key);
        let tag = hmac::sign(key, message);
        message.extend_from_slice(tag.as_ref());
    }

    /// The message under a seal, if a node of the space has made the seal.
    pub fn open<'a>(&self, sealed: &'a [u8], now: Instant) -> Option<&'a [u8]> {
        let (message, seal) = sealed.split_at_checked(sealed.len().checked_sub(SEAL_BYTES)?)?;
        let inner = self.inner.read().expect("not poisoned");
        let before = inner.before_for(limits::BUS_KEY_OVERLAP_MS, now);
        let mut keys = [Some(&inner.key), before].into_iter().flatten();
        keys.any(|key| hmac::verify(key, message, seal).is_ok()).then_some(message)
    }
}

impl Inner {
    fn before_for(&self, ms: u64, now: Instant) -> Option<&Key> {
        let (key, since) = self.before.as_ref()?;
        (now.saturating_duration_since(*since) < Duration::from_millis(ms)).then_some(key)
    }
}

/// The key for a subject, which names the space and the epoch of its log. So a message for one subject is refused on
/// another.
fn derived(subject: &str, bytes: &[u8; 32]) -> Key {
    let whole = Key::new(HMAC_SHA256, bytes);
    Key::new(HMAC_SHA256, hmac::sign(&whole, subject.as_bytes()).as_ref())
}

/// The reason why a genuine message is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stale {
    /// The message is too old, or its time lies in the future.
    Old,
    /// The same message was taken before, or one that was sent later.
    Repeated,
    /// The table of nodes is full, so no further node is heard.
    Crowded,
}

/// The newest message of one node.
struct Newest {
    number: u64,
    at_ms: u64,
}

/// The newest message of each node, so that no message is taken twice.
#[derive(Default)]
pub(crate) struct Heads(FxHashMap<u64, Newest>);

impl Heads {
    /// Takes a message into account: its sender, its number there, and the time when it was sent.
    pub fn take(&mut self, node: u64, number: u64, at_ms: u64, now_ms: u64) -> Result<(), Stale> {
        if at_ms.abs_diff(now_ms) > limits::BUS_MESSAGE_AGE_MS_MAX {
            return Err(Stale::Old);
        }
        if let Some(newest) = self.0.get_mut(&node) {
            if number <= newest.number {
                return Err(Stale::Repeated);
            }
            *newest = Newest { number, at_ms: newest.at_ms.max(at_ms) };
            return Ok(());
        }
        if self.0.len() >= limits::NODES_MAX {
            // The newest messages of these nodes are too old to be taken again.
            let old = |newest: &Newest| {
                now_ms.saturating_sub(newest.at_ms) > limits::BUS_MESSAGE_AGE_MS_MAX
            };
            self.0.retain(|_, newest| !old(newest));
        }
        if self.0.len() >= limits::NODES_MAX {
            return Err(Stale::Crowded);
        }
        self.0.insert(node, Newest { number, at_ms });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_old_key_is_used_until_all_have_the_new_one_and_taken_a_little_longer() {
        let (begin, keys, late) =
            (Instant::now(), Keys::new("s", [1; 32]), Keys::new("s", [1; 32]));
        keys.turn([2; 32], begin);
        keys.turn([2; 32], begin + ms(1));
        let sealed = |keys: &Keys, at| {
            let mut message = b"said".to_vec();
            keys.seal(&mut message, begin + ms(at));
            message
        };
        let taken = |keys: &Keys, sealed: &[u8], at| keys.open(sealed, begin + ms(at)).is_some();
        let first = sealed(&keys, limits::BUS_KEY_LEAD_MS - 1);
        assert!(taken(&late, &first, 0) && taken(&keys, &first, 0));
        let second = sealed(&keys, limits::BUS_KEY_LEAD_MS);
        assert!(!taken(&late, &second, 0) && taken(&keys, &second, 0));
        assert!(taken(&keys, &first, limits::BUS_KEY_OVERLAP_MS - 1));
        assert!(!taken(&keys, &first, limits::BUS_KEY_OVERLAP_MS));
    }

    #[test]
    fn nothing_is_taken_twice_nor_when_it_is_old() {
        let (mut heads, now) = (Heads::default(), 1_000_000);
        let most = limits::BUS_MESSAGE_AGE_MS_MAX;
        assert_eq!(heads.take(1, 5, now, now), Ok(()));
        assert_eq!(heads.take(1, 5, now, now), Err(Stale::Repeated));
        assert_eq!(heads.take(1, 4, now, now), Err(Stale::Repeated));
        assert_eq!(heads.take(1, 9, now, now), Ok(()));
        assert_eq!(heads.take(2, 1, now - most, now), Ok(()));
        assert_eq!(heads.take(2, 2, now - most - 1, now), Err(Stale::Old));
        assert_eq!(heads.take(3, 1, now + most + 1, now), Err(Stale::Old));
    }

    #[test]
    fn a_full_table_forgets_only_what_is_too_old_to_come_again() {
        let (mut heads, now) = (Heads::default(), 1_000_000);
        for node in 0..limits::NODES_MAX as u64 {
            assert_eq!(heads.take(node, 1, now, now), Ok(()));
        }
        assert_eq!(heads.take(u64::MAX, 1, now, now), Err(Stale::Crowded));
        assert_eq!(heads.take(0, 1, now, now), Err(Stale::Repeated));
        let later = now + limits::BUS_MESSAGE_AGE_MS_MAX + 1;
        assert_eq!(heads.take(u64::MAX, 1, later, later), Ok(()));
        assert_eq!(heads.take(0, 1, now, later), Err(Stale::Old));
    }

    proptest! {
        #[test]
        fn a_message_that_was_changed_or_said_elsewhere_is_not_opened(
            mut message in proptest::collection::vec(any::<u8>(), 0..200),
            place in any::<proptest::sample::Index>(),
            bit in 0u8..8,
        ) {
            let (keys, now) = (Keys::new("encke.a.1", [7; 32]), Instant::now());
            let said = message.clone();
            keys.seal(&mut message, now);
            prop_assert_eq!(keys.open(&message, now), Some(&said[..]));
            prop_assert_eq!(Keys::new("encke.a.2", [7; 32]).open(&message, now), None);
            prop_assert_eq!(Keys::new("encke.a.1", [8; 32]).open(&message, now), None);
            for end in 0..message.len() {
                prop_assert_eq!(keys.open(&message[..end], now), None);
            }
            let place = place.index(message.len());
            message[place] ^= 1 << bit;
            prop_assert_eq!(keys.open(&message, now), None);
        }
    }
}
