//! An erasure, wherever the engine holds events.

use std::sync::Arc;

use encke_engine::hub::{Follow, Hub, Next, Open, SinkOutcome};
use encke_engine::order::{Committed, Order};
use encke_engine::tail::Tail;
use encke_engine::{Batch, Entry, PersonId, Point, Position, Step, StreamId, limits};

use crate::hub::log::{EPOCH, Log};

fn room() -> StreamId {
    StreamId::channel(1)
}

/// Appends an event that erases others, and commits it alone.
fn erase(log: &mut Log, erases: &[u64]) -> Arc<Entry> {
    let mut event = log.append(room(), 1).event.clone();
    event.erases = erases.iter().copied().map(Position).collect();
    let entry = Arc::new(Entry::new(event, EPOCH));
    log.commit(vec![Step::Event(entry.clone())]);
    entry
}

fn contents<'a>(entries: impl IntoIterator<Item = &'a Arc<Entry>>) -> Vec<(u64, bool)> {
    entries.into_iter().map(|e| (e.event.position.0, !e.event.is_erased())).collect()
}

fn hub_of(log: &Log, tail_max: usize) -> (Hub, u32) {
    let mut tail = Tail::bounded(Position(0), tail_max, 1 << 20);
    log.between(Position(0), log.head()).for_each(|e| tail.push(e.clone()));
    let mut hub = Hub::new(EPOCH, Position(0), tail);
    let open = Open {
        person: PersonId(1),
        credential: 1,
        owner: 1,
        at: Position(0),
        follows: vec![Follow { stream: room(), from: Position(0) }],
        as_of: log.head(),
        revocations_seen: 0,
        guest: false,
    };
    let session = hub.open(open).unwrap();
    (hub, session)
}

#[test]
fn what_was_erased_keeps_its_place_in_the_tail_and_loses_its_content_and_encodings() {
    let mut log = Log::default();
    let mut tail = Tail::bounded(Position(0), 4, 1 << 20);
    (0..5).for_each(|_| tail.push(log.append(room(), 1_000)));
    let second = tail.get(Position(2)).unwrap().clone();
    assert!(second.json().len() > 1_000);
    // The first one has left the tail already.
    tail.push(erase(&mut log, &[1, 3, 5]));
    let held = contents((3..=6).map(|at| tail.get(Position(at)).unwrap()));
    assert_eq!(held, [(3, false), (4, true), (5, false), (6, true)]);
    let third = tail.get(Position(3)).unwrap();
    assert_eq!((third.event.seq.0, third.event.back), (3, Position(2)));
    let item = String::from_utf8(third.json().to_vec()).unwrap();
    assert!(item.contains(r#""kind":"erased""#) && item.ends_with(r#""body":{}}"#), "{item}");
}

#[test]
fn a_session_that_reads_after_an_erasure_does_not_get_the_content() {
    let mut log = Log::default();
    (0..4).for_each(|_| drop(log.append(room(), 1)));
    let (mut hub, session) = hub_of(&log, 10);
    erase(&mut log, &[2]);
    hub.deliver(&log.batches[0], |_, _| SinkOutcome::All);
    assert!(hub.take_erasure() && !hub.take_erasure(), "it is told once");
    let Next::Entries(entries) = hub.next(session, 1_000) else { panic!("the tail has all") };
    assert_eq!(contents(&entries), [(1, true), (2, false), (3, true), (4, true), (5, true)]);
}

#[test]
fn a_page_that_was_asked_for_before_an_erasure_and_comes_after_it_loses_the_content() {
    let mut log = Log::default();
    (0..4).for_each(|_| drop(log.append(room(), 1)));
    let (mut hub, session) = hub_of(&log, 1);
    let Next::Store(request) = hub.next(session, 1_000) else { panic!("it lies before the tail") };
    let page = log.page(&request, 100);
    erase(&mut log, &[1, 4]);
    hub.deliver(&log.batches[0], |_, _| SinkOutcome::All);
    let entries = hub.replayed(session, page);
    assert_eq!(contents(&entries), [(1, false), (2, true), (3, true), (4, false)]);
}

#[test]
fn a_hint_of_an_impossible_erasure_says_nothing() {
    let hint = |erases: Vec<Position>| {
        let mut log = Log::default();
        (0..9).for_each(|_| drop(log.append(room(), 1)));
        let mut event = log.append(room(), 1).event.clone();
        event.erases = erases;
        let point = |position| Point { position: Position(position), change: 0 };
        let steps = vec![Step::Event(Arc::new(Entry::new(event, EPOCH)))];
        let batch = Arc::new(Batch { steps });
        let mut order = Order::new(point(9));
        order.hint(Committed { epoch: EPOCH, before: point(9), after: point(10), mark: 1, batch });
        order.take_next().is_some()
    };
    let most = vec![Position(3); limits::ERASED_PER_EVENT_MAX];
    assert!(hint(vec![Position(1), Position(9)]) && hint(most.clone()));
    assert!(!hint(vec![Position(10)]), "an event does not erase itself");
    assert!(!hint(vec![Position(11)]) && !hint(vec![Position(0)]));
    assert!(!hint([most, vec![Position(3)]].concat()));
}
