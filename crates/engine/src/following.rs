//! How a node follows the log: which part it hands on next, when it looks at the store, and how it takes what it read.
//!
//! The PostgreSQL store drives it with a thread and a clock, the simulator with its agenda. Time is an argument: how
//! long ago the node began.
//!
//! A look has this course: [`Following::look_at`] says when, [`Following::begin_look`] begins it, and each part that
//! was read goes to [`Following::looked`] until there is no more. Whatever comes in, [`Following::take_next`] hands it
//! on.

use core::time::Duration;

use crate::frontier::{Frontier, LogPart};
use crate::ids::{Epoch, Position};
use crate::limits;
use crate::order::{Committed, Order, Point};

const LOOK_EVERY: Duration = Duration::from_millis(limits::LOOK_MS);
const HINT_LATE: Duration = Duration::from_millis(limits::HINT_LATE_MS);
const LOOK_AGAIN: Duration = Duration::from_millis(limits::LOOK_AGAIN_MS);

/// The state of a node that follows the log; see the top of this file.
#[derive(Debug)]
pub struct Following {
    epoch: Epoch,
    order: Order,
    /// The mark of the newest event that was handed on.
    mark: u64,
    /// The time of the last look at the store; `None` if a look is wanted at once.
    looked: Option<Duration>,
    /// The time of the last hint. Without any hints it is no use to wait for one.
    hinted: Option<Duration>,
    missing_since: Option<Duration>,
    /// No look before this time: the last one failed.
    not_before: Duration,
    looking: bool,
}

impl Following {
    /// Begins to follow a log of this epoch. All up to the frontier was handed on.
    pub fn new(epoch: Epoch, frontier: Frontier, now: Duration) -> Self {
        Following {
            epoch,
            order: Order::new(frontier.at),
            mark: frontier.mark,
            looked: Some(now),
            hinted: None,
            missing_since: None,
            not_before: Duration::ZERO,
            looking: false,
        }
    }

    /// The incarnation of the log that is followed.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The point up to which everything was handed on.
    pub fn frontier(&self) -> Frontier {
        Frontier { at: self.order.at(), mark: self.mark }
    }

    /// Takes what this node's own writer has committed.
    pub fn committed(&mut self, committed: Committed) {
        self.order.offer(committed);
    }

    /// Takes a commit that another node tells of. The next look shows whether it is true. Returns false if the hint is
    /// of another log and counts for nothing.
    pub fn hint(&mut self, committed: Committed, now: Duration) -> bool {
        let is_ours = committed.epoch == self.epoch;
        if is_ours {
            self.hinted = Some(now);
            self.order.hint(committed);
        }
        is_ours
    }

    /// Takes another node's word that the log goes to this point, without the events in between.
    pub fn heard_of(&mut self, epoch: Epoch, after: Point) {
        if epoch == self.epoch {
            self.order.heard_of(after);
        }
    }

    /// Asks for a look at once, because hints may have been lost.
    pub fn look_soon(&mut self) {
        self.looked = None;
    }

    /// The next part of the log, if it is here. It counts as handed on from now.
    pub fn take_next(&mut self) -> Option<Committed> {
        let next = self.order.take_next()?;
        if next.after.position > next.before.position {
            self.mark = next.mark;
        }
        Some(next)
    }

    /// Whether the log is known to go further than what was handed on.
    pub fn is_missing(&self) -> bool {
        self.order.is_missing()
    }

    /// The time of the next look at the store; `None` while a look is under way.
    pub fn look_at(&mut self, now: Duration) -> Option<Duration> {
        if self.looking {
            return None;
        }
        let mut due = self.looked.map_or(now, |looked| looked + LOOK_EVERY);
        if self.order.is_missing() {
            let since = *self.missing_since.get_or_insert(now);
            let hinted = self.hinted.is_some_and(|at| now.saturating_sub(at) < LOOK_EVERY);
            let waits = hinted && !self.order.is_to_be_read();
            due = due.min(since + if waits { HINT_LATE } else { Duration::ZERO });
        } else {
            self.missing_since = None;
        }
        Some(due.max(self.not_before))
    }

