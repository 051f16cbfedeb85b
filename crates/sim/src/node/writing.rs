//! The content of one transaction, computed while the space's row is locked: the engine's [`Transaction`] and its rules
//! of appending ([`Appends`]). Where the product asks PostgreSQL, this asks the simulated store.

use std::collections::BTreeMap;
use std::sync::Arc;

use encke_engine::append::{Appended, Appends, FirstAppend, Following, Guard, Head};
use encke_engine::marks::Marks;
use encke_engine::{
    Code, ConversationId, Error, Event, NewEvent, Owner, PersonId, Position, StreamId, Transaction,
};

use super::Job;
use crate::client::{Exchange, Outcome};
use crate::scene::{NodeId, Scene};
use crate::store::{Commit, State};
use crate::variant::Variant;

/// The age of a key, in milliseconds, for the variant that forgets keys too early.
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// The body of a message.
const BODY: &[u8] = b"\"twenty bytes, or so\"";

/// The first append of a message, as the variant `KeysOnNode` remembers it.
pub fn first(stream: StreamId, appended: Appended) -> FirstAppend {
    FirstAppend { stream, kind: "message".into(), body: bytes::Bytes::from_static(BODY), appended }
}

/// The streams that a person follows in a room. Every second person is staff and follows the room's notes as well.
fn subscriptions(person: PersonId, room: ConversationId) -> impl Iterator<Item = StreamId> {
    let notes = person.0.is_multiple_of(2).then(|| StreamId::notes(room));
    [StreamId::conversation(room)].into_iter().chain(notes)
}

/// The transaction under construction; see the top of this file.
pub struct Writing<'a> {
    tx: Transaction,
    state: &'a State,
    variant: Variant,
    /// The keys that this node knows, for the variant `KeysOnNode`.
    known: &'a BTreeMap<Box<str>, FirstAppend>,
    marks: BTreeMap<(ConversationId, PersonId), Marks>,
    credentials: Vec<(u64, PersonId)>,
}

impl<'a> Writing<'a> {
    pub fn begin(
        node: NodeId,
        known: &'a BTreeMap<Box<str>, FirstAppend>,
        scene: &'a Scene,
    ) -> Self {
        let state = scene.store.now();
        let at = match scene.variant {
            Variant::Sequence => state.at.max(scene.store.sequence),
            _ => state.at,
        };
        let mut tx = Transaction::new(state.epoch);
        tx.begin(at, state.at_ms, scene.clock_ms(node));
        let (marks, credentials) = Default::default();
        Writing { tx, state, variant: scene.variant, known, marks, credentials }
    }

    /// Runs one write. Returns the answer for the time after the commit.
    pub fn run(&mut self, job: Job) -> Option<(Exchange, Outcome)> {
        match job {
            Job::Send { exchange, person, stream, key } => {
                return Some((exchange, self.send(person, stream, key)));
            }
            Job::Marker(room) => {
                let said = StreamId::conversation(room);
                let all = said.companions().chain([said, StreamId::notes(room)]);
                all.for_each(|stream| self.tell(stream, "marker"));
            }
            Job::Join(person, room) => {
                subscriptions(person, room).for_each(|stream| self.join(person, stream));
            }
            Job::Leave(person, room) => {
                subscriptions(person, room).for_each(|stream| self.leave(person, stream));
            }
            Job::Revoke(person, credential) => self.tx.revoked(person, credential),
            Job::SignIn(exchange, person, credential) => {
                self.credentials.push((credential, person));
                return Some((exchange, Outcome::SignedIn(credential)));
            }
            Job::Marks(marks) => {
                marks.into_iter().for_each(|(room, p, marks)| self.mark(room, p, marks));
            }
        }
        None
    }

    fn send(&mut self, person: PersonId, stream: StreamId, key: Box<str>) -> Outcome {
        let event = NewEvent {
            stream,
            from: Some(person),
            kind: "message".into(),
            key: Some(key.clone()),
            body: bytes::Bytes::from_static(BODY),
            erases: Vec::new(),
        };
        match self.append_guarded(event, Guard::Follows(person)) {
            Ok(appended) => {
                if !appended.repeated {
                    self.follow_up(stream, appended);
                }
                Outcome::Stored { key, stream, epoch: self.tx.epoch(), appended }
            }
            Err(e) if e.code == Code::NotMember => Outcome::NotMember,
            Err(_) => Outcome::Refused,
        }
    }

    /// Adds an amendment, a note or growth to most messages, in the same transaction.
    fn follow_up(&mut self, said: StreamId, appended: Appended) {
        let Owner::Conversation(room) = said.owner() else { return };
        match appended.seq.0 % 4 {
            0 if let Some(erases) = self.earlier(said, appended) => {
                self.tell_of_erasure(StreamId::amendments(room), erases);
            }
            0 => self.tell(StreamId::amendments(room), "edited"),
            1 => self.tell(StreamId::notes(room), "noted"),
            2 => self.tell(StreamId::growth(room), "grown"),
            _ => {}
        }
    }

