//! The streams that the sessions of a hub follow, and their followers.
//!
//! A stream that one session follows is as common as a session, so it is kept small: the table by which a stream is
//! found holds its number alone, and the stream's name is where the number leads.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::stream::StreamId;

pub(super) struct Stream {
    pub id: StreamId,
    /// Each follower's session, and the place of this stream among the streams of the session. Most streams have one or
    /// two followers.
    pub followers: SmallVec<[(u32, u32); 2]>,
}

/// The streams by number. A number is used again when nobody follows its stream any more.
#[derive(Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
}

fn hash(id: StreamId) -> u64 {
    FxBuildHasher.hash_one(id)
}

impl Streams {
    /// The number of a stream that somebody follows.
    pub fn number(&self, id: StreamId) -> Option<u32> {
        self.numbers.find(hash(id), |number| self.get(*number).id == id).copied()
    }

    /// The stream of a number.
    pub fn get(&self, number: u32) -> &Stream {
        &self.all[number as usize]
    }

    /// The stream of a number, for changes.
    pub fn get_mut(&mut self, number: u32) -> &mut Stream {
        &mut self.all[number as usize]
    }

    /// The followers of a stream; none if nobody follows it.
    pub fn followers(&self, id: StreamId) -> &[(u32, u32)] {
        self.number(id).map_or(&[], |number| &self.get(number).followers)
    }

    /// The number of a stream, which gets one if it has none.
    pub fn number_or_new(&mut self, id: StreamId) -> u32 {
        if let Some(number) = self.number(id) {
            return number;
        }
        let stream = Stream { id, followers: SmallVec::new() };
        let number = match self.free.pop() {
            Some(number) => {
                *self.get_mut(number) = stream;
                number
            }
            None => {
                self.all.push(stream);
                self.all.len() as u32 - 1
            }
        };
        let all = &self.all;
        self.numbers.insert_unique(hash(id), number, |number| hash(all[*number as usize].id));
        number
    }

    /// Forgets a stream without followers.
    pub fn remove(&mut self, number: u32) {
        let id = self.get(number).id;
        if let Ok(entry) = self.numbers.find_entry(hash(id), |n| *n == number) {
            entry.remove();
        }
        self.get_mut(number).followers = SmallVec::new();
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_small() {
        assert!(size_of::<Stream>() <= 32, "{}", size_of::<Stream>());
    }

    #[test]
    fn a_stream_is_found_by_its_name_until_it_is_removed() {
        let mut streams = Streams::default();
        let id = StreamId::channel;
        let numbers: Vec<u32> = (0..1_000).map(|n| streams.number_or_new(id(n))).collect();
        assert_eq!(streams.number_or_new(id(7)), numbers[7]);
        for n in (0..1_000).step_by(2) {
            streams.remove(numbers[n as usize]);
        }
        let kept = |n: u64| (n % 2 == 1).then(|| numbers[n as usize]);
        assert!((0..1_000).all(|n| streams.number(id(n)) == kept(n)));
        // The numbers are used again, and nothing is found under the names that they had.
        assert!((1_000..1_500).all(|n| numbers.contains(&streams.number_or_new(id(n)))));
        assert!((0..1_000).all(|n| streams.number(id(n)) == kept(n)));
        assert_eq!(streams.all.len(), 1_000);
    }
}
