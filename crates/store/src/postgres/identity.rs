//! The check whether the database still holds the history that this node has told its clients of.
//!
//! A standby that took over may lack the newest commits, and so may a database that was restored. Three things show it:
//! the *incarnation* stored with the space (the database's system identifier, its timeline, the number of the log's
//! table); the *epoch*, which a node renews when it finds another incarnation; and the *mark* of the newest event that
//! this node knows, which must still stand at its position. A node knows only events that it read from the store or
//! committed itself: another node's word could be a stranger's.
//!
//! A new timeline is a new epoch even if nothing seems to be lost. A node that is gone may have told a client of a
//! commit that is lost, and the position may have been given out again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use encke_engine::{Epoch, Position};

use super::bus_key;
use super::session::Session;
use crate::error::StoreError;

/// The live database, as text. On the primary the name of the current WAL file begins with the timeline; the control
/// file has it only after a checkpoint.
const INCARNATION: &str =
    "SELECT (SELECT system_identifier FROM pg_control_system())::text || '.' ||
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.' || 'log'::regclass::oid::text";
/// The part of the incarnation that can be had without these functions.
const INCARNATION_LEAST: &str = "SELECT 'log'::regclass::oid::text";

pub(crate) type OnFatal = Arc<dyn Fn(&StoreError) + Send + Sync>;

/// The facts by which this node recognises the log that it serves.
pub(crate) struct Identity {
    epoch: Mutex<Option<Epoch>>,
    /// The newest event that is known here, and the mark of its commit.
    newest: Mutex<(Position, u64)>,
    replaced: AtomicBool,
    fatal: OnFatal,
}

impl Identity {
    /// An identity without facts. It takes the database as it is, under a new epoch if the incarnation has changed.
    pub fn new(fatal: OnFatal) -> Self {
        let (epoch, newest) = Default::default();
        Identity { epoch, newest, replaced: AtomicBool::new(false), fatal }
    }

    /// Sets the epoch of the log that this node serves from now on.
    pub fn settle(&self, epoch: Epoch) {
        *self.epoch.lock().expect("not poisoned") = Some(epoch);
    }

    /// Notes an event that this node has read or committed. From now on the event has to be in the log.
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

    /// Ends the service, because the log that this node serves is gone.
    pub fn replaced(&self, why: &str) -> StoreError {
        let e = StoreError::Replaced(why.into());
        if !self.replaced.swap(true, Ordering::AcqRel) {
            (self.fatal)(&e);
        }
        e
    }

    /// Compares the database behind a new connection with the facts that are known.
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

/// The incarnation of the database that a session is connected to.
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

/// Gives the log a new epoch, unless another node has.
pub(super) fn renew(session: &mut Session, old: Epoch, live: &str) -> Result<(), StoreError> {
    let random =
        getrandom::u64().map_err(|e| StoreError::Other(format!("no random number: {e}")))?;
    let new = (random >> 1) as i64;
    session.ahead("BEGIN READ WRITE");
    // Messages that were sealed for the old log must not count for the new one.
    let key = bus_key::random()?;
    let sql = "UPDATE space SET epoch = $1, incarnation = $2, bus_key = $4 WHERE epoch = $3 RETURNING epoch";
    let renewed = session.rows(sql, &[&new, &live, &(old.0 as i64), &&key[..]]);
    session.batch(if renewed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    if !renewed?.is_empty() {
        tracing::warn!("the log has a new epoch: clients are told to start anew");
    }
    Ok(())
}
