//! One history of the log, and the facts that follow from it. It only grows; a failover begins another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use encke_engine::append::{Appended, FirstAppend, Head};
use encke_engine::frontier::RightsChange;
use encke_engine::hub::Follow;
use encke_engine::marks::Marks;
use encke_engine::{
    Committed, ConversationId, Entry, Epoch, Event, Owner, PersonId, Point, Position, Step,
    StreamId,
};

use crate::agenda::Time;

/// The content of one transaction.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The part of the log that it adds.
    pub part: Committed,
    /// The time of its events.
    pub at_ms: u64,
    /// Credentials that are good from now on.
    pub credentials: Vec<(u64, PersonId)>,
    /// Marks that moved.
    pub marks: Vec<(ConversationId, PersonId, Marks)>,
}

/// A span of the log in which a person followed a stream.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first position of the span.
    pub from: Position,
    /// The first position after the span.
    pub until: Position,
    /// The time when the end was committed.
    pub ended: Option<Time>,
}

/// One history; see the top of this file.
#[derive(Debug)]
pub struct State {
    /// The epoch.
    pub epoch: Epoch,
    /// The last position taken over from the history before; everything for the first history.
    pub inherited: Position,
    /// Events before this position were trimmed, and nobody can read them any more.
    pub trimmed: Position,
    /// For each trim: the number of commits before it, and the position that it reached.
    trims: Vec<(usize, Position)>,
    /// The end of the log.
    pub at: Point,
    /// The time of its newest event.
    pub at_ms: u64,
    /// All commits, in their order.
    pub commits: Vec<Commit>,
    /// All events.
    pub entries: BTreeMap<Position, Arc<Entry>>,
    /// The events that were erased: by which event, and when.
    pub erased: BTreeMap<Position, (Position, Time)>,
    /// The mark of each event's commit.
    pub commit_marks: BTreeMap<Position, u64>,
    /// All changes, by their number.
    pub changes: BTreeMap<u64, RightsChange>,
    /// The newest event of each stream.
    pub heads: BTreeMap<StreamId, Head>,
    /// All events with a key.
    pub keys: BTreeMap<Box<str>, Vec<Position>>,
    /// The spans in which people follow or followed streams.
    pub spans: BTreeMap<(PersonId, StreamId), Vec<Span>>,
    /// Credentials that are good.
    pub credentials: BTreeMap<u64, PersonId>,
    /// The credentials that have ended, with the time.
    pub ended: BTreeMap<u64, Time>,
    /// Delivered and read marks.
    pub marks: BTreeMap<(ConversationId, PersonId), Marks>,
}

impl State {
    /// An empty log.
    pub fn new(epoch: Epoch) -> Self {
        let (at, at_ms, commits, entries, commit_marks, changes, heads) = Default::default();
        let (keys, spans, credentials, ended, marks, erased) = Default::default();
        State {
            epoch,
            inherited: Position(u64::MAX),
            trimmed: Position(0),
            trims: Vec::new(),
            at,
            at_ms,
            commits,
            entries,
            erased,
            commit_marks,
            changes,
            heads,
            keys,
            spans,
            credentials,
            ended,
            marks,
        }
    }

    /// The same log with only its first commits, as a standby has it.
    pub fn up_to(&self, commits: usize, now: Time) -> Self {
        let mut state = State::new(self.epoch);
        self.commits[..commits].iter().for_each(|commit| state.apply(commit.clone(), now));
        state.inherited = state.at.position;
        let trims = self.trims.iter().filter(|(when, _)| *when <= commits);
        state.trims = trims.copied().collect();
        state.trimmed = state.trims.last().map_or(Position(0), |(_, trimmed)| *trimmed);
        state
    }

    /// Trims all events but the newest `kept`. Returns whether there were any to trim. The uses of keys and the ends of
    /// streams are remembered, because a store keeps them apart.
    pub fn trim(&mut self, kept: u64) -> bool {
        let to = Position((self.at.position.0 + 1).saturating_sub(kept));
        let trims = to > self.trimmed;
        if trims {
            self.trimmed = to;
            self.trims.push((self.commits.len(), to));
        }
        trims
    }

    /// The events that the trims have left.
    pub fn kept(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.entries.range(self.trimmed..).map(|(_, entry)| entry)
    }

    /// Gives the log another epoch: its events carry it from now on.
    pub fn renew(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        let anew = |e: &Arc<Entry>| Arc::new(Entry::new(e.event.clone(), epoch));
        self.entries.values_mut().for_each(|e| *e = anew(e));
    }

