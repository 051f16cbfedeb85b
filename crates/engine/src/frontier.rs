//! A look at the store: whether it still holds the same log, and which part of the log follows.
//!
//! A store keeps events and changes of rights in two tables. [`assemble`] puts both back into the order of the log.

use std::sync::Arc;

use crate::batch::{Batch, Step};
use crate::entry::Entry;
use crate::event::Event;
use crate::ids::{Epoch, Position};
use crate::order::{Committed, Point};

/// The point up to which a node has handed the log on to its clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    /// The end of what was handed on.
    pub at: Point,
    /// The mark of the commit that brought the newest event before this point.
    pub mark: u64,
}

/// The state of the store's log at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogState {
    /// The incarnation of the log.
    pub epoch: Epoch,
    /// The end of the log.
    pub end: Point,
    /// The mark of the event at the position of the frontier; `None` if no event stands there.
    pub mark: Option<u64>,
}

/// The reason why a node can't go on with the log in the store. It has to begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// The store holds another incarnation of the log.
    Epoch,
    /// The store does not hold what this node has handed on: that was a false hint, or it was lost since.
    Untrue,
    /// A part of what follows is no longer there.
    Gap,
}

impl Mismatch {
    /// The reason in words, for the log of the process.
    pub fn reason(self) -> &'static str {
        match self {
            Mismatch::Epoch => "its epoch was renewed",
            Mismatch::Untrue => "it does not hold what was heard of it",
            Mismatch::Gap => "a part of what follows was trimmed",
        }
    }
}

impl Frontier {
    /// Compares the frontier with the store's log, which has to hold it. Returns whether anything follows.
    pub fn compare(&self, epoch: Epoch, log: &LogState) -> Result<bool, Mismatch> {
        if log.epoch != epoch {
            return Err(Mismatch::Epoch);
        }
        let is_held = self.at.position.0 == 0 || log.mark == Some(self.mark);
        if log.end < self.at || !is_held {
            return Err(Mismatch::Untrue);
        }
        Ok(log.end > self.at)
    }
}

/// An event, and the mark of the commit that brought it.
pub type MarkedEvent = (Event, u64);

/// A change of rights as a store keeps it.
#[derive(Clone, Debug)]
pub struct RightsChange {
    /// The number of the change; numbers have no gap.
    pub number: u64,
    /// The change stands before the event at this position. That event may still be to come.
    pub before: Position,
    /// The change itself; never an event.
    pub step: Step,
}

/// A part of the log that was read.
#[derive(Clone, Debug)]
pub struct LogPart {
    /// The steps that were read.
    pub committed: Committed,
    /// The log goes on behind it.
    pub more: bool,
}

