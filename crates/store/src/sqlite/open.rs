//! Opening a store: lock, checks, migrations, and the part of the log that belongs into memory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use encke_engine::append::Head;
use encke_engine::{Entry, Epoch, Position, Seq, StreamId, limits};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rustc_hash::FxHashMap;

use super::{log, wal};
use crate::channels::{Channels, NumberKey};
use crate::error::StoreError;
use crate::tables::{self, Engine, Tables};

/// The oldest SQLite that may be used: 3.51.3 mends a fault that could lose a WAL's last frames.
const SQLITE_MIN: i32 = 3_051_003;

/// The time that a connection waits for a lock.
pub(super) const BUSY_WAIT: Duration = Duration::from_millis(limits::STORE_LOCK_WAIT_MS_MAX);

/// The statements of a version that changed only tables which their owners bring now: none.
const DONE_BY_OWNERS: &str = "";

/// The tables of the log.
const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001.sql"),
    DONE_BY_OWNERS,
    DONE_BY_OWNERS,
    DONE_BY_OWNERS,
    DONE_BY_OWNERS,
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
];
/// The version since which owners have numbers of their own.
const OWNERS_SINCE: u32 = 6;

/// A file that was opened as a store.
/// Files that stay open as long as the store.
pub(crate) struct Files {
    /// The lock on the folder: no other process may open the store before the last write is done.
    _lock: File,
    /// The database, to sync it. Closing it frees the locks of all of SQLite's connections to it, so it is closed last.
    pub database: File,
}

pub(crate) struct OpenedFile {
    pub conn: Connection,
    pub files: Files,
    pub epoch: Epoch,
    pub trimmed: Position,
    pub tail: Vec<Arc<Entry>>,
    pub head: Position,
    pub dirty: FxHashMap<StreamId, Head>,
    pub channels: Channels,
    /// Whether an earlier process left a write-ahead log, which may hold content that was erased.
    pub wal_left: bool,
}

fn other(what: &str, e: impl std::fmt::Display) -> StoreError {
    StoreError::Other(format!("{what}: {e}"))
}

pub(crate) fn open(dir: &Path, tables: &[Tables], now_ms: u64) -> Result<OpenedFile, StoreError> {
    if rusqlite::version_number() < SQLITE_MIN {
        let version = rusqlite::version();
        return Err(StoreError::Other(format!("SQLite {version} is too old, 3.51.3 is needed")));
    }
    let folder = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    folder.map_err(|e| other(&format!("making the folder {}", dir.display()), e))?;
    let lock = lock(dir)?;
    let path = dir.join("space.db");
    look(dir, &path)?;
    let wal_left = wal::sync_left(dir)?;
    let conn = connect(&path)?;
    // What this connection erases or deletes is overwritten on its page (P10). No other one writes.
    conn.execute_batch("PRAGMA secure_delete = ON")?;
    check(&conn, &path)?;
    migrate(&conn, dir, tables, now_ms)?;
    let epoch = epoch(&conn)?;
    let trimmed = Position(log::state(&conn, "trimmed")?.unwrap_or(0));
    let channels = channels(&conn)?;
    let head = log::newest(&conn)?;
    let tail = tail(&conn, epoch, &channels)?;
    let dirty = dirty_heads(&conn)?;
    let database = File::open(&path).map_err(|e| other(&path.display().to_string(), e))?;
    let files = Files { _lock: lock, database };
    Ok(OpenedFile { conn, files, epoch, trimmed, tail, head, dirty, channels, wal_left })
}

