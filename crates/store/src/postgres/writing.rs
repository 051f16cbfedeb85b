//! The writer's connection and what it knows within one transaction, which may hold many writes.
//!
//! Between two transactions another node may have written, so nothing is remembered from one to the next: what a
//! batch of appends needs is asked for in the same packet as the space's turn, and stored in the same packet as the
//! commit. A batch costs two round trips, however many appends it holds.

use std::sync::Arc;

use encke_engine::{
    Code, Committed, Entry, Epoch, Error, Event, PersonId, Point, Position, Step, StreamId, limits,
};
use rustc_hash::FxHashMap;

use super::ask::{self, Found, Key, Wanted};
use super::commit;
use super::follower::Follower;
use super::session::Session;
use crate::Appended;
use crate::append::{Appends, First};
use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::Head;
use crate::row::Row;
use crate::value::Value;

/// Bytes of events in one transaction: all of them travel in one packet.
const TRANSACTION_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Where a write began, to undo it.
pub(super) struct Mark {
    steps: usize,
    at: Point,
    heads: usize,
    keys: usize,
    names: usize,
}

pub(crate) struct Writing {
    pub(super) session: Session,
    follower: Arc<Follower>,
    channels: Arc<Channels>,
    epoch: Epoch,
    now_ms: u64,
    /// Where the log stood when this transaction got its turn,
    before: Point,
    /// and with what it brought so far.
    at: Point,
    steps: Vec<Step>,
    /// Bytes of events in this transaction.
    bytes: usize,
    heads: FxHashMap<StreamId, Head>,
    /// What `heads` held before each append.
    heads_undo: Vec<(StreamId, Option<Head>)>,
    /// The first append with a key; `None` if there is none.
    keys: FxHashMap<Key, Option<First>>,
    keys_undo: Vec<Key>,
    follows: FxHashMap<(PersonId, StreamId), bool>,
    /// Channels whose first event is in this transaction.
    names: Vec<(StreamId, Arc<str>)>,
    /// Within a write; whether its savepoint was set.
    write: Option<bool>,
    /// A statement of the write failed: nothing of it may remain.
    failed: Option<StoreError>,
    /// Set by an error after which the transaction can't go on.
    broken: Option<StoreError>,
}

impl Writing {
    pub fn new(
        session: Session,
        follower: Arc<Follower>,
        channels: Arc<Channels>,
        epoch: Epoch,
    ) -> Self {
        let (before, at) = Default::default();
        let (heads, heads_undo, keys, keys_undo, follows) = Default::default();
        Writing {
            session,
            follower,
            channels,
            epoch,
            now_ms: 0,
            before,
            at,
            steps: Vec::new(),
            bytes: 0,
            heads,
            heads_undo,
            keys,
            keys_undo,
            follows,
            names: Vec::new(),
            write: None,
            failed: None,
            broken: None,
        }
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Waits for the space's turn, and learns in the same round trip what these appends need.
    pub(super) fn begin(&mut self, now_ms: u64, wanted: &Wanted) -> Result<(), StoreError> {
        self.clear();
        let oldest = now_ms.saturating_sub(limits::KEY_AGE_MS);
        let mut found = self.session.twice(|session| {
            session.ahead("BEGIN");
            ask::ask(session, true, wanted, oldest)
        })?;
        let Some(turn) = found.turn.take() else {
            return Err(StoreError::Other("the space has no row".into()));
        };
        if turn.epoch != self.epoch {
            return Err(self.follower.identity.replaced("its epoch was renewed"));
        }
        self.before = turn.at;
        self.at = turn.at;
        // Times in the log never go back, whatever the clocks of the nodes do.
        self.now_ms = now_ms.max(turn.at_ms);
        self.take(wanted, found);
        Ok(())
    }

    /// Learns what further appends need.
    pub(super) fn prepare(&mut self, wanted: &Wanted) -> Result<(), StoreError> {
        let oldest = self.now_ms.saturating_sub(limits::KEY_AGE_MS);
        let found = ask::ask(&mut self.session, false, wanted, oldest)?;
        self.take(wanted, found);
        Ok(())
    }

    /// What this transaction has changed since goes before what was read.
    fn take(&mut self, wanted: &Wanted, found: Found) {
        let oldest = self.now_ms.saturating_sub(limits::KEY_AGE_MS);
        for (stream, head) in wanted.streams.iter().zip(found.heads) {
            self.heads.entry(StreamId::from_raw(*stream as u64)).or_insert(head);
        }
        for (key, first) in wanted.keys.iter().zip(found.keys) {
            let first = first.filter(|f| f.appended.at_ms >= oldest);
            self.keys.entry(key.clone()).or_insert(first);
        }
        for ((person, stream), follows) in wanted.follows.iter().zip(found.follows) {
            let pair = (PersonId(*person as u64), StreamId::from_raw(*stream as u64));
            self.follows.entry(pair).or_insert(follows);
        }
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.heads.clear();
        self.heads_undo.clear();
        self.keys.clear();
        self.keys_undo.clear();
        self.follows.clear();
        self.names.clear();
        self.bytes = 0;
        (self.write, self.failed, self.broken) = (None, None, None);
    }

    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.check()?;
        let done = self.session.execute(sql, params);
        self.note(done)
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.check()?;
        let rows = self.session.query(sql, params);
        self.note(rows)
    }

