//! The key of the messages between nodes. It lies in the space's row: a process that may read the store belongs to the
//! site, one that only reaches the bus does not.

use super::open::connect;
use super::session::Session;
use super::target::Database;
use crate::error::StoreError;

/// A key of messages between nodes.
pub type BusKey = [u8; 32];

/// A new key.
pub(super) fn random() -> Result<BusKey, StoreError> {
    let mut key = BusKey::default();
    getrandom::fill(&mut key).map_err(|e| StoreError::Other(format!("no random number: {e}")))?;
    Ok(key)
}

/// Makes sure that the space has a key.
pub(super) fn settle(session: &mut Session) -> Result<(), StoreError> {
    let key = random()?;
    let sql = "UPDATE space SET bus_key = $1 WHERE bus_key IS NULL";
    session.rows(sql, &[&&key[..]]).map(drop)
}

/// The key in a column of the space's row.
pub(super) fn of(row: &tokio_postgres::Row, column: usize) -> Result<BusKey, StoreError> {
    let key = row.try_get::<_, Option<&[u8]>>(column)?.and_then(|key| key.try_into().ok());
    key.ok_or_else(|| StoreError::Other("the space has no key for messages between nodes".into()))
}

/// Gives a space a new key. Its nodes notice it when they look at the store, and take the old one for a moment longer.
///
/// # Errors
/// If the database can't be reached or is of another version.
pub fn renew_bus_key(database: &Database) -> Result<(), StoreError> {
    let key = random()?;
    // The connection starts a runtime. A thread that belongs to a runtime already can't start another.
    let work = || {
        let mut session = connect(database, &[], std::sync::Arc::new(|_| {}))?;
        session.rows("UPDATE space SET bus_key = $1", &[&&key[..]]).map(drop)
    };
    std::thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(StoreError::Other("renewing the key panicked".into())))
}
