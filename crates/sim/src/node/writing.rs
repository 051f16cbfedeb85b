//! One transaction: what its writes bring, computed while the space's row is locked.

use std::collections::BTreeMap;
use std::sync::Arc;

use encke_engine::marks::Marks;
use encke_engine::{ConversationId, Entry, Epoch, Event, PersonId, Position, Seq, Step, StreamId};

use super::Job;
use crate::client::{Exchange, Outcome};
use crate::scene::{NodeId, Scene};
use crate::store::{Commit, Place};
use crate::variant::Variant;

/// An event that has no place yet.
struct New {
    stream: StreamId,
    from: Option<PersonId>,
    kind: &'static str,
    key: Option<Box<str>>,
}

/// See the top of this file.
pub struct Writing<'a> {
    commit: Commit,
    epoch: Epoch,
    heads: BTreeMap<StreamId, Place>,
    keys: BTreeMap<Box<str>, Place>,
    follows: BTreeMap<(PersonId, StreamId), bool>,
    marks: BTreeMap<(ConversationId, PersonId), Marks>,
    /// What this node knows of keys, for the variant that asks nobody else.
    known: &'a BTreeMap<Box<str>, Place>,
}

impl<'a> Writing<'a> {
    pub fn begin(node: NodeId, known: &'a BTreeMap<Box<str>, Place>, scene: &mut Scene) -> Self {
        let state = scene.store.now();
        let before = match scene.variant {
            Variant::Sequence => state.at.max(scene.store.sequence),
            _ => state.at,
        };
        // Times in the log never go back, whatever the clocks of the nodes do.
        let at_ms = scene.clock_ms(node).max(state.at_ms);
        let commit = Commit { before, after: before, at_ms, ..Commit::default() };
        let (heads, keys, follows, marks) = Default::default();
        Writing { commit, epoch: state.epoch, heads, keys, follows, marks, known }
    }

    /// Does one write; says what is to be answered once all is committed.
    pub fn run(&mut self, job: Job, scene: &Scene) -> Option<(Exchange, Outcome)> {
        match job {
            Job::Send { exchange, person, stream, key } => {
                let outcome = self.send(person, stream, key, scene);
                return Some((exchange, outcome));
            }
            Job::Marker(stream) => {
                self.append(New { stream, from: None, kind: "marker", key: None }, scene);
            }
            Job::Join(person, room) => self.join(person, StreamId::conversation(room), scene),
            Job::Leave(person, room) => self.leave(person, StreamId::conversation(room), scene),
            Job::Revoke(person, credential) => self.change(Step::Revoke { person, credential }),
            Job::SignIn(exchange, person, credential) => {
                self.commit.credentials.push((credential, person));
                return Some((exchange, Outcome::SignedIn(credential)));
            }
            Job::Marks(marks) => {
                marks.into_iter().for_each(|(room, p, marks)| self.mark(room, p, marks, scene));
            }
        }
        None
    }

    fn send(
        &mut self,
        person: PersonId,
        stream: StreamId,
        key: Box<str>,
        scene: &Scene,
    ) -> Outcome {
        let epoch = self.epoch;
        // A retry gets the first answer, also when its sender has been removed since.
        let here = self.keys.get(&key);
        let stored = match scene.variant {
            Variant::KeysOnNode => self.known.get(&key),
            _ => scene.store.now().keys.get(&key),
        };
        if let Some(place) = here.or(stored).copied() {
            return Outcome::Stored { key, epoch, place, repeated: true };
        }
        if !self.does_follow(person, stream, scene) {
            return Outcome::NotMember;
        }
        let new = New { stream, from: Some(person), kind: "message", key: Some(key.clone()) };
        let place = self.append(new, scene);
        Outcome::Stored { key, epoch, place, repeated: false }
    }

    fn does_follow(&self, person: PersonId, stream: StreamId, scene: &Scene) -> bool {
        let here = self.follows.get(&(person, stream)).copied();
        here.unwrap_or_else(|| scene.store.now().follows(person, stream).is_some())
    }

    fn append(&mut self, new: New, scene: &Scene) -> Place {
        let New { stream, from, kind, key } = new;
        let stored = || scene.store.now().heads.get(&stream).copied();
        let head = self.heads.get(&stream).copied().or_else(stored);
        let (back, seq) = head.map_or((Position(0), 0), |head| (head.position, head.seq.0));
        let position = Position(self.commit.after.position.0 + 1);
        let place = Place { position, seq: Seq(seq + 1) };
        let at_ms = self.commit.at_ms;
        let (kind, body) = (kind.into(), bytes::Bytes::from_static(b"\"twenty bytes, or so\""));
        let seq = place.seq;
        let event =
            Event { position, stream, seq, back, at_ms, from, kind, key, body, channel: None };
        if let Some(key) = &event.key {
            self.keys.insert(key.clone(), place);
        }
        self.heads.insert(stream, place);
        self.commit.after.position = position;
        self.commit.steps.push(Step::Event(Arc::new(Entry::new(event, self.epoch))));
        place
    }

    fn change(&mut self, step: Step) {
        self.commit.after.change += 1;
        self.commit.steps.push(step);
    }

    fn join(&mut self, person: PersonId, stream: StreamId, scene: &Scene) {
        if self.does_follow(person, stream, scene) {
            return;
        }
        self.follows.insert((person, stream), true);
        let from = Position(self.commit.after.position.0 + 1);
        self.change(Step::Subscribe { person, stream, from });
        let own = StreamId::person(person);
        self.append(New { stream: own, from: None, kind: "joined", key: None }, scene);
    }

    /// What a person may no longer see is told in its own stream before it stops following.
    fn leave(&mut self, person: PersonId, stream: StreamId, scene: &Scene) {
        if self.does_follow(person, stream, scene) {
            self.follows.insert((person, stream), false);
            let own = StreamId::person(person);
            self.append(New { stream: own, from: None, kind: "left", key: None }, scene);
            self.change(Step::Unsubscribe { person, stream });
        }
    }

    fn mark(&mut self, room: ConversationId, person: PersonId, to: Marks, scene: &Scene) {
        let stored = || scene.store.now().marks.get(&(room, person)).copied();
        let before = self.marks.get(&(room, person)).copied().or_else(stored).unwrap_or_default();
        let after = match scene.variant {
            Variant::MarksOverwritten => to,
            _ => before.merged(to),
        };
        if after != before {
            self.marks.insert((room, person), after);
            let stream = StreamId::receipts(room);
            self.append(New { stream, from: None, kind: "receipts", key: None }, scene);
        }
    }

    /// All of it, ready to be committed.
    pub fn end(mut self, scene: &mut Scene) -> Commit {
        let marks = std::mem::take(&mut self.marks);
        self.commit.marks = marks.into_iter().map(|((c, p), marks)| (c, p, marks)).collect();
        if scene.variant == Variant::Sequence {
            scene.store.sequence = self.commit.after;
        }
        self.commit
    }
}