/// Looks at the files before SQLite does, which would take an empty file for a new store and any WAL for the store's.
fn look(dir: &Path, path: &Path) -> Result<(), StoreError> {
    let wal = dir.join("space.db-wal");
    let wal_used = std::fs::metadata(&wal).is_ok_and(|m| m.len() > 0);
    let mut header = [0; 20];
    match File::open(path).map(|mut file| file.read_exact(&mut header)) {
        Err(e) if e.kind() == ErrorKind::NotFound && wal_used => {
            Err(damaged(path, "it is missing, but its write-ahead log space.db-wal is there"))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => make(dir, path),
        Err(e) => Err(other(&path.display().to_string(), e)),
        Ok(Err(_)) => Err(damaged(path, "it is cut off")),
        // A store in use is in WAL mode (2). So this is a backup that was put here. The WAL belongs to the former store
        // and would spoil the backup.
        Ok(Ok(())) if header[18] == 1 && wal_used => {
            let aside = dir.join("space.db-wal.before-restore");
            tracing::warn!("the write-ahead log of the former store is now {}", aside.display());
            let moved = std::fs::rename(&wal, &aside).and_then(|()| File::open(dir)?.sync_all());
            moved.map_err(|e| other(&wal.display().to_string(), e))
        }
        Ok(Ok(())) => Ok(()),
    }
}

/// Makes an empty store. It gets its name when it is whole, so that an empty file is always a damaged one.
fn make(dir: &Path, path: &Path) -> Result<(), StoreError> {
    let partial = dir.join("space.partial");
    for left in ["space.partial", "space.partial-wal", "space.partial-shm"] {
        let _ = std::fs::remove_file(dir.join(left));
    }
    create(&partial)?;
    // The WAL's content comes into the file when the connection ends.
    drop(connect(&partial)?);
    let synced = File::open(&partial).and_then(|f| f.sync_all());
    let named = synced.and_then(|()| std::fs::rename(&partial, path));
    let kept = named.and_then(|()| File::open(dir)?.sync_all());
    kept.map_err(|e| other(&path.display().to_string(), e))
}

/// Makes an empty file that only its owner may read.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path);
    made.map(drop).map_err(|e| other(&path.display().to_string(), e))
}

/// A connection with the settings that every one has.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY_WAIT)?;
    conn.set_prepared_statement_cache_capacity(256);
    // Otherwise a cached statement is prepared anew whenever another value is bound to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let set = conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;",
    );
    set.map_err(|e| describe(e, path))?;
    Ok(conn)
}

fn describe(e: rusqlite::Error, path: &Path) -> StoreError {
    match StoreError::from(e) {
        StoreError::Damaged(what) => damaged(path, &what),
        e => e,
    }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged(format!(
        "{} can't be read ({what}). Keep it, and restore the newest backup from the folder \
         `backups` beside it, or one made with `encke backup`",
        path.display()
    ))
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|e| other(&path.display().to_string(), e))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(
        |_| StoreError::InUse(format!("another Encke is using the folder {}", dir.display())),
    )?;
    Ok(file)
}

fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    // The first read meets a false header; the check meets damaged pages.
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(|e| describe(e, path))?;
    if std::fs::metadata(path).map_or(0, |m| m.len()) > limits::STORE_CHECKED_BYTES_MAX {
        return Ok(());
    }
    let verdict = conn
        .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        .map_err(|e| describe(e, path))?;
    if verdict == "ok" {
        // The check has read the whole file into this connection's cache. The cache has no further use.
        return conn.execute_batch("PRAGMA shrink_memory").map_err(|e| describe(e, path));
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(describe(rusqlite::Error::SqliteFailure(code, Some(verdict)), path))
}

