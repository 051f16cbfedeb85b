//! The writer's connection, and the state of one transaction, which may hold many writes.

use std::sync::Arc;

use encke_engine::append::{Appends, FirstAppend, Following, Head};
use encke_engine::limits;
use encke_engine::transaction::{event_among, unless_erased};
use encke_engine::{Entry, Epoch, Error, Event, PersonId, Position, Step, StreamId};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use super::keys::Keys;
use super::log;
use super::wal;
use crate::Appended;
use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::Recent;
use crate::row::Row;
use crate::value::Value;

/// The state in which a write began, to undo it.
pub(super) struct Mark {
    steps: usize,
    head: Position,
    undo: usize,
    keys: usize,
    erased: usize,
}

pub(crate) struct Writing {
    pub(super) conn: Connection,
    pub(super) recent: Arc<Recent>,
    channels: Arc<Channels>,
    epoch: Epoch,
    keys: Keys,
    now_ms: u64,
    /// The newest position, with the events of this transaction.
    head: Position,
    /// The steps of this transaction so far.
    steps: Vec<Step>,
    staged: FxHashMap<StreamId, Head>,
    /// The entries of `staged` before each change.
    undo: Vec<(StreamId, Option<Head>)>,
    /// Heads of committed events, still to be written into `stream_head`.
    dirty: FxHashMap<StreamId, Head>,
    /// Heads up to this position are in `stream_head`.
    heads_stored: Position,
    follows: FxHashMap<(PersonId, StreamId), Following>,
    /// The positions of the events that this transaction erases.
    erased: Vec<Position>,
    /// Whether the write-ahead log may hold content that was erased.
    pub(super) is_wal_tainted: bool,
    /// The error that broke the transaction.
    broken: Option<StoreError>,
}

