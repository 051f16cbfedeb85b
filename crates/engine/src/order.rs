//! The order of the log on a node that hears of commits from several sides.
//!
//! Commits of its own writer, hints of other nodes, and parts read from the store come in any order, late, twice or not
//! at all. [`Order`] hands each commit on once, in the order of the log, and says when something is missing, so that
//! the store is asked. It never waits and never guesses: a hint out of order only shows that there is more.
//!
//! A hint is believed for events alone. Subscriptions and revocations are read from the store, and where a hint and the
//! store differ the store is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::batch::{Batch, Step};
use crate::event::may_erase;
use crate::ids::{Epoch, Position, Seq};
use crate::limits;
use crate::stream::StreamId;

/// A point of a log: its newest event, and the number of its changes, which are subscriptions and revocations. Both
/// rise under the same lock, so points have one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Point {
    /// The newest event.
    pub position: Position,
    /// Number of the newest change.
    pub change: u64,
}

/// A part of the log from one point to another: one commit, or as much as was read at once.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The incarnation of the log.
    pub epoch: Epoch,
    /// The point where the part begins.
    pub before: Point,
    /// The point where the part ends.
    pub after: Point,
    /// A random number of the commit that appended the last event. It is the same only in the same history.
    pub mark: u64,
    /// The steps between the two points.
    pub batch: Arc<Batch>,
}

impl Committed {
    /// Whether the part changes rights: subscriptions or credentials.
    pub fn changes_rights(&self) -> bool {
        self.batch.steps.iter().any(|step| !matches!(step, Step::Event(_)))
    }

    /// Whether this could be a part of a log: the steps lead from its beginning to its end, each event comes after the
    /// one before it in its stream, and erases only earlier ones.
    pub fn is_sound(&self) -> bool {
        let mut at = self.before;
        let mut newest: FxHashMap<StreamId, (Seq, Position)> = FxHashMap::default();
        for step in &self.batch.steps {
            let Step::Event(entry) = step else {
                let Some(next) = at.change.checked_add(1) else { return false };
                at.change = next;
                continue;
            };
            let event = &entry.event;
            let follows = match newest.insert(event.stream, (event.seq, event.position)) {
                Some((seq, position)) => {
                    seq.0.checked_add(1) == Some(event.seq.0) && event.back == position
                }
                None => {
                    event.seq.0 > 0
                        && (event.seq.0 == 1) == (event.back.0 == 0)
                        && event.back <= self.before.position
                }
            };
            let erases = event.erases.is_empty() || may_erase(event.position, &event.erases);
            if !follows || !erases || at.position.0.checked_add(1) != Some(event.position.0) {
                return false;
            }
            at.position = event.position;
        }
        at == self.after
    }
}

/// A part of the log that waits for what comes before it.
#[derive(Debug)]
struct Waiting {
    committed: Committed,
    /// Another node told of the part; otherwise it was committed here or read from the store.
    hint: bool,
}

/// The order of the log on a node; see the top of this file.
#[derive(Debug)]
pub struct Order {
    at: Point,
    /// The parts beyond a hole, by the points where they begin.
    waiting: BTreeMap<Point, Waiting>,
    /// A part beyond `at` is known to exist but was not kept.
    more: bool,
}

impl Order {
    /// An order from which everything up to this point was handed on.
    pub fn new(at: Point) -> Self {
        Order { at, waiting: BTreeMap::new(), more: false }
    }

    /// The point up to which everything was handed on.
    pub fn at(&self) -> Point {
        self.at
    }

    /// Takes a part of the log that was committed by this node or read from the store.
    pub fn offer(&mut self, committed: Committed) {
        self.take(committed, false);
    }

    /// Takes a part of the log that another node tells of. A part that changes rights only shows how far the log goes.
    /// An impossible part shows nothing.
    pub fn hint(&mut self, committed: Committed) {
        if committed.changes_rights() {
            self.heard_of(committed.after);
        } else if committed.is_sound() {
            self.take(committed, true);
        }
    }

    fn take(&mut self, committed: Committed, hint: bool) {
        if committed.after <= self.at || committed.after <= committed.before {
            return;
        }
        if committed.before < self.at {
            // Some of it was handed on already; the rest is read from the store.
            self.more = true;
            return;
        }
        let before = committed.before;
        if !hint || self.waiting.get(&before).is_none_or(|known| known.hint) {
            self.waiting.insert(before, Waiting { committed, hint });
        }
        if self.waiting.len() > limits::HINTS_WAITING_MAX {
            // The furthest part is needed last.
            self.waiting.pop_last();
            self.more = true;
        }
    }

    /// Notes that the log goes at least to this point.
    pub fn heard_of(&mut self, after: Point) {
        self.more |= after > self.at;
    }

    /// The next part, if it is here. It counts as handed on from now.
    pub fn take_next(&mut self) -> Option<Committed> {
        while let Some((before, _)) = self.waiting.first_key_value() {
            if *before > self.at {
                return None;
            }
            let (before, Waiting { committed: first, .. }) = self.waiting.pop_first()?;
            if before == self.at {
                self.at = first.after;
                return Some(first);
            }
            self.more |= first.after > self.at;
        }
        None
    }

