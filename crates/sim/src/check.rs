//! The checks of the promises against the truth in the store, at every step and once more at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use encke_engine::append::{Appended, Head};
use encke_engine::marks::Marks;
use encke_engine::{
    ConversationId, Cursor, Entry, Epoch, Event, PersonId, Position, Seq, Step, StreamId, limits,
};

use crate::agenda::{MS, Time};
use crate::node::Hint;
use crate::scene::{ConnId, LOST_MAX, NodeId, Scene};
use crate::store::{Commit, State};

/// A node that is well knows of every right that ended longer ago than this (P7). It consists of the time until the
/// next look, the time until the end of a broken connection is noticed, and the time of the look itself.
const AUTHORITY_MAX: Time = limits::LOOK_MS * MS + LOST_MAX + 300 * MS;

/// The part of the log that a client holds: all events of an epoch that it may see, from its beginning up to a
/// position.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The person.
    pub person: PersonId,
    /// The epoch of the log.
    pub epoch: Epoch,
    /// The client holds everything up to this position.
    pub held: Position,
}

/// The promises that nodes have made.
#[derive(Default)]
pub struct Check {
    /// The first answer to each key, in each epoch.
    answers: BTreeMap<(Box<str>, u64), Appended>,
    /// The furthest marks that clients have acked.
    acked: BTreeMap<(ConversationId, PersonId), Marks>,
    /// The signals that nodes have sent.
    said: BTreeSet<u64>,
    /// The signals that each node has heard.
    heard: BTreeSet<(NodeId, u64)>,
    /// The signals that were handed to each connection.
    handed: BTreeSet<(ConnId, u64)>,
}

impl Scene {
    /// Checks an event that a client received.
    pub fn received(&mut self, reader: &mut Reader, entry: &Arc<Entry>, cursor: Cursor) {
        self.figures.received += 1;
        self.figures.erased_received += u64::from(entry.event.is_erased());
        let at = entry.event.position;
        if cursor.epoch != reader.epoch {
            let what = format!("{reader:?} got {at:?} of {:?} without a reset", cursor.epoch);
            return self.fail("P4", what);
        }
        let Some(log) = self.store.history(reader.epoch) else { return };
        if !log.entries.get(&at).is_some_and(|truth| is_true(&entry.event, &truth.event)) {
            return self
                .fail("P2", format!("{reader:?} got something else than the log has: {at:?}"));
        }
        if log.span_of(reader.person, entry).is_none() {
            return self.fail("P7", format!("{reader:?} got {at:?}, which it may not see"));
        }
        if at <= reader.held {
            return self.fail("P4", format!("{reader:?} got {at:?} again"));
        }
        self.advanced(reader, Position(at.0 - 1));
        reader.held = at;
    }

    /// Checks that a client holds everything up to the position that it is told to hold.
    pub fn advanced(&mut self, reader: &mut Reader, to: Position) {
        let missing = self.store.history(reader.epoch).and_then(|log| missing(log, *reader, to));
        if let Some(at) = missing {
            self.fail("P4", format!("{reader:?} did not get {at:?} on its way to {to:?}"));
        }
        reader.held = reader.held.max(to);
    }

    /// Checks that the person of a session may see an event that a node hands to it.
    pub fn handed(&mut self, node: NodeId, person: PersonId, credential: u64, entry: &Entry) {
        let log = self.store.now();
        let span = log.span_of(person, entry).and_then(|span| span.ended);
        let ended = [span, log.ended.get(&credential).copied()].into_iter().flatten().min();
        if self.is_too_late(node, ended) {
            let at = entry.event.position;
            self.fail("P7", format!("{node:?} hands {at:?} to {person:?} {credential}, too late"));
        }
        let log = self.store.now();
        let erased = log.erased.get(&entry.event.position).map(|(_, when)| *when);
        if !entry.event.is_erased() && self.is_too_late(node, erased) {
            let at = entry.event.position;
            self.fail("P10", format!("{node:?} hands out {at:?} long after it was erased"));
        }
    }

