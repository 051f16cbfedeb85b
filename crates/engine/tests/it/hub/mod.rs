//! The hub under any interleaving of commits, deliveries, replays and late answers, against a plain model. Whenever a
//! session is handed events and its position moves, it has got exactly the events in between that it may follow, in
//! order, once.

pub mod log;
mod world;

use encke_engine::hub::{Follow, Hub, Next, Open, PageRequest, SinkOutcome, Stale, State};
use encke_engine::tail::Tail;
use encke_engine::{ConversationId, Cursor, Epoch, PersonId, Position, Step, StreamId};
use proptest::prelude::*;

use log::{EPOCH, Log};
use world::{Op, World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn every_session_gets_each_event_after_its_cursor_once(
        before in 0usize..6,
        tail_max in 1usize..8,
        ops in proptest::collection::vec(any::<Op>(), 1..160),
    ) {
        let mut world = World::new(before, tail_max);
        for op in ops {
            world.run(op);
        }
        world.settle();
    }
}

const P: PersonId = PersonId(1);

fn open(at: u64, as_of: u64, follows: &[(StreamId, u64)]) -> Open {
    let follow =
        |(stream, from): &(StreamId, u64)| Follow { stream: *stream, from: Position(*from) };
    Open {
        person: P,
        credential: 1,
        owner: 1,
        at: Position(at),
        follows: follows.iter().map(follow).collect(),
        as_of: Position(as_of),
        revocations_seen: 0,
        guest: false,
    }
}

fn hub_of(log: &Log, tail_max: usize) -> Hub {
    let mut tail = Tail::bounded(Position(0), tail_max, 1 << 20);
    log.between(Position(0), log.head()).for_each(|e| tail.push(e.clone()));
    Hub::new(EPOCH, Position(0), tail)
}

/// Delivers a batch; returns the positions that each session's owner got.
fn deliver(hub: &mut Hub, log: &Log, batch: usize) -> Vec<(u32, Vec<u64>)> {
    let mut got = Vec::new();
    hub.deliver(&log.batches[batch], |owner, entries| {
        got.push((owner, entries.iter().map(|e| e.event.position.0).collect()));
        SinkOutcome::All
    });
    got
}

fn steps(log: &mut Log, streams: &[StreamId]) {
    let steps = streams.iter().map(|s| Step::Event(log.append(*s, 1))).collect();
    log.commit(steps);
}

#[test]
fn an_admission_ahead_of_the_hub_shows_nothing_from_before_the_person_joined() {
    let room = StreamId::conversation(ConversationId(1));
    let (mut log, mut hub) = (Log::default(), Hub::new(EPOCH, Position(0), Tail::new(Position(0))));
    steps(&mut log, &[room]);
    let from = Position(2);
    log.commit(vec![Step::Subscribe { person: P, stream: room, from }]);
    steps(&mut log, &[room]);
    // The store has all three commits, the hub has seen none.
    let own = StreamId::person(P);
    let session = hub.open(open(0, 2, &[(own, 0), (room, 2)])).unwrap();
    assert!(matches!(hub.next(session, 100), Next::Live));
    assert_eq!(deliver(&mut hub, &log, 0), []);
    assert_eq!(deliver(&mut hub, &log, 1), []);
    assert_eq!(deliver(&mut hub, &log, 2), [(1, vec![2])]);
}

