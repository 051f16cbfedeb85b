//! Moves from SQLite into PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encke_engine::{ConversationId, PersonId, Position, StreamClass, StreamId};
use encke_rig::{Fault, Postgres, Wire};
use encke_store::{
    Migration, MovedTable, Options, Sql, Store, StoreError, SystemClock, Tables, Tx, migrate,
    params,
};

use super::OnPostgres;
use super::nodes::stream;
use crate::space::{Space, event, keyed};
use crate::sqlite::{Sqlite, options};
use crate::tables::OWNERS;

const EVENTS: u64 = 5_000;

/// The stream of the event with this number: a channel's, a conversation's or a product's.
fn stream_of(number: u64) -> StreamId {
    match number % 7 {
        2 => StreamId::amendments(ConversationId(9)),
        3 => StreamId::notes(ConversationId(9)),
        4 => StreamId::new(StreamClass::of_product(0), 9),
        rest => stream(100 + rest),
    }
}

/// A store with rows in every table.
pub fn filled() -> (Sqlite, encke_engine::Epoch) {
    let sqlite = Sqlite::new();
    let space = Space::open(&sqlite);
    let news = space.store.channels().stream_to_append("news").unwrap();
    let person = "INSERT INTO person (id, name, display_name, role, created_ms) VALUES (?1, ?2, ?3, 'member', 1)";
    let filled = space.write(move |tx| {
        for id in 1..=2_500u64 {
            tx.execute(person, params![id, format!("name{id}"), "\u{1F600} 你好"])?;
            tx.execute("INSERT INTO setting VALUES (?1, '')", params![id.to_string()])?;
        }
        let hash = (0..=255).collect::<Vec<u8>>();
        tx.execute("INSERT INTO session VALUES (?1, 7, 1, ?2)", params![&hash[..], i64::MAX])?;
        tx.execute("INSERT INTO token VALUES (?1, 8, 'label', 1, NULL)", params![&hash[..]])?;
        let conversation = "INSERT INTO conversation (id, kind, title, open, created_ms) VALUES (9, 'room', NULL, 1, 1)";
        tx.execute(conversation, params![])?;
        tx.execute("INSERT INTO member VALUES (9, 7, 'owner', 1, 1, 0, 0, 8, 0)", params![])?;
        tx.execute("INSERT INTO invitation VALUES (8, 9, 7, 1)", params![])?;
        tx.execute("UPDATE person SET skeleton = 'narne' WHERE id = 7", params![])?;
        tx.execute("INSERT INTO look VALUES ('narne', 7)", params![])?;
        tx.execute("INSERT INTO classic_name VALUES ('guest', 7)", params![])?;
        tx.execute("INSERT INTO classic_guest VALUES (7, 'Guest')", params![])?;
        tx.execute("INSERT INTO classic_mark VALUES (7, 9, 3)", params![])?;
        tx.execute("INSERT INTO classic_taken VALUES (7, 9, 4)", params![])?;
        tx.execute("INSERT INTO classic_state VALUES ('room', 9)", params![])?;
        tx.subscribe(PersonId(7), stream(1))?;
        tx.subscribe(PersonId(7), stream_of(3))?;
        tx.reserve(stream_of(3), Some(PersonId(7)))?;
        tx.append(event(news, "\"big\""))?;
        for number in 1..EVENTS {
            let body = format!("\"{number} {}\"", "x".repeat(number as usize % 300));
            tx.append(keyed(stream_of(number), 5, &format!("k{number}"), &body))?;
        }
        Ok(())
    });
    filled.unwrap();
    let epoch = space.opened.epoch;
    space.close();
    (sqlite, epoch)
}

fn run(from: &Path, to: &OnPostgres) -> Result<Vec<MovedTable>, StoreError> {
    migrate(from, &to.database(), &OWNERS, |_, _| {})
}

/// Begins a move whose connection to the database breaks off after the first part of the log.
pub fn break_off(from: &Sqlite, wire: &Wire, by_wire: &OnPostgres) {
    let cut = AtomicBool::new(false);
    let moved = migrate(from.0.path(), &by_wire.database(), &OWNERS, |at, _| {
        if at.0 > 0 && !cut.swap(true, Ordering::Relaxed) {
            wire.set(Fault::Cut);
        }
    });
    assert!(moved.is_err() && cut.into_inner());
    wire.set(Fault::None);
}

