//! Erasures on several nodes, and in the middle of a move.

use encke_engine::tail::Tail;
use encke_engine::{ConversationId, NewEvent, Position, StreamId};
use encke_rig::{Postgres, Wire};
use encke_store::migrate;

use super::OnPostgres;
use super::moving::{break_off, filled};
use super::nodes::until;
use crate::space::{Space, event};
use crate::tables::OWNERS;

fn room() -> StreamId {
    StreamId::conversation(ConversationId(1))
}

fn recall(erases: u64) -> NewEvent {
    let stream = StreamId::amendments(ConversationId(1));
    NewEvent { erases: vec![Position(erases)], ..event(stream, "\"recalled\"") }
}

/// Whether the event at a position has content, read alone, among the newest of its stream and within a write.
fn has_content(space: &Space, at: u64) -> Vec<bool> {
    let read = space.read(move |read| {
        read.expect_newest(&[room()])?;
        let (page, _) = read.before(room(), None, 200)?;
        let paged = page.iter().find(|e| e.event.position.0 == at).unwrap().event.is_erased();
        let alone = read.event(Position(at))?.unwrap().event.is_erased();
        Ok(vec![!paged, !alone])
    });
    let written = space.write(move |tx| Ok(!tx.event(Position(at))?.unwrap().event.is_erased()));
    [read.unwrap(), vec![written.unwrap()]].concat()
}

#[test]
fn what_one_node_has_erased_no_other_shows_even_before_it_has_followed_the_log() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    for number in (1..=60).step_by(2) {
        let at = b.append(event(room(), "\"content\"")).unwrap().position.0;
        assert_eq!(at, number);
        assert_eq!(has_content(&b, at), [true; 3], "it is in memory there");
        a.append(recall(at)).unwrap();
        // There are no hints, so most of the time the other node has not looked at the store since.
        assert_eq!(has_content(&b, at), [false; 3], "{at}");
    }
    until("the other node has followed", || b.store.position() == Position(60));
    let mut tail = Tail::new(Position(0));
    b.events().iter().for_each(|entry| tail.push(entry.clone()));
    for at in (1..=60).step_by(2) {
        assert!(tail.get(Position(at)).unwrap().event.is_erased(), "its hubs know of {at}");
    }
    let rows = format!("SELECT count(*) FROM {}.log WHERE body = '\"content\"'", fixture.schema());
    assert_eq!(Postgres::shared().sql(&rows).concat(), "0");
}

#[test]
fn a_hint_tells_the_other_nodes_what_is_erased() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    let other = b.store.clone();
    a.store.announce_to(move |committed| other.hint(committed.clone()));
    a.append(event(room(), "\"content\"")).unwrap();
    a.append(recall(1)).unwrap();
    let mut tail = Tail::new(Position(0));
    b.events().iter().for_each(|entry| tail.push(entry.clone()));
    assert_eq!(tail.head(), Position(2), "it was heard of at once");
    assert!(tail.get(Position(1)).unwrap().event.is_erased());
}

#[test]
fn autovacuum_takes_up_a_single_erased_row() {
    let fixture = OnPostgres::new();
    let _space = Space::open(&fixture);
    let options = format!(
        "SELECT c.reloptions::text || t.reloptions::text FROM pg_class c
         JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.oid = '{}.log'::regclass",
        fixture.schema()
    );
    let set = Postgres::shared().sql(&options).concat();
    assert_eq!(set.matches("autovacuum_vacuum_threshold=0").count(), 2, "{set}");
    assert_eq!(set.matches("autovacuum_vacuum_scale_factor=0").count(), 2, "{set}");
}

#[test]
fn what_was_erased_between_two_parts_of_a_move_does_not_arrive() {
    let (sqlite, _) = filled();
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let to = OnPostgres::at(postgres.url());
    break_off(&sqlite, &wire, &to.by(postgres.url_by(wire.port())));
    let rows = format!("SELECT kind FROM {}.log WHERE position = 77", to.schema());
    assert_eq!(postgres.sql(&rows).concat(), "test", "it has been copied");
    let space = Space::open(&sqlite);
    space.append(recall(77)).unwrap();
    space.close();
    migrate(sqlite.0.path(), &to.database(), &OWNERS, |_, _| {}).unwrap();
    assert_eq!(postgres.sql(&rows).concat(), "erased");
    let space = Space::open(&to);
    let left = space.read(|read| Ok(read.event(Position(77))?.unwrap().event.is_erased()));
    assert!(left.unwrap());
}
