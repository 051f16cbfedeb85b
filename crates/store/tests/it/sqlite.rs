//! SQLite: the conformance suite, and the tests of a store in files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use encke_engine::{Position, Seq};
use encke_store::{Clock, Opened, Options, Store, StoreError, SystemClock};
use tempfile::TempDir;

use crate::space::{Fixture, Space, event};
use crate::tables::{OWNERS, SQLITE_BEFORE};

pub struct Sqlite(pub TempDir);

impl Sqlite {
    pub fn new() -> Self {
        Sqlite(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn error(&self) -> String {
        match self.open(Arc::new(SystemClock)) {
            Ok(_) => panic!("the store opened"),
            Err(e) => e.to_string(),
        }
    }
}

pub fn options(data: &Path, clock: Arc<dyn Clock>) -> Options {
    let fatal = Arc::new(|e: &StoreError| panic!("{e}"));
    let tables = OWNERS.to_vec();
    Options { data: data.to_owned(), database: None, clock, tables, readers: 2, fatal }
}

impl Fixture for Sqlite {
    fn open(&self, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
        Store::open(options(self.0.path(), clock))
    }

    fn write_before_classes(&self, statements: &str) {
        let tables = SQLITE_BEFORE.concat();
        // The heads of the first three events are stored. Those of the others are found at the start.
        let rest = "INSERT INTO state VALUES ('epoch', 7), ('heads_position', 3);
                    INSERT INTO stream_head VALUES (30, 1, 1), (48, 1, 2), (49, 1, 3);
                    PRAGMA user_version = 5";
        let statements = statements.replace("BODY", "X'31'");
        let conn = rusqlite::Connection::open(self.file("space.db")).unwrap();
        conn.execute_batch(&format!("{tables} {statements} {rest}")).unwrap();
    }

    fn restore_backup_of(&self, store: &Store) {
        store.backup(&self.file("space.db")).unwrap();
    }

    fn crashed_copy_of(&self, other: &Self) {
        for name in ["space.db", "space.db-wal"] {
            std::fs::copy(other.file(name), self.file(name)).unwrap();
        }
    }
}

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            crate::conformance::$name(Sqlite::new);
        }
    )* };
}
crate::conformance::list!(suite);

fn stream() -> encke_engine::StreamId {
    encke_engine::StreamId::channel(1)
}

/// A store with 200 events, closed.
fn filled() -> Sqlite {
    let sqlite = Sqlite::new();
    let space = Space::open(&sqlite);
    for number in 0..200 {
        space.append(event(stream(), &format!("\"{number}{}\"", "x".repeat(500)))).unwrap();
    }
    space.close();
    sqlite
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, at).unwrap();
}

#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let sqlite = filled();
    let space = Space::open(&sqlite);
    space.append(event(stream(), "1")).unwrap();
    space.store.backup(&sqlite.file("backups/copy.db")).unwrap();
    for name in ["space.db", "space.db-wal", "space.db-shm", "lock", "backups/copy.db"] {
        let mode = std::fs::metadata(sqlite.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
    }
}

#[test]
fn a_damaged_file_is_refused_with_what_to_do() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("its header is zeroed", |path| overwrite(path, 0, &[0; 100])),
        ("a page in the middle is overwritten", |path| {
            let middle = std::fs::metadata(path).unwrap().len() / 8192 * 4096;
            overwrite(path, middle, &[0xa5; 4096]);
        }),
        ("it is truncated", |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        ("it is empty", |path| drop(std::fs::File::create(path).unwrap())),
    ];
    for (what, damage) in damages {
        let sqlite = filled();
        damage(&sqlite.file("space.db"));
        let said = sqlite.error();
        assert!(said.contains("the store is damaged"), "{what}: {said}");
        assert!(said.contains("space.db") && said.contains("backup"), "{what}: {said}");
    }
}

#[test]
fn a_write_ahead_log_without_its_store_is_not_taken_for_a_new_store() {
    let (sqlite, copy) = (filled(), Sqlite::new());
    let space = Space::open(&sqlite);
    space.append(event(stream(), "1")).unwrap();
    copy.crashed_copy_of(&sqlite);
    std::fs::remove_file(copy.file("space.db")).unwrap();
    let said = copy.error();
    assert!(said.contains("space.db-wal"), "{said}");
    assert!(copy.file("space.db-wal").exists());
}

#[test]
fn a_backup_put_beside_a_left_write_ahead_log_is_not_spoilt_by_it() {
    let (sqlite, crashed) = (filled(), Sqlite::new());
    let space = Space::open(&sqlite);
    space.store.backup(&sqlite.file("copy.db")).unwrap();
    for _ in 0..300 {
        space.append(event(stream(), "\"later\"")).unwrap();
    }
    crashed.crashed_copy_of(&sqlite);
    std::fs::copy(sqlite.file("copy.db"), crashed.file("space.db")).unwrap();
    let restored = Space::open(&crashed);
    assert_eq!(restored.opened.head.0, 200);
    assert_ne!(restored.opened.epoch, space.opened.epoch);
    restored.append(event(stream(), "1")).unwrap();
    restored.close();
    assert_eq!(encke_store::check_file(&crashed.file("space.db")).unwrap(), [] as [&str; 0]);
    assert_eq!(Space::open(&crashed).opened.head.0, 201);
}

#[test]
fn a_closed_store_is_one_file() {
    let sqlite = filled();
    let alone = Sqlite::new();
    std::fs::copy(sqlite.file("space.db"), alone.file("space.db")).unwrap();
    let wal = std::fs::metadata(sqlite.file("space.db-wal")).map_or(0, |m| m.len());
    assert_eq!((Space::open(&alone).opened.head.0, wal), (200, 0));
}