fn check_moved(to: &OnPostgres, epoch: encke_engine::Epoch) {
    let space = Space::open(to);
    assert_eq!((space.opened.epoch, space.opened.head), (epoch, Position(EVENTS)));
    assert_eq!(space.opened.tail[0].event.channel.as_deref(), Some("news"));
    let again = space.append(keyed(stream(101), 5, "k1", "\"1 x\"")).unwrap();
    assert_eq!((again.position, again.repeated), (Position(2), true));
    assert_eq!(space.append(event(stream(100), "1")).unwrap().position, Position(EVENTS + 1));
    for number in 2..=4 {
        let before = (1..EVENTS).filter(|n| n % 7 == number).count() as u64;
        let next = space.append(event(stream_of(number), "1")).unwrap();
        assert_eq!(next.seq.0, before + 1);
    }
    let follows = "SELECT 1 FROM follow WHERE person = 7 AND stream = ?1";
    let found = space
        .read(move |read| Ok(encke_store::Sql::query(read, follows, params![stream_of(3)])?.len()));
    assert_eq!(found.unwrap(), 1);
    // New ids don't meet old ones, and new channels get no old numbers.
    let person = "INSERT INTO person (display_name, role, created_ms) VALUES ('new', 'guest', 1) RETURNING id";
    let id = space.write(move |tx| {
        Ok(encke_store::Sql::query_one(tx, person, params![])?.unwrap().get::<u64>(0)?)
    });
    assert_eq!(id.unwrap(), 2_501);
    let news = space.store.channels().stream_to_append("news").unwrap();
    assert_eq!(space.append(event(news, "2")).unwrap().seq.0, 2);
    assert_ne!(space.store.channels().stream("other").unwrap(), news);
}

#[test]
fn a_store_moves_with_its_epoch_and_its_positions() {
    let ((sqlite, epoch), to) = (filled(), OnPostgres::new());
    let moved = run(sqlite.0.path(), &to).unwrap();
    let rows = |name: &str| moved.iter().find(|m| m.table == name).unwrap().sum.rows;
    assert_eq!((rows("log"), rows("person"), rows("session")), (EVENTS, 2_500, 1));
    assert!(moved.iter().all(|table| table.sum.rows > 0), "{moved:?}");
    check_moved(&to, epoch);
    // The old store is a copy now.
    let left = Space::open(&sqlite);
    assert_ne!(left.opened.epoch, epoch);
    assert_eq!(left.opened.head, Position(EVENTS));
}

#[test]
fn a_move_that_was_interrupted_goes_on() {
    let (sqlite, epoch) = filled();
    let postgres = Postgres::shared();
    let wire = Wire::to(postgres.port());
    let to = OnPostgres::at(postgres.url());
    let by_wire = to.by(postgres.url_by(wire.port()));
    // The move breaks off after the first part of the log, in the middle of the rest, and at its very end.
    break_off(&sqlite, &wire, &by_wire);
    assert!(by_wire.is_refused("run `encke migrate` to its end"));
    for what in ["INSERT INTO token", "DROP TABLE moving"] {
        wire.set(Fault::LoseRequest(what.into()));
        assert!(run(sqlite.0.path(), &by_wire).is_err(), "{what}");
    }
    assert_eq!(wire.struck(), 2);
    // The move is done, but its answer is lost.
    wire.set(Fault::LoseAnswer(b"DROP TABLE moving".to_vec(), b"COMMIT".to_vec()));
    assert!(run(sqlite.0.path(), &by_wire).is_err());
    let said = run(sqlite.0.path(), &to).unwrap_err().to_string();
    assert!(said.contains("moved into this space already"), "{said}");
    check_moved(&to, epoch);
    assert_ne!(Space::open(&sqlite).opened.epoch, epoch);
}

#[test]
fn a_space_that_holds_something_is_not_moved_into() {
    let (sqlite, _) = filled();
    let to = OnPostgres::new();
    let space = Space::open(&to);
    space.write(|tx| Ok(tx.execute("INSERT INTO setting VALUES ('a', 'b')", params![])?)).unwrap();
    let said = run(sqlite.0.path(), &to).unwrap_err().to_string();
    assert!(said.contains("not empty"), "{said}");
    assert_eq!(space.read(|read| Ok(read.position())).unwrap(), Position(0));
    // A space into which another store is moving is refused, too.
    let (other, _) = filled();
    let to = OnPostgres::new();
    let wire = Wire::to(Postgres::shared().port());
    wire.set(Fault::LoseRequest(b"INSERT INTO token".to_vec()));
    let by_wire = to.by(Postgres::shared().url_by(wire.port()));
    assert!(run(sqlite.0.path(), &by_wire).is_err());
    let said = run(other.0.path(), &to).unwrap_err().to_string();
    assert!(said.contains("another store"), "{said}");
}

