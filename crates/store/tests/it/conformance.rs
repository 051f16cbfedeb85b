//! The checks that every engine passes, as functions over a [`Fixture`].

mod classes;
mod erased;
mod pages;
mod refused;
mod reserved;
mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use encke_engine::hub::{Follow, PageRequest};
use encke_engine::{
    Code, ConversationId, Entry, Error, PersonId, Position, Seq, Step, StreamId, limits,
};
use encke_store::{Guard, Read, Sql, params};

use crate::space::{Fixture, Space, event, keyed, numbers};
pub use classes::*;
pub use erased::*;
pub use pages::*;
pub use refused::*;
pub use reserved::*;
pub use writes::*;

/// The names of all checks, for a macro that makes a test of each one.
macro_rules! list {
    ($suite:ident) => {
        $suite! {
            positions_and_numbers_have_no_gaps_under_concurrent_writers
            every_commit_is_published_before_its_answer
            a_repeated_key_is_the_first_send_or_a_conflict
            a_key_is_remembered_over_a_restart_for_a_day
            a_retry_is_answered_even_if_its_sender_was_removed_since
            a_failed_write_leaves_nothing_and_its_neighbours_stay
            a_write_finds_each_event_at_its_position_and_none_where_there_is_none
            a_panicking_write_takes_only_itself
            a_panicking_read_or_answer_takes_only_itself
            only_a_follower_may_append
            reserved_appends_are_refused_until_they_are_freed
            a_subscription_stands_right_before_its_first_event
            a_follower_that_subscribes_again_keeps_its_first_position
            history_by_pages_in_both_directions
            a_view_stays_as_it_is_while_others_write
            what_was_erased_keeps_its_place_and_nothing_else
            an_erasure_is_part_of_its_write
            no_event_erases_too_many_or_what_does_not_stand_before_it
            a_page_of_a_replay_holds_what_is_followed_and_says_how_far_it_looked
            a_page_of_a_replay_is_bounded
            a_store_from_before_streams_had_a_class_byte_goes_on
            a_follower_of_a_conversation_follows_its_companions_and_notes_only_by_themselves
            a_channel_keeps_its_number_and_a_bad_name_gets_none
            a_reopened_store_goes_on_where_it_ended
            a_killed_store_goes_on_where_it_ended
            times_never_go_back
            a_restored_backup_has_the_same_events_and_another_epoch
            a_log_with_a_hole_is_not_opened
            a_closed_store_refuses
            a_read_cannot_write
            too_many_waiting_writes_are_refused_at_once
            too_large_an_event_is_refused_alone
            the_writer_agrees_with_a_model
        }
    };
}
pub use crate::model::the_writer_agrees_with_a_model;
pub(crate) use list;

fn room(id: u64) -> StreamId {
    StreamId::conversation(ConversationId(id))
}

fn setting(name: &str) -> impl FnOnce(&mut Read<'_>) -> Result<Option<String>, Error> + use<> {
    let name = name.to_owned();
    move |read| {
        let row = read.query_one("SELECT value FROM setting WHERE name = ?1", params![name])?;
        Ok(row.map(|row| row.get(0)).transpose()?)
    }
}

const INSERT: &str = "INSERT INTO setting VALUES (?1, ?2)";

/// Checks that published events have positions and numbers without gaps, and that each one points to the event before
/// it in its stream.
fn check_order(events: &[Arc<Entry>], first: u64) {
    let mut newest: BTreeMap<StreamId, (u64, Position)> = BTreeMap::new();
    for (entry, position) in events.iter().zip(first..) {
        let event = &entry.event;
        assert_eq!(event.position.0, position);
        let (seq, back) = newest.get(&event.stream).copied().unwrap_or_default();
        assert_eq!((event.seq.0, event.back), (seq + 1, back));
        newest.insert(event.stream, (event.seq.0, event.position));
    }
}