/// Brings the store to the newest version, with one backup before the first change, named by it. There is no way back.
fn migrate(
    conn: &Connection,
    dir: &Path,
    tables: &[Tables],
    now_ms: u64,
) -> Result<(), StoreError> {
    let version: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    if version > known {
        return Err(StoreError::Newer { found: version, known });
    }
    // A store that is only being made holds nothing to be kept.
    let mut is_kept = version == 0;
    let mut back_up = |before: &str| {
        if std::mem::replace(&mut is_kept, true) {
            return Ok(());
        }
        super::copy_to(conn, &dir.join("backups").join(format!("before-{before}-{now_ms}.db")))?;
        // The copy has read the whole store into this connection's cache.
        conn.execute_batch("PRAGMA shrink_memory").map_err(StoreError::from)
    };
    if version < known {
        back_up(&(version + 1).to_string())?;
        let mut steps = String::new();
        for (sql, number) in MIGRATIONS.iter().zip(1u32..).skip(version as usize) {
            steps += sql;
            if number == OWNERS_SINCE {
                steps += &format!("INSERT INTO tables_version VALUES ('', {version});");
            }
        }
        // All of them or none: the version that is left behind says which tables of owners are there.
        conn.execute_batch(&format!("BEGIN; {steps} PRAGMA user_version = {known}; COMMIT"))?;
        tracing::info!("the store has version {known} now");
    }
    for step in tables::missing(tables, Engine::Sqlite, &versions(conn)?)? {
        let tables::Step { owner, number, sql } = step;
        back_up(&format!("{owner}-{number}"))?;
        let kept = format!(
            "INSERT INTO tables_version VALUES ('{owner}', {number})
             ON CONFLICT (owner) DO UPDATE SET number = excluded.number;"
        );
        conn.execute_batch(&format!("BEGIN; {sql} {kept} COMMIT"))?;
        tracing::info!("the tables of {owner} have version {number} now");
    }
    Ok(())
}

fn versions(conn: &Connection) -> Result<Vec<(String, u32)>, StoreError> {
    let mut statement = conn.prepare("SELECT owner, number FROM tables_version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The log's epoch. It is a new one for a new log, and for a log that was restored from a backup, because events that
/// clients have seen may be missing then.
fn epoch(conn: &Connection) -> Result<Epoch, StoreError> {
    let restored = log::state(conn, "restored")?.is_some();
    if let Some(epoch) = log::state(conn, "epoch")?
        && !restored
    {
        return Ok(Epoch(epoch));
    }
    let random = getrandom::u64().map_err(|e| other("no random number", e))?;
    let epoch = random >> 1;
    conn.execute_batch("BEGIN")?;
    log::set_state(conn, "epoch", epoch)?;
    conn.execute("DELETE FROM state WHERE name = 'restored'", [])?;
    conn.execute_batch("COMMIT")?;
    Ok(Epoch(epoch))
}

fn channels(conn: &Connection) -> Result<Channels, StoreError> {
    let mut statement = conn.prepare("SELECT number, name FROM channel ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
    // Only this process makes numbers of this store, and subscriptions to channels end with it: a fresh key will do.
    let mut key = NumberKey::default();
    getrandom::fill(&mut key).map_err(|e| other("no random number", e))?;
    Ok(Channels::stored(key, rows.collect::<Result<_, _>>()?))
}

fn tail(
    conn: &Connection,
    epoch: Epoch,
    channels: &Channels,
) -> Result<Vec<Arc<Entry>>, StoreError> {
    let columns = log::COLUMNS;
    let sql = format!("SELECT {columns} FROM log ORDER BY position DESC LIMIT ?1");
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([limits::TAIL_EVENTS_MAX as i64])?;
    let (mut tail, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()?
        && bytes < limits::TAIL_BYTES_MAX
    {
        let event = log::event_of_row(row, channels)?;
        bytes += event.body.len();
        tail.push(Arc::new(Entry::new(event, epoch)));
    }
    tail.reverse();
    Ok(tail)
}

fn dirty_heads(conn: &Connection) -> Result<FxHashMap<StreamId, Head>, StoreError> {
    let stored = log::state(conn, "heads_position")?.unwrap_or(0);
    let mut statement = conn
        .prepare("SELECT stream, seq, position FROM log WHERE position > ?1 ORDER BY position")?;
    let mut rows = statement.query([stored as i64])?;
    let mut heads = FxHashMap::default();
    while let Some(row) = rows.next()? {
        let number = |i| row.get::<_, i64>(i).map(|v| v as u64);
        let head = Head { seq: Seq(number(1)?), position: Position(number(2)?) };
        heads.insert(StreamId::from_raw(number(0)?), head);
    }
    Ok(heads)
}
