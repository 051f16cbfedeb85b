//! One transaction of the space's turn: what it has brought so far, and what it knows of the log.
//!
//! Between two transactions another node may have written, so nothing is remembered from one to the next. A
//! transaction may hold many writes, each of which can be undone alone.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::append::{Appended, FirstAppend, Following, Head};
use crate::batch::{Batch, Step};
use crate::entry::Entry;
use crate::error::{Code, Error};
use crate::event::Event;
use crate::ids::{Epoch, PersonId, Position};
use crate::limits;
use crate::order::{Committed, Point};
use crate::stream::StreamId;

/// An idempotency key of a sender.
pub type Key = (Option<PersonId>, Box<str>);

/// The point at which a write began, to undo it.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint {
    steps: usize,
    at: Point,
    heads: usize,
    keys: usize,
    names: usize,
    erased: usize,
}

/// The state of a transaction; see the top of this file.
#[derive(Debug)]
pub struct Transaction {
    epoch: Epoch,
    now_ms: u64,
    /// The end of the log when this transaction got its turn.
    before: Point,
    /// The end of the log with the events and changes of the transaction so far.
    at: Point,
    steps: Vec<Step>,
    /// Bytes of the bodies of its events.
    bytes: usize,
    heads: FxHashMap<StreamId, Head>,
    /// The entries of `heads` before each append.
    heads_undo: Vec<(StreamId, Option<Head>)>,
    /// The first append with each key; `None` if the key is unused.
    keys: FxHashMap<Key, Option<FirstAppend>>,
    keys_undo: Vec<Key>,
    follows: FxHashMap<(PersonId, StreamId), Following>,
    /// Channels whose first event is in this transaction.
    names: Vec<(StreamId, Arc<str>)>,
    /// The positions of the events that it erases.
    erased: Vec<Position>,
}