    /// A message of the same stream before this one: often the newest ones, sometimes one long ago.
    fn earlier(&self, said: StreamId, appended: Appended) -> Option<Position> {
        let back = 1 + appended.at_ms % 40;
        let entry = self.state.entries.get(&Position(appended.position.0.checked_sub(back)?))?;
        (entry.event.stream == said).then_some(entry.event.position)
    }

    /// Appends an event without a sender.
    fn tell(&mut self, stream: StreamId, kind: &'static str) {
        self.tell_with(stream, kind, Vec::new());
    }

    /// Appends an event with which an earlier one loses its content.
    fn tell_of_erasure(&mut self, stream: StreamId, erases: Position) {
        self.tell_with(stream, "recalled", vec![erases]);
    }

    fn tell_with(&mut self, stream: StreamId, kind: &'static str, erases: Vec<Position>) {
        let body = bytes::Bytes::from_static(BODY);
        let event = NewEvent { stream, from: None, kind: kind.into(), key: None, body, erases };
        self.append(event).expect("what has no key and is small can be appended");
    }

    fn follows(&mut self, person: PersonId, stream: StreamId) -> bool {
        let Ok(following) = self.following(person, stream);
        following != Following::No
    }

    fn join(&mut self, person: PersonId, stream: StreamId) {
        if !self.follows(person, stream) {
            self.tx.subscribed(person, stream);
            self.tell(StreamId::person(person), "joined");
        }
    }

    /// Makes a person leave. The person's own stream tells of it before the person stops following.
    fn leave(&mut self, person: PersonId, stream: StreamId) {
        if self.follows(person, stream) {
            self.tell(StreamId::person(person), "left");
            self.tx.unsubscribed(person, stream);
        }
    }

    fn mark(&mut self, room: ConversationId, person: PersonId, to: Marks) {
        let stored = || self.state.marks.get(&(room, person)).copied();
        let before = self.marks.get(&(room, person)).copied().or_else(stored).unwrap_or_default();
        let after = match self.variant {
            Variant::MarksOverwritten => to,
            _ => before.merged(to),
        };
        if after != before {
            self.marks.insert((room, person), after);
            self.tell(StreamId::receipts(room), "receipts");
        }
    }

    /// The finished transaction, ready to be committed under this mark.
    pub fn end(mut self, mark: u64) -> Commit {
        let at_ms = self.tx.now_ms();
        let marks = self.marks.into_iter().map(|((c, p), marks)| (c, p, marks)).collect();
        Commit { part: self.tx.end(mark), at_ms, credentials: self.credentials, marks }
    }
}

impl Appends for Writing<'_> {
    type Failed = Never;

    fn now_ms(&self) -> u64 {
        self.tx.now_ms()
    }

    fn channel(&self, _: StreamId) -> Option<Arc<str>> {
        None
    }

    fn newest(&self) -> Position {
        self.tx.at().position
    }

    fn head(&mut self, stream: StreamId) -> Result<Head, Never> {
        let stored = || self.state.heads.get(&stream).copied().unwrap_or_default();
        Ok(self.tx.head(stream).unwrap_or_else(stored))
    }

    fn first_with_key(
        &mut self,
        from: Option<PersonId>,
        key: &str,
    ) -> Result<Option<FirstAppend>, Never> {
        let key = (from, Box::from(key));
        if self.tx.first_with_key(&key).is_none() {
            let stored = match self.variant {
                Variant::KeysOnNode => self.known.get(&key.1).cloned(),
                Variant::KeysForgottenEarly => {
                    self.state.first_with_key(&key.1, self.tx.now_ms().saturating_sub(HOUR_MS))
                }
                _ => self.state.first_with_key(&key.1, self.tx.oldest_key_ms()),
            };
            self.tx.learn_key(key.clone(), stored);
        }
        Ok(self.tx.first_with_key(&key).flatten().cloned())
    }

    fn following(&mut self, person: PersonId, stream: StreamId) -> Result<Following, Never> {
        let stored = || match self.state.follows(person, stream) {
            Some(_) => Following::Freely,
            None => Following::No,
        };
        Ok(self.tx.following(person, stream).unwrap_or_else(stored))
    }

    fn take(&mut self, event: Event) -> Result<Appended, Error> {
        self.tx.take(event)
    }
}

/// The failure of a store that answers every question: none.
pub enum Never {}

impl From<Never> for Error {
    fn from(never: Never) -> Self {
        match never {}
    }
}
