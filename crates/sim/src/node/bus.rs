//! The bus: a node's message to another arrives once, twice, late, in another order, or not at all. Beside the nodes a
//! stranger without a key writes on it (`forger.rs`).

use std::collections::BTreeMap;

use encke_engine::frontier::Frontier;
use encke_engine::{Committed, Epoch, Following, Point, StreamId, limits};

use super::{Node, ToNode};
use crate::agenda::MS;
use crate::scene::{NodeId, Scene};
use crate::variant::Variant;

/// A message of one node to another.
#[derive(Clone, Debug)]
pub enum Hint {
    /// The node has committed this.
    Commit(Committed),
    /// The log goes to this point.
    End(Epoch, Point),
    /// A signal in a stream; each signal has a number of its own.
    Signal(StreamId, u64),
}

/// A hint in its form on the bus.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The hint.
    pub hint: Hint,
    /// The node that it claims to be from.
    pub from: NodeId,
    /// The number of the message among those of its sender.
    pub number: u64,
    /// The time on the sender's clock.
    pub at_ms: u64,
    /// Whether it has the seal of the space's key, which only nodes have.
    pub genuine: bool,
}

/// The number of the newest message of each other node, as `crates/bus/src/seal.rs` keeps it.
#[derive(Default)]
pub struct HeardNumbers(BTreeMap<NodeId, u64>);

impl HeardNumbers {
    /// Whether a message is taken: a node has sent it, recently, and it was not taken before.
    fn takes(&mut self, message: &Sealed, me: NodeId, scene: &mut Scene) -> bool {
        let is_commit = matches!(message.hint, Hint::Commit(_));
        if !message.genuine && !scene.variant.takes_without_seal(is_commit) {
            scene.figures.refused_forged += 1;
            return false;
        }
        if message.from == me {
            return false;
        }
        if scene.variant == Variant::NoReplayCheck {
            return true;
        }
        let age_ms = message.at_ms.abs_diff(scene.clock_ms(me));
        let newest = self.0.entry(message.from).or_default();
        if age_ms > limits::BUS_MESSAGE_AGE_MS_MAX || message.number <= *newest {
            scene.figures.refused_stale += 1;
            return false;
        }
        *newest = message.number;
        true
    }
}

impl Scene {
    /// Sends a hint to all other nodes. If a commit changes rights, they only learn that it is there.
    pub fn announce(&mut self, from: NodeId, hint: Hint) {
        let hint = match hint {
            Hint::Commit(c) if c.changes_rights() && self.variant != Variant::RightsFromHints => {
                Hint::End(c.epoch, c.after)
            }
            other => other,
        };
        let (number, at_ms) = (self.number(), self.clock_ms(from));
        let message = Sealed { hint, from, number, at_ms, genuine: true };
        for place in (0..self.links.len()).filter(|place| *place != from.place) {
            let cut = self.links[from.place].bus_cut;
            self.carry(place, &message, cut);
        }
        self.forger.hears(message);
    }

    /// Delivers a message to a node.
    pub fn carry(&mut self, place: usize, message: &Sealed, cut: bool) {
        let Some(life) = self.links[place].life else { return };
        self.figures.hints += 1;
        if cut || self.links[place].bus_cut || self.chance(self.weather.hint_lost) {
            self.figures.hints_lost += 1;
            return;
        }
        let twice = self.chance(self.weather.hint_twice);
        self.figures.hints_doubled += u64::from(twice);
        for _ in 0..=u8::from(twice) {
            let late = self.chance(self.weather.hint_late);
            self.figures.hints_late += u64::from(late);
            let late = if late { self.random.u64(..3_000 * MS) } else { 0 };
            let delay = self.delay() + late;
            self.tell_node(NodeId { place, life }, delay, ToNode::Hint(message.clone()));
        }
    }
}

impl Node {
    /// Takes a message from the bus. A genuine message is true, but it may be of another log, or known already, or not
    /// readable in the store yet.
    pub(super) fn heard(&mut self, message: Sealed, scene: &mut Scene) {
        if !self.ear.takes(&message, self.id, scene) {
            return;
        }
        match message.hint {
            Hint::Commit(committed) => self.hint(committed, scene),
            Hint::End(epoch, after) => {
                self.following.heard_of(epoch, after);
                self.hand_on(scene);
            }
            Hint::Signal(stream, number) => {
                scene.signalled(self.id, number);
                self.signal(stream, number, scene);
            }
        }
    }

    fn hint(&mut self, committed: Committed, scene: &mut Scene) {
        if committed.epoch != self.gate.epoch {
            scene.figures.hints_foreign += 1;
            return;
        }
        let now = scene.agenda.elapsed();
        let ahead = committed.before > self.following.frontier().at;
        scene.figures.hints_ahead += u64::from(ahead);
        if scene.variant == Variant::AnyHint && ahead {
            let frontier = Frontier { at: committed.before, mark: 0 };
            self.following = Following::new(self.gate.epoch, frontier, now);
        }
        match scene.variant {
            Variant::RightsFromHints => self.following.committed(committed),
            _ => drop(self.following.hint(committed, now)),
        }
        self.hand_on(scene);
    }
}