#[test]
fn a_store_in_use_is_not_moved() {
    let (sqlite, epoch) = filled();
    let space = Space::open(&sqlite);
    let said = run(sqlite.0.path(), &OnPostgres::new()).unwrap_err().to_string();
    assert!(said.contains("another Encke is using"), "{said}");
    let nowhere = run(Path::new("/nowhere"), &OnPostgres::new()).unwrap_err().to_string();
    assert!(nowhere.contains("no store in /nowhere"), "{nowhere}");
    space.close();
    assert_eq!(Space::open(&sqlite).opened.epoch, epoch);
}

#[test]
fn a_row_that_arrived_changed_is_noticed() {
    let (sqlite, _) = filled();
    let to = OnPostgres::new();
    let wire = Wire::to(Postgres::shared().port());
    wire.set(Fault::LoseRequest(b"INSERT INTO token".to_vec()));
    let by_wire = to.by(Postgres::shared().url_by(wire.port()));
    assert!(run(sqlite.0.path(), &by_wire).is_err());
    let change =
        format!("UPDATE {}.log SET body = body || '\\x20' WHERE position = 77", to.schema());
    Postgres::shared().sql(&change);
    let said = run(sqlite.0.path(), &to).unwrap_err().to_string();
    assert!(said.contains("log did not arrive"), "{said}");
    assert!(to.is_refused("run `encke migrate` to its end"));
}

#[test]
fn a_table_that_one_engine_lacks_stops_the_move_before_it_begins() {
    const ONE_SIDED: Tables = Tables {
        owner: "guests",
        migrations: &[Migration::new("CREATE TABLE guests (name TEXT PRIMARY KEY) STRICT;", "")],
    };
    let ((sqlite, epoch), to) = (filled(), OnPostgres::new());
    let owners: Vec<Tables> = OWNERS.into_iter().chain([ONE_SIDED]).collect();
    let said = migrate(sqlite.0.path(), &to.database(), &owners, |_, _| {}).unwrap_err();
    assert!(said.to_string().contains("guests.name has no place"), "{said}");
    assert_eq!(Space::open(&sqlite).opened.epoch, epoch);
    assert_eq!(Space::open(&to).opened.head, Position(0));
}

#[test]
fn the_tables_of_a_new_owner_move_without_being_listed_anywhere() {
    const GUESTS: Tables = Tables {
        owner: "guests",
        migrations: &[Migration::new(
            "CREATE TABLE guests (id INTEGER PRIMARY KEY, host INTEGER REFERENCES person (id)) STRICT;
             CREATE TABLE entry (guest INTEGER NOT NULL REFERENCES guests (id), text TEXT NOT NULL) STRICT;",
            "CREATE TABLE guests (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
                host BIGINT REFERENCES person (id));
             CREATE TABLE entry (guest BIGINT NOT NULL REFERENCES guests (id), text TEXT NOT NULL);",
        )],
    };
    let ((sqlite, _), to) = (filled(), OnPostgres::new());
    let owners: Vec<Tables> = OWNERS.into_iter().chain([GUESTS]).collect();
    let with = |mut options: Options| {
        options.tables = owners.clone();
        let opened = Store::open(options).unwrap();
        Space::of(opened, Default::default())
    };
    let space = with(options(sqlite.0.path(), Arc::new(SystemClock)));
    let fill = |tx: &mut Tx<'_>| {
        tx.execute("INSERT INTO guests VALUES (41, 7)", params![])?;
        tx.execute("INSERT INTO entry VALUES (41, '你好')", params![])?;
        Ok(())
    };
    space.write(fill).unwrap();
    space.close();
    let moved = migrate(sqlite.0.path(), &to.database(), &owners, |_, _| {}).unwrap();
    let rows = |name: &str| moved.iter().find(|m| m.table == name).map(|m| m.sum.rows);
    assert_eq!((rows("guests"), rows("entry"), rows("state")), (Some(1), Some(1), None));
    let space = with(to.options(Arc::new(SystemClock), |e| panic!("{e}")));
    let next = "INSERT INTO guests (host) VALUES (8) RETURNING id";
    let id = space.write(move |tx| Ok(tx.query_one(next, params![])?.unwrap().get::<u64>(0)?));
    assert_eq!(id.unwrap(), 42);
}
