//! The order of the log, on a node that hears of commits from many sides.
//!
//! What its own writer committed, what others say they committed, and what was read from the store come in any order,
//! late, twice or not at all. [`Order`] hands each commit on once, in the order of the log, and says when something is
//! missing, so that the store is asked. It never waits and never guesses: a hint that is not the next one only tells
//! that there is more.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::batch::Batch;
use crate::ids::{Epoch, Position};
use crate::limits;

/// How far a log has come: its newest event, and how many changes that are no events (who follows what, revocations)
/// it has had. Both rise together, under the same lock, so points have one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Point {
    /// The newest event.
    pub position: Position,
    /// Number of the newest change.
    pub change: u64,
}

/// A part of the log, from one point to another: what one commit brought, or what was read at once.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The incarnation of the log.
    pub epoch: Epoch,
    /// Where it begins,
    pub before: Point,
    /// and where it ends.
    pub after: Point,
    /// A random number of the commit that appended its last event; the same only in the same history.
    pub mark: u64,
    /// What lies between.
    pub batch: Arc<Batch>,
}

/// See the top of this file.
#[derive(Debug)]
pub struct Order {
    at: Point,
    /// What lies beyond a hole, by where it begins.
    waiting: BTreeMap<Point, Committed>,
    /// Something beyond `at` was heard of and not kept.
    more: bool,
}

impl Order {
    /// All up to here was handed on.
    pub fn new(at: Point) -> Self {
        Order { at, waiting: BTreeMap::new(), more: false }
    }

    /// Up to where all was handed on.
    pub fn at(&self) -> Point {
        self.at
    }

    /// Takes a part of the log, from wherever it comes.
    pub fn offer(&mut self, committed: Committed) {
        if committed.after <= self.at || committed.after <= committed.before {
            return;
        }
        if committed.before < self.at {
            // A part of it was handed on already; the rest is read.
            self.more = true;
            return;
        }
        self.waiting.insert(committed.before, committed);
        if self.waiting.len() > limits::HINTS_WAITING_MAX {
            // The furthest is the last to be needed.
            self.waiting.pop_last();
            self.more = true;
        }
    }

    /// Somebody says that the log goes at least so far.
    pub fn heard_of(&mut self, after: Point) {
        self.more |= after > self.at;
    }

    /// The next part, if it is here: it counts as handed on from now.
    pub fn take_next(&mut self) -> Option<Committed> {
        while let Some((before, _)) = self.waiting.first_key_value() {
            if *before > self.at {
                return None;
            }
            let (before, first) = self.waiting.pop_first()?;
            if before == self.at {
                self.at = first.after;
                return Some(first);
            }
            self.more |= first.after > self.at;
        }
        None
    }

    /// Whether more is known to be there than was handed on: it has to be read.
    pub fn is_missing(&self) -> bool {
        self.more || !self.waiting.is_empty()
    }

    /// All that is there is about to be read: what was only heard of until now is no longer waited for. It is found by
    /// the reading, or it was not true.
    pub fn begin_reading(&mut self) {
        self.waiting.clear();
        self.more = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(before: u64, after: u64) -> Committed {
        let point = |n: u64| Point { position: Position(n), change: n / 3 };
        Committed {
            epoch: Epoch(1),
            before: point(before),
            after: point(after),
            mark: after,
            batch: Arc::default(),
        }
    }

    fn run(order: &mut Order) -> Vec<u64> {
        std::iter::from_fn(|| order.take_next()).map(|c| c.mark).collect()
    }

    #[test]
    fn a_hole_is_told_until_it_is_filled() {
        let mut order = Order::new(part(0, 4).after);
        order.offer(part(5, 6));
        assert_eq!((run(&mut order), order.is_missing()), (vec![], true));
        order.offer(part(4, 5));
        assert_eq!((run(&mut order), order.is_missing()), (vec![5, 6], false));
        order.offer(part(4, 6));
        order.offer(part(5, 6));
        assert_eq!((run(&mut order), order.is_missing()), (vec![], false), "known already");
    }

    #[test]
    fn what_was_handed_on_in_part_is_read() {
        let mut order = Order::new(Point::default());
        order.offer(part(2, 9));
        order.offer(part(0, 5));
        assert_eq!((run(&mut order), order.is_missing()), (vec![5], true));
        order.begin_reading();
        order.offer(part(5, 12));
        assert_eq!((run(&mut order), order.is_missing()), (vec![12], false));
    }

    proptest! {
        /// Parts of a log in any order, some lost, some doubled; and now and then all that is there is read.
        #[test]
        fn everything_is_handed_on_once_in_order(
            lengths in proptest::collection::vec(1u64..5, 1..60),
            shuffle in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..10), 0..120),
        ) {
            let mut parts = Vec::new();
            let mut end = 0;
            for length in lengths {
                parts.push(part(end, end + length));
                end += length;
            }
            let mut order = Order::new(Point::default());
            let mut told = Vec::new();
            for (index, kind) in shuffle {
                let heard = index.get(&parts).clone();
                if kind == 0 {
                    let at = order.at();
                    if heard.after > at {
                        order.offer(Committed { before: at, ..heard });
                    }
                } else {
                    order.offer(heard);
                }
                let before = order.at();
                while let Some(next) = order.take_next() {
                    prop_assert_eq!(next.before, told.last().map_or(Point::default(), |c: &Committed| c.after));
                    told.push(next);
                }
                prop_assert!(order.at() >= before);
                prop_assert!(order.waiting.len() <= limits::HINTS_WAITING_MAX);
            }
            order.begin_reading();
            order.offer(Committed { before: order.at(), ..part(0, end) });
            told.extend(std::iter::from_fn(|| order.take_next()));
            prop_assert_eq!(told.last().map(|c| c.after), Some(part(0, end).after));
            prop_assert!(!order.is_missing());
        }
    }
}
