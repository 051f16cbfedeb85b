//! The writer: takes what waits into one transaction of the space's turn and answers after the commit, as
//! `crates/store/src/postgres/writer.rs`, with messages for its thread.

use std::collections::{BTreeMap, VecDeque};

use encke_engine::Committed;

use super::writing::Writing;
use super::{Hint, Job, Node, ToNode};
use crate::agenda::{MS, Time};
use crate::client::{Exchange, Outcome};
use crate::scene::Scene;
use crate::store::{self, Commit, Place, Request};
use crate::variant::Variant;

/// Writes in one commit.
const BATCH_MAX: usize = 8;
/// For so long writes wait for the database before they are refused.
const PATIENCE: Time = 2_000 * MS;
/// Between tries within that time.
const AGAIN: Time = 50 * MS;

/// A transaction under way.
pub struct Under {
    number: u64,
    jobs: Vec<Job>,
    since: Time,
    /// Once it is on its way to be committed.
    commit: Option<(Commit, Vec<(Exchange, Outcome)>)>,
}

/// See the top of this file.
#[derive(Default)]
pub struct Writer {
    jobs: VecDeque<Job>,
    under: Option<Under>,
    /// The keys that this node has used; only the variant asks for them.
    pub(super) keys: BTreeMap<Box<str>, Place>,
}

impl Node {
    pub(super) fn submit(&mut self, job: Job, scene: &mut Scene) {
        self.writer.jobs.push_back(job);
        self.write(scene);
    }

    /// Begins a transaction with what waits, or tries again to begin one.
    pub(super) fn write(&mut self, scene: &mut Scene) {
        let now = scene.agenda.now();
        if self.writer.under.is_none() && !self.writer.jobs.is_empty() {
            let count = self.writer.jobs.len().min(BATCH_MAX);
            let jobs = self.writer.jobs.drain(..count).collect();
            let number = scene.number();
            self.writer.under = Some(Under { number, jobs, since: now, commit: None });
            self.ask(Request::Turn(number), scene);
        }
    }

    /// The database could not be reached: it is tried for a while.
    pub(super) fn no_turn(&mut self, scene: &mut Scene) {
        let Some(mut under) = self.writer.under.take() else { return };
        if under.since + PATIENCE > scene.agenda.now() {
            under.number = scene.number();
            let turn = Request::Turn(under.number);
            self.writer.under = Some(under);
            return self.ask(turn, scene);
        }
        for job in under.jobs {
            if let Job::Send { exchange, .. } | Job::SignIn(exchange, ..) = job {
                scene.answer_exchange(exchange, Outcome::Refused);
            }
        }
        scene.tell_node(self.id, AGAIN, ToNode::Write);
    }

    /// It is this node's turn: positions are given out, and the transaction goes on its way.
    pub(super) fn has_turn(&mut self, number: u64, scene: &mut Scene) {
        let Some(mut under) = self.writer.under.take_if(|u| u.number == number) else { return };
        let mut writing = Writing::begin(self.id, &self.writer.keys, scene);
        let jobs = std::mem::take(&mut under.jobs);
        let mut answers: Vec<_> =
            jobs.into_iter().filter_map(|job| writing.run(job, scene)).collect();
        let commit = writing.end(scene);
        if scene.variant == Variant::AnswerBeforeCommit {
            answers.drain(..).for_each(|(to, outcome)| scene.answer_exchange(to, outcome));
        }
        let hint = Hint::End(self.gate.epoch, commit.after);
        if scene.chance(scene.weather.hint_early) {
            scene.figures.hints_early += 1;
            scene.announce(self.id, hint);
        }
        if scene.variant == Variant::HintBeforeCommit && commit.after > commit.before {
            scene.announce(self.id, Hint::Commit(self.part_of(&commit)));
        }
        under.commit = Some((commit.clone(), answers));
        self.writer.under = Some(under);
        if scene.chance(scene.weather.slow_commit) {
            // It stands still in the middle of its turn.
            scene.figures.slow += 1;
            let slow = scene.random.u64(10 * MS..7_000 * MS);
            return scene.tell_node(self.id, slow, ToNode::Commit(number));
        }
        self.ask(Request::Commit(number, commit), scene);
    }

    /// A transaction that stood still goes on.
    pub(super) fn goes_on(&mut self, number: u64, scene: &mut Scene) {
        let under = self.writer.under.as_ref().filter(|u| u.number == number);
        if let Some((commit, _)) = under.and_then(|u| u.commit.clone()) {
            self.ask(Request::Commit(number, commit), scene);
        }
    }

    /// It is committed: first the others, then this node's own sessions, then who waits for an answer.
    pub(super) fn committed(&mut self, scene: &mut Scene) {
        let Some((commit, answers)) = self.writer.under.take().and_then(|u| u.commit) else {
            return;
        };
        if commit.after > commit.before {
            let committed = self.part_of(&commit);
            let large = committed.batch.steps.len() > 6;
            let hint = if large {
                Hint::End(committed.epoch, committed.after)
            } else {
                Hint::Commit(committed.clone())
            };
            if scene.variant != Variant::HintBeforeCommit {
                scene.announce(self.id, hint);
            }
            self.follower.order.offer(committed);
            self.hand_on(scene);
        }
        for (exchange, outcome) in answers {
            if let Outcome::Stored { key, place, .. } = &outcome {
                self.writer.keys.insert(key.clone(), *place);
            }
            scene.answer_exchange(exchange, outcome);
        }
        self.write(scene);
    }

    /// The connection ended after the commit was sent: nobody here knows whether it arrived.
    pub(super) fn commit_unknown(&mut self, scene: &mut Scene) {
        let Some((_, answers)) = self.writer.under.take().and_then(|u| u.commit) else { return };
        self.follower.look_soon(scene);
        for (exchange, _) in answers {
            scene.answer_exchange(exchange, Outcome::Refused);
        }
        self.write(scene);
    }

    fn part_of(&self, commit: &Commit) -> Committed {
        store::committed(self.gate.epoch, commit.before, commit.after, commit.steps.clone())
    }
}
