//! How a node learns of what is committed: as `crates/store/src/postgres/follower.rs`, with timers for its thread.

use std::sync::Arc;

use encke_engine::{Batch, Committed, Entry, Order, Point, Position, Step, limits};

use super::shard::Message;
use super::{Node, ToNode};
use crate::agenda::{MS, Time};
use crate::scene::{NodeId, Scene};
use crate::store::Request;

/// Between two tries to read what is missing while the store does not answer.
const AGAIN: Time = 100 * MS;

/// See the top of this file.
pub struct Follower {
    node: NodeId,
    pub(super) order: Order,
    /// The newest event that was handed on.
    newest: Option<Arc<Entry>>,
    looked: Time,
    hinted: Option<Time>,
    missing_since: Option<Time>,
    looking: bool,
    /// When a timer is due already.
    planned: Option<Time>,
}

impl Follower {
    pub fn new(node: NodeId, at: Point, newest: Option<Arc<Entry>>, now: Time) -> Self {
        Follower {
            node,
            order: Order::new(at),
            newest,
            looked: now,
            hinted: None,
            missing_since: None,
            looking: false,
            planned: None,
        }
    }

    pub fn at(&self) -> Position {
        self.order.at().position
    }

    pub fn hinted(&mut self, scene: &Scene) {
        self.hinted = Some(scene.agenda.now());
    }

    /// What the variant does that believes any hint.
    pub fn skip_to(&mut self, before: Point) {
        if before > self.order.at() {
            self.order = Order::new(before);
        }
    }

    /// This is handed on.
    fn note(&mut self, batch: &Batch) {
        for step in &batch.steps {
            if let Step::Event(entry) = step {
                self.newest = Some(entry.clone());
            }
        }
    }

    /// Hints may have been lost.
    pub fn look_soon(&mut self, scene: &mut Scene) {
        self.looked = scene.agenda.now().saturating_sub(limits::LOOK_MS * MS);
        self.plan(scene);
    }

    /// When there is a reason to look.
    fn due(&mut self, now: Time) -> Time {
        let silence = self.looked + limits::LOOK_MS * MS;
        if !self.order.is_missing() {
            self.missing_since = None;
            return silence;
        }
        let since = *self.missing_since.get_or_insert(now);
        let hinted = self.hinted.is_some_and(|at| now - at < limits::LOOK_MS * MS);
        let late =
            if hinted && !self.order.is_to_be_read() { limits::HINT_LATE_MS * MS } else { 0 };
        silence.min(since + late)
    }

    /// Makes sure that a timer comes when there is a reason to look.
    pub fn plan(&mut self, scene: &mut Scene) {
        if self.looking {
            return;
        }
        let now = scene.agenda.now();
        let due = self.due(now).max(now);
        if self.planned.is_none_or(|at| at > due) {
            self.planned = Some(due);
            scene.tell_node(self.node, due - now, ToNode::Follow);
        }
    }
}

impl Node {
    /// Hands on what is next, once, in the order of the log.
    pub(super) fn hand_on(&mut self, scene: &mut Scene) {
        while let Some(next) = self.follower.order.take_next() {
            self.follower.note(&next.batch);
            self.gate.position = next.after.position;
            self.publish(&next.batch, scene);
        }
        self.follower.plan(scene);
    }

    /// Revocations first, so that what is being looked up is not remembered; then the batch, to every shard.
    fn publish(&mut self, batch: &Arc<Batch>, scene: &mut Scene) {
        for step in &batch.steps {
            if let Step::Revoke { person, credential } = step {
                let number = self.gate.revoke(*person, *credential);
                for shard in &mut self.shards {
                    shard.push(Message::Revoked(number, *person, *credential), scene);
                }
            }
        }
        self.gate.committed(batch);
        for shard in &mut self.shards {
            shard.push(Message::Batch(batch.clone()), scene);
        }
    }

    /// A timer: looks at the store if there is a reason.
    pub(super) fn follow(&mut self, scene: &mut Scene) {
        let now = scene.agenda.now();
        if self.follower.planned.is_some_and(|at| at <= now) {
            self.follower.planned = None;
        }
        if self.follower.looking {
            return;
        }
        if self.follower.due(now) > now {
            return self.follower.plan(scene);
        }
        self.follower.looking = true;
        self.follower.missing_since = None;
        self.follower.order.begin_reading();
        self.follower.looked = now;
        self.look(scene);
    }

    fn look(&mut self, scene: &mut Scene) {
        scene.figures.looks += 1;
        let (at, newest) = (self.follower.order.at(), self.follower.newest.clone());
        self.ask(Request::Look(at, newest), scene);
    }

    pub(super) fn looked(&mut self, found: Option<(Committed, bool)>, scene: &mut Scene) {
        let more = found.as_ref().is_some_and(|(_, more)| *more);
        if let Some((committed, _)) = found {
            self.follower.order.offer(committed);
        }
        self.follower.looking = more;
        self.hand_on(scene);
        if more {
            self.look(scene);
        }
    }

    pub(super) fn look_failed(&mut self, scene: &mut Scene) {
        // What was forgotten at the beginning is still to be read.
        let further = Point { position: Position(u64::MAX), change: u64::MAX };
        self.follower.order.heard_of(further);
        self.follower.looking = false;
        let again = scene.agenda.now() + AGAIN;
        self.follower.planned = Some(again);
        scene.tell_node(self.id, AGAIN, ToNode::Follow);
    }
}
