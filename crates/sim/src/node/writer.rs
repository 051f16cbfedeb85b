//! The writer: it takes the waiting writes into one transaction of the space's turn and answers after the commit. The
//! engine's [`WriterTurn`] decides its course, with messages in place of the store's thread.

use std::collections::{BTreeMap, VecDeque};

use encke_engine::append::FirstAppend;
use encke_engine::writer_turn::{BatchBounds, CommitFate, NoTurn, TurnAction, WriterTurn};

use super::writing::{self, Writing};
use super::{Hint, Job, Node, ToNode};
use crate::agenda::{MS, Time};
use crate::client::{Exchange, Outcome};
use crate::scene::Scene;
use crate::store::{Commit, Request};
use crate::variant::Variant;

/// A commit holds few writes, so that there are many commits.
const BOUNDS: BatchBounds = BatchBounds { writes_max: 8, bytes_max: usize::MAX };

/// A transaction under way.
pub struct OpenTransaction {
    number: u64,
    jobs: Vec<Job>,
    /// Whether the store was asked for the turn, or has given it.
    asked: bool,
    /// The commit and its answers, once the commit is on its way.
    commit: Option<(Commit, Vec<(Exchange, Outcome)>)>,
}

/// The writer; see the top of this file.
#[derive(Default)]
pub struct Writer {
    jobs: VecDeque<Job>,
    turn: WriterTurn,
    under: Option<OpenTransaction>,
    /// The keys that this node has used, for the variant `KeysOnNode`.
    keys: BTreeMap<Box<str>, FirstAppend>,
}

impl Writer {
    /// Whether no write waits and none is under way.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.under.is_none()
    }

    /// Takes as many waiting writes as fit into a commit that already holds this many.
    fn take(&mut self, writes: usize) -> Vec<Job> {
        let mut taken = Vec::new();
        while BOUNDS.has_room(writes + taken.len(), 0)
            && let Some(job) = self.jobs.pop_front()
        {
            taken.push(job);
        }
        taken
    }
}

impl Node {
    pub(super) fn submit(&mut self, job: Job, scene: &mut Scene) {
        self.writer.jobs.push_back(job);
        self.write(scene);
    }

    /// Begins a transaction with the waiting writes, or tries again to begin one.
    pub(super) fn write(&mut self, scene: &mut Scene) {
        if self.writer.under.is_none() && !self.writer.jobs.is_empty() {
            self.writer.turn.begin(scene.agenda.elapsed());
            let jobs = self.writer.take(0);
            self.writer.under =
                Some(OpenTransaction { number: 0, jobs, asked: false, commit: None });
        }
        if let Some(under) = self.writer.under.as_mut().filter(|under| !under.asked) {
            (under.number, under.asked) = (scene.number(), true);
            let turn = Request::Turn(under.number);
            self.ask(turn, scene);
        }
    }

    /// Handles a database that could not be reached.
    pub(super) fn no_turn(&mut self, scene: &mut Scene) {
        let Some(under) = &mut self.writer.under else { return };
        match self.writer.turn.no_turn(scene.agenda.elapsed(), true) {
            NoTurn::Again(after) => {
                under.asked = false;
                scene.tell_node(self.id, after.as_micros() as Time, ToNode::Write);
            }
            NoTurn::Refuse => {
                std::mem::take(&mut under.jobs).into_iter().for_each(|job| job.refuse(scene));
                self.writer.under = None;
                self.write(scene);
            }
        }
    }

    /// Handles this node's turn: gives out positions, and sends the transaction on its way.
    pub(super) fn has_turn(&mut self, number: u64, scene: &mut Scene) {
        let Some(mut under) = self.writer.under.take_if(|u| u.number == number) else { return };
        let mut jobs = std::mem::take(&mut under.jobs);
        if self.writer.turn.has_turn(scene.agenda.elapsed()) {
            let more = self.writer.take(jobs.len());
            scene.figures.taken_along += more.len() as u64;
            jobs.extend(more);
        }
        let mark = scene.number();
        let mut writing = Writing::begin(self.id, &self.writer.keys, scene);
        let mut answers: Vec<_> = jobs.into_iter().filter_map(|job| writing.run(job)).collect();
        let commit = writing.end(mark);
        let part = &commit.part;
        if scene.variant == Variant::Sequence {
            scene.store.sequence = part.after;
        }
        if scene.variant == Variant::AnswerBeforeCommit {
            answers.drain(..).for_each(|(to, outcome)| scene.answer_exchange(to, outcome));
        }
        if scene.chance(scene.weather.hint_early) {
            scene.figures.hints_early += 1;
            scene.announce(self.id, Hint::End(self.gate.epoch, part.after));
        }
        if scene.variant == Variant::HintBeforeCommit && part.after > part.before {
            scene.announce(self.id, Hint::Commit(part.clone()));
        }
        under.commit = Some((commit.clone(), answers));
        self.writer.under = Some(under);
        if scene.chance(scene.weather.slow_commit) {
            // The transaction pauses in the middle of its turn.
            scene.figures.slow += 1;
            let slow = scene.random.u64(10 * MS..7_000 * MS);
            return scene.tell_node(self.id, slow, ToNode::Commit(number));
        }
        self.ask(Request::Commit(number, commit), scene);
    }

    /// Continues a transaction that paused.
    pub(super) fn goes_on(&mut self, number: u64, scene: &mut Scene) {
        let under = self.writer.under.as_ref().filter(|u| u.number == number);
        if let Some((commit, _)) = under.and_then(|u| u.commit.clone()) {
            self.ask(Request::Commit(number, commit), scene);
        }
    }

    /// Handles a commit that has happened.
    pub(super) fn committed(&mut self, scene: &mut Scene) {
        self.is_over(
            |commit| {
                let part = commit.part;
                CommitFate::Committed((part.after > part.before).then_some(part))
            },
            scene,
        );
    }

    /// Handles a connection that ended after the commit was sent, so that its fate is unknown.
    pub(super) fn commit_unknown(&mut self, scene: &mut Scene) {
        self.is_over(|_| CommitFate::Unknown, scene);
    }

    fn is_over(&mut self, fate: impl FnOnce(Commit) -> CommitFate, scene: &mut Scene) {
        let Some((commit, answers)) = self.writer.under.take().and_then(|u| u.commit) else {
            return;
        };
        let mut answers = answers.into_iter();
        for action in fate(commit).actions() {
            match action {
                TurnAction::Announce(committed) => {
                    let large = committed.batch.steps.len() > 6;
                    let end = Hint::End(committed.epoch, committed.after);
                    let hint = if large { end } else { Hint::Commit(committed) };
                    if scene.variant != Variant::HintBeforeCommit {
                        scene.announce(self.id, hint);
                    }
                }
                TurnAction::HandOn(committed) => {
                    self.following.committed(committed);
                    self.hand_on(scene);
                }
                TurnAction::LookSoon => {
                    self.following.look_soon();
                    self.plan_look(scene);
                }
                TurnAction::Answer => answers.by_ref().for_each(|(to, outcome)| {
                    self.writer.used(&outcome);
                    scene.answer_exchange(to, outcome);
                }),
                TurnAction::Refuse => answers.by_ref().for_each(|(to, _)| {
                    scene.answer_exchange(to, Outcome::Refused);
                }),
            }
        }
        self.write(scene);
    }
}

impl Writer {
    /// Notes the key of a stored message, for the variant `KeysOnNode`.
    fn used(&mut self, outcome: &Outcome) {
        if let Outcome::Stored { key, stream, appended, .. } = outcome {
            self.keys.insert(key.clone(), writing::first(*stream, *appended));
        }
    }
}
