//! Work that follows the log some way behind, so that no send waits for it.
//!
//! How far all nodes together are is one row in a table of the product, with the columns `id`, which is 0, and
//! `position`. A node looks at a part of the log, and stores what it found together with the new place, unless another
//! node has moved the place in the meantime.

use std::sync::{Arc, Mutex, PoisonError};

use encke_engine::{Entry, Error, Position};
use encke_store::{Read, Sql, StoreError, Tx, params};

use crate::Site;

/// The most positions that a node looks at without storing how far it is.
const UNSTORED_EVENTS_MAX: u64 = 4_096;

/// How far a node has followed the log for one kind of work.
pub struct Following {
    /// The table with the place of all nodes.
    table: &'static str,
    mark: Mutex<Mark>,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    /// The position in the table.
    stored: Position,
    /// Everything up to here was looked at by this node. Nothing between the two was found.
    seen: Position,
}

/// Where a look at the log begins.
#[derive(Clone, Copy)]
pub struct Place {
    /// Everything up to here was looked at.
    pub after: Position,
    /// Whether no node has ever stored anything.
    pub is_first: bool,
}

/// What a look found.
pub struct Part<T> {
    /// The last position that was looked at.
    pub up_to: Position,
    /// What is to be stored.
    pub found: Vec<T>,
}

/// Finds what is to be done in the part of the log that begins at a place; the last argument is the time in milliseconds
/// since 1970. `None` if nobody wants any of it now.
pub trait Look<T>:
    Fn(&mut Read<'_>, Place, u64) -> Result<Option<Part<T>>, Error> + Clone + Send + 'static
{
}

impl<T, F> Look<T> for F where
    F: Fn(&mut Read<'_>, Place, u64) -> Result<Option<Part<T>>, Error> + Clone + Send + 'static
{
}

/// Stores what was found.
pub type Note<T> = fn(&mut Tx<'_>, Vec<T>) -> Result<(), Error>;

impl Place {
    /// The next events, at most so many, and the position of the last one.
    pub fn events(
        &self,
        read: &mut Read<'_>,
        most: usize,
    ) -> Result<(Position, Vec<Arc<Entry>>), Error> {
        let Position(after) = self.after;
        let up_to = (after + most as u64).min(read.position().0).max(after);
        let at: Vec<Position> = (after + 1..=up_to).map(Position).collect();
        Ok((Position(up_to), read.events(&at)?))
    }
}

impl Following {
    /// Begins where the table with this name says.
    pub const fn new(table: &'static str) -> Self {
        Following { table, mark: Mutex::new(Mark { stored: Position(0), seen: Position(0) }) }
    }

    /// Goes on to the end of the log, at most so many parts. If nobody wants what is there, all of it counts as looked at.
    /// Returns whether somebody wants it.
    pub async fn follow<T: Send + 'static>(
        &self,
        site: &Arc<Site>,
        parts_max: usize,
        look: impl Look<T>,
        note: Note<T>,
    ) -> Result<bool, Error> {
        let mut is_wanted = false;
        for _ in 0..parts_max {
            let Turn { more, wanted } = self.turn(site, look.clone(), note).await?;
            is_wanted = wanted;
            if !more {
                break;
            }
        }
        Ok(is_wanted)
    }

    async fn turn<T: Send + 'static>(
        &self,
        site: &Arc<Site>,
        look: impl Look<T>,
        note: Note<T>,
    ) -> Result<Turn, Error> {
        let table = self.table;
        let mark = *self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        let now = site.now_ms();
        let looked = site.store.read(move |read| {
            let row = stored_in(read, table)?;
            let stored = row.unwrap_or_default();
            // If another node has moved the place, what this one has seen counts no more than that.
            let after = if stored == mark.stored { mark.seen.max(stored) } else { stored };
            let part = look(read, Place { after, is_first: row.is_none() }, now)?;
            Ok((stored, read.position(), part))
        });
        let (stored, head, part) = looked.await?;
        let wanted = part.is_some();
        let Part { up_to, found } = part.unwrap_or(Part { up_to: head, found: Vec::new() });
        let is_near = up_to.0.saturating_sub(stored.0) < UNSTORED_EVENTS_MAX;
        let stored = match !wanted || (found.is_empty() && is_near) {
            true => stored,
            false => {
                let moved = move |tx: &mut Tx<'_>| {
                    if !moves(tx, table, stored, up_to)? {
                        return Ok(stored_in(tx, table)?.unwrap_or_default());
                    }
                    note(tx, found)?;
                    Ok(up_to)
                };
                site.store.write(moved).await?
            }
        };
        let seen = up_to.max(stored);
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = Mark { stored, seen };
        Ok(Turn { more: up_to < head, wanted })
    }
}

/// One part of the log was looked at.
struct Turn {
    /// Whether the log goes on behind it.
    more: bool,
    /// Whether somebody wants what is found.
    wanted: bool,
}

fn stored_in(sql: &mut impl Sql, table: &str) -> Result<Option<Position>, StoreError> {
    let query = format!("SELECT position FROM {table} WHERE id = 0");
    sql.query_one(&query, params![])?.map(|row| row.get(0)).transpose()
}

/// Moves the place from one position to another. False if another node has moved it.
fn moves(tx: &mut Tx<'_>, table: &str, from: Position, to: Position) -> Result<bool, StoreError> {
    let update = format!(
        "INSERT INTO {table} (id, position) VALUES (0, ?2)
         ON CONFLICT (id) DO UPDATE SET position = excluded.position WHERE {table}.position = ?1"
    );
    Ok(tx.execute(&update, params![from, to])? > 0)
}
