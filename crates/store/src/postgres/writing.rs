//! The writer's connection within one transaction, which may hold many writes.
//!
//! The engine's [`Transaction`] has the state of the transaction; here are its statements. The questions of a batch of
//! appends travel in the same packet as the one for the space's turn, and its events in the same packet as the commit.
//! A batch costs two round trips, for any number of appends.

use std::sync::Arc;

use encke_engine::append::{Appended, Appends, FirstAppend, Following, Head};
use encke_engine::transaction::{Key, Savepoint, Transaction, unless_erased};
use encke_engine::{Committed, Entry, Epoch, Error, Event, PersonId, Position, StreamId, limits};

use super::ask::{self, Answers, Questions};
use super::commit;
use super::follower::Follower;
use super::session::Session;
use crate::channels::Channels;
use crate::error::StoreError;
use crate::row::Row;
use crate::value::Value;

pub(crate) struct Writing {
    pub(super) session: Session,
    follower: Arc<Follower>,
    channels: Arc<Channels>,
    tx: Transaction,
    /// The newest event before this transaction that erased others.
    erased: Position,
    /// Whether the savepoint of the present write was set; `None` between writes.
    write: Option<bool>,
    /// The error of a failed statement of the present write. Nothing of the write may remain then.
    failed: Option<StoreError>,
    /// The error that broke the transaction.
    broken: Option<StoreError>,
}

impl Writing {
    pub fn new(
        session: Session,
        follower: Arc<Follower>,
        channels: Arc<Channels>,
        epoch: Epoch,
    ) -> Self {
        let tx = Transaction::new(epoch);
        let erased = Position(0);
        Writing { session, follower, channels, tx, erased, write: None, failed: None, broken: None }
    }

    pub fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    /// Waits for the space's turn, and asks the questions of these appends in the same round trip.
    pub(super) fn begin(&mut self, now_ms: u64, wanted: &Questions) -> Result<(), StoreError> {
        self.clear();
        let oldest = now_ms.saturating_sub(limits::KEY_AGE_MS);
        let mut found = self.session.twice(|session| {
            session.ahead("BEGIN");
            ask::ask(session, true, wanted, oldest)
        })?;
        let Some(turn) = found.turn.take() else {
            return Err(StoreError::Other("the space has no row".into()));
        };
        if turn.epoch != self.tx.epoch() {
            return Err(self.follower.identity.replaced("its epoch was renewed"));
        }
        self.tx.begin(turn.at, turn.at_ms, now_ms);
        self.erased = turn.erased;
        self.learn(wanted, found);
        Ok(())
    }

    /// Asks the questions of further appends.
    pub(super) fn prepare(&mut self, wanted: &Questions) -> Result<(), StoreError> {
        let found = ask::ask(&mut self.session, false, wanted, self.tx.oldest_key_ms())?;
        self.learn(wanted, found);
        Ok(())
    }

    fn learn(&mut self, wanted: &Questions, found: Answers) {
        for (stream, head) in wanted.streams.iter().zip(found.heads) {
            self.tx.learn_head(StreamId::from_raw(*stream as u64), head);
        }
        for (key, first) in wanted.keys.iter().zip(found.keys) {
            self.tx.learn_key(key.clone(), first);
        }
        for ((person, stream), follows) in wanted.follows.iter().zip(found.follows) {
            let (person, stream) = (PersonId(*person as u64), StreamId::from_raw(*stream as u64));
            self.tx.learn_following(person, stream, follows);
        }
    }

    fn clear(&mut self) {
        self.tx.clear();
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

    pub fn event(&mut self, at: Position) -> Result<Option<Arc<Entry>>, StoreError> {
        if at > self.tx.before().position {
            return Ok(self.tx.event(at));
        }
        let found = match self.follower.recent.get_as_of(at, self.erased) {
            Some(entry) => Some(entry),
            None => {
                self.check()?;
                let channels = self.channels.clone();
                let found = self.session.events_at(&[at], &channels);
                let found = self.note(found)?.pop();
                found.map(|event| Arc::new(Entry::new(event, self.tx.epoch())))
            }
        };
        Ok(found.map(|entry| unless_erased(entry, self.tx.erased())))
    }

    pub fn expect(&mut self, streams: &[StreamId]) -> Result<(), StoreError> {
        let unknown = streams.iter().filter(|s| self.tx.head(**s).is_none());
        let streams: Vec<i64> = unknown.map(|s| s.raw() as i64).collect();
        if streams.is_empty() {
            return Ok(());
        }
        self.check()?;
        let prepared = self.prepare(&Questions { streams, ..Questions::default() });
        self.note(prepared)
    }

    pub fn subscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let from = self.tx.follows_from();
        let made = self.execute(
            "INSERT INTO follow VALUES (?1, ?2, ?3) ON CONFLICT (person, stream) DO NOTHING",
            &[person.into(), stream.into(), from.into()],
        )?;
        if made > 0 {
            self.tx.subscribed(person, stream);
            // The person's appends may be reserved there.
            self.tx.forget_following_of(person, stream);
        }
        Ok(())
    }