impl Writing {
    pub fn new(
        conn: Connection,
        recent: Arc<Recent>,
        channels: Arc<Channels>,
        epoch: Epoch,
        dirty: FxHashMap<StreamId, Head>,
        is_wal_tainted: bool,
    ) -> Self {
        let head = recent.position();
        // Times in the log never go back, also over a restart.
        let now_ms = recent.get(head).map_or(0, |newest| newest.event.at_ms);
        let (steps, staged, undo, follows) = Default::default();
        Writing {
            conn,
            recent,
            channels,
            epoch,
            keys: Keys::new(),
            now_ms,
            head,
            steps,
            staged,
            undo,
            dirty,
            heads_stored: Position(0),
            follows,
            erased: Vec::new(),
            is_wal_tainted,
            broken: None,
        }
    }

    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let done = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(rusqlite::params_from_iter(params)));
        self.note(done.map(|rows| rows as u64).map_err(Into::into))
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = super::query(&self.conn, sql, params);
        self.note(rows)
    }

    pub fn event(&mut self, at: Position) -> Result<Option<Arc<Entry>>, StoreError> {
        let in_memory = match at > self.recent.position() {
            true => event_among(&self.steps, at).cloned(),
            false => self.recent.get(at),
        };
        if let Some(entry) = in_memory {
            return Ok(Some(unless_erased(entry, &self.erased)));
        }
        let found = log::event_at(&self.conn, at, &self.channels);
        Ok(self.note(found)?.map(|event| Arc::new(Entry::new(event, self.epoch))))
    }

    fn stage(&mut self, event: Event) -> Appended {
        let head = Head { seq: event.seq, position: event.position };
        self.undo.push((event.stream, self.staged.insert(event.stream, head)));
        self.head = event.position;
        if let Some(key) = &event.key {
            self.keys.add(event.from, key, event.position, event.at_ms);
        }
        self.erased.extend_from_slice(&event.erases);
        let at_ms = event.at_ms;
        self.steps.push(Step::Event(Arc::new(Entry::new(event, self.epoch))));
        Appended { position: head.position, seq: head.seq, at_ms, repeated: false }
    }

    pub fn subscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let from = Position(self.head.0 + 1);
        // A person who follows already keeps the first position: a later one would hide events from an old cursor (P4).
        let made = self.execute(
            "INSERT INTO follow VALUES (?1, ?2, ?3) ON CONFLICT (person, stream) DO NOTHING",
            &[person.into(), stream.into(), from.into()],
        )?;
        if made > 0 {
            self.follows.remove(&(person, stream));
            self.steps.push(Step::Subscribe { person, stream, from });
        }
        Ok(())
    }

    /// The same for many.
    pub fn subscribe_all(&mut self, all: &[(PersonId, StreamId)]) -> Result<(), StoreError> {
        all.iter().try_for_each(|(person, stream)| self.subscribe(*person, *stream))
    }

    pub fn unsubscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let sql = "DELETE FROM follow WHERE person = ?1 AND stream = ?2";
        let gone = self.execute(sql, &[person.into(), stream.into()])?;
        if gone > 0 {
            self.follows.remove(&(person, stream));
            self.steps.push(Step::Unsubscribe { person, stream });
        }
        Ok(())
    }

    pub fn reserve(
        &mut self,
        stream: StreamId,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        self.set_reserved(crate::reserved::RESERVE, stream, person)
    }

    pub fn free(&mut self, stream: StreamId, person: Option<PersonId>) -> Result<(), StoreError> {
        self.set_reserved(crate::reserved::FREE, stream, person)
    }

    fn set_reserved(
        &mut self,
        sql: &str,
        stream: StreamId,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        self.follows.clear();
        self.execute(sql, &[stream.into(), crate::reserved::whom(person).into()]).map(drop)
    }

    pub fn revoke(&mut self, person: PersonId, credential: Option<u64>) -> Result<(), StoreError> {
        self.steps.push(Step::Revoke { person, credential });
        Ok(())
    }

    /// An error of the disk ends the whole transaction, not only the write that met it.
    fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|e| {
            use StoreError as E;
            let disk = matches!(e, E::Full | E::Sync(_) | E::Io(_) | E::Damaged(_));
            if disk || self.conn.is_autocommit() {
                self.broken = Some(e.clone());
            }
        })
    }

    pub(super) fn broken(&mut self) -> Option<StoreError> {
        self.broken.take()
    }

    fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.steps.iter().filter_map(|step| match step {
            Step::Event(entry) => Some(entry),
            _ => None,
        })
    }

    pub(super) fn begin(&mut self, now_ms: u64) -> Result<(), StoreError> {
        // Times in the log never go back, even if the clock does.
        self.now_ms = self.now_ms.max(now_ms);
        self.broken = None;
        // Keys expire only here, because marks in a transaction count keys.
        self.keys.expire(self.now_ms);
        Ok(self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    pub(super) fn mark(&mut self) -> Result<Mark, StoreError> {
        self.execute("SAVEPOINT one_write", &[])?;
        let (steps, undo, keys) = (self.steps.len(), self.undo.len(), self.keys.len());
        Ok(Mark { steps, head: self.head, undo, keys, erased: self.erased.len() })
    }

    pub(super) fn keep(&mut self) -> Result<(), StoreError> {
        self.execute("RELEASE one_write", &[]).map(drop)
    }

    pub(super) fn undo(&mut self, mark: Mark) -> Result<(), StoreError> {
        self.execute("ROLLBACK TO one_write", &[])?;
        self.keep()?;
        for step in self.steps.drain(mark.steps..) {
            if let Step::Subscribe { person, stream, .. } | Step::Unsubscribe { person, stream } =
                step
            {
                self.follows.remove(&(person, stream));
            }
        }
        self.head = mark.head;
        self.erased.truncate(mark.erased);
        for (stream, head) in self.undo.drain(mark.undo..).rev() {
            match head {
                Some(head) => self.staged.insert(stream, head),
                None => self.staged.remove(&stream),
            };
        }
        self.keys.shorten(mark.keys);
        Ok(())
    }

    /// Commits, and returns the steps of the transaction.
    pub(super) fn commit(&mut self) -> Result<Vec<Step>, StoreError> {
        let stored = self.store_heads_if_many()?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        if let Some(up_to) = stored {
            self.heads_are_stored(up_to);
        }
        self.dirty.extend(self.staged.iter());
        let staged = std::mem::take(&mut self.staged);
        self.recent.committed(self.entries(), &staged);
        self.staged = staged;
        self.is_wal_tainted |= !self.erased.is_empty();
        self.erased.clear();
        self.staged.clear();
        self.undo.clear();
        Ok(std::mem::take(&mut self.steps))
    }

    pub(super) fn roll_back(&mut self) {
        if !self.conn.is_autocommit()
            && let Err(e) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!("rolling back: {e}");
        }
        let committed = self.recent.position();
        let lost = self.entries().filter(|e| e.event.key.is_some()).count();
        let keys = self.keys.len() - lost;
        self.keys.shorten(keys);
        self.head = committed;
        self.steps.clear();
        self.staged.clear();
        self.undo.clear();
        self.follows.clear();
        self.erased.clear();
    }

    fn store_heads_if_many(&mut self) -> Result<Option<Position>, StoreError> {
        // Only committed heads are stored. Those of this transaction come the next time.
        let up_to = self.recent.position();
        if self.dirty.len() < limits::HEADS_UNSTORED_MAX
            && up_to.0 - self.heads_stored.0 < limits::HEADS_UNSTORED_EVENTS_MAX
        {
            return Ok(None);
        }
        self.store_dirty(up_to).map(|()| Some(up_to))
    }

    /// Stores the dirty heads. They stay dirty until that is committed: see [`Self::heads_are_stored`].
    fn store_dirty(&self, up_to: Position) -> Result<(), StoreError> {
        let mut heads: Vec<_> = self.dirty.iter().map(|(s, h)| (*s, *h)).collect();
        log::store_heads(&self.conn, &mut heads, up_to)
    }

    fn heads_are_stored(&mut self, up_to: Position) {
        self.dirty.clear();
        self.heads_stored = up_to;
        self.recent.stored(up_to);
    }

    /// Does the work that can wait until the writer is idle: heads go to their table, old keys are forgotten.
    pub(super) fn tidy(&mut self, now_ms: u64) -> Result<(), StoreError> {
        wal::lengthen(&self.conn);
        if self.dirty.is_empty() {
            return Ok(());
        }
        self.begin(now_ms)?;
        let stored = self.store_dirty(self.head);
        match stored.and_then(|()| Ok(self.conn.execute_batch("COMMIT")?)) {
            Ok(()) => self.heads_are_stored(self.head),
            Err(e) => {
                self.roll_back();
                return Err(e);
            }
        }
        Ok(())
    }

    /// Reads the keys of the newest sends from the log, since a writer has to know them.
    pub(super) fn prepare(&mut self, now_ms: u64) -> Result<(), StoreError> {
        self.heads_stored = Position(log::state(&self.conn, "heads_position")?.unwrap_or(0));
        let oldest = oldest_since(&self.conn, now_ms.saturating_sub(limits::KEY_AGE_MS))?;
        let first = oldest.0.max((self.head.0 + 1).saturating_sub(limits::KEYS_MAX as u64));
        let mut statement = self.conn.prepare(
            "SELECT position, author, idem, at_ms FROM log
             WHERE position >= ?1 AND idem IS NOT NULL ORDER BY position",
        )?;
        let mut rows = statement.query([first as i64])?;
        while let Some(row) = rows.next()? {
            let author = row.get::<_, Option<i64>>(1)?.map(|v| PersonId(v as u64));
            let (at, at_ms) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(3)? as u64);
            let key: String = row.get(2)?;
            self.keys.add(author, &key, Position(at), at_ms);
        }
        Ok(())
    }
}

