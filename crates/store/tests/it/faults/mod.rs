//! Full disks, failing syncs and sudden death, with the real engine in a process of its own.

mod child;

use std::sync::Arc;
use std::time::{Duration, Instant};

use encke_engine::{Position, StreamId};

use crate::space::{Fixture, Space, event};
use crate::sqlite::Sqlite;
use child::{Answer, Child};

fn stream(id: u64) -> StreamId {
    StreamId::channel(id)
}

/// Checks that all acknowledged sends are in the store, at their places, without gaps. Others may be there too.
fn check_nothing_is_lost(sqlite: &Sqlite, acknowledged: &[(u64, String)]) {
    let space = Space::open(sqlite);
    let stored = space.read(|read| Ok(read.log_after(Position(0), 1_000_000)?)).unwrap();
    for (event, position) in stored.iter().zip(1..) {
        assert_eq!(event.position.0, position);
    }
    for (position, body) in acknowledged {
        let found = stored.get(*position as usize - 1).map(|e| &e.body[..]);
        assert_eq!(found, Some(body.as_bytes()), "position {position}");
    }
    for id in 1..=3 {
        let newest = stored.iter().rev().find(|e| e.stream == stream(id)).map_or(0, |e| e.seq.0);
        assert_eq!(space.append(event(stream(id), "1")).unwrap().seq.0, newest + 1);
    }
    space.close();
    assert_eq!(encke_store::check_file(&sqlite.file("space.db")).unwrap(), [] as [&str; 0]);
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn heads_stored(sqlite: &Sqlite) -> u64 {
    let conn = rusqlite::Connection::open(sqlite.file("space.db")).unwrap();
    let query = "SELECT value FROM state WHERE name = 'heads_position'";
    conn.query_row(query, [], |row| row.get::<_, i64>(0)).map_or(0, |v| v as u64)
}

#[test]
fn a_full_disk_refuses_sends_until_there_is_room_and_reads_go_on() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    (0..5).for_each(|number| child.send(1, number).stored());
    until("the heads are stored", || heads_stored(&sqlite) == 5);
    (5..10).for_each(|number| child.send(1 + number % 2, number).stored());
    child.fault("full-wal", true);
    for number in 10..20 {
        assert_eq!(child.send(1, number), Answer::Refused("store_full true".into()));
    }
    assert_eq!(child.ask("read"), "read 10");
    // The writer's tidying fails too. It must not forget what it has to tidy up.
    let errors = |child: &mut Child| {
        child.ask("errors").strip_prefix("errors ").unwrap().parse::<u64>().unwrap()
    };
    let refused = errors(&mut child);
    until("tidying fails", || errors(&mut child) > refused);
    child.fault("full-wal", false);
    // A retry with the key of a refused send is stored now.
    (10..15).for_each(|number| child.send(3, number).stored());
    assert_eq!(child.send(3, 10), Answer::Stored);
    assert_eq!(child.ask("read"), "read 15");
    until("the heads are stored", || heads_stored(&sqlite) == 15);
    let acknowledged = child.kill();
    assert_eq!(acknowledged.len(), 16);
    assert_eq!(acknowledged.last().map(|(at, _)| *at), Some(11), "the last was a repeated send");
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn a_database_that_cannot_grow_leaves_everything_in_the_log_until_it_can() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    child.fault("full-db", true);
    (0..100).for_each(|number| child.send_large(number).stored());
    assert_eq!(child.ask("read"), "read 100");
    child.fault("full-db", false);
    let size = || std::fs::metadata(sqlite.file("space.db")).unwrap().len();
    assert!(size() < 1_000_000);
    let mut number = 100;
    until("it comes into the database", || {
        child.send(1, number).stored();
        number += 1;
        size() > 10_000_000
    });
    let acknowledged = child.kill();
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn an_index_of_the_log_that_cannot_grow_is_a_full_disk_too() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    // The index grows after some 4,000 pages, which stay in the log if the database can't take them.
    child.fault("full-db", true);
    child.fault("full-shm", true);
    let stored = (0..200).take_while(|number| child.send_large(*number) == Answer::Stored).count();
    assert!(stored < 200);
    assert_eq!(child.send_large(200), Answer::Refused("store_full true".into()));
    assert_eq!(child.ask("read"), format!("read {stored}"));
    child.fault("full-db", false);
    child.fault("full-shm", false);
    child.send_large(201).stored();
    let acknowledged = child.kill();
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn a_sync_that_fails_ends_the_process_before_it_acknowledges() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    (0..5).for_each(|number| child.send(1, number).stored());
    child.fault("sync-wal", true);
    assert_eq!(child.send(1, 5), Answer::Ended);
    let acknowledged = child.ended();
    assert_eq!(acknowledged.len(), 5);
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn a_store_is_opened_only_when_what_a_killed_process_wrote_is_synced() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    (0..5).for_each(|number| child.send(1, number).stored());
    let acknowledged = child.kill();
    assert!(std::fs::metadata(sqlite.file("space.db-wal")).unwrap().len() > 0);
    // Nobody has written anything yet. Without this sync, readers would see events that the next loss of power may
    // take.
    assert!(!Child::opens_with_fault(&sqlite, "sync-wal"));
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn a_sync_that_fails_in_a_checkpoint_ends_the_process() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    child.fault("sync-db", true);
    // 4,000 pages are 16 MB.
    let stored = (0..200).take_while(|number| child.send_large(*number) != Answer::Ended).count();
    assert!(stored < 200, "it went on although its database can't be synced");
    let acknowledged = child.ended();
    assert_eq!(acknowledged.len(), stored);
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn sends_are_stored_while_a_checkpoint_waits_for_the_disk() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    child.fault("wait-db", true);
    // 4,000 pages are 16 MB.
    let mut numbers = 0..200;
    while !child.waits() {
        let number = numbers.next().expect("a checkpoint syncs the database");
        child.send_large(number).stored();
    }
    (1_000..1_100).for_each(|number| child.send(2, number).stored());
    assert!(child.waits(), "the sends have waited for the checkpoint");
    child.fault("wait-db", false);
    until("the checkpoint ends", || !child.waits());
    check_nothing_is_lost(&sqlite, &child.kill());
}

#[test]
fn an_acknowledged_send_survives_a_kill_at_any_moment() {
    let sqlite = Sqlite::new();
    let mut acknowledged = Vec::new();
    for round in 0..6 {
        let mut child = Child::start(&sqlite);
        child.ask_nothing("storm");
        let seen = 40 + 90 * round;
        until("it acknowledges", || child.take_stored() >= seen);
        acknowledged.extend(child.kill());
    }
    assert!(acknowledged.len() > 1_000);
    check_nothing_is_lost(&sqlite, &acknowledged);
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let sqlite = Sqlite::new();
    let mut child = Child::start(&sqlite);
    child.send(1, 1).stored();
    let refused = sqlite.open(Arc::new(encke_store::SystemClock)).err().map(|e| e.to_string());
    assert!(refused.unwrap().contains("another Encke is using the folder"));
    child.send(1, 2).stored();
    check_nothing_is_lost(&sqlite, &child.kill());
}

/// Not a test: the other process, started by [`Child::start`].
#[test]
fn process() {
    child::run();
}