    pub fn event(&mut self, at: Position) -> Result<Option<Event>, StoreError> {
        if at > self.before.position {
            let mine = |step: &Step| match step {
                Step::Event(entry) if entry.event.position == at => Some(entry.event.clone()),
                _ => None,
            };
            return Ok(self.steps.iter().rev().find_map(mine));
        }
        if let Some(entry) = self.follower.recent.get(at) {
            return Ok(Some(entry.event.clone()));
        }
        self.check()?;
        let channels = self.channels.clone();
        let found = self.session.events_at(&[at], &channels);
        Ok(self.note(found)?.pop())
    }

    pub fn expect(&mut self, streams: &[StreamId]) -> Result<(), StoreError> {
        let unknown = streams.iter().filter(|s| !self.heads.contains_key(s));
        let streams: Vec<i64> = unknown.map(|s| s.raw() as i64).collect();
        if streams.is_empty() {
            return Ok(());
        }
        self.check()?;
        let prepared = self.prepare(&Wanted { streams, ..Wanted::default() });
        self.note(prepared)
    }

    pub fn subscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let from = Position(self.at.position.0 + 1);
        // Who follows already goes on from where it began: a later beginning would hide events from an old cursor (P4).
        let made = self.execute(
            "INSERT INTO follow VALUES (?1, ?2, ?3) ON CONFLICT (person, stream) DO NOTHING",
            &[person.into(), stream.into(), from.into()],
        )?;
        if made > 0 {
            self.follows.insert((person, stream), true);
            self.change(Step::Subscribe { person, stream, from });
        }
        Ok(())
    }

    pub fn unsubscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let sql = "DELETE FROM follow WHERE person = ?1 AND stream = ?2";
        let gone = self.execute(sql, &[person.into(), stream.into()])?;
        if gone > 0 {
            self.follows.insert((person, stream), false);
            self.change(Step::Unsubscribe { person, stream });
        }
        Ok(())
    }

    pub fn revoke(&mut self, person: PersonId, credential: Option<u64>) -> Result<(), StoreError> {
        self.change(Step::Revoke { person, credential });
        Ok(())
    }

    fn change(&mut self, step: Step) {
        self.at.change += 1;
        self.steps.push(step);
    }

    /// Before a statement: within a write its savepoint goes ahead of the first one.
    fn check(&mut self) -> Result<(), StoreError> {
        if let Some(e) = self.broken.as_ref().or(self.failed.as_ref()) {
            return Err(e.clone());
        }
        if self.write == Some(false) {
            self.session.ahead("SAVEPOINT one_write");
            self.write = Some(true);
        }
        Ok(())
    }

    /// A statement that fails takes its write with it, a lost connection or a full disk the whole transaction.
    fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|e| {
            let alone = matches!(e, StoreError::Other(_)) && self.write == Some(true);
            let place = if alone { &mut self.failed } else { &mut self.broken };
            *place = Some(e.clone());
        })
    }

    pub(super) fn broken(&mut self) -> Option<StoreError> {
        self.broken.take()
    }

    /// The statement of this write that failed, if one did.
    pub(super) fn failed(&self) -> Option<StoreError> {
        self.failed.clone()
    }

    pub(super) fn begin_write(&mut self) -> Mark {
        self.write = Some(false);
        Mark {
            steps: self.steps.len(),
            at: self.at,
            heads: self.heads_undo.len(),
            keys: self.keys_undo.len(),
            names: self.names.len(),
        }
    }

    pub(super) fn keep(&mut self) {
        if self.write.take() == Some(true) {
            self.session.ahead("RELEASE SAVEPOINT one_write");
        }
    }

    pub(super) fn undo(&mut self, mark: &Mark) {
        if self.write.take() == Some(true) {
            self.session.ahead("ROLLBACK TO SAVEPOINT one_write; RELEASE SAVEPOINT one_write");
        }
        self.failed = None;
        self.steps.truncate(mark.steps);
        self.at = mark.at;
        self.names.truncate(mark.names);
        for (stream, head) in self.heads_undo.drain(mark.heads..).rev() {
            match head {
                Some(head) => self.heads.insert(stream, head),
                None => self.heads.remove(&stream),
            };
        }
        for key in self.keys_undo.drain(mark.keys..) {
            self.keys.insert(key, None);
        }
        // What it changed is to be asked for again.
        self.follows.clear();
    }

    /// Commits; returns what the transaction brought, if that is anything.
    pub(super) fn commit(&mut self) -> Result<Option<Committed>, StoreError> {
        let steps = std::mem::take(&mut self.steps);
        let mark = getrandom::u64().map_err(|e| StoreError::Other(e.to_string()))? >> 1;
        let part = commit::Part {
            before: self.before,
            after: self.at,
            at_ms: self.now_ms,
            mark,
            steps: &steps,
            names: &self.names,
        };
        commit::commit(&mut self.session, &part)?;
        if steps.is_empty() {
            return Ok(None);
        }
        let batch = Arc::new(encke_engine::Batch { steps });
        Ok(Some(Committed { epoch: self.epoch, before: self.before, after: self.at, mark, batch }))
    }

    pub(super) fn roll_back(&mut self) {
        self.session.take_ahead();
        let _ = self.session.batch("ROLLBACK");
        self.clear();
    }
}