    /// Begins a look and returns where to read from. The look finds the parts that were only heard of until now, or
    /// they were not true.
    pub fn begin_look(&mut self, now: Duration) -> Frontier {
        self.order.begin_reading();
        (self.looking, self.looked, self.missing_since) = (true, Some(now), None);
        self.frontier()
    }

    /// Takes the part that a look has read; `None` if nothing followed. Returns whether to read on from
    /// [`Following::frontier`], after everything was handed on that can be.
    pub fn looked(&mut self, part: Option<LogPart>) -> bool {
        self.looking = part.as_ref().is_some_and(|part| part.more);
        if let Some(LogPart { committed, .. }) = part {
            self.order.offer(committed);
        }
        self.looking
    }

    /// Notes that the store did not answer a look. The parts forgotten at its beginning still have to be read.
    pub fn look_failed(&mut self, now: Duration) {
        let further = Point { position: Position(u64::MAX), change: u64::MAX };
        self.order.heard_of(further);
        self.looking = false;
        self.not_before = now + LOOK_AGAIN;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const EPOCH: Epoch = Epoch(1);

    fn point(position: u64) -> Point {
        Point { position: Position(position), change: 0 }
    }

    /// A part without steps, which only says where it begins and ends.
    fn part(before: u64, after: u64) -> Committed {
        let (before, after) = (point(before), point(after));
        Committed { epoch: EPOCH, before, after, mark: after.position.0, batch: Arc::default() }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn following() -> Following {
        Following::new(EPOCH, Frontier::default(), ms(0))
    }

    #[test]
    fn without_any_news_the_store_is_looked_at_now_and_then() {
        let mut following = following();
        assert_eq!(following.look_at(ms(1)), Some(LOOK_EVERY));
        assert_eq!(following.begin_look(LOOK_EVERY), Frontier::default());
        assert_eq!(following.look_at(LOOK_EVERY), None, "one look at a time");
        assert!(!following.looked(None));
        assert_eq!(following.look_at(LOOK_EVERY), Some(LOOK_EVERY * 2));
        following.look_soon();
        assert_eq!(following.look_at(LOOK_EVERY), Some(LOOK_EVERY));
    }

    #[test]
    fn a_hole_is_read_at_once_unless_a_late_hint_may_fill_it() {
        let mut quiet = following();
        quiet.committed(part(1, 2));
        assert_eq!(quiet.look_at(ms(10)), Some(ms(10)), "nobody sends hints");
        let mut lively = following();
        lively.heard_of(Epoch(2), point(9));
        assert_eq!(lively.look_at(ms(9)), Some(LOOK_EVERY), "another log's end");
        lively.hinted = Some(ms(10));
        lively.committed(part(1, 2));
        assert_eq!(lively.look_at(ms(10)), Some(ms(10) + HINT_LATE));
        assert_eq!(lively.look_at(ms(12)), Some(ms(10) + HINT_LATE), "counted from the first time");
        lively.heard_of(EPOCH, point(9));
        assert_eq!(lively.look_at(ms(12)), Some(ms(10)), "no hint brings what was only heard of");
    }

    #[test]
    fn a_look_reads_on_until_there_is_no_more() {
        let mut following = following();
        following.begin_look(LOOK_EVERY);
        assert!(following.looked(Some(LogPart { committed: part(0, 3), more: true })));
        assert_eq!(following.take_next().map(|c| c.after), Some(point(3)));
        assert_eq!(following.frontier(), Frontier { at: point(3), mark: 3 });
        assert!(!following.looked(Some(LogPart { committed: part(3, 4), more: false })));
        assert_eq!(following.take_next().map(|c| c.after), Some(point(4)));
        assert!(!following.is_missing());
    }

    #[test]
    fn a_look_that_failed_is_made_again_and_not_at_once() {
        let mut following = following();
        following.committed(part(5, 6));
        following.begin_look(ms(10));
        following.look_failed(ms(20));
        assert!(following.is_missing(), "what was forgotten when it began is still to be read");
        assert_eq!(following.look_at(ms(21)), Some(ms(20) + LOOK_AGAIN));
    }
}