/// The first position at or after a time. It is found by halving, because times rise with positions.
fn oldest_since(conn: &Connection, at_ms: u64) -> Result<Position, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT position, at_ms FROM log WHERE position >= ?1 ORDER BY position LIMIT 1",
    )?;
    let (mut low, mut high) = (1, log::newest(conn)?.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let (at, time) = statement.query_row([middle as i64], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })?;
        if time >= at_ms { high = middle } else { low = at + 1 }
    }
    Ok(Position(low))
}

impl Writing {
    pub fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }
}

impl Appends for Writing {
    type Failed = StoreError;

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn channel(&self, stream: StreamId) -> Option<Arc<str>> {
        self.channels.name(stream)
    }

    fn newest(&self) -> Position {
        self.head
    }

    fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        if let Some(head) = self.staged.get(&stream) {
            return Ok(*head);
        }
        if let Some(head) = self.recent.head(stream) {
            return Ok(head);
        }
        let stored = log::stored_head(&self.conn, stream);
        let head = self.note(stored)?;
        self.recent.remember(stream, head);
        Ok(head)
    }

    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<FirstAppend>, StoreError> {
        let Some(at) = self.keys.find(from, key) else { return Ok(None) };
        let Some(entry) = self.event(at)? else { return Ok(None) };
        let event = &entry.event;
        if event.from != from || event.key.as_deref() != Some(key) {
            return Ok(None);
        }
        let (position, seq, at_ms) = (event.position, event.seq, event.at_ms);
        let appended = Appended { position, seq, at_ms, repeated: false };
        Ok(Some(FirstAppend::of(event, appended)))
    }

    fn following(&mut self, person: PersonId, stream: StreamId) -> Result<Following, StoreError> {
        if let Some(known) = self.follows.get(&(person, stream)) {
            return Ok(*known);
        }
        let rows = self.query(crate::reserved::FOLLOWING, &[person.into(), stream.into()])?;
        let found = crate::reserved::following(&rows)?;
        if self.follows.len() >= limits::FOLLOWS_REMEMBERED_MAX {
            self.follows.clear();
        }
        self.follows.insert((person, stream), found);
        Ok(found)
    }

    fn take(&mut self, event: Event) -> Result<Appended, Error> {
        if event.seq.0 == 1
            && let Some(name) = &event.channel
        {
            let params = [Value::from(event.stream.owner_number()), Value::from(&**name)];
            self.execute("INSERT INTO channel VALUES (?1, ?2) ON CONFLICT DO NOTHING", &params)?;
        }
        if let Err(e) = log::insert(&self.conn, &event) {
            // After any error here a row may be in the log. Sessions would never hear of it.
            self.broken = Some(e.clone());
            return Err(e.into());
        }
        Ok(self.stage(event))
    }
}
