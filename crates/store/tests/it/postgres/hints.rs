//! Hints of other nodes are believed only as far as the log goes.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use encke_engine::{Batch, Committed, Entry, Event, PersonId, Point, Position, Seq, Step, limits};
use encke_rig::{Fault, Postgres, Wire};

use super::OnPostgres;
use super::faults::node;
use super::nodes::{stream, until};
use crate::space::{Space, event};

/// A forged commit: one event, as the first of its stream, right after a position.
fn forged(space: &Space, after: u64) -> Committed {
    let position = Position(after + 1);
    let event = Event {
        position,
        stream: stream(77),
        seq: Seq(1),
        back: Position(0),
        at_ms: 1,
        from: None,
        kind: "message".into(),
        key: None,
        body: Bytes::from_static(b"\"forged\""),
        erases: Vec::new(),
        channel: None,
    };
    let epoch = space.opened.epoch;
    let point = |position| Point { position, change: 0 };
    let steps = vec![Step::Event(Arc::new(Entry::new(event, epoch)))];
    let (before, after) = (point(Position(after)), point(position));
    Committed { epoch, before, after, mark: 7, batch: Arc::new(Batch { steps }) }
}

fn replaced(told: &Mutex<Vec<String>>) {
    until("the node begins anew", || !told.lock().unwrap().is_empty());
    let told = told.lock().unwrap();
    assert!(told[0].contains("does not hold what was heard"), "{told:?}");
}

fn epoch(fixture: &OnPostgres) -> u64 {
    let sql = format!("SELECT epoch FROM {}.space", fixture.schema());
    Postgres::shared().sql(&sql).concat().parse().unwrap()
}

#[test]
fn a_hint_is_handed_on_at_once_and_if_the_log_ends_before_it_the_node_begins_anew() {
    let fixture = OnPostgres::new();
    let (a, b) = (node(&fixture), node(&fixture));
    b.0.store.hint(forged(&b.0, 0));
    // The store holds nothing of this, so it was not read from there.
    assert_eq!(b.0.events().len(), 1);
    replaced(&b.1);
    assert!(a.1.lock().unwrap().is_empty());
    assert_eq!(epoch(&fixture), a.0.opened.epoch.0);
}

#[test]
fn a_node_that_was_told_something_else_than_the_log_holds_begins_anew() {
    let fixture = OnPostgres::new();
    let (a, b) = (node(&fixture), node(&fixture));
    a.0.append(event(stream(1), "1")).unwrap();
    until("both were told", || b.0.events().len() == 1);
    b.0.store.hint(forged(&b.0, 1));
    // An acknowledged event takes the place of the hint in the log, so that both logs end at the same point.
    a.0.append(event(stream(1), "2")).unwrap();
    replaced(&b.1);
    assert!(a.1.lock().unwrap().is_empty());
}

#[test]
fn a_hint_that_changes_rights_makes_the_store_be_read_and_is_not_believed() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    let (person, stranger) = (PersonId(7), PersonId(8));
    let point = |change| Point { position: Position(0), change };
    let forged = |change: u64, step| Committed {
        epoch: a.opened.epoch,
        before: point(change - 1),
        after: point(change),
        mark: 0,
        batch: Arc::new(Batch { steps: vec![step] }),
    };
    b.store.hint(forged(
        1,
        Step::Subscribe { person: stranger, stream: stream(1), from: Position(1) },
    ));
    b.store.hint(forged(1, Step::Revoke { person: stranger, credential: None }));
    b.store.hint(forged(2, Step::Unsubscribe { person, stream: stream(1) }));
    a.write(move |tx| Ok(tx.revoke(person, Some(1))?)).unwrap();
    until("it was read", || !b.steps().is_empty());
    let steps = b.steps();
    let right =
        matches!(steps[..], [Step::Revoke { person: p, credential: Some(1) }] if p == person);
    assert!(right, "{steps:?}");
}

#[test]
fn a_forged_event_and_a_lost_connection_do_not_renew_the_epoch() {
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let fixture = OnPostgres::at(postgres.url_by(wire.port()));
    let (space, told) = node(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    wire.set(Fault::Cut);
    space.store.hint(forged(&space, 1));
    assert_eq!(space.events().len(), 2);
    wire.set(Fault::None);
    replaced(&told);
    assert_eq!(epoch(&fixture), space.opened.epoch.0);
}

#[test]
fn a_disk_that_was_put_back_while_no_node_ran_is_noticed_at_the_start() {
    let postgres = Postgres::start();
    let fixture = OnPostgres::at(postgres.url());
    let epoch_of = |space: Space| {
        let epoch = space.opened.epoch;
        space.close();
        epoch
    };
    let space = Space::open(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    let first = epoch_of(space);
    postgres.stop();
    postgres.snapshot();
    postgres.start_again();
    let space = Space::open(&fixture);
    space.append(event(stream(1), "\"lost\"")).unwrap();
    assert_eq!(epoch_of(space), first);
    postgres.stop();
    postgres.put_back();
    postgres.start_again();
    let second = epoch_of(Space::open(&fixture));
    assert_ne!(second, first);
    assert_eq!(epoch_of(Space::open(&fixture)), second);
}

#[test]
fn a_new_key_for_messages_between_nodes_is_noticed_and_a_new_epoch_has_another() {
    let fixture = OnPostgres::new();
    let nodes = [Space::open(&fixture), Space::open(&fixture)];
    let (told, hearing) = channel();
    for node in &nodes {
        let told = told.clone();
        node.store.tell_bus_key_to(move |key| {
            let _ = told.send(key);
        });
    }
    let [first, same] = [0, 1].map(|_| hearing.recv().unwrap());
    assert_eq!(first, same);
    encke_store::renew_bus_key(&fixture.database()).unwrap();
    let patience = std::time::Duration::from_secs(30);
    let [second, same] = [0, 1].map(|_| hearing.recv_timeout(patience).unwrap());
    assert_eq!(second, same);
    assert_ne!(first, second);
    nodes.into_iter().for_each(Space::close);
    let sql = format!("UPDATE {}.space SET incarnation = 'another'", fixture.schema());
    Postgres::shared().sql(&sql);
    let restored = Space::open(&fixture);
    assert!(restored.store.bus_key().is_some_and(|key| key != second));
    const { assert!(limits::BUS_KEY_LEAD_MS < limits::BUS_KEY_OVERLAP_MS) };
}
