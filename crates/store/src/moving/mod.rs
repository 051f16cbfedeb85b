//! Moving a store from SQLite into PostgreSQL, with its epoch and its positions: every cursor stays good.
//!
//! The log is copied in parts, each committed; all else follows in one transaction at the end. A move that was
//! interrupted goes on where it stopped. What was erased from the copied part in between is erased there, too. The new space can't be opened until both sides were counted and summed and are
//! the same. From then on the old store has another epoch, so that the same history is not written on twice.

mod source;
mod table;
mod target;

use std::path::Path;
use std::sync::Arc;

use encke_engine::{Epoch, Position};

use crate::error::StoreError;
use crate::postgres::{Database, Session};
use crate::tables::Tables;
use source::Source;
pub use table::Sum;
use table::Table;

/// A table that has moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MovedTable {
    /// The name of the table.
    pub table: String,
    /// The rows of the table, the same on both sides.
    pub sum: Sum,
}

/// Moves the store of a folder into an empty space. `owners` are those of [`Options`](crate::Options); the schema says
/// which tables move. `progress` gets the position that the log has reached, and the end of the log. It blocks until
/// everything is done.
///
/// # Errors
/// If the store is in use, the space holds something else, or rows arrived otherwise than they were sent.
pub fn migrate(
    from: &Path,
    to: &Database,
    owners: &[Tables],
    mut progress: impl FnMut(Position, Position),
) -> Result<Vec<MovedTable>, StoreError> {
    let source = Source::open(from, owners)?;
    let tables = source.tables()?;
    let log = tables.first().filter(|table| table.is_log());
    let log = log.ok_or_else(|| other("the store has no log"))?;
    let fatal = Arc::new(|_: &StoreError| {});
    let mut session = target::connect(to, owners, fatal)?;
    if target::holds(&mut session, source.epoch)? {
        // The last answer of an earlier move was lost.
        source.leave()?;
        return Err(other("this store has moved into this space already; it is served from there"));
    }
    for table in &tables {
        target::check(&mut session, table)?;
    }
    target::prepare(&mut session, &tables, source.epoch)?;
    let mut after = target::log_end(&mut session)?;
    if after > source.head {
        return Err(other("the space holds more than the store"));
    }
    progress(after, source.head);
    let copied_before = after;
    while after < source.head {
        after = copy_log(&source, &mut session, log, after)?;
        progress(after, source.head);
    }
    // The store may have been in use after the move was interrupted.
    for positions in source.erasures_after(copied_before)? {
        target::erase(&mut session, &positions)?;
    }
    session.batch("BEGIN")?;
    for table in tables.iter().filter(|t| !t.is_log()) {
        target::clear(&mut session, table)?;
        source.rows(table, |rows| target::insert(&mut session, table, rows))?;
    }
    let moved = tables.iter().map(|table| compare(&source, &mut session, table));
    let moved = moved.collect::<Result<Vec<_>, _>>()?;
    target::finish(&mut session, &source, &tables)?;
    // If the old store is opened again, its clients are told to start anew.
    source.leave()?;
    Ok(moved)
}

fn copy_log(
    source: &Source,
    session: &mut Session,
    log: &Table,
    after: Position,
) -> Result<Position, StoreError> {
    let (rows, last) = source.log_after(log, after)?;
    if rows.is_empty() {
        return Err(other("the store's log has a gap"));
    }
    session.batch("BEGIN")?;
    target::insert(session, log, &rows)?;
    session.batch("COMMIT")?;
    Ok(last)
}

fn compare(
    source: &Source,
    session: &mut Session,
    table: &Table,
) -> Result<MovedTable, StoreError> {
    let mut ours = Sum::default();
    source.rows(table, |rows| {
        rows.iter().for_each(|row| ours.add(row));
        Ok(())
    })?;
    let theirs = target::sum(session, table)?;
    if ours != theirs {
        return Err(other(&format!(
            "{} did not arrive as it was sent: {} rows instead of {}, or other ones",
            table.name, theirs.rows, ours.rows
        )));
    }
    Ok(MovedTable { table: table.name.clone(), sum: ours })
}

fn other(what: &str) -> StoreError {
    StoreError::Other(what.to_owned())
}

/// The facts of a store in SQLite beside its tables.
pub(super) struct StoreFacts {
    pub epoch: Epoch,
    pub head: Position,
    pub at_ms: u64,
    pub trimmed: Position,
}
