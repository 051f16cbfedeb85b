//! Names of channels and the numbers of their streams.
//!
//! A name gets its number when somebody first subscribes or publishes; it is stored with the first event. A number
//! that was only subscribed to is forgotten at the next start, when nobody can hold it any more.
//!
//! With one node numbers are given out one after the other. Where several nodes share a store each must come to the
//! same number without asking the others, so there it is made from the name.

use std::sync::{Arc, RwLock};

use encke_engine::ids::Owner;
use encke_engine::{Code, Error, StreamId, limits};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// How a new name gets its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Numbering {
    /// The next one.
    Next,
    /// From the name.
    Hashed,
}

#[derive(Debug)]
struct Known {
    numbering: Numbering,
    numbers: FxHashMap<Arc<str>, u64>,
    names: FxHashMap<u64, Arc<str>>,
    /// The greatest number that was given out.
    last: u64,
}

impl Known {
    fn add(&mut self, number: u64, name: &str) -> Arc<str> {
        let name: Arc<str> = name.into();
        self.numbers.insert(name.clone(), number);
        self.names.insert(number, name.clone());
        self.last = self.last.max(number);
        name
    }

    fn number_for(&self, name: &str) -> u64 {
        match self.numbering {
            Numbering::Next => self.last + 1,
            // Half of what ids have room for; numbers from before the store was shared are small.
            Numbering::Hashed => {
                let hash = Sha256::digest(name.as_bytes());
                let first = hash.first_chunk().map_or(0, |b| u64::from_be_bytes(*b));
                1 << 59 | first >> 5
            }
        }
    }
}

/// All channels that are known.
#[derive(Debug)]
pub struct Channels(RwLock<Known>);

/// Channels known at one time.
const CHANNELS_MAX: usize = 1_000_000;

impl Channels {
    /// The channels of a store, with their numbers.
    pub(crate) fn stored(numbering: Numbering, rows: Vec<(u64, String)>) -> Self {
        let (numbers, names) = Default::default();
        let mut known = Known { numbering, numbers, names, last: 0 };
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
        if known.names.len() >= CHANNELS_MAX || known.numbers.contains_key(name) {
            return Some(name.into());
        }
        Some(known.add(number, name))
    }

    /// The stream of a channel; a number is given out if it has none.
    pub fn stream(&self, name: &str) -> Result<StreamId, Error> {
        check_name(name)?;
        if let Some(number) = self.0.read().expect("not poisoned").numbers.get(name) {
            return Ok(StreamId::channel(*number));
        }
        let mut known = self.0.write().expect("not poisoned");
        if let Some(number) = known.numbers.get(name) {
            return Ok(StreamId::channel(*number));
        }
        if known.names.len() >= CHANNELS_MAX {
            return Err(Error::new(Code::Overloaded, "There are too many channels."));
        }
        let number = known.number_for(name);
        if known.names.contains_key(&number) {
            return Err(Error::new(Code::Conflict, "This name can't be told from another one."));
        }
        known.add(number, name);
        Ok(StreamId::channel(number))
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
    Err(Error::new(
        Code::Invalid,
        "A channel's name has 1 to 128 letters, digits, dots, colons, dashes and underscores.",
    ))
}
