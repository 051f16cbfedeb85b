//! Faults: connections that break, servers that die, databases that come back as others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use encke_engine::{Code, Epoch, Position};
use encke_rig::{Fault, Postgres, Wire};
use encke_store::{Store, StoreError};

use super::OnPostgres;
use super::nodes::{stream, until};
use crate::space::{Space, TestClock, event, keyed};

/// A node that notes when it is told that its log was replaced.
pub fn node(fixture: &OnPostgres) -> (Space, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = told.clone();
    let clock = Arc::new(TestClock(AtomicU64::new(1_000)));
    let fatal = move |e: &StoreError| into.lock().unwrap().push(e.to_string());
    let opened = Store::open(fixture.options(clock.clone(), fatal)).unwrap();
    (Space::of(opened, clock), told)
}

fn count(fixture: &OnPostgres) -> String {
    let schema = fixture.schema();
    Postgres::shared().sql(&format!("SELECT count(*) FROM {schema}.log")).concat()
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_by_a_retry() {
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let fixture = OnPostgres::at(postgres.url_by(wire.port()));
    let space = Space::open(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    // The commit happens, but its answer is lost.
    wire.set(Fault::LoseAnswer(b"the first".to_vec(), b"COMMIT".to_vec()));
    let send = || space.append(keyed(stream(1), 5, "a", "\"the first\""));
    let refused = send().unwrap_err();
    assert_eq!((refused.code, wire.struck()), (Code::Internal, 1));
    assert!(refused.code.retry() && refused.message.contains("not known"), "{refused}");
    let again = send().unwrap();
    assert_eq!((again.position, again.repeated), (Position(2), true));
    // The commit does not happen, and there is no answer.
    wire.set(Fault::LoseRequest(b"the second".to_vec()));
    let send = || space.append(keyed(stream(1), 5, "b", "\"the second\""));
    assert!(send().unwrap_err().code.retry());
    assert_eq!(wire.struck(), 2);
    let first = send().unwrap();
    assert_eq!((first.position, first.repeated), (Position(3), false));
    // The commit with the unknown fate is published all the same, in its place.
    until("all was told", || space.events().len() == 3);
    assert!(space.events().iter().map(|e| e.event.position.0).eq(1..=3));
    assert_eq!(count(&fixture), "3");
}

#[test]
fn a_database_that_is_away_refuses_for_now_and_heals() {
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let fixture = OnPostgres::at(postgres.url_by(wire.port()));
    let space = Space::open(&fixture);
    let other = Space::open(&fixture.by(postgres.url()));
    space.append(event(stream(1), "1")).unwrap();
    wire.set(Fault::Cut);
    for _ in 0..3 {
        let refused = space.append(event(stream(1), "\"lost\"")).unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert!(refused.retry_after_ms.is_some());
        assert_eq!(space.write(|_| Ok(())).unwrap_err().code, Code::Overloaded);
        assert_eq!(space.read(|_| Ok(())).unwrap_err().code, Code::Overloaded);
    }
    // The part of the log in memory is still there.
    assert_eq!(space.store.position(), Position(1));
    for _ in 0..10 {
        other.append(event(stream(1), "\"meanwhile\"")).unwrap();
    }
    wire.set(Fault::None);
    until("a send is taken again", || space.append(keyed(stream(2), 5, "k", "1")).is_ok());
    until("a read is done again", || space.read(|_| Ok(())).is_ok());
    until("all was told", || space.events().len() == 12);
    assert!(space.events().iter().map(|e| e.event.position.0).eq(1..=12));
}

#[test]
fn a_database_that_does_not_answer_is_given_up_and_heals() {
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let fixture = OnPostgres::at(postgres.url_by(wire.port()));
    let space = Space::open(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    space.read(|_| Ok(())).unwrap();
    // The connection stays open. Without a bound the sender would wait for ever.
    wire.set(Fault::Silent);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| space.read(|_| Ok(())).unwrap_err());
        let refused = space.append(keyed(stream(1), 5, "k", "2")).unwrap_err();
        for refused in [refused, reading.join().unwrap()] {
            assert_eq!(refused.code, Code::Overloaded);
            assert!(refused.code.retry());
        }
    });
    wire.set(Fault::None);
    until("a send is taken again", || space.append(keyed(stream(1), 5, "k", "2")).is_ok());
    until("a read is done again", || space.read(|_| Ok(())).is_ok());
    until("all was told", || space.events().len() == 2);
    assert_eq!(count(&fixture), "2");
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let postgres = Postgres::start();
    let fixture = OnPostgres::at(postgres.url());
    let nodes = [node(&fixture), node(&fixture)];
    let done = AtomicBool::new(false);
    let acknowledged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for ((space, _), writer) in nodes.iter().zip(1u64..) {
            for sender in 0..4 {
                let (done, acknowledged) = (&done, &acknowledged);
                scope.spawn(move || {
                    let author = writer * 10 + sender;
                    for number in 0.. {
                        if done.load(Ordering::Relaxed) {
                            return;
                        }
                        let (key, body) = (number.to_string(), format!("\"{author} {number}\""));
                        // The sender repeats the same send until it is answered.
                        let at = loop {
                            match space.append(keyed(stream(1 + sender), author, &key, &body)) {
                                Ok(appended) => break appended.position,
                                Err(e) => assert!(e.code.retry(), "{e}"),
                            }
                        };
                        acknowledged.lock().unwrap().push((at.0, body));
                    }
                });
            }
        }
        for round in 1..=3usize {
            until("sends are answered", || acknowledged.lock().unwrap().len() >= round * 200);
            postgres.kill();
            postgres.start_again();
        }
        let before = acknowledged.lock().unwrap().len();
        until("sends are answered again", || acknowledged.lock().unwrap().len() > before + 100);
        done.store(true, Ordering::Relaxed);
    });
    let stored = nodes[0].0.read(|read| Ok(read.log_after(Position(0), 1_000_000)?)).unwrap();
    assert!(stored.iter().map(|e| e.position.0).eq(1..=stored.len() as u64));
    let acknowledged = acknowledged.into_inner().unwrap();
    // Every send is there once, at the place that its sender was told. One more of each sender may be there without an
    // answer.
    assert!(stored.len() >= acknowledged.len() && stored.len() <= acknowledged.len() + 8);
    for (position, body) in &acknowledged {
        assert_eq!(stored[*position as usize - 1].body, body.as_bytes());
    }
    let bodies: std::collections::BTreeSet<_> = stored.iter().map(|e| &e.body).collect();
    assert_eq!(bodies.len(), stored.len());
    for (space, replaced) in &nodes {
        until("all was told", || space.events().len() == stored.len());
        assert!(space.events().iter().map(|e| &e.event).eq(&stored));
        assert_eq!(*replaced.lock().unwrap(), [] as [&str; 0], "a crash is no other history");
    }
}

