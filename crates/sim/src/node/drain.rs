//! The way in which a node goes down (P8): it takes nothing new, finishes accepted work, tells its clients, and ends.

use super::shard::Message;
use super::{Node, ToNode};
use crate::agenda::{MS, Time};
use crate::scene::Scene;
use crate::variant::Variant;

/// A node that goes down ends after this time, even with work left.
const DRAIN_MAX: Time = 4_000 * MS;
/// The time that clients have to read the last message and to end by themselves.
const LINGER: Time = 600 * MS;
/// The time between two checks whether all work is done.
const END_CHECK_EVERY: Time = 20 * MS;

impl Node {
    /// Begins to go down.
    pub(super) fn drain(&mut self, scene: &mut Scene) {
        if self.ends_at.is_some() {
            return;
        }
        scene.figures.drains += 1;
        scene.trace(|| format!("{:?} goes down", self.id));
        self.ends_at = Some(scene.agenda.now() + DRAIN_MAX);
        for shard in &mut self.shards {
            shard.push(Message::Drain, scene);
        }
        self.store_marks(scene);
        scene.tell_node(self.id, LINGER, ToNode::Drained);
    }

    /// Ends the node if all accepted work is done, or if its time is over.
    pub(super) fn perhaps_end(&mut self, scene: &mut Scene) {
        let Some(ends_at) = self.ends_at else { return };
        let is_over = scene.agenda.now() >= ends_at;
        let is_done = self.writer.is_idle() && self.gate.moved.is_empty();
        if !is_done && !is_over && scene.variant != Variant::DrainDropsWrites {
            return scene.tell_node(self.id, END_CHECK_EVERY, ToNode::Drained);
        }
        if !is_done && !is_over {
            scene.fail("P8", format!("{:?} ends before it has finished what it accepted", self.id));
        }
        let untold: usize = self.shards.iter().map(|shard| shard.untold()).sum();
        if untold > 0 {
            scene.fail("P8", format!("{:?} ends and has not told {untold} sessions", self.id));
        }
        scene.goes_down(self.id);
    }
}
