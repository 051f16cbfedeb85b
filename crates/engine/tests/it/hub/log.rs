//! A log in memory, with all facts that a store knows about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Batch, Entry, Epoch, Event, Owner, PersonId, Position, Seq, Step, StreamId};

pub const EPOCH: Epoch = Epoch(7);

/// The followers of each stream, with their first positions.
pub type Followers = BTreeMap<(PersonId, StreamId), Position>;

#[derive(Default)]
pub struct Log {
    entries: Vec<Arc<Entry>>,
    pub batches: Vec<Arc<Batch>>,
    /// The end of the log and its followers, after each number of batches.
    pub views: Vec<(Position, Followers)>,
}

impl Log {
    pub fn head(&self) -> Position {
        Position(self.entries.len() as u64)
    }

    pub fn append(&mut self, stream: StreamId, bytes: usize) -> Arc<Entry> {
        let before = self.entries.iter().rev().find(|e| e.event.stream == stream);
        let event = Event {
            position: Position(self.head().0 + 1),
            stream,
            seq: Seq(before.map_or(1, |e| e.event.seq.0 + 1)),
            back: before.map_or(Position(0), |e| e.event.position),
            at_ms: 0,
            from: None,
            kind: "test".into(),
            key: None,
            body: vec![b'1'; bytes].into(),
            erases: Vec::new(),
            channel: None,
        };
        let entry = Arc::new(Entry::new(event, EPOCH));
        self.entries.push(entry.clone());
        entry
    }

    pub fn between(&self, after: Position, up_to: Position) -> impl Iterator<Item = &Arc<Entry>> {
        let range = after.0 as usize..(up_to.0 as usize).max(after.0 as usize);
        self.entries[range].iter()
    }

    /// Adds the steps of a commit.
    pub fn commit(&mut self, steps: Vec<Step>) {
        let mut followers = self.views.last().map_or_else(Followers::new, |(_, f)| f.clone());
        for step in &steps {
            match step {
                Step::Subscribe { person, stream, from } => {
                    followers.insert((*person, *stream), *from);
                }
                Step::Unsubscribe { person, stream } => {
                    followers.remove(&(*person, *stream));
                }
                Step::Event(_) | Step::Revoke { .. } => {}
            }
        }
        self.batches.push(Arc::new(Batch { steps }));
        self.views.push((self.head(), followers));
    }

    /// The end of the log and its followers after this many batches.
    pub fn view(&self, batches: usize) -> (Position, Followers) {
        batches.checked_sub(1).map_or_else(Default::default, |i| self.views[i].clone())
    }

    /// A store's page that looks at this many events.
    pub fn page(&self, request: &PageRequest, scan: u64) -> Page {
        let up_to = Position(request.until.0.min(request.after.0 + scan));
        let entries = self.between(request.after, up_to);
        let entries = entries.filter(|e| covers(&request.follows, e)).cloned().collect();
        Page { entries, up_to }
    }
}

/// Whether the followed streams cover an event, by a rule of the model's own.
pub fn covers(follows: &[Follow], entry: &Entry) -> bool {
    let (stream, at) = (entry.event.stream, entry.event.position);
    let said = match stream.owner() {
        Owner::Receipts(c) | Owner::Amendments(c) | Owner::Growth(c) => StreamId::conversation(c),
        _ => stream,
    };
    follows.iter().any(|f| f.stream == said && f.from <= at)
}