    /// Adds the content of a transaction.
    pub fn apply(&mut self, commit: Commit, now: Time) {
        let mut at = commit.part.before;
        for step in &commit.part.batch.steps {
            match step {
                Step::Event(entry) => {
                    at.position = entry.event.position;
                    self.append(entry, commit.part.mark, now);
                }
                change => {
                    at.change += 1;
                    self.change(change, at, now);
                }
            }
        }
        self.credentials.extend(commit.credentials.iter().copied());
        for (room, person, marks) in &commit.marks {
            self.marks.insert((*room, *person), *marks);
        }
        self.at = self.at.max(commit.part.after);
        self.at_ms = self.at_ms.max(commit.at_ms);
        self.commits.push(commit);
    }

    fn append(&mut self, entry: &Arc<Entry>, mark: u64, now: Time) {
        let event = &entry.event;
        let head = Head { position: event.position, seq: event.seq };
        self.heads.insert(event.stream, head);
        if let Some(key) = &event.key {
            self.keys.entry(key.clone()).or_default().push(event.position);
        }
        for at in &event.erases {
            if let Some(entry) = self.entries.get_mut(at) {
                *entry = Arc::new(entry.erased());
                self.erased.entry(*at).or_insert((event.position, now));
            }
        }
        self.entries.insert(event.position, entry.clone());
        self.commit_marks.insert(event.position, mark);
    }

    fn change(&mut self, step: &Step, at: Point, now: Time) {
        let next = Position(at.position.0 + 1);
        let change = RightsChange { number: at.change, before: next, step: step.clone() };
        self.changes.insert(at.change, change);
        match step {
            Step::Subscribe { person, stream, from } => {
                let span = Span { from: *from, until: Position(u64::MAX), ended: None };
                self.spans.entry((*person, *stream)).or_default().push(span);
            }
            Step::Unsubscribe { person, stream } => {
                let spans = self.spans.entry((*person, *stream)).or_default();
                if let Some(span) = spans.last_mut().filter(|s| s.ended.is_none()) {
                    (span.until, span.ended) = (next, Some(now));
                }
            }
            Step::Revoke { person, credential } => {
                let ends = |(c, p): &(u64, PersonId)| {
                    p == person && credential.is_none_or(|ended| ended == *c)
                };
                let all = self.credentials.iter().map(|(c, p)| (*c, *p));
                let ended: BTreeSet<u64> = all.filter(ends).map(|(c, _)| c).collect();
                self.credentials.retain(|c, _| !ended.contains(c));
                self.ended.extend(ended.into_iter().map(|c| (c, now)));
            }
            Step::Event(_) => {}
        }
    }

    /// Whether a message with this key stands at this place.
    pub fn has(&self, place: Head, key: &str) -> bool {
        let entry = self.entries.get(&place.position);
        entry.is_some_and(|e| e.event.seq == place.seq && e.event.key.as_deref() == Some(key))
    }

    /// The newest append with a key, if it is not older than this.
    pub fn first_with_key(&self, key: &str, oldest_ms: u64) -> Option<FirstAppend> {
        let event = &self.entries[self.keys.get(key)?.last()?].event;
        let Event { position, seq, at_ms, .. } = *event;
        let appended = Appended { position, seq, at_ms, repeated: false };
        (at_ms >= oldest_ms).then(|| FirstAppend::of(event, appended))
    }

    /// The first position that a person gets of a stream, if the person follows it now.
    pub fn follows(&self, person: PersonId, stream: StreamId) -> Option<Position> {
        let span = self.spans.get(&(person, stream))?.last()?;
        span.ended.is_none().then_some(span.from)
    }

    /// The streams that a person's sessions follow.
    pub fn follows_of(&self, person: PersonId) -> Vec<Follow> {
        let own = StreamId::person(person);
        let of = self.spans.range((person, StreamId::from_raw(0))..);
        let mine = of.take_while(|((p, _), _)| *p == person).map(|((_, stream), _)| *stream);
        let rooms = mine.filter_map(|s| Some(Follow { stream: s, from: self.follows(person, s)? }));
        [Follow { stream: own, from: Position(0) }].into_iter().chain(rooms).collect()
    }

    /// The span in which a person may see an event.
    pub fn span_of(&self, person: PersonId, entry: &Entry) -> Option<Span> {
        let (stream, at) = (entry.event.stream, entry.event.position);
        // This is a rule of the model's own, beside the engine's.
        let stream = match stream.owner() {
            Owner::Receipts(c) | Owner::Amendments(c) | Owner::Growth(c) => {
                StreamId::conversation(c)
            }
            _ => stream,
        };
        if stream == StreamId::person(person) {
            return Some(Span { from: Position(0), until: Position(u64::MAX), ended: None });
        }
        let spans = self.spans.get(&(person, stream))?;
        spans.iter().find(|s| s.from <= at && at < s.until).copied()
    }

    /// The events after one position and up to another.
    pub fn between(&self, after: Position, up_to: Position) -> impl Iterator<Item = &Arc<Entry>> {
        let first = Position(after.0 + 1);
        self.entries
            .range(first..=up_to.max(after).max(first))
            .map(|(_, e)| e)
            .filter(move |e| e.event.position <= up_to)
    }
}
