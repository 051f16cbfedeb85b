//! One consistent view of the store.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::hub::{Page, PageRequest};
use encke_engine::{Code, Cursor, Entry, Epoch, Error, Event, Position, Seq, StreamId, limits};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::Sql;
use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::{Head, HeadAt, Recent};
use crate::row::Row;
use crate::sqlite::{self, COLUMNS, event_of_row};
use crate::value::Value;

/// What a [`crate::Store::read`] gets to work with: everything in it is as of [`Read::position`].
pub struct Read<'a> {
    conn: &'a Connection,
    recent: &'a Recent,
    channels: &'a Channels,
    epoch: Epoch,
    position: Position,
}

impl Sql for Read<'_> {
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        sqlite::query(self.conn, sql, params)
    }
}

impl<'a> Read<'a> {
    pub(crate) fn begin(
        conn: &'a Connection,
        recent: &'a Recent,
        channels: &'a Channels,
        epoch: Epoch,
    ) -> Result<Self, Error> {
        conn.execute_batch("BEGIN").map_err(StoreError::from)?;
        let position = sqlite::newest(conn)?;
        // The writer may have committed and not yet told; it is about to.
        if !recent.wait_for(position) {
            return Err(Error::new(Code::Overloaded, "The store is behind; try again."));
        }
        Ok(Read { conn, recent, channels, epoch, position })
    }

    /// The newest event in this view.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The cursor of this view.
    pub fn cursor(&self) -> Cursor {
        self.cursor_at(self.position)
    }

    /// The cursor of a position.
    pub fn cursor_at(&self, position: Position) -> Cursor {
        Cursor { epoch: self.epoch, position }
    }

    /// The newest event of a stream.
    pub fn head(&mut self, stream: StreamId) -> Result<Head, Error> {
        match self.recent.head_at(stream, self.position) {
            HeadAt::Known(head) => Ok(head),
            HeadAt::Unknown { forgotten } if self.heads_are_stored(forgotten)? => {
                Ok(sqlite::stored_head(self.conn, stream)?)
            }
            _ => Err(Error::new(Code::Overloaded, "The store is busy; try again.")),
        }
    }

    fn heads_are_stored(&self, up_to: Position) -> Result<bool, StoreError> {
        Ok(up_to.0 == 0
            || sqlite::state(self.conn, "heads_position")?.is_some_and(|at| at >= up_to.0))
    }

    /// The event at a position.
    pub fn event(&mut self, at: Position) -> Result<Option<Arc<Entry>>, StoreError> {
        if at.0 == 0 || at > self.position {
            return Ok(None);
        }
        if let Some(entry) = self.recent.get(at) {
            return Ok(Some(entry));
        }
        let event = sqlite::event_at(self.conn, at, self.channels)?;
        Ok(event.map(|e| Arc::new(Entry::new(e, self.epoch))))
    }

    /// Events of a stream with numbers below `before` (all, if `None`), the newest ones, oldest first; and whether there
    /// are older ones.
    pub fn before(
        &mut self,
        stream: StreamId,
        before: Option<Seq>,
        count: usize,
    ) -> Result<(Vec<Arc<Entry>>, bool), Error> {
        let head = self.head(stream)?;
        let top = before.map_or(head.seq, |b| Seq(b.0.saturating_sub(1)).min(head.seq));
        self.downwards(stream, head, top, Seq(0), count)
    }

    /// Events of a stream with numbers above `after`, oldest first; and whether there are newer ones.
    pub fn after(
        &mut self,
        stream: StreamId,
        after: Seq,
        count: usize,
    ) -> Result<(Vec<Arc<Entry>>, bool), Error> {
        let head = self.head(stream)?;
        let top = Seq(after.0.saturating_add(count as u64)).min(head.seq);
        let (entries, _) = self.downwards(stream, head, top, after, count)?;
        Ok((entries, top < head.seq))
    }

    /// Walks from the event numbered `top` back to the one after `above`, at most `count` events.
    fn downwards(
        &mut self,
        stream: StreamId,
        head: Head,
        top: Seq,
        above: Seq,
        count: usize,
    ) -> Result<(Vec<Arc<Entry>>, bool), Error> {
        let mut entries = Vec::new();
        if top <= above || count == 0 {
            return Ok((entries, top > above));
        }
        let marked = sqlite::mark_from(self.conn, stream, top)?;
        let mut at = marked.unwrap_or(head.position);
        while let Some(entry) = self.event(at)? {
            let event = &entry.event;
            at = event.back;
            if event.seq <= above || entries.len() == count {
                break;
            }
            if event.seq <= top {
                entries.push(entry);
            }
        }
        entries.reverse();
        let more =
            entries.first().is_some_and(|e| e.event.back.0 > 0 && e.event.seq.0 > above.0 + 1);
        Ok((entries, more))
    }

    /// One page of a replay, for a session that is further back than the tail.
    pub fn page(&mut self, request: &PageRequest) -> Result<Page, StoreError> {
        let follows: FxHashMap<StreamId, Position> =
            request.follows.iter().map(|f| (f.stream, f.from)).collect();
        let until = request.until.min(self.position);
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM log WHERE position > ?1 AND position <= ?2
             ORDER BY position LIMIT ?3"
        ))?;
        let scan = limits::SCAN_EVENTS_MAX;
        let mut rows = statement.query([request.after.0 as i64, until.0 as i64, scan as i64])?;
        let mut page = Page { entries: Vec::new(), up_to: request.after };
        let (mut seen, mut bytes) = (0, 0);
        while let Some(row) = rows.next()? {
            seen += 1;
            let at = Position(row.get::<_, i64>(0)? as u64);
            page.up_to = at;
            let stream = StreamId::from_raw(row.get::<_, i64>(1)? as u64);
            if follows.get(&stream.route()).is_none_or(|from| at < *from) {
                continue;
            }
            let event = event_of_row(row, self.channels)?;
            bytes += event.body.len();
            page.entries.push(Arc::new(Entry::new(event, self.epoch)));
            if page.entries.len() >= limits::REPLAY_EVENTS_MAX || bytes >= limits::REPLAY_BYTES_MAX
            {
                return Ok(page);
            }
        }
        if seen < scan {
            page.up_to = until.max(request.after);
        }
        Ok(page)
    }

    /// All events after a position, whoever may see them, at most `count`; for the apps' own bookkeeping.
    pub fn log_after(&mut self, after: Position, count: usize) -> Result<Vec<Event>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM log WHERE position > ?1 ORDER BY position LIMIT ?2"
        ))?;
        let rows = statement
            .query_map([after.0 as i64, count as i64], |row| event_of_row(row, self.channels))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The item of an event as clients get it.
    pub fn json(&self, entry: &Entry) -> Bytes {
        entry.json().clone()
    }
}
