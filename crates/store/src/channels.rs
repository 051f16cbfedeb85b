//! Names of channels and the numbers of their streams.
//!
//! A number is made from the name and a key that only the nodes of the space know. Following a name therefore allots
//! nothing: every node comes to the same number, before the first event and after it. A name is kept from the first
//! append on; the store keeps it with its first event.
//!
//! Without the key a stranger could look for two names that share a number. Older channels were numbered one after the
//! other, and keep their numbers.

use std::sync::{Arc, RwLock};

use encke_engine::{Code, Error, Owner, StreamId, limits};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// The key that the numbers of new channels are made with.
pub(crate) type NumberKey = [u8; 32];

#[derive(Debug)]
struct Known {
    key: NumberKey,
    numbers: FxHashMap<Arc<str>, u64>,
    names: FxHashMap<u64, Arc<str>>,
}

impl Known {
    fn add(&mut self, number: u64, name: &str) -> Arc<str> {
        let name: Arc<str> = name.into();
        self.numbers.insert(name.clone(), number);
        self.names.insert(number, name.clone());
        name
    }

    /// The number of a name, whether the name is known or not.
    fn number_of(&self, name: &str) -> Result<u64, Error> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let hash = Sha256::new().chain_update(self.key).chain_update(name).finalize();
        let first = hash.first_chunk().map_or(0, |b| u64::from_be_bytes(*b));
        // The upper half of the 60 bits: numbers that were given out one after the other are small.
        let number = 1 << 59 | first >> 5;
        if self.names.contains_key(&number) {
            return Err(Error::new(Code::Conflict, "This name can't be told from another one."));
        }
        Ok(number)
    }
}

/// All channels that have an event, or are about to get their first one.
#[derive(Debug)]
pub struct Channels(RwLock<Known>);

impl Channels {
    /// The channels of a store, with their numbers.
    pub(crate) fn stored(key: NumberKey, rows: Vec<(u64, String)>) -> Self {
        let (numbers, names) = Default::default();
        let mut known = Known { key, numbers, names };
        for (number, name) in rows {
            known.add(number, &name);
        }
        Channels(RwLock::new(known))
    }

    /// Takes over the name of a channel from another node; `None` if it can't be right.
    pub fn learn(&self, stream: StreamId, name: &str) -> Option<Arc<str>> {
        if let Some(known) = self.name(stream) {
            return (*known == *name).then_some(known);
        }
        let Owner::Channel(number) = stream.owner() else { return None };
        check_name(name).ok()?;
        let mut known = self.0.write().expect("not poisoned");
        if known.names.len() >= limits::CHANNELS_MAX || known.numbers.contains_key(name) {
            return Some(name.into());
        }
        Some(known.add(number, name))
    }

    /// The stream of a channel, for following it. Nothing is kept of a name without events.
    pub fn stream(&self, name: &str) -> Result<StreamId, Error> {
        check_name(name)?;
        self.0.read().expect("not poisoned").number_of(name).map(StreamId::channel)
    }

    /// The stream of a channel, for appending to it. The name is kept from here on.
    pub fn stream_to_append(&self, name: &str) -> Result<StreamId, Error> {
        let stream = self.stream(name)?;
        if self.name(stream).is_some() {
            return Ok(stream);
        }
        let mut known = self.0.write().expect("not poisoned");
        if known.names.len() >= limits::CHANNELS_MAX {
            return Err(Error::new(Code::Overloaded, "There are too many channels."));
        }
        let number = known.number_of(name)?;
        known.add(number, name);
        Ok(StreamId::channel(number))
    }

    /// Whether a channel of this name is kept: it has an event, or is about to get its first one.
    pub fn is_known(&self, name: &str) -> bool {
        self.0.read().expect("not poisoned").numbers.contains_key(name)
    }

    /// The number of names that are kept.
    pub fn count(&self) -> usize {
        self.0.read().expect("not poisoned").names.len()
    }

    /// The name of a channel's stream; `None` for streams of other kinds.
    pub fn name(&self, stream: StreamId) -> Option<Arc<str>> {
        let Owner::Channel(number) = stream.owner() else { return None };
        let known = self.0.read().expect("not poisoned");
        known.names.get(&number).cloned()
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let good = (1..=limits::CHANNEL_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b));
    if good {
        return Ok(());
    }
    let most = limits::CHANNEL_NAME_BYTES_MAX;
    Err(Error::new(
        Code::Invalid,
        format!(
            "A channel's name has 1 to {most} letters, digits, dots, colons, dashes and underscores."
        ),
    ))
}