pub fn positions_and_numbers_have_no_gaps_under_concurrent_writers<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let space = &space;
            scope.spawn(move || {
                for number in 0..100 {
                    let stream = room(1 + (writer + number) % 5);
                    if number % 3 == 0 {
                        let work =
                            move |tx: &mut encke_store::Tx<'_>| tx.append(event(stream, "1"));
                        space.write(work).unwrap();
                    } else {
                        space.append(event(stream, "1")).unwrap();
                    }
                }
            });
        }
    });
    let events = space.events();
    assert_eq!(events.len(), 800);
    check_order(&events, 1);
    let stored = space.read(|read| Ok(read.log_after(Position(0), 1_000)?)).unwrap();
    assert!(stored.iter().eq(events.iter().map(|e| &e.event)));
    assert_eq!(space.store.position(), Position(800));
    assert_eq!(space.store.stats().events.load(Ordering::Relaxed), 800);
}

pub fn every_commit_is_published_before_its_answer<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let answers = space.together(|| {
        let waiting = (0..20).map(|_| space.submit(event(room(1), "1"), Guard::Open));
        waiting.collect::<Vec<_>>()
    });
    for answer in answers {
        let appended = answer.recv().unwrap().unwrap();
        let published = space.events();
        let entry = &published[appended.position.0 as usize - 1];
        assert_eq!((entry.event.position, entry.event.seq), (appended.position, appended.seq));
        assert!(space.store.position() >= appended.position);
    }
    assert_eq!(space.batches().len(), 1, "what waits together is committed together");
    check_order(&space.events(), 1);
}

pub fn a_repeated_key_is_the_first_send_or_a_conflict<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let first = space.append(keyed(room(1), 5, "k", "\"a\"")).unwrap();
    assert!(!first.repeated);
    let code = |result: Result<_, Error>| result.unwrap_err().code;
    for _ in 0..2 {
        let again = space.append(keyed(room(1), 5, "k", "\"a\"")).unwrap();
        assert!(again.repeated);
        assert_eq!((again.position, again.seq, again.at_ms), (first.position, first.seq, 1_000));
        let event = keyed(room(1), 5, "k", "\"a\"");
        assert!(space.write(|tx| tx.append(event)).unwrap().repeated);
        assert_eq!(code(space.append(keyed(room(1), 5, "k", "\"b\""))), Code::KeyReused);
        assert_eq!(code(space.append(keyed(room(2), 5, "k", "\"a\""))), Code::KeyReused);
    }
    // The same text is another key for another person.
    assert!(!space.append(keyed(room(1), 6, "k", "\"b\"")).unwrap().repeated);
    // The same holds within one commit.
    let answers = space.together(|| {
        let bodies = ["\"a\"", "\"a\"", "\"b\""];
        bodies.map(|body| space.submit(keyed(room(1), 5, "same", body), Guard::Open))
    });
    let [one, two, three] = answers.map(|answer| answer.recv().unwrap());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.repeated, two.repeated), (false, true));
    assert_eq!((one.position, one.seq), (two.position, two.seq));
    assert_eq!(code(three), Code::KeyReused);
    assert_eq!(space.events().len(), 3);
}

pub fn a_key_is_remembered_over_a_restart_for_a_day<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let first = space.append(keyed(room(1), 5, "k", "1")).unwrap();
    space.clock.0.store(1_000 + limits::KEY_AGE_MS, Ordering::Relaxed);
    assert!(space.append(keyed(room(1), 5, "k", "1")).unwrap().repeated);
    space.close();
    let space = Space::open_at(&fixture, 1_000 + limits::KEY_AGE_MS);
    let again = space.append(keyed(room(1), 5, "k", "1")).unwrap();
    assert_eq!((again.position, again.repeated), (first.position, true));
    assert_eq!(space.append(keyed(room(1), 5, "k", "2")).unwrap_err().code, Code::KeyReused);
    // A day later the key is forgotten, without a pause in which the store could tidy up.
    space.clock.0.store(1_001 + limits::KEY_AGE_MS, Ordering::Relaxed);
    let second = space.append(keyed(room(1), 5, "k", "2")).unwrap();
    assert!(!second.repeated);
    space.close();
    let space = Space::open_at(&fixture, 1_001 + limits::KEY_AGE_MS);
    let again = space.append(keyed(room(1), 5, "k", "2")).unwrap();
    assert_eq!((again.position, again.repeated), (second.position, true));
}