    /// The same for many, in one round trip.
    pub fn subscribe_all(&mut self, all: &[(PersonId, StreamId)]) -> Result<(), StoreError> {
        const SUBSCRIBE: &str = "INSERT INTO follow SELECT u.person, u.stream, $3
            FROM unnest($1::bigint[], $2::bigint[]) AS u (person, stream)
            ON CONFLICT (person, stream) DO NOTHING RETURNING person, stream";
        self.check()?;
        let (people, streams): (Vec<i64>, Vec<i64>) =
            all.iter().map(|(person, stream)| (person.0 as i64, stream.raw() as i64)).unzip();
        let from = self.tx.follows_from().0 as i64;
        let made = self.session.rows(SUBSCRIBE, &[&people, &streams, &from]);
        for row in self.note(made)? {
            let person = PersonId(row.get::<_, i64>(0) as u64);
            let stream = StreamId::from_raw(row.get::<_, i64>(1) as u64);
            self.tx.subscribed(person, stream);
            self.tx.forget_following_of(person, stream);
        }
        Ok(())
    }

    pub fn unsubscribe(&mut self, person: PersonId, stream: StreamId) -> Result<(), StoreError> {
        let sql = "DELETE FROM follow WHERE person = ?1 AND stream = ?2";
        let gone = self.execute(sql, &[person.into(), stream.into()])?;
        if gone > 0 {
            self.tx.unsubscribed(person, stream);
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
        self.tx.forget_following();
        self.execute(sql, &[stream.into(), crate::reserved::whom(person).into()]).map(drop)
    }

    pub fn revoke(&mut self, person: PersonId, credential: Option<u64>) -> Result<(), StoreError> {
        self.tx.revoked(person, credential);
        Ok(())
    }

    /// Prepares for a statement: within a write the savepoint goes ahead of the first one.
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

    /// The error of the statement of this write that failed, if one did.
    pub(super) fn failed(&self) -> Option<StoreError> {
        self.failed.clone()
    }

    pub(super) fn begin_write(&mut self) -> Savepoint {
        self.write = Some(false);
        self.tx.savepoint()
    }

    pub(super) fn keep(&mut self) {
        if self.write.take() == Some(true) {
            self.session.ahead("RELEASE SAVEPOINT one_write");
        }
    }

    pub(super) fn undo(&mut self, to: &Savepoint) {
        if self.write.take() == Some(true) {
            self.session.ahead("ROLLBACK TO SAVEPOINT one_write; RELEASE SAVEPOINT one_write");
        }
        self.failed = None;
        self.tx.undo(to);
    }

    /// Commits, and returns the part of the log that the transaction brought, if it brought any.
    pub(super) fn commit(&mut self) -> Result<Option<Committed>, StoreError> {
        let mark = getrandom::u64().map_err(|e| StoreError::Other(e.to_string()))? >> 1;
        commit::commit(&mut self.session, &self.tx, mark)?;
        let brought_something = !self.tx.steps().is_empty();
        Ok(brought_something.then(|| self.tx.end(mark)))
    }

    pub(super) fn roll_back(&mut self) {
        self.session.take_ahead();
        let _ = self.session.batch("ROLLBACK");
        self.clear();
    }
}

impl Appends for Writing {
    type Failed = StoreError;

    fn now_ms(&self) -> u64 {
        self.tx.now_ms()
    }

    fn channel(&self, stream: StreamId) -> Option<Arc<str>> {
        self.channels.name(stream)
    }

    fn newest(&self) -> Position {
        self.tx.at().position
    }

    fn head(&mut self, stream: StreamId) -> Result<Head, StoreError> {
        if let Some(head) = self.tx.head(stream) {
            return Ok(head);
        }
        self.check()?;
        let head = self.session.head(stream);
        let head = self.note(head)?;
        self.tx.learn_head(stream, head);
        Ok(head)
    }

    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<FirstAppend>, StoreError> {
        let key: Key = (from, key.into());
        if self.tx.first_with_key(&key).is_none() {
            self.check()?;
            let wanted = Questions { keys: vec![key.clone()], ..Questions::default() };
            let prepared = self.prepare(&wanted);
            self.note(prepared)?;
        }
        Ok(self.tx.first_with_key(&key).flatten().cloned())
    }

    fn following(&mut self, person: PersonId, stream: StreamId) -> Result<Following, StoreError> {
        if let Some(known) = self.tx.following(person, stream) {
            return Ok(known);
        }
        let rows = self.query(crate::reserved::FOLLOWING, &[person.into(), stream.into()])?;
        let found = crate::reserved::following(&rows)?;
        self.tx.learn_following(person, stream, found);
        Ok(found)
    }

    fn take(&mut self, event: Event) -> Result<Appended, Error> {
        self.tx.take(event)
    }
}