    /// Checks an event that a hub found for a session that was not live.
    pub fn found(&mut self, person: PersonId, entry: &Entry, hub: Cursor) {
        let log = self.store.history(hub.epoch);
        let span = log.and_then(|log| log.span_of(person, entry));
        let by = log.and_then(|log| log.erased.get(&entry.event.position)).map(|(by, _)| *by);
        if span.is_some_and(|span| span.until <= hub.position) {
            let at = entry.event.position;
            self.fail("P7", format!("{person:?} gets {at:?} from a hub that knows it has left"));
        }
        if !entry.event.is_erased() && by.is_some_and(|by| by <= hub.position) {
            let at = entry.event.position;
            self.fail("P10", format!("{person:?} gets {at:?} from a hub that knows it is erased"));
        }
    }

    /// Checks the place that a client is told for its message.
    pub fn acknowledged(&mut self, person: PersonId, key: &str, epoch: Epoch, appended: Appended) {
        let place = Head { seq: appended.seq, position: appended.position };
        self.figures.acknowledged += 1;
        let first = self.check.answers.insert((key.into(), epoch.0), appended);
        if let Some(first) = first.filter(|first| first.position != place.position)
            && !is_forgotten(first.at_ms, appended.at_ms)
        {
            self.fail("P3", format!("{person:?}'s {key} is at {first:?} and at {appended:?}"));
        }
        if !self.store.ever_had(epoch, place, key) {
            self.fail(
                "P1",
                format!("{key} was acknowledged at {place:?} of {epoch:?}, not stored"),
            );
        }
    }

    /// Notes that a node sends a signal in some room.
    pub fn says_signal(&mut self, node: NodeId) -> (StreamId, u64) {
        let (number, (_, stream)) = (self.number(), self.any_room());
        self.check.said.insert(number);
        self.announce(node, Hint::Signal(stream, number));
        (stream, number)
    }

    /// Checks a signal that a node hands to a session.
    pub fn signal_handed(
        &mut self,
        node: NodeId,
        epoch: Epoch,
        (conn, person): (ConnId, PersonId),
        (stream, number): (StreamId, u64),
    ) {
        if !self.check.handed.insert((conn, number)) {
            self.fail("P9", format!("connection {conn} gets the signal {number} twice"));
        }
        let Some(log) = self.store.history(epoch) else { return };
        let ended = match log.spans.get(&(person, stream)).and_then(|spans| spans.last()) {
            Some(span) => span.ended,
            None => Some(0),
        };
        if self.is_too_late(node, ended) {
            self.fail("P7", format!("{node:?} hands {person:?} a signal of {stream:?}"));
        }
    }

    /// Checks a signal that a client received.
    pub fn signal_received(&mut self, number: u64) {
        self.figures.signals_handed += 1;
        if !self.check.said.contains(&number) {
            self.fail("P9", format!("a client gets the signal {number}, which no node has said"));
        }
    }

    /// Whether a node that is well must know that a right has ended.
    fn is_too_late(&self, node: NodeId, ended: Option<Time>) -> bool {
        let well_since = self.links[node.place].well_since;
        let late = |ended: Time| self.agenda.now() > ended.max(well_since) + AUTHORITY_MAX;
        self.reaches_store(node) && ended.is_some_and(late)
    }

    /// Checks a signal that a node takes for its clients.
    pub fn signalled(&mut self, node: NodeId, number: u64) {
        self.figures.signals += 1;
        if !self.check.said.contains(&number) {
            self.fail("P9", format!("{node:?} takes the signal {number}, which no node has said"));
        }
        if !self.check.heard.insert((node, number)) {
            self.fail("P9", format!("{node:?} takes the signal {number} twice"));
        }
    }

    /// Checks that the sign-ins of sessions that are ended have ended.
    pub fn check_revoked(&mut self, epoch: Epoch, person: PersonId, credential: Option<u64>) {
        let ends = |step: &Step| matches!(step, Step::Revoke { person: p, credential: c } if (*p, *c) == (person, credential));
        let log = self.store.history(epoch);
        if log.is_some_and(|log| !log.changes.values().any(|change| ends(&change.step))) {
            self.fail("P7", format!("{person:?} is signed out, and nobody has done that"));
        }
    }

