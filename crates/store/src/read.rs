//! One consistent view of the store.

use std::sync::Arc;

use encke_engine::hub::{Page, PageRequest};
use encke_engine::{Code, Cursor, Entry, Epoch, Error, Event, Position, Seq, StreamId};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::channels::Channels;
use crate::error::StoreError;
use crate::page_turn::PageTurn;
use crate::recent::{HeadAt, Recent};
use crate::row::Row;
use crate::tables::Engine;
use crate::value::Value;
use crate::{Sql, postgres, sqlite};
use encke_engine::append::Head;

/// A connection on which one view is read.
pub(crate) enum View<'a> {
    Sqlite(&'a Connection),
    Postgres(&'a mut postgres::Session),
}

/// The view that a [`crate::Store::read`] gets. Everything in it is as of [`Read::position`].
pub struct Read<'a> {
    view: View<'a>,
    recent: &'a Recent,
    channels: &'a Channels,
    epoch: Epoch,
    position: Position,
    /// The newest event in this view that erased others. 0 on SQLite, where memory is never behind a view.
    erased: Position,
    /// Events that were read ahead.
    ahead: FxHashMap<Position, Arc<Entry>>,
    /// Heads that were read ahead. They are those of this view, even if this node has not followed the log that far
    /// yet.
    heads: FxHashMap<StreamId, Head>,
}

impl Sql for Read<'_> {
    fn engine(&self) -> Engine {
        match self.view {
            View::Sqlite(_) => Engine::Sqlite,
            View::Postgres(_) => Engine::Postgres,
        }
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &mut self.view {
            View::Sqlite(conn) => sqlite::query(conn, sql, params),
            View::Postgres(session) => session.query(sql, params),
        }
    }
}

impl<'a> Read<'a> {
    pub(crate) fn begin(
        mut view: View<'a>,
        recent: &'a Recent,
        channels: &'a Channels,
        epoch: Epoch,
    ) -> Result<Self, Error> {
        let (position, erased) = match &mut view {
            View::Sqlite(conn) => {
                conn.execute_batch("BEGIN").map_err(StoreError::from)?;
                let position = sqlite::newest(conn)?;
                // The writer may have committed without having published yet; it is about to.
                if !recent.wait_for(position) {
                    return Err(Error::new(Code::Overloaded, "The store is behind; try again."));
                }
                (position, Position(0))
            }
            View::Postgres(session) => session.begin_view(epoch)?,
        };
        let (ahead, heads) = Default::default();
        Ok(Read { view, recent, channels, epoch, position, erased, ahead, heads })
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
        if let Some(head) = self.heads.get(&stream) {
            return Ok(*head);
        }
        let known = self.recent.head_at(stream, self.position);
        match (known, &mut self.view) {
            (HeadAt::Known(head), _) => Ok(head),
            (HeadAt::Unknown { forgotten }, View::Sqlite(conn))
                if sqlite::heads_are_stored(conn, forgotten)? =>
            {
                Ok(sqlite::stored_head(conn, stream)?)
            }
            (_, View::Postgres(session)) => {
                let head = session.head(stream)?;
                self.recent.learn(stream, head, self.position);
                Ok(head)
            }
            _ => Err(Error::new(Code::Overloaded, "The store is busy; try again.")),
        }
    }

    /// Announces that these streams' heads will be asked for. Where it saves time, all are read at once.
    pub fn expect(&mut self, streams: &[StreamId]) -> Result<(), StoreError> {
        let View::Postgres(session) = &mut self.view else { return Ok(()) };
        let unknown =
            |s: &StreamId| !matches!(self.recent.head_at(*s, self.position), HeadAt::Known(_));
        let streams: Vec<StreamId> = streams.iter().copied().filter(unknown).collect();
        for (stream, head) in session.heads(&streams)? {
            self.recent.learn(stream, head, self.position);
            self.heads.insert(stream, head);
        }
        Ok(())
    }

    /// Announces that these streams' heads and newest events will be asked for.
    pub fn expect_newest(&mut self, streams: &[StreamId]) -> Result<(), Error> {
        self.expect(streams)?;
        if matches!(self.view, View::Sqlite(_)) {
            return Ok(());
        }
        let mut wanted = Vec::new();
        for stream in streams {
            wanted.push(self.head(*stream)?.position);
        }
        Ok(self.expect_events(&wanted)?)
    }

    /// Announces that the events at these positions will be asked for. Where it saves time, all are read at once.
    pub fn expect_events(&mut self, at: &[Position]) -> Result<(), StoreError> {
        let View::Postgres(session) = &mut self.view else { return Ok(()) };
        let unknown = |at: &Position| at.0 > 0 && self.recent.get_as_of(*at, self.erased).is_none();
        let wanted: Vec<Position> = at.iter().copied().filter(unknown).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        for event in session.events_at(&wanted, self.channels)? {
            let at = event.position;
            self.ahead.insert(at, Arc::new(Entry::new(event, self.epoch)));
        }
        Ok(())
    }

