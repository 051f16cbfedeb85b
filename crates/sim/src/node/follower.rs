//! The way in which a node learns of commits: the engine's [`Following`](encke_engine::Following), with timers in place
//! of the store's thread.

use std::sync::Arc;

use encke_engine::frontier::{self, Frontier};
use encke_engine::{Batch, Entry, Event, Step};

use super::shard::Message;
use super::{Node, ToNode};
use crate::agenda::Time;
use crate::scene::Scene;
use crate::store::{LookRows, Request};
use crate::variant::Variant;

impl Node {
    /// Hands on the next parts, each once, in the order of the log.
    pub(super) fn hand_on(&mut self, scene: &mut Scene) {
        while let Some(next) = self.following.take_next() {
            self.gate.position = next.after.position;
            self.publish(&next.batch, scene);
        }
        self.plan_look(scene);
    }

    /// Publishes a batch. Revocations come first, so that a look-up under way is not remembered; then the batch goes to
    /// every shard.
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
        let untold = (scene.variant == Variant::ErasuresUntold).then(|| without_erasures(batch));
        let batch = untold.as_ref().unwrap_or(batch);
        for shard in &mut self.shards {
            shard.push(Message::Batch(batch.clone()), scene);
        }
    }

    /// Makes sure that a timer comes at the time of the next look.
    pub(super) fn plan_look(&mut self, scene: &mut Scene) {
        let now = scene.agenda.now();
        let Some(due) = self.following.look_at(scene.agenda.elapsed()) else { return };
        let due = (due.as_micros() as Time).max(now);
        if self.look_planned.is_none_or(|at| at > due) {
            self.look_planned = Some(due);
            scene.tell_node(self.id, due - now, ToNode::Follow);
        }
    }

    /// Handles a timer: looks at the store if it is time.
    pub(super) fn follow(&mut self, scene: &mut Scene) {
        let now = scene.agenda.elapsed();
        if self.look_planned.is_some_and(|at| at <= scene.agenda.now()) {
            self.look_planned = None;
        }
        match self.following.look_at(now) {
            Some(due) if due <= now => {
                let frontier = self.following.begin_look(now);
                self.look(frontier, scene);
            }
            _ => self.plan_look(scene),
        }
    }

    fn look(&mut self, frontier: Frontier, scene: &mut Scene) {
        scene.figures.looks += 1;
        self.ask(Request::Look(frontier), scene);
    }

    pub(super) fn looked(&mut self, from: Frontier, rows: LookRows, scene: &mut Scene) {
        let LookRows { log, events, changes } = rows;
        let epoch = self.gate.epoch;
        let part = match from.compare(epoch, &log) {
            Ok(true) => frontier::assemble(epoch, from.at, log.end, events, changes).map(Some),
            Ok(false) => Ok(None),
            Err(mismatch) => Err(mismatch),
        };
        match part {
            Ok(part) => {
                let more = self.following.looked(part);
                self.hand_on(scene);
                if more {
                    self.look(self.following.frontier(), scene);
                }
            }
            Err(mismatch) => {
                scene.trace(|| format!("{:?} leaves the log: {}", self.id, mismatch.reason()));
                scene.begin_anew(self.id);
            }
        }
    }

    pub(super) fn look_failed(&mut self, scene: &mut Scene) {
        self.following.look_failed(scene.agenda.elapsed());
        self.plan_look(scene);
    }
}

/// The same batch, as if no event erased another one.
fn without_erasures(batch: &Batch) -> Arc<Batch> {
    let untold = |step: &Step| match step {
        Step::Event(entry) => {
            let event = Event { erases: Vec::new(), ..entry.event.clone() };
            Step::Event(Arc::new(Entry::new(event, entry.epoch())))
        }
        change => change.clone(),
    };
    Arc::new(Batch { steps: batch.steps.iter().map(untold).collect() })
}