impl Appends for Writing {
    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    fn newest(&self) -> Position {
        self.at.position
    }

    fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        if let Some(head) = self.heads.get(&stream) {
            return Ok(*head);
        }
        self.check()?;
        let head = self.session.head(stream);
        let head = self.note(head)?;
        self.heads.insert(stream, head);
        Ok(head)
    }

    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<First>, StoreError> {
        let key: Key = (from, key.into());
        if !self.keys.contains_key(&key) {
            self.check()?;
            let wanted = Wanted { keys: vec![key.clone()], ..Wanted::default() };
            let prepared = self.prepare(&wanted);
            self.note(prepared)?;
        }
        Ok(self.keys.get(&key).cloned().flatten())
    }

    fn does_follow(&mut self, person: PersonId, stream: StreamId) -> Result<bool, StoreError> {
        if let Some(known) = self.follows.get(&(person, stream)) {
            return Ok(*known);
        }
        let sql = "SELECT 1 FROM follow WHERE person = ?1 AND stream = ?2";
        let found = !self.query(sql, &[person.into(), stream.into()])?.is_empty();
        self.follows.insert((person, stream), found);
        Ok(found)
    }

    fn take(&mut self, event: Event) -> Result<Appended, Error> {
        self.bytes += event.body.len();
        if self.bytes > TRANSACTION_BYTES_MAX {
            return Err(Error::new(Code::TooLarge, "This is more than can be stored at once."));
        }
        if event.seq.0 == 1
            && let Some(name) = &event.channel
        {
            self.names.push((event.stream, name.clone()));
        }
        let (position, seq, at_ms) = (event.position, event.seq, event.at_ms);
        let appended = Appended { position, seq, at_ms, repeated: false };
        self.heads_undo
            .push((event.stream, self.heads.insert(event.stream, Head { seq, position })));
        if let Some(key) = &event.key {
            let key: Key = (event.from, key.clone());
            self.keys_undo.push(key.clone());
            self.keys.insert(key, Some(First::of(&event, appended)));
        }
        self.at.position = position;
        self.steps.push(Step::Event(Arc::new(Entry::new(event, self.epoch))));
        Ok(appended)
    }
}
