//! The events that a reader has: all up to a mark, and single ones beyond it. An event counts when it was confirmed or
//! delivered, never because it was asked for.

use std::sync::Arc;

use encke_engine::{Entry, Error, PersonId, Position, Seq, StreamId};
use encke_store::{Read, Sql, StoreError, Tx, params};
use rustc_hash::FxHashSet;

use super::Classic;

/// With this many single events beyond the mark, the mark moves.
const TAKEN_MAX: usize = 64;
/// A mark may lie this many positions behind the furthest that it could be at.
const BACK_MAX: u64 = 4_096;
/// The number of events that a search for the first missing one walks back. For older ones the log is read from the
/// mark.
const WALK_MAX: usize = 20_000;

/// A person, and the stream that the mark is for: a conversation, or the person's own stream for all conversations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reader {
    pub person: PersonId,
    pub stream: StreamId,
}

/// The events that a reader has.
#[derive(Debug, Default)]
pub(super) struct Has {
    /// The reader has everything up to this position; `None` if nothing was ever noted.
    pub mark: Option<Position>,
    /// Single events beyond the mark.
    pub taken: FxHashSet<Position>,
}

/// The place of the first event that a reader still lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Open {
    pub position: Position,
    pub seq: Seq,
}

impl Has {
    /// Reads what the store has noted.
    pub fn of(sql: &mut impl Sql, reader: Reader) -> Result<Has, StoreError> {
        let Reader { person, stream } = reader;
        let query = "SELECT position FROM classic_mark WHERE person = ?1 AND stream = ?2";
        let mark = sql.query_one(query, params![person, stream])?;
        let query = "SELECT position FROM classic_taken WHERE person = ?1 AND stream = ?2";
        let rows = sql.query(query, params![person, stream])?;
        let taken = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        Ok(Has { mark: mark.map(|row| row.get(0)).transpose()?, taken })
    }

    /// The position up to which the reader has everything.
    pub fn up_to(&self) -> Position {
        self.mark.unwrap_or(Position(0))
    }
}

/// The first event of a stream after a position for which `wanted` is true. If it is far back, this may be an earlier
/// event.
pub(super) fn first_open(
    read: &mut Read<'_>,
    stream: StreamId,
    after: Position,
    wanted: impl Fn(&Entry) -> bool,
) -> Result<Option<Open>, Error> {
    let head = read.head(stream)?;
    let (mut at, mut open) = (head.position, None);
    for _ in 0..WALK_MAX {
        if at <= after {
            return Ok(open);
        }
        let Some(entry) = read.event(at)? else { return Ok(open) };
        let event = &entry.event;
        if wanted(&entry) {
            open = Some(Open { position: event.position, seq: event.seq });
        }
        at = event.back;
    }
    Ok(Some(Open { position: Position(after.0 + 1), seq: Seq(1) }))
}

/// Notes that a reader has an event.
pub(super) fn take(tx: &mut Tx<'_>, reader: Reader, position: Position) -> Result<(), StoreError> {
    let sql = "INSERT INTO classic_taken (person, stream, position) VALUES (?1, ?2, ?3)
               ON CONFLICT (person, stream, position) DO NOTHING";
    tx.execute(sql, params![reader.person, reader.stream, position]).map(drop)
}

/// Notes where a reader begins, unless that is known.
pub(super) fn begin(tx: &mut Tx<'_>, reader: Reader, at: Position) -> Result<(), StoreError> {
    let sql = "INSERT INTO classic_mark (person, stream, position) VALUES (?1, ?2, ?3)
               ON CONFLICT (person, stream) DO NOTHING";
    tx.execute(sql, params![reader.person, reader.stream, at]).map(drop)
}

fn advance(tx: &mut Tx<'_>, reader: Reader, to: Position) -> Result<(), StoreError> {
    let Reader { person, stream } = reader;
    begin(tx, reader, to)?;
    let sql = "UPDATE classic_mark SET position = ?3
               WHERE person = ?1 AND stream = ?2 AND position < ?3";
    tx.execute(sql, params![person, stream, to])?;
    let sql = "DELETE FROM classic_taken WHERE person = ?1 AND stream = ?2 AND position <= ?3";
    tx.execute(sql, params![person, stream, to]).map(drop)
}

impl Classic {
    /// Moves a mark forward to `to` if that is worth a write. Nobody waits for it.
    pub(super) fn tidy(self: &Arc<Self>, reader: Reader, has: &Has, to: Position) {
        let back = to.0.saturating_sub(has.up_to().0);
        if back == 0 || (has.taken.len() < TAKEN_MAX && back < BACK_MAX) {
            return;
        }
        let moved = |result: Result<(), Error>| {
            if let Err(e) = result {
                tracing::warn!("a classic page's mark was not moved: {e}");
            }
        };
        self.site.store.submit_write(move |tx| Ok(advance(tx, reader, to)?), moved);
    }
}
