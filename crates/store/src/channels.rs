//! Names of channels and the numbers of their streams.
//!
//! A name gets its number when somebody first subscribes or publishes; it is stored with the first event. A number
//! that was only subscribed to is forgotten at the next start, when nobody can hold it any more.

use std::sync::{Arc, RwLock};

use encke_engine::ids::Owner;
use encke_engine::{Code, Error, StreamId, limits};
use rustc_hash::FxHashMap;

#[derive(Debug, Default)]
struct Known {
    numbers: FxHashMap<Arc<str>, u64>,
    /// By number less one.
    names: Vec<Arc<str>>,
}

/// All channels that are known.
#[derive(Debug, Default)]
pub struct Channels(RwLock<Known>);

/// Channels known at one time.
const CHANNELS_MAX: usize = 1_000_000;

impl Channels {
    /// The channels of a store: names in the order of their numbers, from 1.
    pub(crate) fn stored(rows: Vec<(u64, String)>) -> Self {
        let mut known = Known::default();
        for (number, name) in rows {
            // Numbers that were given out but never stored leave holes.
            while (known.names.len() as u64) < number - 1 {
                known.names.push(Arc::from(""));
            }
            let name: Arc<str> = name.into();
            known.names.push(name.clone());
            known.numbers.insert(name, number);
        }
        Channels(RwLock::new(known))
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
        let name: Arc<str> = name.into();
        known.names.push(name.clone());
        let number = known.names.len() as u64;
        known.numbers.insert(name, number);
        Ok(StreamId::channel(number))
    }

    /// The name of a channel's stream; `None` for streams of other kinds.
    pub fn name(&self, stream: StreamId) -> Option<Arc<str>> {
        let Owner::Channel(number) = stream.owner() else { return None };
        let known = self.0.read().expect("not poisoned");
        known.names.get(usize::try_from(number).ok()?.checked_sub(1)?).cloned()
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
