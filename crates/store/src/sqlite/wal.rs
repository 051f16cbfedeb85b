//! The write-ahead log: its length, and the moments when it is copied into the database.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use encke_engine::limits;
use rusqlite::Connection;

use super::writing::Writing;
use crate::error::StoreError;

const READERS_WAIT: Duration = Duration::from_millis(limits::WAL_READERS_WAIT_MS_MAX);
/// The length that the WAL is given ahead of its use, which is about the length that it grows to.
const WAL_BYTES: u64 = limits::WAL_UNCOPIED_FRAMES_MAX * (4_096 + 24);

/// Lengthens the WAL of a store that has nothing else to do. A commit that makes a file longer takes twice as long,
/// because the file system writes its own log besides. SQLite ignores frames of zeros, because their salt is wrong.
pub(super) fn lengthen(conn: &Connection) {
    let Some(path) = conn.path() else { return };
    let added = OpenOptions::new().write(true).open(format!("{path}-wal")).and_then(|wal| {
        let length = wal.metadata()?.len();
        if length == 0 || length >= WAL_BYTES {
            return Ok(());
        }
        wal.write_all_at(&vec![0; limits::WAL_STEP_BYTES], length)?;
        wal.sync_all()
    });
    match added {
        // There is no WAL yet, or the disk is full: the store works without.
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            tracing::debug!("lengthening the WAL: {e}")
        }
        _ => {}
    }
}

/// Syncs the WAL that an earlier process left, and its name. That process may have been killed after it wrote a commit
/// and before the sync. This one reads the commit: readers are shown it, and a sender who asks again is told that it is
/// stored, without any further write. From then on it must survive a loss of power. Returns whether there was a WAL.
pub(super) fn sync_left(dir: &Path) -> Result<bool, StoreError> {
    let path = dir.join("space.db-wal");
    let synced = File::open(&path).and_then(|wal| {
        wal.sync_all()?;
        File::open(dir)?.sync_all()?;
        Ok(wal.metadata()?.len() > 0)
    });
    match synced {
        Ok(left) => Ok(left),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(StoreError::Sync(format!("{}: {e}", path.display()))),
    }
}

/// The length of the write-ahead log, in frames of one page each.
#[derive(Clone, Copy)]
pub(super) struct WalLength {
    /// All frames.
    pub frames: u64,
    /// The frames that are in the database, too.
    pub copied: u64,
}

impl WalLength {
    /// Only looks.
    pub fn look(conn: &Connection) -> Result<Self, StoreError> {
        Self::after(conn, "PRAGMA wal_checkpoint(NOOP)")
    }

    /// Copies as much of the log as its readers allow. It waits for nobody, and nobody waits for it.
    pub fn copied_beside_the_writer(conn: &Connection) -> Result<Self, StoreError> {
        Self::after(conn, "PRAGMA wal_checkpoint(PASSIVE)")
    }

    fn after(conn: &Connection, checkpoint: &str) -> Result<Self, StoreError> {
        let mut statement = conn.prepare_cached(checkpoint)?;
        // -1 if there is no WAL yet.
        let number = |v: i64| v.max(0) as u64;
        Ok(statement.query_row([], |row| {
            Ok(WalLength { frames: number(row.get(1)?), copied: number(row.get(2)?) })
        })?)
    }

    /// The frames that are only in the log.
    pub fn uncopied(self) -> u64 {
        self.frames.saturating_sub(self.copied)
    }
}

impl Writing {
    /// Copies what the checkpointer left, so that the next commit begins the log anew. If readers are in the way, the log
    /// goes on, up to a bound.
    pub(super) fn finish_checkpoint(&self) -> Result<(), StoreError> {
        if WalLength::copied_beside_the_writer(&self.conn)?.frames < limits::WAL_FRAMES_MAX {
            return Ok(());
        }
        self.waiting_for_readers("PRAGMA wal_checkpoint(RESTART)")
    }

    /// Copies the whole WAL and makes it empty. Returns false if a reader of an older state was in the way.
    pub(super) fn empty_wal(&self) -> Result<bool, StoreError> {
        self.waiting_for_readers("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(WalLength::look(&self.conn)?.frames == 0)
    }

    fn waiting_for_readers(&self, checkpoint: &str) -> Result<(), StoreError> {
        self.conn.busy_timeout(READERS_WAIT)?;
        let done = WalLength::after(&self.conn, checkpoint);
        self.conn.busy_timeout(super::open::BUSY_WAIT)?;
        done.map(drop)
    }
}
