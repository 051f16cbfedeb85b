//! What can go wrong with the store.

use std::fmt;

use encke_engine::{Code, Error};

/// A fault of the store.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// The disk is full. Nothing was written; it works again when there is room.
    Full,
    /// A sync failed: what is on the disk is no longer known, so the process has to stop.
    Sync(String),
    /// The disk gave an error. Nothing of the transaction that met it was written.
    Io(String),
    /// The file is damaged, or no store at all.
    Damaged(String),
    /// Another process uses the folder.
    InUse(String),
    /// The store was written by a newer Encke.
    Newer {
        /// The version that it has,
        found: u32,
        /// and the newest that this program knows.
        known: u32,
    },
    /// Anything else the engine says.
    Other(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Full => f.write_str("the disk is full"),
            StoreError::Sync(what) => write!(f, "the disk did not confirm a write: {what}"),
            StoreError::Io(what) => write!(f, "the disk gave an error: {what}"),
            StoreError::Damaged(what) => write!(f, "the store is damaged: {what}"),
            StoreError::InUse(what) => f.write_str(what),
            StoreError::Newer { found, known } => write!(
                f,
                "the store has version {found}, this program knows up to {known}: use a newer Encke"
            ),
            StoreError::Other(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode as C, ffi};
        let rusqlite::Error::SqliteFailure(code, _) = &e else {
            return StoreError::Other(e.to_string());
        };
        match (code.code, code.extended_code) {
            // The second is what a full disk looks like when the WAL's index has to grow.
            (C::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full,
            (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => {
                StoreError::Sync(e.to_string())
            }
            (C::SystemIoFailure | C::OutOfMemory, _) => StoreError::Io(e.to_string()),
            (C::DatabaseCorrupt | C::NotADatabase, _) => StoreError::Damaged(e.to_string()),
            _ => StoreError::Other(e.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    /// What a client is told; the details go to the operator's log.
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Full => {
                Error::new(Code::StoreFull, "The server's disk is full; nothing was stored.")
                    .retry_after_ms(5_000)
            }
            StoreError::Sync(_) => {
                tracing::error!("store: {e}");
                Error::new(Code::Internal, "It is not known whether this was stored; ask again.")
            }
            other => {
                tracing::error!("store: {other}");
                Error::new(Code::Internal, "The store could not do this; nothing was changed.")
            }
        }
    }
}
