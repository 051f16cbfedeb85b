//! Whether the database still holds the history that this node has told its clients of.
//!
//! A standby that took over may lack the newest commits, and so may a database that was restored. Three things tell:
//! the *incarnation* stored with the space (the database's system identifier, its timeline, the number of the log's table),
//! the *epoch*, which whoever finds another incarnation renews, and the *mark* of the newest event that this node knows,
//! which must still stand at its position.
//! Only what was read from the store or committed here is known: another node's word could be anybody's.
//!
//! A new timeline is a new epoch even if nothing seems to be lost: a client may have been told of a commit by a node
//! that is gone too, and its position may have been given out again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use encke_engine::{Epoch, Position};

use super::bus_key;
use super::session::Session;
use crate::error::StoreError;

/// The live database, as text. On the primary the name of the current WAL file begins with the timeline; what the
/// control file says is only true after a checkpoint.
const INCARNATION: &str =
    "SELECT (SELECT system_identifier FROM pg_control_system())::text || '.' ||
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.' || 'log'::regclass::oid::text";
/// What is left of it where these functions are not to be had.
const INCARNATION_LEAST: &str = "SELECT 'log'::regclass::oid::text";

pub(crate) type Fatal = Arc<dyn Fn(&StoreError) + Send + Sync>;

/// What this node knows of the log that it serves.
pub(crate) struct Identity {
    epoch: Mutex<Option<Epoch>>,
    /// The newest event that is known here, and the mark of its commit.
    newest: Mutex<(Position, u64)>,
    replaced: AtomicBool,
    fatal: Fatal,
}

impl Identity {
    /// Nothing is known yet: whatever the database holds is taken, under a new epoch if it is not what it was.
    pub fn new(fatal: Fatal) -> Self {
        let (epoch, newest) = Default::default();
        Identity { epoch, newest, replaced: AtomicBool::new(false), fatal }
    }

    /// This is the log from now on.
    pub fn settle(&self, epoch: Epoch) {
        *self.epoch.lock().expect("not poisoned") = Some(epoch);
    }

    /// This node has read or committed an event: from now on it has to be there.
    pub fn knows(&self, position: Position, mark: u64) {
        let mut newest = self.newest.lock().expect("not poisoned");
        if position >= newest.0 {
            *newest = (position, mark);
        }
    }

    /// The newest event that is known, and the mark of its commit.
    pub fn newest(&self) -> (Position, u64) {
        *self.newest.lock().expect("not poisoned")
    }

    pub fn check_not_replaced(&self) -> Result<(), StoreError> {
        if self.replaced.load(Ordering::Acquire) {
            return Err(StoreError::Replaced("it is not opened yet".into()));
        }
        Ok(())
    }

    /// The log that this node serves is gone.
    pub fn replaced(&self, why: &str) -> StoreError {
        let e = StoreError::Replaced(why.into());
        if !self.replaced.swap(true, Ordering::AcqRel) {
            (self.fatal)(&e);
        }
        e
    }

    /// Compares the database behind a new connection with what is known.
    pub fn check(&self, session: &mut Session) -> Result<(), StoreError> {
        let Some(epoch) = *self.epoch.lock().expect("not poisoned") else { return Ok(()) };
        let (position, mark) = self.newest();
        let live = incarnation(session)?;
        let sql =
            "SELECT epoch, incarnation, (SELECT mark FROM log WHERE position = $1) FROM space";
        let row = session.rows(sql, &[&(position.0 as i64)])?.pop();
        let row = row.ok_or_else(|| StoreError::Other("the space has no row".into()))?;
        if row.get::<_, i64>(0) as u64 != epoch.0 {
            return Err(self.replaced("its epoch was renewed"));
        }
        let there = row.get::<_, Option<i64>>(2).map(|m| m as u64);
        let why = if row.get::<_, String>(1) != live {
            "the database was restored, or a standby took over"
        } else if position.0 > 0 && there != Some(mark) {
            "the newest commits are gone"
        } else {
            return Ok(());
        };
        renew(session, epoch, &live)?;
        Err(self.replaced(why))
    }
}

/// Which database, and which history of it, a session is connected to.
pub(super) fn incarnation(session: &mut Session) -> Result<String, StoreError> {
    let rows = match session.rows(INCARNATION, &[]) {
        Err(StoreError::Other(why)) => {
            tracing::warn!("a failover of the database is only noticed by lost commits: {why}");
            session.rows(INCARNATION_LEAST, &[])?
        }
        other => other?,
    };
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

/// Gives the log a new epoch, unless somebody else has.
pub(super) fn renew(session: &mut Session, old: Epoch, live: &str) -> Result<(), StoreError> {
    let random =
        getrandom::u64().map_err(|e| StoreError::Other(format!("no random number: {e}")))?;
    let new = (random >> 1) as i64;
    session.ahead("BEGIN READ WRITE");
    // What was sealed for the old log is nothing to the new one.
    let key = bus_key::random()?;
    let sql = "UPDATE space SET epoch = $1, incarnation = $2, bus_key = $4 WHERE epoch = $3 RETURNING epoch";
    let renewed = session.rows(sql, &[&new, &live, &(old.0 as i64), &&key[..]]);
    session.batch(if renewed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    if !renewed?.is_empty() {
        tracing::warn!("the log has a new epoch: clients are told to start anew");
    }
    Ok(())
}