    /// Notes the marks that a client acks.
    pub fn says_ack(&mut self, room: ConversationId, person: PersonId, marks: Marks) {
        let acked = self.check.acked.entry((room, person)).or_default();
        *acked = acked.merged(marks);
    }

    /// Checks a transaction that is about to be committed.
    pub fn check_commit(&mut self, commit: &Commit) {
        for step in &commit.part.batch.steps {
            if let Step::Event(entry) = step
                && let Some(key) = &entry.event.key
            {
                let again = self.store.now().keys.contains_key(key);
                self.figures.keys_forgotten += u64::from(again);
            }
        }
        for (room, person, marks) in &commit.marks {
            let key = (*room, *person);
            let before = self.store.now().marks.get(&key).copied().unwrap_or_default();
            let acked = self.check.acked.get(&key).copied().unwrap_or_default();
            if marks.merged(before) != *marks || acked.merged(*marks) != acked {
                let what = format!("{key:?} goes from {before:?} to {marks:?}, acked is {acked:?}");
                self.fail("P5", what);
            }
        }
    }

    /// Checks, after everything has come to rest, that nothing is missing anywhere.
    pub fn check_end(&mut self, readers: &[Reader]) {
        let log = self.store.now();
        let (epoch, end) = (log.epoch, log.at.position);
        let mut wrong = wrong_numbers(log);
        for ((key, epoch), place) in &self.check.answers {
            let kept = self.store.is_kept(Epoch(*epoch), place.position);
            let found = log.entries.get(&place.position);
            if kept && found.is_none_or(|e| e.event.key.as_deref() != Some(key)) {
                wrong.push(("P1", format!("{key} was acknowledged at {place:?} and is gone")));
            }
        }
        for reader in readers {
            if reader.epoch != epoch {
                let what = format!("{reader:?} was not told to go on in {epoch:?}");
                wrong.push(("P4", what));
            } else if let Some(at) = missing(log, *reader, end) {
                wrong.push(("P4", format!("{reader:?} never got {at:?}; the log ends at {end:?}")));
            }
        }
        wrong.into_iter().for_each(|(promise, what)| self.fail(promise, what));
    }
}

/// Whether an event arrived as the log has it. Clients are not told what it erases. Its own content may have been on its
/// way when it was erased; that is judged where a node hands it out.
fn is_true(event: &Event, truth: &Event) -> bool {
    let seen = |event: &Event| Event { erases: Vec::new(), ..event.clone() };
    seen(event) == seen(truth) || truth.is_erased() && seen(&event.erased()) == seen(truth)
}

/// The first event that a reader lacks between the events that it holds and a position.
fn missing(log: &State, reader: Reader, to: Position) -> Option<Position> {
    let due = |e: &&Arc<Entry>| log.span_of(reader.person, e).is_some_and(|s| s.ended.is_none());
    log.between(reader.held, to).find(due).map(|e| e.event.position)
}

/// Whether a key that was used at one time of the log may be forgotten at another.
fn is_forgotten(used_ms: u64, now_ms: u64) -> bool {
    now_ms > used_ms.saturating_add(limits::KEY_AGE_MS)
}

/// The faults in positions, numbers, keys and times of a log: none may have a gap, come twice or go back.
fn wrong_numbers(log: &State) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let (mut last, mut at_ms) = (Position(0), 0);
    let mut seqs = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for entry in log.entries.values() {
        let event = &entry.event;
        let seq: &mut Seq = seqs.entry(event.stream).or_default();
        if event.position.0 != last.0 + 1 || event.seq.0 != seq.0 + 1 || event.at_ms < at_ms {
            let at = (event.position, event.seq, event.at_ms);
            wrong.push(("P2", format!("{at:?} comes after {:?}", (last, *seq, at_ms))));
        }
        (last, *seq, at_ms) = (event.position, event.seq, event.at_ms);
        if let Some(key) = &event.key
            && let Some((first, first_ms)) = keys.insert(key.clone(), (event.position, event.at_ms))
            && !is_forgotten(first_ms, event.at_ms)
        {
            wrong.push(("P3", format!("{key} stands at {first:?} and at {:?}", event.position)));
        }
    }
    wrong
}