pub fn a_retry_is_answered_even_if_its_sender_was_removed_since<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let person = PersonId(5);
    space.write(move |tx| Ok(tx.subscribe(person, room(1))?)).unwrap();
    let send = |body: &str| {
        space.submit(keyed(room(1), 5, "k", body), Guard::Follows(person)).recv().unwrap()
    };
    let first = send("1").unwrap();
    space.write(move |tx| Ok(tx.unsubscribe(person, room(1))?)).unwrap();
    let again = send("1").unwrap();
    assert_eq!((again.position, again.repeated), (first.position, true));
    assert_eq!(send("2").unwrap_err().code, Code::KeyReused);
    let other = space.submit(keyed(room(1), 5, "other", "1"), Guard::Follows(person));
    assert_eq!(other.recv().unwrap().unwrap_err().code, Code::NotMember);
}

pub fn a_panicking_write_takes_only_itself<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let (panicked, after) = space.together(|| {
        let panicked = space.submit_write(|tx| {
            tx.execute(INSERT, params!["panicked", "1"])?;
            tx.append(event(room(1), "1"))?;
            if tx.now_ms() > 0 { panic!("on purpose") } else { Ok(()) }
        });
        (panicked, space.submit(event(room(1), "1"), Guard::Open))
    });
    assert_eq!(panicked.recv().unwrap().unwrap_err().code, Code::Internal);
    assert_eq!(after.recv().unwrap().unwrap().position, Position(1));
    assert_eq!(space.read(setting("panicked")).unwrap(), None);
    assert_eq!(space.events().len(), 1);
}

pub fn a_panicking_read_or_answer_takes_only_itself<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    for _ in 0..5 {
        let read =
            space.read(|read| if read.position().0 == 0 { panic!("on purpose") } else { Ok(()) });
        assert_eq!(read.unwrap_err().code, Code::Internal);
    }
    let after = space.together(|| {
        space.store.submit_write(|_| Ok(()), |_| panic!("on purpose"));
        let reply = Box::new(|_| panic!("on purpose"));
        let event_ = event(room(1), "1");
        space.store.submit(encke_store::Append { event: event_, guard: Guard::Open, reply });
        space.submit(event(room(1), "1"), Guard::Open)
    });
    assert_eq!(after.recv().unwrap().unwrap().position, Position(2));
    assert_eq!(space.read(|read| read.head(room(1))).unwrap().seq, Seq(2));
}

pub fn only_a_follower_may_append<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let (p, q) = (PersonId(1), PersonId(2));
    let send = |person| space.submit(event(room(1), "1"), Guard::Follows(person));
    assert_eq!(send(p).recv().unwrap().unwrap_err().code, Code::NotMember);
    // The appends come before, between and after the changes, all in one commit.
    let answers = space.together(|| {
        let mut answers = vec![(send(p), false)];
        space.submit_write(move |tx| Ok(tx.subscribe(p, room(1))?));
        answers.extend([(send(p), true), (send(q), false)]);
        space.submit_write(move |tx| Ok(tx.unsubscribe(p, room(1))?));
        answers.push((send(p), false));
        space.submit_write(move |tx| Ok(tx.subscribe(p, room(1))?));
        answers.push((send(p), true));
        answers
    });
    for (answer, expected) in answers {
        assert_eq!(answer.recv().unwrap().is_ok(), expected);
    }
    space.close();
    let space = Space::open(&fixture);
    let send = |person| space.submit(event(room(1), "1"), Guard::Follows(person));
    assert_eq!(send(p).recv().unwrap().unwrap().seq, Seq(3));
    assert_eq!(send(q).recv().unwrap().unwrap_err().code, Code::NotMember);
}

