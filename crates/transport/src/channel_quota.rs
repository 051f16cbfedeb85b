//! The quota of channels: how many channels one follower's sessions follow at once, on all shards of this node.
//!
//! Nearly all sessions follow few channels, and each costs one addition: the sums lie in an array of a fixed size, at
//! the hash of the follower. A session whose channels would take a sum past [`limits::CHANNELS_FEW_MAX`] has them
//! counted by name instead. A name counts once, however many sessions of the follower share it. Two followers with the
//! same hash share a sum, so they are counted by name earlier. Neither uses up what the other may follow.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use encke_engine::{Code, Error, PersonId, StreamId, limits};
use rustc_hash::{FxBuildHasher, FxHashMap};

/// The number of sums for followers of few channels.
const SUMS: usize = 16_384;
/// Parts of the exact table, so that two followers seldom wait for one lock.
const PARTS: usize = 16;

/// The holder of a quota.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Follower {
    /// A person who is signed in.
    Person(PersonId),
    /// All people without a sign-in at an address.
    Address(IpAddr),
}

/// The part of the quota that one session has taken: the number of its channels if they were added to a sum, or one of
/// the two constants.
pub(crate) type TakenChannels = u8;
/// The session follows no channel.
const NOTHING: TakenChannels = 0;
/// Each channel of the session was counted by its name.
const EACH: TakenChannels = TakenChannels::MAX;

/// Sessions that follow a channel, by channel.
type Counted = FxHashMap<StreamId, u32>;

/// The quotas of all followers.
pub(crate) struct ChannelQuota {
    sums: Box<[AtomicU8]>,
    counted: [Mutex<FxHashMap<Follower, Counted>>; PARTS],
}

impl Default for ChannelQuota {
    fn default() -> Self {
        let sums = (0..SUMS).map(|_| AtomicU8::new(0)).collect();
        ChannelQuota { sums, counted: Default::default() }
    }
}

impl ChannelQuota {
    /// Takes the channels of a new session. The caller names each channel once. A refusal takes nothing.
    pub fn take(
        &self,
        follower: Follower,
        channels: impl Iterator<Item = StreamId> + Clone,
    ) -> Result<TakenChannels, Error> {
        let count = channels.clone().count();
        if count == 0 {
            return Ok(NOTHING);
        }
        if let Some(few) = u8::try_from(count).ok().filter(|few| self.add(follower, *few)) {
            return Ok(few);
        }
        let mut part = self.part(follower).lock().expect("not poisoned");
        let counted = part.entry(follower).or_default();
        let new = channels.clone().filter(|channel| !counted.contains_key(channel)).count();
        if counted.len() + new > limits::CHANNELS_PER_PERSON_MAX {
            if counted.is_empty() {
                part.remove(&follower);
            }
            return Err(too_many());
        }
        channels.for_each(|channel| *counted.entry(channel).or_default() += 1);
        Ok(EACH)
    }

    /// Gives back what a session has taken; `channels` are the same as in [`take`](Self::take).
    pub fn give(
        &self,
        follower: Follower,
        taken: TakenChannels,
        channels: impl Iterator<Item = StreamId>,
    ) {
        match taken {
            NOTHING => {}
            EACH => {
                let mut part = self.part(follower).lock().expect("not poisoned");
                let Some(counted) = part.get_mut(&follower) else { return };
                for channel in channels {
                    let Some(sessions) = counted.get_mut(&channel) else { continue };
                    *sessions -= 1;
                    if *sessions == 0 {
                        counted.remove(&channel);
                    }
                }
                if counted.is_empty() {
                    part.remove(&follower);
                }
            }
            few => {
                self.sum(follower).fetch_sub(few, Relaxed);
            }
        }
    }

    fn add(&self, follower: Follower, few: u8) -> bool {
        let added = |sum: u8| {
            sum.checked_add(few).filter(|sum| usize::from(*sum) <= limits::CHANNELS_FEW_MAX)
        };
        self.sum(follower).fetch_update(Relaxed, Relaxed, added).is_ok()
    }

    fn sum(&self, follower: Follower) -> &AtomicU8 {
        &self.sums[FxBuildHasher.hash_one(follower) as usize % SUMS]
    }

    fn part(&self, follower: Follower) -> &Mutex<FxHashMap<Follower, Counted>> {
        &self.counted[FxBuildHasher.hash_one(follower) as usize % PARTS]
    }
}

fn too_many() -> Error {
    let what =
        "You follow too many channels at once; close other connections that follow channels.";
    Error::new(Code::TooManyChannels, what).retry_after_ms(limits::CHANNELS_AGAIN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEI: Follower = Follower::Person(PersonId(1));
    const TOM: Follower = Follower::Person(PersonId(2));

    fn channels(numbers: std::ops::Range<usize>) -> impl Iterator<Item = StreamId> + Clone {
        numbers.map(|number| StreamId::channel(number as u64))
    }

    fn kept(quota: &ChannelQuota) -> usize {
        quota.counted.iter().map(|part| part.lock().unwrap().len()).sum()
    }

    #[test]
    fn few_channels_keep_nothing_and_more_are_counted_once_by_name() {
        let quota = ChannelQuota::default();
        let few = limits::CHANNELS_FEW_MAX;
        assert_eq!(quota.take(MEI, channels(0..0)), Ok(NOTHING));
        assert_eq!(quota.take(MEI, channels(0..few)), Ok(few as u8));
        assert_eq!(kept(&quota), 0);
        let all = 0..limits::CHANNELS_PER_PERSON_MAX;
        assert_eq!(quota.take(MEI, channels(all.clone())), Ok(EACH));
        // Names that are counted already cost nothing, one more is too many, and another person has a quota of their
        // own.
        assert_eq!(quota.take(MEI, channels(0..few)), Ok(EACH));
        let refused = quota.take(MEI, channels(all.end..all.end + 1)).unwrap_err();
        assert_eq!(refused.code, Code::TooManyChannels);
        assert_eq!(quota.take(TOM, channels(all.clone())), Ok(EACH));
        quota.give(MEI, EACH, channels(0..few));
        assert!(
            quota.take(MEI, channels(all.end..all.end + 1)).is_err(),
            "one session has them still"
        );
        quota.give(MEI, EACH, channels(all.clone()));
        quota.give(TOM, EACH, channels(all));
        assert_eq!(kept(&quota), 0);
        quota.give(MEI, few as u8, channels(0..few));
        assert_eq!(quota.take(MEI, channels(0..few)), Ok(few as u8));
    }

    #[test]
    fn a_refusal_takes_nothing() {
        let quota = ChannelQuota::default();
        let more = 0..limits::CHANNELS_PER_PERSON_MAX + 1;
        assert!(quota.take(MEI, channels(more)).is_err());
        assert_eq!(kept(&quota), 0);
    }
}
