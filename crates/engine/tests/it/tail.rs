//! The tail against the whole log.

use std::sync::Arc;

use encke_engine::tail::Tail;
use encke_engine::{Entry, Position, StreamId};
use proptest::prelude::*;

use crate::hub::log::Log;

proptest! {
    #[test]
    fn the_tail_holds_the_newest_events_within_its_bounds(
        start in 0u64..5,
        streams in proptest::collection::vec((1u64..5, 0usize..40), 0..60),
        events_max in 1usize..12,
        bytes_max in 1usize..200,
    ) {
        let mut log = Log::default();
        (0..start).for_each(|_| drop(log.append(StreamId::channel(9), 1)));
        let mut tail = Tail::bounded(log.head(), events_max, bytes_max);
        for (stream, bytes) in streams {
            tail.push(log.append(StreamId::channel(stream), bytes));
            prop_assert_eq!(tail.head(), log.head());
            let held: Vec<&Arc<Entry>> = log.between(tail.floor(), tail.head()).collect();
            let size = |entries: &[&Arc<Entry>]| entries.iter().map(|e| e.event.body.len()).sum::<usize>();
            prop_assert!(held.len() <= events_max && size(&held) <= bytes_max);
            for at in 0..=log.head().0 + 1 {
                let inside = at > tail.floor().0 && at <= log.head().0;
                prop_assert_eq!(tail.get(Position(at)).is_some(), inside);
            }
            for id in (1..5).chain([9]).map(StreamId::channel) {
                let here = held.iter().rev().filter(|e| e.event.stream == id);
                let here: Vec<Position> = here.map(|e| e.event.position).collect();
                let walked: Vec<Position> = tail.backwards(id).map(|e| e.event.position).collect();
                prop_assert_eq!(tail.newest(id).map(|e| e.event.position), here.first().copied());
                prop_assert_eq!(walked, here);
            }
        }
    }
}

#[test]
#[should_panic(expected = "the log has no gaps")]
fn a_gap_in_the_log_is_never_taken() {
    let mut log = Log::default();
    let (mut tail, stream) = (Tail::new(Position(0)), StreamId::channel(1));
    log.append(stream, 1);
    tail.push(log.append(stream, 1));
}