/// Checks that the node is told and refuses everything, and that the store has another epoch when it is opened again.
fn check_replaced(space: &Space, told: &Mutex<Vec<String>>, fixture: &OnPostgres) -> Epoch {
    until("the node was told", || {
        let refused = space.append(event(stream(1), "\"after\""));
        assert!(told.lock().unwrap().len() <= 1, "once");
        refused.is_err_and(|e| e.code.retry()) && !told.lock().unwrap().is_empty()
    });
    assert!(space.read(|_| Ok(())).unwrap_err().code.retry());
    let (again, _) = node(fixture);
    assert_ne!(again.opened.epoch, space.opened.epoch);
    again.opened.epoch
}

#[test]
fn a_standby_that_lost_commits_has_another_epoch() {
    let primary = Postgres::start();
    let fixture = OnPostgres::at(primary.url());
    let (space, _) = node(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    space.close();
    let standby = Postgres::standby_of(&primary);
    standby.start_again();
    standby.kill();
    let both = format!(
        "postgres://encke@127.0.0.1:{},127.0.0.1:{}/postgres",
        primary.port(),
        standby.port()
    );
    let (space, told) = node(&fixture.by(both.clone()));
    let lost = space.append(keyed(stream(1), 5, "k", "\"lost\"")).unwrap();
    primary.kill();
    standby.start_again();
    standby.promote();
    let epoch = check_replaced(&space, &told, &fixture.by(both.clone()));
    let (after, told) = node(&fixture.by(both));
    assert_eq!((after.opened.epoch, after.opened.head), (epoch, Position(1)), "one new epoch");
    let first = after.append(keyed(stream(1), 5, "k", "\"lost\"")).unwrap();
    assert_eq!((first.position, first.repeated), (lost.position, false));
    assert_eq!(*told.lock().unwrap(), [] as [&str; 0]);
}

#[test]
fn a_disk_that_was_put_back_under_a_running_node_has_another_epoch() {
    let postgres = Postgres::start();
    let fixture = OnPostgres::at(postgres.url());
    let (space, told) = node(&fixture);
    space.append(event(stream(1), "1")).unwrap();
    postgres.stop();
    postgres.snapshot();
    postgres.start_again();
    until("it is there again", || space.append(keyed(stream(1), 5, "k", "1")).is_ok());
    postgres.stop();
    postgres.put_back();
    postgres.start_again();
    check_replaced(&space, &told, &fixture);
}

#[test]
fn a_space_of_a_newer_version_is_refused() {
    let fixture = OnPostgres::new();
    Space::open(&fixture).close();
    Postgres::shared().sql(&format!("INSERT INTO {}.version VALUES (99)", fixture.schema()));
    let clock = Arc::new(TestClock::default());
    let said = Store::open(fixture.options(clock, |_| {})).err().unwrap().to_string();
    assert!(said.contains("version 99") && said.contains("newer Encke"), "{said}");
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let wire = Wire::to(Postgres::shared().port());
    wire.set(Fault::Cut);
    let fixture =
        OnPostgres::at(format!("postgres://encke:secret@127.0.0.1:{}/postgres", wire.port()));
    let clock = Arc::new(TestClock::default());
    let said = Store::open(fixture.options(clock, |_| {})).err().unwrap().to_string();
    assert!(said.contains("can't be reached") && !said.contains("secret"), "{said}");
}
