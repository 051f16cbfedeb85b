//! The quota of channels: how many one follower's sessions follow at once, on all shards of this node together.
//!
//! Nearly all sessions follow few channels and cost nothing here but an addition: sums of them lie in an array of a fixed
//! size, found by a hash of the follower. Only where such a sum would pass [`limits::CHANNELS_FEW_MAX`], the channels of a
//! further session are counted by name: each once, however many sessions of the follower share it. Followers whose hashes
//! meet in one sum are only counted earlier; neither uses up what the other may follow.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use encke_engine::{Code, Error, PersonId, StreamId, limits};
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Sums of those who follow few channels.
const SUMS: usize = 16_384;
/// Parts of the exact table, so that two followers seldom wait for one lock.
const PARTS: usize = 16;

/// Whose quota it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Follower {
    /// Somebody who is signed in.
    Person(PersonId),
    /// Everybody at an address who is not.
    Address(IpAddr),
}

/// What one session has taken of the quota: the number of its channels if that was only added to a sum, or one of the
/// two constants.
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
    /// Takes the channels of a new session, each named once, or nothing.
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

    /// Gives back what a session has taken; `channels` are those that it was taken for.
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
        // The same names again are nothing new, one more is too many, and another's are its own.
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
    fn what_is_refused_keeps_nothing() {
        let quota = ChannelQuota::default();
        let more = 0..limits::CHANNELS_PER_PERSON_MAX + 1;
        assert!(quota.take(MEI, channels(more)).is_err());
        assert_eq!(kept(&quota), 0);
    }
}
