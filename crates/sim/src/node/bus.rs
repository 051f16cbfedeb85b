//! The bus: what a node tells the others arrives once, twice, late, in another order, or not at all.

use encke_engine::{Committed, Epoch, Point};

use super::{Node, ToNode};
use crate::agenda::MS;
use crate::scene::{NodeId, Scene};
use crate::variant::Variant;

/// What one node tells another.
#[derive(Clone, Debug)]
pub enum Hint {
    /// It has committed this.
    Commit(Committed),
    /// The log goes so far.
    End(Epoch, Point),
}

impl Scene {
    /// A node tells all others.
    pub fn announce(&mut self, from: NodeId, hint: &Hint) {
        for place in 0..self.links.len() {
            let Some(life) = self.links[place].life.filter(|_| place != from.place) else {
                continue;
            };
            self.figures.hints += 1;
            let cut = self.links[from.place].bus_cut || self.links[place].bus_cut;
            if cut || self.chance(self.weather.hint_lost) {
                self.figures.hints_lost += 1;
                continue;
            }
            let twice = self.chance(self.weather.hint_twice);
            self.figures.hints_doubled += u64::from(twice);
            for _ in 0..=u8::from(twice) {
                let late = self.chance(self.weather.hint_late);
                self.figures.hints_late += u64::from(late);
                let late = if late { self.random.u64(..3_000 * MS) } else { 0 };
                let delay = self.delay() + late;
                self.tell_node(NodeId { place, life }, delay, ToNode::Hint(hint.clone()));
            }
        }
    }
}

impl Node {
    /// Another node says something. It is true, but perhaps of another log, or long known, or not yet there to be read.
    pub(super) fn hint(&mut self, hint: Hint, scene: &mut Scene) {
        match hint {
            Hint::Commit(committed) => {
                if committed.epoch != self.gate.epoch {
                    scene.figures.hints_foreign += 1;
                    return;
                }
                self.follower.hinted(scene);
                if scene.variant == Variant::AnyHint {
                    self.follower.skip_to(committed.before);
                }
                let ahead = committed.before > self.follower.order.at();
                scene.figures.hints_ahead += u64::from(ahead);
                self.follower.order.hint(committed);
                self.hand_on(scene);
            }
            Hint::End(epoch, after) => {
                if epoch == self.gate.epoch {
                    self.follower.order.heard_of(after);
                    self.hand_on(scene);
                }
            }
        }
    }
}
