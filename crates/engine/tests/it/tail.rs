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
        bytes_max in 1usize..6_000,
    ) {
        let mut log = Log::default();
        (0..start).for_each(|_| drop(log.append(StreamId::channel(9), 1)));
        let mut tail = Tail::bounded(log.head(), events_max, bytes_max);
        for (stream, bytes) in streams {
            tail.push(log.append(StreamId::channel(stream), bytes));
            prop_assert_eq!(tail.head(), log.head());
            let held: Vec<&Arc<Entry>> = log.between(tail.floor(), tail.head()).collect();
            let size = |entries: &[&Arc<Entry>]| entries.iter().map(|e| e.held_bytes()).sum::<usize>();
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

#[test]
fn encodings_count_as_they_are_made() {
    const BYTES_MAX: usize = 100_000;
    let mut log = Log::default();
    let (mut tail, stream) = (Tail::bounded(Position(0), 1_000, BYTES_MAX), StreamId::channel(1));
    let held = |tail: &Tail| tail.backwards(StreamId::channel(1)).cloned().collect::<Vec<_>>();
    let bytes = |tail: &Tail| held(tail).iter().map(|e| e.held_bytes()).sum::<usize>();
    (0..50).for_each(|_| tail.push(log.append(stream, 100)));
    assert_eq!(held(&tail).len(), 50);
    // A client reads all of it over a new transport.
    for entry in held(&tail) {
        let before = entry.held_bytes();
        entry.framed(2, |_| vec![b'x'; 5_000].into());
        assert_eq!(entry.held_bytes(), before + 5_000);
        entry.framed(2, |_| unreachable!("it is made once"));
        tail.settle();
        assert!(bytes(&tail) <= BYTES_MAX, "{}", bytes(&tail));
    }
    assert!((5..50).contains(&held(&tail).len()));
    assert_eq!((tail.head(), tail.floor().0), (log.head(), 50 - held(&tail).len() as u64));
    // Each further event is encoded as it comes, beside the encodings of the events before it.
    for _ in 0..200 {
        tail.push(log.append(stream, 100));
        tail.newest(stream).unwrap().framed(0, |_| vec![b'x'; 3_000].into());
        assert!(bytes(&tail) <= BYTES_MAX + 3_000);
    }
    assert!(held(&tail).len() > 10);
}