    /// The event at a position.
    pub fn event(&mut self, at: Position) -> Result<Option<Arc<Entry>>, StoreError> {
        if at.0 == 0 || at > self.position {
            return Ok(None);
        }
        let in_memory = self.recent.get_as_of(at, self.erased);
        if let Some(entry) = in_memory.or_else(|| self.ahead.get(&at).cloned()) {
            return Ok(Some(entry));
        }
        let event = match &mut self.view {
            View::Sqlite(conn) => sqlite::event_at(conn, at, self.channels)?,
            View::Postgres(session) => session.events_at(&[at], self.channels)?.pop(),
        };
        Ok(event.map(|e| Arc::new(Entry::new(e, self.epoch))))
    }

    /// The events at these positions, in this order. Positions without an event are left out.
    pub fn events(&mut self, at: &[Position]) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.expect_events(at)?;
        let found = at.iter().map(|at| self.event(*at));
        found.filter_map(Result::transpose).collect()
    }

    /// The newest position at or before a time. Times in the log never go back.
    pub fn position_at(&mut self, at_ms: u64) -> Result<Position, StoreError> {
        let (mut low, mut high) = (0, self.position.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let later = self.event(Position(middle))?.is_some_and(|e| e.event.at_ms > at_ms);
            if later {
                high = middle - 1;
            } else {
                low = middle;
            }
        }
        Ok(Position(low))
    }

    /// The newest events of a stream with numbers below `before`, or of all its events without it, oldest first; and
    /// whether there are older ones.
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

    /// The first events of a stream with numbers above `after`, oldest first; and whether there are newer ones.
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

    /// Walks back from the event numbered `top` to the one after `above`, at most `count` events.
    fn downwards(
        &mut self,
        stream: StreamId,
        head: Head,
        top: Seq,
        above: Seq,
        count: usize,
    ) -> Result<(Vec<Arc<Entry>>, bool), Error> {
        if top <= above || count == 0 {
            return Ok((Vec::new(), top > above));
        }
        let entries = match &mut self.view {
            View::Sqlite(conn) => {
                // The top of a first page is the head itself.
                let marked = match top == head.seq {
                    true => None,
                    false => sqlite::mark_from(conn, stream, top)?,
                };
                self.walk(marked.unwrap_or(head.position), top, above, count)?
            }
            View::Postgres(session) => {
                let found = session.downwards(stream, top, above, count, self.channels)?;
                found.into_iter().map(|e| Arc::new(Entry::new(e, self.epoch))).collect()
            }
        };
        let more =
            entries.first().is_some_and(|e| e.event.back.0 > 0 && e.event.seq.0 > above.0 + 1);
        Ok((entries, more))
    }

    /// Follows a stream back from the event at a position. The result has the oldest first.
    fn walk(
        &mut self,
        at: Position,
        top: Seq,
        above: Seq,
        count: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        let mut entries = Vec::with_capacity(count.min((top.0 - above.0) as usize));
        let mut take = |entry: &Arc<Entry>| {
            let seq = entry.event.seq;
            if above < seq && seq <= top {
                entries.push(entry.clone());
            }
            above < seq && entries.len() < count
        };
        // The newest events are in memory, where one look finds all of them.
        let mut left = self.recent.walk(at, &mut take);
        while let Some(at) = left
            && let Some(entry) = self.event(at)?
        {
            left = take(&entry).then(|| entry.event.earlier().unwrap_or_default());
        }
        entries.reverse();
        Ok(entries)
    }

    /// One page of a replay, for a session that is further back than the tail.
    pub fn page(&mut self, request: &PageRequest) -> Result<Page, StoreError> {
        let until = request.until.min(self.position);
        let turn = PageTurn::new(request, until);
        let (events, up_to) = match &mut self.view {
            View::Sqlite(conn) => sqlite::page(conn, turn, self.channels)?,
            View::Postgres(session) => session.page(turn, self.channels)?,
        };
        let entry = |event| Arc::new(Entry::new(event, self.epoch));
        Ok(Page { entries: events.into_iter().map(entry).collect(), up_to })
    }

    /// All events after a position, also those that few may see, at most `count`. Products use it for their
    /// bookkeeping.
    pub fn log_after(&mut self, after: Position, count: usize) -> Result<Vec<Event>, StoreError> {
        match &mut self.view {
            View::Sqlite(conn) => sqlite::log_after(conn, after, count, self.channels),
            View::Postgres(session) => session.log_after(after, count, self.channels),
        }
    }
}