impl Transaction {
    /// An empty transaction on a log of this epoch; [`Transaction::begin`] comes before anything else.
    pub fn new(epoch: Epoch) -> Self {
        let (before, at, steps, names, erased) = Default::default();
        let (heads, heads_undo, keys, keys_undo, follows) = Default::default();
        Transaction {
            epoch,
            now_ms: 0,
            before,
            at,
            steps,
            bytes: 0,
            heads,
            heads_undo,
            keys,
            keys_undo,
            follows,
            names,
            erased,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.heads.clear();
        self.heads_undo.clear();
        self.keys.clear();
        self.keys_undo.clear();
        self.follows.clear();
        self.names.clear();
        self.erased.clear();
        self.bytes = 0;
    }

    /// Begins the transaction's turn: the log ends at `at`, its newest event is of `at_ms`, the node's clock says
    /// `now_ms`.
    pub fn begin(&mut self, at: Point, at_ms: u64, now_ms: u64) {
        self.clear();
        (self.before, self.at) = (at, at);
        // Times in the log never go back, whatever the clocks of the nodes do.
        self.now_ms = now_ms.max(at_ms);
    }

    /// The incarnation of the log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The time of its events, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The end of the log when this transaction got its turn.
    pub fn before(&self) -> Point {
        self.before
    }

    /// The end of the log with the events and changes of the transaction so far.
    pub fn at(&self) -> Point {
        self.at
    }

    /// The time from which on idempotency keys count. An older one is forgotten.
    pub fn oldest_key_ms(&self) -> u64 {
        self.now_ms.saturating_sub(limits::KEY_AGE_MS)
    }

    /// The newest event of a stream, if it is known.
    pub fn head(&self, stream: StreamId) -> Option<Head> {
        self.heads.get(&stream).copied()
    }

    /// The first append with a key, if it is known whether there is one.
    pub fn first_with_key(&self, key: &Key) -> Option<Option<&FirstAppend>> {
        self.keys.get(key).map(Option::as_ref)
    }

    /// The way in which a person follows a stream, if it is known.
    pub fn following(&self, person: PersonId, stream: StreamId) -> Option<Following> {
        self.follows.get(&(person, stream)).copied()
    }

    /// An event that this transaction brought, without its content if the transaction has erased it since.
    pub fn event(&self, at: Position) -> Option<Arc<Entry>> {
        event_among(&self.steps, at).map(|entry| unless_erased(entry.clone(), &self.erased))
    }

    /// The positions of the events that this transaction erases.
    pub fn erased(&self) -> &[Position] {
        &self.erased
    }

    /// Learns the newest event of a stream in the store. A change by this transaction counts more.
    pub fn learn_head(&mut self, stream: StreamId, head: Head) {
        self.heads.entry(stream).or_insert(head);
    }

    /// Learns the newest append with a key that the store holds. One that is too old does not count.
    pub fn learn_key(&mut self, key: Key, first: Option<FirstAppend>) {
        let oldest_ms = self.oldest_key_ms();
        let first = first.filter(|first| first.appended.at_ms >= oldest_ms);
        self.keys.entry(key).or_insert(first);
    }

    /// Learns how a person follows a stream.
    pub fn learn_following(&mut self, person: PersonId, stream: StreamId, following: Following) {
        self.follows.entry((person, stream)).or_insert(following);
    }

    /// Forgets how a person follows a stream, so that the store is asked.
    pub fn forget_following_of(&mut self, person: PersonId, stream: StreamId) {
        self.follows.remove(&(person, stream));
    }

    /// Forgets how people follow streams, because it was changed in the store.
    pub fn forget_following(&mut self) {
        self.follows.clear();
    }

    /// Takes an event that comes next in the log.
    pub fn take(&mut self, event: Event) -> Result<Appended, Error> {
        self.bytes += event.body.len();
        if self.bytes > limits::TRANSACTION_BYTES_MAX {
            return Err(Error::new(Code::TooLarge, "This is more than can be stored at once."));
        }
        if event.seq.0 == 1
            && let Some(name) = &event.channel
        {
            self.names.push((event.stream, name.clone()));
        }
        let (position, seq, at_ms) = (event.position, event.seq, event.at_ms);
        let appended = Appended { position, seq, at_ms, repeated: false };
        let known = self.heads.insert(event.stream, Head { seq, position });
        self.heads_undo.push((event.stream, known));
        if let Some(key) = &event.key {
            let key: Key = (event.from, key.clone());
            self.keys_undo.push(key.clone());
            self.keys.insert(key, Some(FirstAppend::of(&event, appended)));
        }
        self.at.position = position;
        self.erased.extend_from_slice(&event.erases);
        self.steps.push(Step::Event(Arc::new(Entry::new(event, self.epoch))));
        Ok(appended)
    }

    /// The position from which on a person who begins to follow now gets events.
    pub fn follows_from(&self) -> Position {
        Position(self.at.position.0 + 1)
    }

    /// Notes that a person newly follows a stream. The caller skips a person who follows already: a later beginning
    /// would hide events from an old cursor (P4).
    pub fn subscribed(&mut self, person: PersonId, stream: StreamId) {
        let from = self.follows_from();
        self.follows.insert((person, stream), Following::Freely);
        self.change(Step::Subscribe { person, stream, from });
    }

    /// Notes that a person follows a stream no longer.
    pub fn unsubscribed(&mut self, person: PersonId, stream: StreamId) {
        self.follows.insert((person, stream), Following::No);
        self.change(Step::Unsubscribe { person, stream });
    }

    /// Notes that a credential of a person has ended, or all of them.
    pub fn revoked(&mut self, person: PersonId, credential: Option<u64>) {
        self.change(Step::Revoke { person, credential });
    }

    fn change(&mut self, step: Step) {
        self.at.change += 1;
        self.steps.push(step);
    }

    /// Marks the beginning of a write, which may be undone.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint {
            steps: self.steps.len(),
            at: self.at,
            heads: self.heads_undo.len(),
            keys: self.keys_undo.len(),
            names: self.names.len(),
            erased: self.erased.len(),
        }
    }

    /// Undoes everything after this point.
    pub fn undo(&mut self, to: &Savepoint) {
        self.steps.truncate(to.steps);
        self.at = to.at;
        self.names.truncate(to.names);
        self.erased.truncate(to.erased);
        for (stream, head) in self.heads_undo.drain(to.heads..).rev() {
            match head {
                Some(head) => self.heads.insert(stream, head),
                None => self.heads.remove(&stream),
            };
        }
        for key in self.keys_undo.drain(to.keys..) {
            self.keys.insert(key, None);
        }
        // The facts that the write changed have to be asked for again.
        self.follows.clear();
    }

    /// Channels whose first event is in this transaction.
    pub fn names(&self) -> &[(StreamId, Arc<str>)] {
        &self.names
    }

    /// The steps that the transaction brought, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// All of the transaction as a part of the log, for the time after its commit. `mark` is a random number.
    pub fn end(&mut self, mark: u64) -> Committed {
        let batch = Arc::new(Batch { steps: std::mem::take(&mut self.steps) });
        Committed { epoch: self.epoch, before: self.before, after: self.at, mark, batch }
    }
}