#[test]
fn a_session_of_channels_alone_is_not_brought_up_to_date_with_conversations() {
    let (room, channel) = (StreamId::conversation(ConversationId(1)), StreamId::channel(1));
    let (mut log, mut hub) = (Log::default(), Hub::new(EPOCH, Position(0), Tail::new(Position(0))));
    log.commit(vec![Step::Subscribe { person: P, stream: room, from: Position(1) }]);
    steps(&mut log, &[room, channel]);
    deliver(&mut hub, &log, 0);
    deliver(&mut hub, &log, 1);
    let session = hub.open(open(0, 0, &[(channel, 0)])).unwrap();
    let Next::Entries(entries) = hub.next(session, 100) else { panic!("one event is due") };
    assert_eq!(entries.iter().map(|e| e.event.position.0).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_page_for_a_session_that_was_resumed_further_back_leaves_no_hole() {
    let channel = StreamId::channel(1);
    let mut log = Log::default();
    steps(&mut log, &[channel; 9]);
    let mut hub = hub_of(&log, 1);
    let session = hub.open(open(5, 9, &[(channel, 0)])).unwrap();
    let Next::Store(request) = hub.next(session, 100) else { panic!("it lies before the tail") };
    hub.resume(session, Position(2));
    let late = log.page(&request, 100);
    assert!(hub.replayed(session, late).is_empty());
    let Next::Store(request) = hub.next(session, 100) else { panic!("it lies before the tail") };
    assert_eq!(
        request,
        PageRequest {
            after: Position(2),
            until: Position(9),
            follows: vec![Follow { stream: channel, from: Position(0) }],
        }
    );
    let entries = hub.replayed(session, log.page(&request, 100));
    assert_eq!(
        entries.iter().map(|e| e.event.position.0).collect::<Vec<_>>(),
        [3, 4, 5, 6, 7, 8, 9]
    );
    assert!(matches!(hub.next(session, 100), Next::Live));
}

#[test]
fn an_admission_older_than_what_is_kept_is_made_again() {
    let room = StreamId::conversation(ConversationId(1));
    let (mut log, mut hub) = (Log::default(), Hub::new(EPOCH, Position(0), Tail::new(Position(0))));
    for number in 0..4_100u64 {
        let from = Position(log.head().0 + 1);
        let step = if number % 2 == 0 {
            Step::Subscribe { person: P, stream: room, from }
        } else {
            Step::Unsubscribe { person: P, stream: room }
        };
        let event = Step::Event(log.append(StreamId::channel(1), 1));
        hub.deliver(&encke_engine::Batch { steps: vec![step, event] }, |_, _| SinkOutcome::All);
    }
    let own = StreamId::person(P);
    // 4 changes are forgotten; they took effect at 1 to 4.
    assert_eq!(hub.open(open(0, 3, &[(own, 0)])), Err(Stale::Again));
    let session = hub.open(open(4_100, 4, &[(own, 0), (room, 1)])).unwrap();
    assert!(matches!(hub.next(session, 100), Next::Live));
    hub.deliver(&encke_engine::Batch { steps: vec![Step::Event(log.append(room, 1))] }, |_, _| {
        panic!("the last change was an unsubscription")
    });
}

#[test]
fn a_revocation_reaches_the_admission_that_did_not_know_of_it() {
    let mut hub = Hub::new(EPOCH, Position(0), Tail::new(Position(0)));
    let own = [(StreamId::person(P), 0)];
    let session = hub.open(open(0, 0, &own)).unwrap();
    assert_eq!(hub.revoke(1, P, Some(2)), [] as [u32; 0]);
    assert_eq!(hub.revoke(2, P, Some(1)), [1]);
    hub.close(session);
    assert_eq!(hub.open(open(0, 0, &own)), Err(Stale::Revoked));
    assert!(hub.open(Open { revocations_seen: 2, ..open(0, 0, &own) }).is_ok());
    assert!(hub.open(Open { credential: 3, ..open(0, 0, &own) }).is_ok());
    hub.revoke(3, P, None);
    assert_eq!(hub.open(Open { credential: 3, ..open(0, 0, &own) }), Err(Stale::Revoked));
}

#[test]
fn the_channels_open_to_guests_change_for_guests_that_follow_channels_and_for_nobody_else() {
    let mut hub = Hub::new(EPOCH, Position(0), Tail::new(Position(0)));
    let (room, news) = (StreamId::conversation(ConversationId(1)), StreamId::channel(1));
    let with = |owner, guest, stream| Open { owner, guest, ..open(0, 0, &[(stream, 0)]) };
    for (owner, guest, stream) in [(1, true, news), (2, true, room), (3, false, news)] {
        hub.open(with(owner, guest, stream)).unwrap();
    }
    assert_eq!(hub.revoke(1, PersonId::EVERY_GUEST, None), [1]);
    // An admission from before the change is refused, so that it is made again.
    assert_eq!(hub.open(with(4, true, news)), Err(Stale::Again));
    assert!(hub.open(Open { revocations_seen: 1, ..with(4, true, news) }).is_ok());
    assert!(hub.open(with(5, true, room)).is_ok());
    assert!(hub.open(with(6, false, news)).is_ok());
}

#[test]
fn signals_reach_only_live_sessions() {
    let room = StreamId::conversation(ConversationId(1));
    let mut log = Log::default();
    steps(&mut log, &[room]);
    let mut hub = hub_of(&log, 10);
    let sessions: Vec<u32> = (1..=3u32)
        .map(|owner| hub.open(Open { owner, ..open(0, 1, &[(room, 0)]) }).unwrap())
        .collect();
    for session in &sessions[..2] {
        assert!(matches!(hub.next(*session, 100), Next::Entries(_)));
        assert!(matches!(hub.next(*session, 100), Next::Live));
    }
    hub.rest(sessions[1]);
    assert_eq!(hub.state(sessions[1]), State::Resting);
    let mut told = Vec::new();
    hub.signal(room, |_, owner| told.push(owner));
    assert_eq!(told, [1]);
}

#[test]
fn a_cursor_is_good_up_to_what_is_known_to_be_committed() {
    use encke_engine::cursor::{Reset, Standing};
    let mut log = Log::default();
    steps(&mut log, &[StreamId::channel(1); 5]);
    let hub = hub_of(&log, 2);
    let at = |position| Some(Cursor { epoch: EPOCH, position: Position(position) });
    assert_eq!(hub.standing(None, Position(9)), Standing::Good(Position(5)));
    assert_eq!(hub.standing(at(0), Position(0)), Standing::Good(Position(0)));
    assert_eq!(hub.standing(at(9), Position(9)), Standing::Good(Position(9)));
    assert_eq!(hub.standing(at(10), Position(9)), Standing::Reset(Reset::Ahead));
    let other = Cursor { epoch: Epoch(8), position: Position(1) };
    assert_eq!(hub.standing(Some(other), Position(9)), Standing::Reset(Reset::UnknownEpoch));
}