/// Puts changes where they belong between events. Both follow `at` and were read at one moment, when the log ended at
/// `end`. Either list may be cut short: then the part ends where both are whole.
pub fn assemble(
    epoch: Epoch,
    at: Point,
    end: Point,
    events: Vec<MarkedEvent>,
    changes: Vec<RightsChange>,
) -> Result<LogPart, Mismatch> {
    let gap = events.first().is_some_and(|(e, _)| e.position.0 != at.position.0 + 1)
        || changes.first().is_some_and(|c| c.number != at.change + 1)
        || (events.is_empty() && end.position > at.position)
        || (changes.is_empty() && end.change > at.change);
    if gap {
        return Err(Mismatch::Gap);
    }
    let mut last = events.last().map_or(at.position, |(e, _)| e.position);
    if let Some(cut) = changes.last().filter(|c| c.number < end.change) {
        // Further changes may stand before the same event as the last one that was read.
        last = last.min(Position(cut.before.0 - 1));
    }
    let mut after = at;
    let mut mark = 0;
    let mut steps = Vec::new();
    let mut changes = changes.into_iter().peekable();
    let mut changes_before = |next: Position, after: &mut Point, steps: &mut Vec<Step>| {
        while let Some(change) = changes.next_if(|c| c.before <= next) {
            after.change = change.number;
            steps.push(change.step);
        }
    };
    for (event, its) in events.into_iter().take_while(|(e, _)| e.position <= last) {
        changes_before(event.position, &mut after, &mut steps);
        (after.position, mark) = (event.position, its);
        steps.push(Step::Event(Arc::new(Entry::new(event, epoch))));
    }
    changes_before(Position(last.0 + 1), &mut after, &mut steps);
    let more = after < end;
    let batch = Arc::new(Batch { steps });
    Ok(LogPart { committed: Committed { epoch, before: at, after, mark, batch }, more })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{PersonId, Seq};
    use crate::stream::StreamId;

    const EPOCH: Epoch = Epoch(1);

    fn event(position: u64) -> Event {
        Event {
            position: Position(position),
            stream: StreamId::channel(1),
            seq: Seq(position),
            back: Position(position - 1),
            at_ms: 1,
            from: None,
            kind: "message".into(),
            key: None,
            body: Bytes::from_static(b"1"),
            erases: Vec::new(),
            channel: None,
        }
    }

    /// The rows of a log in which each `true` is an event and each `false` a change, and the log's order as text.
    fn rows_of(log: &[bool]) -> (Vec<MarkedEvent>, Vec<RightsChange>, Vec<String>) {
        let (mut events, mut changes, mut order) = (Vec::new(), Vec::new(), Vec::new());
        for is_event in log {
            if *is_event {
                let position = events.len() as u64 + 1;
                events.push((event(position), position));
                order.push(format!("event {position}"));
            } else {
                let (number, before) =
                    (changes.len() as u64 + 1, Position(events.len() as u64 + 1));
                let step = Step::Revoke { person: PersonId(number), credential: None };
                changes.push(RightsChange { number, before, step });
                order.push(format!("change {number}"));
            }
        }
        (events, changes, order)
    }

    fn text(step: &Step) -> String {
        match step {
            Step::Event(entry) => format!("event {}", entry.event.position.0),
            Step::Revoke { person, .. } => format!("change {}", person.0),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn parts_of_any_size_make_the_whole_log_in_order(
            log in proptest::collection::vec(any::<bool>(), 1..60),
            events_max in 1usize..8,
            changes_max in 1usize..8,
        ) {
            let (events, changes, order) = rows_of(&log);
            let end = Point { position: Position(events.len() as u64), change: changes.len() as u64 };
            let (mut at, mut read) = (Point::default(), Vec::new());
            while at < end {
                let next = |from: u64| from as usize;
                let events = events[next(at.position.0)..].iter().take(events_max).cloned().collect();
                let changes = changes[next(at.change)..].iter().take(changes_max).cloned().collect();
                let part = assemble(EPOCH, at, end, events, changes).expect("nothing is missing");
                prop_assert!(part.committed.after > at, "no progress at {:?}", at);
                prop_assert_eq!(part.more, part.committed.after < end);
                prop_assert_eq!(part.committed.before, at);
                read.extend(part.committed.batch.steps.iter().map(text));
                at = part.committed.after;
            }
            prop_assert_eq!(read, order);
        }
    }

    #[test]
    fn a_part_that_was_trimmed_is_a_gap() {
        let (events, changes, _) = rows_of(&[true, false, true, false]);
        let end = Point { position: Position(2), change: 2 };
        let at = Point::default();
        let gap = |events: &[MarkedEvent], changes: &[RightsChange]| {
            assemble(EPOCH, at, end, events.to_vec(), changes.to_vec()).err()
        };
        assert_eq!(gap(&events, &changes), None);
        assert_eq!(gap(&events[1..], &changes), Some(Mismatch::Gap));
        assert_eq!(gap(&events, &changes[1..]), Some(Mismatch::Gap));
        assert_eq!(gap(&[], &changes), Some(Mismatch::Gap));
        assert_eq!(gap(&events, &[]), Some(Mismatch::Gap));
    }

    #[test]
    fn a_log_that_lacks_events_that_were_handed_on_is_refused() {
        let at = |position| Point { position: Position(position), change: 0 };
        let frontier = Frontier { at: at(5), mark: 7 };
        let log = LogState { epoch: EPOCH, end: at(5), mark: Some(7) };
        assert_eq!(frontier.compare(EPOCH, &log), Ok(false));
        assert_eq!(frontier.compare(EPOCH, &LogState { end: at(6), ..log }), Ok(true));
        assert_eq!(frontier.compare(Epoch(2), &log), Err(Mismatch::Epoch));
        for other in [
            LogState { mark: Some(8), ..log },
            LogState { mark: None, ..log },
            LogState { end: at(4), ..log },
        ] {
            assert_eq!(frontier.compare(EPOCH, &other), Err(Mismatch::Untrue), "{other:?}");
        }
        let empty = LogState { end: at(0), mark: None, ..log };
        assert_eq!(Frontier::default().compare(EPOCH, &empty), Ok(false));
    }
}