pub fn a_subscription_stands_right_before_its_first_event<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let person = PersonId(1);
    let write = space.write(move |tx| {
        tx.append(event(room(1), "1"))?;
        tx.subscribe(person, room(1))?;
        tx.append(event(room(1), "2"))?;
        tx.unsubscribe(person, room(1))?;
        tx.revoke(person, Some(u64::MAX))?;
        tx.append(event(room(1), "3"))?;
        // The person does not follow the room, so nothing changes.
        Ok(tx.unsubscribe(person, room(1))?)
    });
    write.unwrap();
    let text = |step: &Step| match step {
        Step::Event(entry) => format!("event {}", entry.event.position.0),
        Step::Subscribe { person: p, stream, from } => {
            assert_eq!((*p, *stream), (person, room(1)));
            format!("from {}", from.0)
        }
        Step::Unsubscribe { person: p, stream } => {
            assert_eq!((*p, *stream), (person, room(1)));
            "gone".to_owned()
        }
        Step::Revoke { person: p, credential } => {
            assert_eq!((*p, *credential), (person, Some(u64::MAX)));
            "revoked".to_owned()
        }
    };
    let steps: Vec<_> = space.steps().iter().map(text).collect();
    assert_eq!(steps, ["event 1", "from 2", "event 2", "gone", "revoked", "event 3"]);
    let query = "SELECT count(*) FROM follow";
    let left =
        space.read(move |read| Ok(read.query_one(query, params![])?.unwrap().get::<u64>(0)?));
    assert_eq!(left.unwrap(), 0);
}

pub fn a_follower_that_subscribes_again_keeps_its_first_position<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let person = PersonId(1);
    for _ in 0..2 {
        space.write(move |tx| Ok(tx.subscribe(person, room(1))?)).unwrap();
        space.append(event(room(1), "1")).unwrap();
    }
    let query = "SELECT from_position FROM follow";
    let from =
        space.read(move |read| Ok(read.query_one(query, params![])?.unwrap().get::<u64>(0)?));
    assert_eq!(from.unwrap(), 1);
    assert_eq!(space.steps().iter().filter(|s| matches!(s, Step::Subscribe { .. })).count(), 1);
}

pub fn a_channel_keeps_its_number_and_a_bad_name_gets_none<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let stream = |space: &Space, name: &str| space.store.channels().stream(name).unwrap();
    let (heard, said) = (stream(&space, "heard"), stream(&space, "said"));
    let to_append = |name| space.store.channels().stream_to_append(name).unwrap();
    // A session that follows a name before its first event gets that event.
    assert_eq!(to_append("said"), said);
    let also = to_append("also");
    space.append(event(said, "1")).unwrap();
    space.append(event(said, "2")).unwrap();
    let gone = space.write(move |tx| {
        tx.append(event(also, "1"))?;
        Err::<(), _>(Error::new(Code::Conflict, "no"))
    });
    assert!(gone.is_err());
    space.append(event(also, "1")).unwrap();
    assert_eq!(space.events()[2].event.channel.as_deref(), Some("also"));
    assert_eq!(space.store.channels().name(heard), None);
    assert_eq!(space.store.channels().count(), 2, "to follow a name keeps nothing");
    assert_eq!(space.store.channels().name(room(1)), None);
    for bad in ["", "a b", "ä", "a/b", "\n", &"x".repeat(129)] {
        assert_eq!(space.store.channels().stream(bad).unwrap_err().code, Code::Invalid, "{bad:?}");
    }
    stream(&space, &"x".repeat(128));
    space.close();
    let space = Space::open(&fixture);
    assert_eq!((stream(&space, "said"), stream(&space, "also")), (said, also));
    assert_eq!(space.append(event(said, "3")).unwrap().seq, Seq(3));
    let fresh = stream(&space, "fresh");
    assert!(![said, also].contains(&fresh));
    assert_eq!(space.opened.tail[0].event.channel.as_deref(), Some("said"));
}

/// Appends some events to three streams.
fn fill(space: &Space, count: u64) {
    for number in 0..count {
        space.append(keyed(room(1 + number % 3), 5, &format!("k{number}"), "1")).unwrap();
    }
}

fn check_goes_on(space: &Space, epoch: encke_engine::Epoch, count: u64) {
    assert_eq!((space.opened.epoch, space.opened.head), (epoch, Position(count)));
    assert_eq!(space.store.position(), Position(count));
    check_order(&space.opened.tail, 1);
    assert_eq!(space.opened.tail.len() as u64, count);
    for id in 1..=3 {
        let seq = (count + 3 - id) / 3;
        assert_eq!(space.read(move |read| read.head(room(id))).unwrap().seq, Seq(seq));
        let next = space.append(event(room(id), "1")).unwrap();
        assert_eq!((next.position, next.seq), (Position(count + id), Seq(seq + 1)));
    }
    assert!(space.append(keyed(room(1), 5, "k0", "1")).unwrap().repeated);
}

