//! A hostile writer on the bus. It hears all messages and sends any message at any time, to the end of the world, but
//! it has no key. It forges messages and repeats old ones.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::append::Head;
use encke_engine::{
    Batch, Committed, Entry, Epoch, Event, PersonId, Point, Position, Seq, Step, StreamId,
};

use crate::agenda::MS;
use crate::node::{Hint, Sealed};
use crate::scene::{self, NodeId, Scene};

/// The number of messages that it remembers.
const REMEMBERED_MESSAGES_MAX: usize = 256;

/// The hostile writer; see the top of this file.
#[derive(Default)]
pub struct Forger {
    remembered: VecDeque<Sealed>,
    /// The epoch of the log that it has heard of. It also stands in every cursor.
    epoch: Option<Epoch>,
    at: Point,
    newest: BTreeMap<StreamId, Head>,
}

impl Forger {
    /// Listens to a message.
    pub fn hears(&mut self, message: Sealed) {
        let end = match &message.hint {
            Hint::Commit(committed) => {
                for step in &committed.batch.steps {
                    if let Step::Event(entry) = step {
                        let Event { position, seq, .. } = entry.event;
                        self.newest.insert(entry.event.stream, Head { position, seq });
                    }
                }
                Some((committed.epoch, committed.after))
            }
            Hint::End(epoch, after) => Some((*epoch, *after)),
            Hint::Signal(..) => None,
        };
        if let Some((epoch, after)) = end
            && (self.epoch != Some(epoch) || after > self.at)
        {
            (self.epoch, self.at) = (Some(epoch), after);
        }
        self.remembered.push_back(message);
        if self.remembered.len() > REMEMBERED_MESSAGES_MAX {
            self.remembered.pop_front();
        }
    }

    /// An event after a position that could be true, as far as the forger knows.
    fn event(&self, before: Position, stream: StreamId, from: PersonId) -> Event {
        let newest = self.newest.get(&stream).filter(|place| place.position <= before);
        let (seq, back) = newest.map_or((Seq(0), Position(0)), |p| (p.seq, p.position));
        Event {
            position: Position(before.0 + 1),
            stream,
            seq: Seq(seq.0 + 1),
            back,
            at_ms: 1_000_000_000,
            from: Some(from),
            kind: "message".into(),
            key: None,
            body: Bytes::from_static(b"\"forged\""),
            erases: Vec::new(),
            channel: None,
        }
    }

    /// A commit of one step after a point.
    fn commit(&self, before: Point, step: Step) -> Hint {
        let mut after = before;
        match &step {
            Step::Event(entry) => after.position = entry.event.position,
            _ => after.change += 1,
        }
        let epoch = self.epoch.unwrap_or(Epoch(1));
        let batch = Arc::new(Batch { steps: vec![step] });
        Hint::Commit(Committed { epoch, before, after, mark: 7, batch })
    }
}

impl Scene {
    /// Plans the forger's next message.
    pub fn plan_forger(&mut self) {
        if let Some(ms) = self.weather.forge_ms {
            let delay = self.random.u64(1..2 * ms * MS);
            self.agenda.after(delay, scene::Event::Forge);
        }
    }

    /// Sends a forged message, to all nodes or to one.
    pub fn forge(&mut self) {
        self.plan_forger();
        let message = match self.random.u8(..3) {
            0 => self.replayed(),
            _ => None,
        };
        let message = message.unwrap_or_else(|| self.forged());
        self.trace(|| format!("forger {message:?}"));
        let one = self.random.bool().then(|| self.random.usize(..self.links.len()));
        for place in (0..self.links.len()).filter(|place| one.is_none_or(|one| one == *place)) {
            self.carry(place, &message, false);
        }
    }

    /// Repeats a message that a node has sent.
    fn replayed(&mut self) -> Option<Sealed> {
        let known = self.forger.remembered.len();
        let again = self.forger.remembered.get(self.random.usize(..known.max(1)))?.clone();
        self.figures.replayed += 1;
        Some(again)
    }

    fn forged(&mut self) -> Sealed {
        self.figures.forged += 1;
        let (room, stream) = self.any_room();
        let person = PersonId(self.random.u64(1..=self.weather.people));
        let nobodys = StreamId::channel(room.0);
        let at = self.forger.at;
        let far = self.random.u64(1..1_000);
        let ahead = Point { position: Position(at.position.0 + far), change: at.change };
        let event = |before: Point, stream| self.forger.event(before.position, stream, person);
        let step = |event| Step::Event(Arc::new(Entry::new(event, Epoch(1))));
        let hint = match self.random.u8(..9) {
            0 => self.forger.commit(at, step(event(at, stream))),
            1 => self.forger.commit(at, step(event(at, nobodys))),
            // The event points back to itself, so a walk along its stream would never end.
            2 => {
                let event = event(at, stream);
                let circle = Event { back: event.position, seq: Seq(event.seq.0 + 1), ..event };
                self.forger.commit(at, step(circle))
            }
            3 => self.forger.commit(ahead, step(event(ahead, stream))),
            4 => Hint::End(self.forger.epoch.unwrap_or(Epoch(1)), ahead),
            5 => {
                let from = Position(at.position.0 + 1);
                self.forger.commit(at, Step::Subscribe { person, stream, from })
            }
            6 => self.forger.commit(at, Step::Unsubscribe { person, stream }),
            7 => self.forger.commit(at, Step::Revoke { person, credential: None }),
            _ => Hint::Signal(stream, u64::MAX - far),
        };
        // The forger can claim any sender and any time.
        let number = self.number();
        let from = NodeId { place: usize::MAX, life: number as u32 };
        let at_ms = self.any_node().map_or(0, |node| self.clock_ms(node));
        Sealed { hint, from, number, at_ms, genuine: false }
    }
}
