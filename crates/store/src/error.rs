//! The faults of a store.

use std::fmt;

use encke_engine::{Code, Error};

/// A fault of the store.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// The disk is full. Nothing was written; it works again when there is room.
    Full,
    /// A sync failed: the state of the disk is no longer known, so the process has to stop.
    Sync(String),
    /// The disk gave an error. Nothing of the transaction that met it was written.
    Io(String),
    /// The file is damaged, or it is not a store.
    Damaged(String),
    /// Another process uses the folder.
    InUse(String),
    /// The database's schema belongs to another role, or holds objects that Encke did not make. The text says how to
    /// mend it.
    NotOurs(String),
    /// The store was written by a newer Encke.
    Newer {
        /// The version of the store.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The database can't be reached, or did not answer in time. Nothing was changed, and it works again by itself.
    Away(String),
    /// The connection was lost in a commit, so nobody knows whether the commit happened.
    Unknown(String),
    /// The database holds another history than the one that was opened, so clients have to start anew.
    Replaced(String),
    /// Any other message of SQLite or PostgreSQL.
    Other(String),
}

impl StoreError {
    /// Whether the process has to end, because what it stores from now on may be lost.
    pub(crate) fn ends_the_store(&self) -> bool {
        matches!(self, StoreError::Sync(_) | StoreError::Damaged(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Full => f.write_str("the disk is full"),
            StoreError::Sync(what) => write!(f, "the disk did not confirm a write: {what}"),
            StoreError::Io(what) => write!(f, "the disk gave an error: {what}"),
            StoreError::Damaged(what) => write!(f, "the store is damaged: {what}"),
            StoreError::InUse(what) | StoreError::NotOurs(what) => f.write_str(what),
            StoreError::Newer { found, known } => write!(
                f,
                "the store has version {found}, this program knows up to {known}: use a newer Encke"
            ),
            StoreError::Away(what) => write!(f, "the database can't be reached: {what}"),
            StoreError::Unknown(what) => write!(f, "the outcome of a commit is not known: {what}"),
            StoreError::Replaced(what) => write!(f, "the log was replaced: {what}"),
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
            // A full disk gives the second when the WAL's index has to grow.
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

impl From<tokio_postgres::Error> for StoreError {
    fn from(e: tokio_postgres::Error) -> Self {
        let Some(told) = e.as_db_error() else {
            // An error without the server's word is one of the connection, unless a value did not fit, which is an
            // error of ours.
            let ours = e.to_string().starts_with("error serializing")
                || e.to_string().starts_with("error deserializing");
            return if ours { StoreError::Other(chain(&e)) } else { StoreError::Away(chain(&e)) };
        };
        let what = told.to_string();
        match told.code().code() {
            "53100" => StoreError::Full,
            // The operator or a time-out ended it, or it is a standby, too many connections, or a deadlock.
            code if ["57", "08", "40", "53"].iter().any(|class| code.starts_with(class))
                || matches!(code, "25006" | "25P03" | "55P03") =>
            {
                StoreError::Away(what)
            }
            _ => StoreError::Other(what),
        }
    }
}

/// An error with its causes.
fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        text = format!("{text}: {e}");
        cause = e.source();
    }
    text
}

impl From<StoreError> for Error {
    /// The refusal that a client gets. The details go to the operator's log.
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Full => {
                Error::new(Code::StoreFull, "The server's disk is full; nothing was stored.")
                    .retry_after_ms(5_000)
            }
            StoreError::Away(_) | StoreError::Replaced(_) => {
                Error::new(Code::Overloaded, "The store can't be reached; nothing was changed.")
                    .retry_after_ms(1_000)
            }
            StoreError::Sync(_) | StoreError::Unknown(_) => {
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
