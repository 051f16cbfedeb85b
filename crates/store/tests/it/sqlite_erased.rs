//! The files of a store in SQLite after an erasure: nothing of the content is left in them (P10).

use std::path::Path;
use std::time::{Duration, Instant};

use encke_engine::{NewEvent, Position, StreamId};

use crate::space::{Fixture, Space, event};
use crate::sqlite::Sqlite;

const EVENTS: u64 = 600;

fn room() -> StreamId {
    StreamId::channel(1)
}

/// A word that stands in one event and nowhere else.
fn word(number: u64) -> String {
    format!("word{number}of{}", number * 7_919)
}

/// A message of a length of its own, full of its word: some share a page, some take several.
fn message(number: u64) -> NewEvent {
    let word = word(number) + " ";
    let bytes = [12, 80, 300, 1_500, 3_900, 9_000, 30_000][(number * number % 7) as usize];
    event(room(), &format!("\"{}\"", word.repeat(bytes / word.len() + 1)))
}

/// The erased numbers: alone, side by side, and in long runs.
fn is_erased(number: u64) -> bool {
    number.is_multiple_of(3) || number % 50 < 9
}

/// Which of the erased words stand in a file.
fn found(path: &Path) -> Vec<u64> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(&bytes, "word") {
        let digits = bytes[at + 4..].iter().take_while(|b| b.is_ascii_digit());
        let number = digits.fold(0, |n: u64, digit| n * 10 + u64::from(digit - b'0'));
        let whole = bytes[at..].starts_with(word(number).as_bytes());
        if whole && is_erased(number) && found.last() != Some(&number) {
            found.push(number);
        }
    }
    found
}

fn until_gone(sqlite: &Sqlite) {
    let end = Instant::now() + Duration::from_secs(60);
    for name in ["space.db-wal", "space.db"] {
        while !found(&sqlite.file(name)).is_empty() {
            assert!(Instant::now() < end, "{name} still has {:?}", found(&sqlite.file(name)));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn filled(sqlite: &Sqlite) -> Space {
    let space = Space::open(sqlite);
    for numbers in (1..=EVENTS).collect::<Vec<_>>().chunks(40) {
        let numbers = numbers.to_vec();
        let written = space.write(move |tx| {
            numbers.iter().try_for_each(|number| tx.append(message(*number)).map(drop))
        });
        written.unwrap();
    }
    space
}

fn erase(space: &Space) {
    let all: Vec<Position> = (1..=EVENTS).filter(|n| is_erased(*n)).map(Position).collect();
    for erases in all.chunks(5) {
        let recalled = NewEvent { erases: erases.to_vec(), ..event(room(), "\"recalled\"") };
        space.append(recalled).unwrap();
    }
}

#[test]
fn what_was_erased_leaves_the_files_and_is_in_no_backup_made_afterwards() {
    let sqlite = Sqlite::new();
    let space = filled(&sqlite);
    assert!(!found(&sqlite.file("space.db-wal")).is_empty(), "it was there");
    erase(&space);
    let backup = sqlite.file("backup.db");
    space.store.backup(&backup).unwrap();
    assert_eq!(found(&backup), [0u64; 0], "a backup at once");
    until_gone(&sqlite);
    let left = std::fs::read(sqlite.file("space.db")).unwrap();
    let kept = (1..=EVENTS).filter(|n| !is_erased(*n));
    for number in kept {
        assert!(memchr::memmem::find(&left, word(number).as_bytes()).is_some(), "{number}");
    }
    space.close();
    assert_eq!(encke_store::check_file(&sqlite.file("space.db")).unwrap(), [] as [&str; 0]);
}

#[test]
fn a_reader_of_an_older_state_only_puts_the_emptying_of_the_log_off() {
    let sqlite = Sqlite::new();
    let space = filled(&sqlite);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (begun, beginning) = std::sync::mpsc::channel();
    space.store.submit_read(
        move |read| {
            read.event(Position(1))?;
            let _ = begun.send(());
            let _ = released.recv();
            Ok(())
        },
        |_| {},
    );
    beginning.recv().unwrap();
    erase(&space);
    // Long after the time the reader is still there, and sends go on.
    let end = Instant::now() + Duration::from_millis(7_000);
    while Instant::now() < end {
        space.append(event(room(), "1")).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(release);
    until_gone(&sqlite);
}

#[test]
fn what_a_killed_process_left_in_the_log_leaves_it_after_the_next_start() {
    let (sqlite, killed) = (Sqlite::new(), Sqlite::new());
    let space = filled(&sqlite);
    erase(&space);
    killed.crashed_copy_of(&sqlite);
    assert!(!found(&killed.file("space.db-wal")).is_empty(), "it was killed before its time");
    let space = Space::open(&killed);
    until_gone(&killed);
    drop(space);
}
