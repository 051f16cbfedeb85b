//! Copies of the store, made while it is in use.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::log;
use crate::error::StoreError;

/// The name of a backup made now, in the folder `backups` of the data folder.
pub fn backup_name(data: &Path, now_ms: u64) -> PathBuf {
    data.join("backups").join(format!("space-{now_ms}.db"))
}

fn other(path: &Path, e: impl std::fmt::Display) -> StoreError {
    StoreError::Other(format!("{}: {e}", path.display()))
}

/// Copies one consistent state of a store to a new file, which is on the disk when this returns. The copy gets a new
/// epoch when it is opened, because clients may hold cursors beyond its end.
pub(crate) fn copy_to(from: &Connection, path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Err(other(path, "there is a file of this name already"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| other(folder, e))?;
    }
    let partial = path.with_extension("partial");
    let _ = std::fs::remove_file(&partial);
    {
        super::open::create(&partial)?;
        let mut to = Connection::open(&partial)?;
        // One step copies one state, also while others write.
        let done = Backup::new(from, &mut to)?.step(-1)?;
        if done != StepResult::Done {
            return Err(other(&partial, format_args!("the copy is not whole ({done:?})")));
        }
        to.execute_batch("PRAGMA journal_mode = DELETE")?;
        if log::newest(&to).is_ok() {
            log::set_state(&to, "restored", 1)?;
        }
    }
    let synced = File::open(&partial).and_then(|f| f.sync_all());
    synced.and_then(|()| std::fs::rename(&partial, path)).map_err(|e| other(path, e))?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| other(folder, e))?;
    }
    Ok(())
}

/// Looks at every page of a store and returns the faults. The store need not be open.
pub fn check_file(path: &Path) -> Result<Vec<String>, StoreError> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = Connection::open_with_flags(path, flags)?;
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