/// The event at a position among the steps of a transaction.
pub fn event_among(steps: &[Step], at: Position) -> Option<&Arc<Entry>> {
    let mut events = steps.iter().rev().filter_map(|step| match step {
        Step::Event(entry) => Some(entry),
        _ => None,
    });
    // Later steps have later positions.
    events.find(|entry| entry.event.position <= at).filter(|e| e.event.position == at)
}

/// The entry, without its content if its event is among those that were erased.
pub fn unless_erased(entry: Arc<Entry>, erased: &[Position]) -> Arc<Entry> {
    if erased.contains(&entry.event.position) { Arc::new(entry.erased()) } else { entry }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::append::Appends;
    use crate::event::NewEvent;

    fn room() -> StreamId {
        StreamId::channel(1)
    }

    const WRITER: PersonId = PersonId(7);

    /// A transaction on a store that holds nothing.
    struct OnEmpty(Transaction);

    impl Appends for OnEmpty {
        type Failed = Error;

        fn now_ms(&self) -> u64 {
            self.0.now_ms()
        }

        fn channel(&self, _: StreamId) -> Option<Arc<str>> {
            Some("news".into())
        }

        fn newest(&self) -> Position {
            self.0.at().position
        }

        fn head(&mut self, stream: StreamId) -> Result<Head, Error> {
            Ok(self.0.head(stream).unwrap_or_default())
        }

        fn first_with_key(
            &mut self,
            from: Option<PersonId>,
            key: &str,
        ) -> Result<Option<FirstAppend>, Error> {
            Ok(self.0.first_with_key(&(from, key.into())).flatten().cloned())
        }

        fn following(&mut self, person: PersonId, stream: StreamId) -> Result<Following, Error> {
            Ok(self.0.following(person, stream).unwrap_or(Following::No))
        }

        fn take(&mut self, event: Event) -> Result<Appended, Error> {
            self.0.take(event)
        }
    }

    fn send(tx: &mut OnEmpty, key: &'static str) -> Appended {
        let event = NewEvent {
            stream: room(),
            from: Some(WRITER),
            kind: "message".into(),
            key: Some(key.into()),
            body: Bytes::from_static(b"1"),
            erases: Vec::new(),
        };
        tx.append(event).expect("it may")
    }

    fn begun(at: u64, at_ms: u64, now_ms: u64) -> OnEmpty {
        let mut tx = OnEmpty(Transaction::new(Epoch(1)));
        tx.0.begin(Point { position: Position(at), change: 0 }, at_ms, now_ms);
        tx
    }

    #[test]
    fn nothing_of_a_write_that_was_undone_remains() {
        let mut tx = begun(4, 1, 1);
        let first = send(&mut tx, "a");
        let savepoint = tx.0.savepoint();
        let undone = send(&mut tx, "b");
        tx.0.subscribed(WRITER, room());
        tx.0.undo(&savepoint);
        assert_eq!(tx.0.at(), Point { position: first.position, change: 0 });
        let again = send(&mut tx, "b");
        assert_eq!(again, undone, "the same place, and not a repeat");
        assert!(send(&mut tx, "a").repeated, "what was before it is still known");
        assert_eq!(tx.0.following(WRITER, room()), None, "it is asked for again");
        let part = tx.0.end(9);
        assert_eq!((part.before.position, part.after.position), (Position(4), Position(6)));
        assert_eq!(part.batch.steps.len(), 2);
    }

    #[test]
    fn a_channel_is_named_with_its_first_event_unless_that_is_undone() {
        let mut tx = begun(0, 1, 1);
        let savepoint = tx.0.savepoint();
        send(&mut tx, "a");
        assert_eq!(tx.0.names().len(), 1);
        tx.0.undo(&savepoint);
        assert!(tx.0.names().is_empty());
    }

    #[test]
    fn times_never_go_back_and_keys_are_as_old_as_the_log_says() {
        let later = limits::KEY_AGE_MS + 1_000;
        let mut tx = begun(4, later, 5);
        assert_eq!(tx.0.now_ms(), later, "the clock of this node is behind");
        let first = |at_ms| {
            let (position, seq) = (Position(1), crate::ids::Seq(1));
            let appended = Appended { position, seq, at_ms, repeated: false };
            let body = Bytes::from_static(b"1");
            Some(FirstAppend { stream: room(), kind: "message".into(), body, appended })
        };
        let key = |key: &str| (Some(WRITER), Box::from(key));
        tx.0.learn_key(key("old"), first(999));
        tx.0.learn_key(key("young"), first(1_000));
        assert!(!send(&mut tx, "old").repeated);
        assert!(send(&mut tx, "young").repeated);
        tx.0.learn_key(key("old"), first(1_000));
        assert_eq!(send(&mut tx, "old").position, Position(5), "its own append goes before");
    }
}