pub fn a_reopened_store_goes_on_where_it_ended<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let epoch = space.opened.epoch;
    assert_eq!((space.opened.head, space.opened.tail.len()), (Position(0), 0));
    fill(&space, 100);
    let before = space.events();
    space.close();
    let space = Space::open(&fixture);
    assert!(space.opened.tail.iter().map(|e| &e.event).eq(before.iter().map(|e| &e.event)));
    check_goes_on(&space, epoch, 100);
}

pub fn a_killed_store_goes_on_where_it_ended<F: Fixture>(new: fn() -> F) {
    let (fixture, copy) = (new(), new());
    let space = Space::open(&fixture);
    fill(&space, 100);
    copy.crashed_copy_of(&fixture);
    check_goes_on(&Space::open(&copy), space.opened.epoch, 100);
}

pub fn times_never_go_back<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open_at(&fixture, 5_000);
    assert_eq!(space.append(event(room(1), "1")).unwrap().at_ms, 5_000);
    space.clock.0.store(4_000, Ordering::Relaxed);
    assert_eq!(space.append(event(room(1), "1")).unwrap().at_ms, 5_000);
    space.close();
    let space = Space::open_at(&fixture, 3_000);
    assert_eq!(space.append(event(room(1), "1")).unwrap().at_ms, 5_000);
    space.clock.0.store(6_000, Ordering::Relaxed);
    assert_eq!(space.append(event(room(1), "1")).unwrap().at_ms, 6_000);
}

pub fn a_restored_backup_has_the_same_events_and_another_epoch<F: Fixture>(new: fn() -> F) {
    let (fixture, copy) = (new(), new());
    let space = Space::open(&fixture);
    fill(&space, 100);
    copy.restore_backup_of(&space.store);
    space.append(event(room(1), "1")).unwrap();
    let restored = Space::open(&copy);
    let epoch = restored.opened.epoch;
    assert_ne!(epoch, space.opened.epoch);
    let events = space.events();
    assert!(
        restored.opened.tail.iter().map(|e| &e.event).eq(events[..100].iter().map(|e| &e.event))
    );
    check_goes_on(&restored, epoch, 100);
    restored.close();
    assert_eq!(Space::open(&copy).opened.epoch, epoch, "only once");
}

pub fn a_read_cannot_write<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let insert = "INSERT INTO setting VALUES ('a', 'b') RETURNING name";
    assert!(space.read(move |read| Ok(read.query(insert, params![])?)).is_err());
    assert_eq!(space.read(setting("a")).unwrap(), None);
}

pub fn too_many_waiting_writes_are_refused_at_once<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let answers = space.together(|| {
        let events = 0..limits::WRITES_WAITING_MAX + 2;
        let answers: Vec<_> =
            events.map(|_| space.submit(event(room(1), "1"), Guard::Open)).collect();
        let refused = answers.last().unwrap().recv().unwrap().unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert!(refused.retry_after_ms.is_some());
        let refused = space.submit_write(|_| Ok(())).recv().unwrap().unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        answers
    });
    let done = answers.into_iter().take(limits::WRITES_WAITING_MAX);
    assert!(done.into_iter().all(|answer| answer.recv().unwrap().is_ok()));
    assert_eq!(numbers(&space.events(), room(1)).len(), limits::WRITES_WAITING_MAX);
}

pub fn too_large_an_event_is_refused_alone<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let large = "x".repeat(limits::EVENT_BODY_BYTES_MAX + 1);
    assert_eq!(space.append(event(room(1), &large)).unwrap_err().code, Code::TooLarge);
    // Any bytes come back unchanged.
    let mut odd = event(room(1), "");
    odd.body = (0..=255u8).collect::<Vec<u8>>().into();
    let at = space.append(odd.clone()).unwrap().position;
    let stored = space.read(move |read| Ok(read.log_after(Position(0), 10)?)).unwrap();
    assert_eq!((stored[0].position, &stored[0].body), (at, &odd.body));
}