#[test]
fn a_backup_never_overwrites_a_file() {
    let sqlite = filled();
    let space = Space::open(&sqlite);
    let path = sqlite.file("copy.db");
    space.store.backup(&path).unwrap();
    assert!(space.store.backup(&path).is_err());
    assert_eq!(encke_store::check_file(&path).unwrap(), [] as [&str; 0]);
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let sqlite = filled();
    let conn = rusqlite::Connection::open(sqlite.file("space.db")).unwrap();
    conn.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(conn);
    let said = sqlite.error();
    assert!(said.contains("version 99") && said.contains("newer Encke"), "{said}");
}

#[test]
fn a_store_from_before_names_were_compared_opens_and_is_kept_as_it_was() {
    let sqlite = filled();
    let conn = rusqlite::Connection::open(sqlite.file("space.db")).unwrap();
    let before =
        "DROP INDEX person_by_skeleton; DROP INDEX person_without_skeleton; DROP TABLE look;
                  ALTER TABLE person DROP COLUMN skeleton; ALTER TABLE token DROP COLUMN expires_ms;
                  DROP INDEX member_by_age; DROP INDEX member_owner; DROP INDEX member_guest;
                  DROP INDEX member_unseen;
                  ALTER TABLE conversation DROP COLUMN members; ALTER TABLE member DROP COLUMN guest;
                  ALTER TABLE member DROP COLUMN invited_by; DROP TABLE invitation;
                  DROP INDEX conversation_open_title; DROP TABLE tables_version;
                  ALTER TABLE log DROP COLUMN erases; DROP TABLE reserved;
                  PRAGMA user_version = 2;
                  INSERT INTO person (id, name, display_name, role, created_ms)
                  VALUES (7, 'mei', 'Mei', 'member', 1)";
    conn.execute_batch(before).unwrap();
    drop(conn);
    Space::open(&sqlite).close();
    let conn = rusqlite::Connection::open(sqlite.file("space.db")).unwrap();
    let query = "SELECT name || coalesce(skeleton, '?') FROM person, (SELECT count(*) FROM look)";
    let found: String = conn.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(found, "mei?");
    let kept = std::fs::read_dir(sqlite.file("backups")).unwrap();
    let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().any(|name| name.starts_with("before-3-")));
}

#[test]
fn a_store_that_is_in_use_is_refused_and_free_after_its_last_write() {
    let sqlite = Sqlite::new();
    let space = Space::open(&sqlite);
    assert!(sqlite.error().contains("another Encke is using the folder"));
    let (done, answer) = std::sync::mpsc::channel();
    space.store.submit_write(|_| Ok(()), move |result| drop(done.send(result)));
    let store = space.store.clone();
    drop(space);
    store.close();
    answer.recv().unwrap().unwrap();
    drop(store);
    Space::open(&sqlite).close();
}

#[test]
fn a_store_that_was_half_made_is_made_again() {
    let sqlite = Sqlite::new();
    std::fs::write(sqlite.file("space.partial"), "half").unwrap();
    Space::open(&sqlite).close();
    assert_eq!(Space::open(&sqlite).opened.head.0, 0);
}

#[test]
fn the_log_is_durable_before_the_answer() {
    // A copy of the files at the time of the answer holds the event.
    let (sqlite, copy) = (Sqlite::new(), Sqlite::new());
    let space = Space::open(&sqlite);
    for number in 1..=5 {
        space.append(event(stream(), "1")).unwrap();
        copy.crashed_copy_of(&sqlite);
        let seen = Space::open(&copy);
        assert_eq!(seen.opened.head.0, number);
        seen.close();
    }
}

#[test]
fn the_write_ahead_log_does_not_grow_without_end() {
    let sqlite = Sqlite::new();
    let space = Space::open(&sqlite);
    let body = format!("\"{}\"", "x".repeat(200_000));
    // The header of the log counts how often the log began anew. See "WAL Format" in the documentation of SQLite.
    let begun = || {
        let mut header = [0; 16];
        File::open(sqlite.file("space.db-wal")).unwrap().read_exact(&mut header).unwrap();
        header[12..].to_vec()
    };
    space.append(event(stream(), &body)).unwrap();
    let first = begun();
    // From 4,000 pages on, 16 MB, they go to the database beside the sends. At 64,000 pages a send waits for that.
    let began_anew = (0..1_400).any(|_| {
        space.append(event(stream(), &body)).unwrap();
        begun() != first
    });
    assert!(began_anew);
    space.close();
}

#[test]
fn a_write_ahead_log_that_was_lengthened_ahead_holds_only_what_was_written() {
    let (sqlite, crashed) = (Sqlite::new(), Sqlite::new());
    let space = Space::open(&sqlite);
    space.append(event(stream(), "1")).unwrap();
    let long = || std::fs::metadata(sqlite.file("space.db-wal")).unwrap().len() > 1_000_000;
    // The writer lengthens the log when it is idle.
    let patience = Instant::now() + Duration::from_secs(20);
    while !long() {
        assert!(Instant::now() < patience, "the log was not lengthened");
        std::thread::sleep(Duration::from_millis(10));
    }
    space.append(event(stream(), "2")).unwrap();
    crashed.crashed_copy_of(&sqlite);
    space.close();
    for sqlite in [&sqlite, &crashed] {
        let space = Space::open(sqlite);
        assert_eq!(space.store.position(), Position(2));
        assert_eq!(space.append(event(stream(), "3")).unwrap().seq, Seq(3));
        space.close();
    }
}
