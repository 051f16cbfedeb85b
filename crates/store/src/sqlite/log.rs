//! The log's table.

use std::borrow::Cow;

use bytes::Bytes;
use encke_engine::append::Head;
use encke_engine::event;
use encke_engine::{Event, PersonId, Position, Seq, StreamId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::channels::Channels;
use crate::erases;
use crate::error::StoreError;
use crate::page_turn::PageTurn;

/// The columns that [`event_of_row`] reads, in its order.
pub(crate) const COLUMNS: &str =
    "position, stream, seq, back, at_ms, author, kind, idem, body, erases";

/// One event of a stream in this many is marked, so that old pages are found without walking all the way.
pub(super) const MARK_EVERY_EVENTS: u64 = 64;

pub(crate) fn event_of_row(row: &Row<'_>, channels: &Channels) -> rusqlite::Result<Event> {
    let number = |i| row.get::<_, i64>(i).map(|v| v as u64);
    let stream = StreamId::from_raw(number(1)?);
    Ok(Event {
        position: Position(number(0)?),
        stream,
        seq: Seq(number(2)?),
        back: Position(number(3)?),
        at_ms: number(4)?,
        from: row.get::<_, Option<i64>>(5)?.map(|v| PersonId(v as u64)),
        kind: Cow::Owned(row.get_ref(6)?.as_str()?.to_owned()),
        key: row.get_ref(7)?.as_str_or_null()?.map(Into::into),
        body: Bytes::copy_from_slice(row.get_ref(8)?.as_blob()?),
        erases: row.get_ref(9)?.as_blob_or_null()?.map(erases::positions).unwrap_or_default(),
        channel: channels.name(stream),
    })
}

pub(super) fn insert(conn: &Connection, event: &Event) -> Result<(), StoreError> {
    let mut statement =
        conn.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    let n = |v: u64| v as i64;
    statement.execute(rusqlite::params![
        n(event.position.0),
        n(event.stream.raw()),
        n(event.seq.0),
        n(event.back.0),
        n(event.at_ms),
        event.from.map(|p| n(p.0)),
        &*event.kind,
        event.key.as_deref(),
        &event.body[..],
        erases::column(&event.erases),
    ])?;
    if !event.erases.is_empty() {
        erase(conn, &event.erases)?;
    }
    if event.seq.0.is_multiple_of(MARK_EVERY_EVENTS) {
        let mut mark = conn.prepare_cached("INSERT INTO stream_mark VALUES (?1, ?2, ?3)")?;
        mark.execute([n(event.stream.raw()), n(event.seq.0), n(event.position.0)])?;
    }
    Ok(())
}

/// Takes the content out of events. `secure_delete` overwrites what their rows leave free.
fn erase(conn: &Connection, positions: &[Position]) -> Result<(), StoreError> {
    let mut statement =
        conn.prepare_cached("UPDATE log SET kind = ?2, body = ?3 WHERE position = ?1")?;
    for at in positions {
        let row = rusqlite::params![at.0 as i64, event::ERASED, event::ERASED_BODY.as_bytes()];
        statement.execute(row)?;
    }
    Ok(())
}

pub(crate) fn event_at(
    conn: &Connection,
    at: Position,
    channels: &Channels,
) -> Result<Option<Event>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM log WHERE position = ?1"))?;
    Ok(statement.query_row([at.0 as i64], |row| event_of_row(row, channels)).optional()?)
}

/// The events of one turn of a replay, and the position up to which they are complete.
pub(crate) fn page(
    conn: &Connection,
    mut turn: PageTurn,
    channels: &Channels,
) -> Result<(Vec<Event>, Position), StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM log WHERE position > ?1 AND position <= ?2
         ORDER BY position LIMIT ?3"
    ))?;
    let scan = PageTurn::SCANNED_MAX as i64;
    let mut rows = statement.query([turn.after.0 as i64, turn.until.0 as i64, scan])?;
    let mut events = Vec::new();
    while !turn.is_full()
        && let Some(row) = rows.next()?
    {
        let at = Position(row.get::<_, i64>(0)? as u64);
        let stream = StreamId::from_raw(row.get::<_, i64>(1)? as u64);
        if turn.wants(at, stream, row.get_ref(8)?.as_blob().map_or(0, <[u8]>::len)) {
            events.push(event_of_row(row, channels)?);
        }
    }
    Ok((events, turn.up_to()))
}

/// All events after a position, at most `count`.
pub(crate) fn log_after(
    conn: &Connection,
    after: Position,
    count: usize,
    channels: &Channels,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM log WHERE position > ?1 ORDER BY position LIMIT ?2"
    ))?;
    let rows =
        statement.query_map([after.0 as i64, count as i64], |row| event_of_row(row, channels))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether this view's table of heads holds all up to a position.
pub(crate) fn heads_are_stored(conn: &Connection, up_to: Position) -> Result<bool, StoreError> {
    Ok(up_to.0 == 0 || state(conn, "heads_position")?.is_some_and(|at| at >= up_to.0))
}

/// The newest position; 0 for an empty log.
pub(crate) fn newest(conn: &Connection) -> Result<Position, StoreError> {
    let mut statement = conn.prepare_cached("SELECT coalesce(max(position), 0) FROM log")?;
    Ok(Position(statement.query_row([], |row| row.get::<_, i64>(0))? as u64))
}

/// The head of a stream in the table. It is right unless the stream has events after `state.heads_position`.
pub(crate) fn stored_head(conn: &Connection, stream: StreamId) -> Result<Head, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT seq, position FROM stream_head WHERE stream = ?1")?;
    let found = statement
        .query_row([stream.raw() as i64], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })
        .optional()?;
    let (seq, position) = found.unwrap_or_default();
    Ok(Head { seq: Seq(seq), position: Position(position) })
}

/// The first marked event of a stream at or after a number.
pub(crate) fn mark_from(
    conn: &Connection,
    stream: StreamId,
    seq: Seq,
) -> Result<Option<Position>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT position FROM stream_mark WHERE stream = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1",
    )?;
    let found = statement
        .query_row([stream.raw() as i64, seq.0 as i64], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(found.map(|p| Position(p as u64)))
}

pub(super) fn store_heads(
    conn: &Connection,
    heads: &mut Vec<(StreamId, Head)>,
    up_to: Position,
) -> Result<(), StoreError> {
    // In key order, so that neighbours on a page are written together.
    heads.sort_unstable_by_key(|(stream, _)| *stream);
    let mut upsert = conn.prepare_cached(
        "INSERT INTO stream_head VALUES (?1, ?2, ?3) ON CONFLICT (stream)
         DO UPDATE SET seq = excluded.seq, position = excluded.position",
    )?;
    for (stream, head) in heads {
        upsert.execute([stream.raw() as i64, head.seq.0 as i64, head.position.0 as i64])?;
    }
    set_state(conn, "heads_position", up_to.0)
}

pub(crate) fn state(conn: &Connection, name: &str) -> Result<Option<u64>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT value FROM state WHERE name = ?1")?;
    let found = statement.query_row([name], |row| row.get::<_, i64>(0)).optional()?;
    Ok(found.map(|v| v as u64))
}

pub(crate) fn set_state(conn: &Connection, name: &str, value: u64) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO state VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        rusqlite::params![name, value as i64],
    )?;
    Ok(())
}
