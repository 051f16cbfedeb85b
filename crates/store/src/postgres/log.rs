//! Reading the log.

use std::borrow::Cow;

use encke_engine::append::Head;
use encke_engine::{Event, PersonId, Position, Seq, StreamId, limits};
use tokio_postgres::Row;

use super::ask::{self, Questions};
use super::session::Session;
use crate::channels::Channels;
use crate::erases;
use crate::error::StoreError;
use crate::page_turn::PageTurn;

/// The columns that [`event`] reads, in its order. A channel's name comes with the event: another node may have
/// given the channel its number.
pub(super) const COLUMNS: &str =
    "l.position, l.stream, l.seq, l.back, l.at_ms, l.author, l.kind, l.idem, l.body,
    CASE WHEN l.stream < 1::bigint << 62 AND l.stream & 3 = 3
        THEN (SELECT c.name FROM channel c WHERE c.number = l.stream >> 2) END, l.erases";
/// The number of [`COLUMNS`].
pub(super) const COLUMNS_COUNT: usize = 11;

pub(super) fn number(row: &Row, index: usize) -> Result<u64, StoreError> {
    Ok(row.try_get::<_, i64>(index)? as u64)
}

pub(super) fn event(row: &Row, channels: &Channels) -> Result<Event, StoreError> {
    let stream = StreamId::from_raw(number(row, 1)?);
    let name: Option<&str> = row.try_get(9)?;
    Ok(Event {
        position: Position(number(row, 0)?),
        stream,
        seq: Seq(number(row, 2)?),
        back: Position(number(row, 3)?),
        at_ms: number(row, 4)?,
        from: row.try_get::<_, Option<i64>>(5)?.map(|v| PersonId(v as u64)),
        kind: Cow::Owned(row.try_get(6)?),
        key: row.try_get::<_, Option<&str>>(7)?.map(Into::into),
        body: row.try_get::<_, &[u8]>(8)?.to_vec().into(),
        erases: row.try_get::<_, Option<&[u8]>>(10)?.map(erases::positions).unwrap_or_default(),
        channel: name.and_then(|name| channels.learn(stream, name)),
    })
}

impl Session {
    fn events(
        &mut self,
        sql: &str,
        params: super::session::Params<'_>,
        channels: &Channels,
    ) -> Result<Vec<Event>, StoreError> {
        self.rows(sql, params)?.iter().map(|row| event(row, channels)).collect()
    }

    /// The events at these positions, in order.
    pub fn events_at(
        &mut self,
        at: &[Position],
        channels: &Channels,
    ) -> Result<Vec<Event>, StoreError> {
        let at: Vec<i64> = at.iter().map(|p| p.0 as i64).collect();
        let sql =
            format!("SELECT {COLUMNS} FROM log l WHERE l.position = ANY($1) ORDER BY l.position");
        self.events(&sql, &[&at], channels)
    }

    /// The newest event of a stream.
    pub fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        let sql = "SELECT seq, position FROM log WHERE stream = $1 ORDER BY seq DESC LIMIT 1";
        let found = self.rows(sql, &[&(stream.raw() as i64)])?;
        let Some(row) = found.first() else { return Ok(Head::default()) };
        Ok(Head { seq: Seq(number(row, 0)?), position: Position(number(row, 1)?) })
    }

    /// The newest events of streams.
    pub fn heads(&mut self, streams: &[StreamId]) -> Result<Vec<(StreamId, Head)>, StoreError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let raw = streams.iter().map(|s| s.raw() as i64).collect();
        let wanted = Questions { streams: raw, ..Questions::default() };
        let found = ask::ask(self, false, &wanted, 0)?;
        Ok(streams.iter().copied().zip(found.heads).collect())
    }

    /// Events of a stream from number `top` down to the one after `above`, at most `count`; oldest first.
    pub fn downwards(
        &mut self,
        stream: StreamId,
        top: Seq,
        above: Seq,
        count: usize,
        channels: &Channels,
    ) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM log l WHERE l.stream = $1 AND l.seq <= $2 AND l.seq > $3
             ORDER BY l.seq DESC LIMIT $4"
        );
        let n = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
        let params = [n(stream.raw()), n(top.0), n(above.0), n(count as u64)];
        let [stream, top, above, count] = &params;
        let mut events = self.events(&sql, &[stream, top, above, count], channels)?;
        events.reverse();
        Ok(events)
    }

    /// The events of one turn of a replay, and the position up to which they are complete. The first query reads only
    /// the streams, and the second one the events that are wanted, since thousands of other bodies would be much to
    /// carry.
    pub fn page(
        &mut self,
        mut turn: PageTurn,
        channels: &Channels,
    ) -> Result<(Vec<Event>, Position), StoreError> {
        let sql = "SELECT position, stream, octet_length(body) FROM log
                   WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";
        let bounds = [turn.after.0 as i64, turn.until.0 as i64, PageTurn::SCANNED_MAX as i64];
        let [after, until, most] = &bounds;
        let mut wanted = Vec::new();
        for row in self.rows(sql, &[after, until, most])? {
            let at = Position(number(&row, 0)?);
            let bytes = row.try_get::<_, i32>(2)? as usize;
            if turn.wants(at, StreamId::from_raw(number(&row, 1)?), bytes) {
                wanted.push(at);
            }
            if turn.is_full() {
                break;
            }
        }
        let events =
            if wanted.is_empty() { Vec::new() } else { self.events_at(&wanted, channels)? };
        Ok((events, turn.up_to()))
    }

    /// All events after a position, at most `count`.
    pub fn log_after(
        &mut self,
        mut after: Position,
        count: usize,
        channels: &Channels,
    ) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM log l WHERE l.position > $1 ORDER BY l.position LIMIT $2"
        );
        let mut all = Vec::new();
        while all.len() < count {
            let most = limits::LOG_CHUNK_EVENTS_MAX.min(count - all.len());
            let found = self.events(&sql, &[&(after.0 as i64), &(most as i64)], channels)?;
            let whole = found.len() == most;
            after = found.last().map_or(after, |e| e.position);
            all.extend(found);
            if !whole {
                break;
            }
        }
        Ok(all)
    }
}