    /// Whether the log is known to go further than what was handed on.
    pub fn is_missing(&self) -> bool {
        self.more || !self.waiting.is_empty()
    }

    /// Whether the store has to be read at once, because no hint on its way could fill the hole.
    pub fn is_to_be_read(&self) -> bool {
        self.more
    }

    /// Forgets the parts that were only heard of, because the store is about to be read. The reading finds them, or
    /// they were not true.
    pub fn begin_reading(&mut self) {
        self.waiting.clear();
        self.more = false;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::entry::Entry;
    use crate::event::Event;
    use crate::ids::PersonId;

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
    fn a_part_that_was_partly_handed_on_is_read() {
        let mut order = Order::new(Point::default());
        order.offer(part(2, 9));
        order.offer(part(0, 5));
        assert_eq!((run(&mut order), order.is_missing()), (vec![5], true));
        order.begin_reading();
        order.offer(part(5, 12));
        assert_eq!((run(&mut order), order.is_missing()), (vec![12], false));
    }

    /// An event of a stream, the number of its place in it, and where the one before it stands.
    fn event(position: u64, seq: u64, back: u64) -> Step {
        let event = Event {
            position: Position(position),
            stream: StreamId::channel(1),
            seq: Seq(seq),
            back: Position(back),
            at_ms: 1,
            from: None,
            kind: "message".into(),
            key: None,
            body: Bytes::from_static(b"1"),
            erases: Vec::new(),
            channel: None,
        };
        Step::Event(Arc::new(Entry::new(event, Epoch(1))))
    }

    /// A part that begins at a position, with as many changes as there are steps of that kind.
    fn of(before: u64, steps: Vec<Step>) -> Committed {
        let events = steps.iter().filter(|s| matches!(s, Step::Event(_))).count() as u64;
        let before = Point { position: Position(before), change: 0 };
        let change = steps.len() as u64 - events;
        let after = Point { position: Position(before.position.0 + events), change };
        Committed { epoch: Epoch(1), before, after, mark: 7, batch: Arc::new(Batch { steps }) }
    }

    #[test]
    fn a_hint_that_changes_rights_only_says_how_far_the_log_goes() {
        let (person, stream) = (PersonId(1), StreamId::channel(1));
        let rights = [
            Step::Subscribe { person, stream, from: Position(1) },
            Step::Unsubscribe { person, stream },
            Step::Revoke { person, credential: None },
        ];
        for step in rights {
            let mut order = Order::new(Point::default());
            order.hint(of(0, vec![step.clone(), event(1, 1, 0)]));
            assert!(order.take_next().is_none(), "{step:?}");
            assert!(order.is_missing() && order.is_to_be_read());
            order.begin_reading();
            order.offer(of(0, vec![step, event(1, 1, 0)]));
            assert!(order.take_next().is_some());
        }
    }

    #[test]
    fn a_hint_that_could_not_be_a_part_of_a_log_says_nothing() {
        let wrong = [
            of(9, vec![event(10, 2, 10)]),
            of(9, vec![event(10, 2, 11)]),
            of(9, vec![event(10, 0, 3)]),
            of(9, vec![event(10, 1, 3)]),
            of(9, vec![event(10, 2, 0)]),
            of(9, vec![event(11, 2, 3)]),
            of(9, vec![event(10, 2, 3), event(11, 4, 10)]),
            of(9, vec![event(10, 2, 3), event(11, 3, 3)]),
            of(9, vec![event(10, u64::MAX, 3), event(11, 0, 10)]),
            Committed {
                after: Point { position: Position(99), change: 0 },
                ..of(9, vec![event(10, 2, 3)])
            },
        ];
        for hint in wrong {
            let mut order = Order::new(Point { position: Position(9), change: 0 });
            order.hint(hint.clone());
            assert!(order.take_next().is_none() && !order.is_missing(), "{hint:?}");
        }
        let mut order = Order::new(Point { position: Position(9), change: 0 });
        order.hint(of(9, vec![event(10, 2, 3), event(11, 3, 10)]));
        assert!(order.take_next().is_some());
    }

    #[test]
    fn a_hint_does_not_take_the_place_of_what_is_known() {
        for hint_first in [true, false] {
            let mut order = Order::new(Point::default());
            let (truth, lie) = (of(1, vec![event(2, 2, 1)]), of(1, vec![event(2, 9, 1)]));
            let mut offer = |hint| match hint {
                true => order.hint(lie.clone()),
                false => order.offer(truth.clone()),
            };
            offer(hint_first);
            offer(!hint_first);
            order.offer(of(0, vec![event(1, 1, 0)]));
            let told: Vec<_> = std::iter::from_fn(|| order.take_next()).collect();
            let Step::Event(second) = &told[1].batch.steps[0] else { panic!("an event") };
            assert_eq!(second.event.seq, Seq(2));
        }
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
