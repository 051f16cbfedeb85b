//! The choice of connections that give up their places when all places are taken.
//!
//! Nobody is limited while there is room. When there is none, connections that wait without a sign-in give up theirs.
//! The choice falls on the address with the most of them, and there on the one that has waited longest. So one address
//! can't keep out others, however many connections it opens. An office behind one address may have as many as there is
//! room for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A connection that may have to give up its place.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<A, T> {
    /// The address that it counts for.
    pub address: A,
    /// The time since which it waits.
    pub since: u64,
    /// The identity that the caller gets back.
    pub which: T,
}

/// The number of connections that give up their places at one time, out of this many places. A search looks at every
/// place, so it makes room for many newcomers at once.
pub fn give_way_count(places: usize) -> usize {
    (places / 64).max(1)
}

/// Chooses the connections that give up their places: `count` of them, but at most half of those that wait.
pub fn give_way<A: Ord + Copy, T: Copy>(mut waiting: Vec<Candidate<A, T>>, count: usize) -> Vec<T> {
    let count = count.min(waiting.len().div_ceil(2));
    waiting.sort_unstable_by_key(|w| (w.address, w.since));
    let addresses = waiting.chunk_by(|a, b| a.address == b.address);
    // The address with the most connections comes first; among equals, the one with the oldest connection.
    let key = |of: &[Candidate<A, T>]| (of.len(), Reverse(of[0].since));
    let mut at = 0;
    let mut addresses: BinaryHeap<_> = addresses
        .map(|of| {
            let start = at;
            at += of.len();
            (key(of), start, at)
        })
        .collect();
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count
        && let Some((_, oldest, end)) = addresses.pop()
    {
        chosen.push(waiting[oldest].which);
        let rest = &waiting[oldest + 1..end];
        if !rest.is_empty() {
            addresses.push((key(rest), oldest + 1, end));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(waiting: &[(char, u64)], count: usize) -> Vec<(char, u64)> {
        let one = |&which: &(char, u64)| Candidate { address: which.0, since: which.1, which };
        give_way(waiting.iter().map(one).collect(), count)
    }

    #[test]
    fn the_address_with_most_gives_way_and_its_oldest_first() {
        let waiting = [('a', 1), ('b', 7), ('b', 5), ('c', 2), ('b', 6), ('c', 3), ('b', 8)];
        assert_eq!(chosen(&waiting, 1), [('b', 5)]);
        assert_eq!(chosen(&waiting, 3), [('b', 5), ('b', 6), ('c', 2)]);
    }

    #[test]
    fn among_equals_the_oldest_gives_way() {
        let waiting = [('a', 3), ('b', 1), ('c', 2), ('d', 4)];
        assert_eq!(chosen(&waiting, 2), [('b', 1), ('c', 2)]);
    }

    #[test]
    fn half_of_the_waiting_connections_may_stay() {
        assert_eq!(chosen(&[], 5), []);
        assert_eq!(chosen(&[('a', 1)], 5), [('a', 1)]);
        assert_eq!(chosen(&[('a', 1), ('a', 2), ('a', 3)], 5), [('a', 1), ('a', 2)]);
    }
}
