//! The store: one log in the order of commits, a row that is locked in turns, views, and standbys that take over.
//!
//! It does what `crates/store/src/postgres` asks of PostgreSQL, each request at one moment. The holder of the turn
//! gives out positions. A commit without the turn fails.

mod request;
mod state;

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use encke_engine::append::Head;
use encke_engine::frontier::{Frontier, LogState};
use encke_engine::hub::{Page, PageRequest};
use encke_engine::{Entry, Epoch, Point, Position, Step, limits};

pub use request::{Answer, Ask, LookRows, Purpose, Request, Viewed};
pub use state::{Commit, State};

use crate::agenda::MS;
use crate::scene::{Event, NodeId, Scene};
use crate::variant::Variant;

/// The store; see the top of this file.
pub struct Store {
    /// All histories of the log; the last one is the current one.
    histories: Vec<State>,
    /// The number of the current database; it rises when a standby takes over.
    pub incarnation: u64,
    /// The incarnation in which the space's row was written.
    settled: u64,
    /// The node and the transaction that have the turn.
    turn: Option<(NodeId, u64)>,
    waiting: VecDeque<(NodeId, u64)>,
    /// Whether nobody can reach the store.
    pub away: bool,
    /// The positions that were given out, for the variant that takes them without the lock.
    pub sequence: Point,
    epochs: u64,
}

impl Store {
    /// An empty log.
    pub fn new() -> Self {
        Store {
            histories: vec![State::new(Epoch(1))],
            incarnation: 0,
            settled: 0,
            turn: None,
            waiting: VecDeque::new(),
            away: false,
            sequence: Point::default(),
            epochs: 1,
        }
    }

    /// The current log.
    pub fn now(&self) -> &State {
        self.histories.last().expect("there is always one")
    }

    fn now_mut(&mut self) -> &mut State {
        self.histories.last_mut().expect("there is always one")
    }

    /// The longest history of an epoch.
    pub fn history(&self, epoch: Epoch) -> Option<&State> {
        self.histories.iter().find(|state| state.epoch == epoch)
    }

    /// Whether a message with this key ever stood at this place in a log of this epoch.
    pub fn ever_had(&self, epoch: Epoch, place: Head, key: &str) -> bool {
        let mut logs = self.histories.iter().filter(|log| log.epoch == epoch);
        logs.any(|log| log.has(place, key))
    }

    /// Whether there was never another log.
    pub fn is_untouched(&self) -> bool {
        self.histories.len() == 1
    }

    /// Whether the event at a place of an epoch's log is also in all later logs.
    pub fn is_kept(&self, epoch: Epoch, at: Position) -> bool {
        let from = self.histories.iter().position(|state| state.epoch == epoch);
        from.is_some_and(|from| self.histories[from + 1..].iter().all(|s| s.inherited >= at))
    }

    /// Opens the space for a node, or for a new connection of it: another incarnation gets another epoch.
    pub fn settle(&mut self, variant: Variant) {
        if self.settled != self.incarnation && variant != Variant::EpochKept {
            self.epochs += 1;
            let epoch = Epoch(self.epochs);
            self.now_mut().renew(epoch);
        }
        self.settled = self.incarnation;
    }

    /// Trims all events but the newest `kept`. Returns whether there were any to trim.
    pub fn trim(&mut self, kept: u64) -> bool {
        !self.away && self.now_mut().trim(kept)
    }

    /// Whether an event after a position was trimmed from a log of this epoch.
    pub fn was_trimmed(&self, epoch: Epoch, held: Position) -> bool {
        self.histories.iter().any(|log| log.epoch == epoch && held < log.trimmed)
    }

    /// The rest of a page, as if nothing had been trimmed, for the variant that leaves a hole.
    fn rest_of_page(&self, request: &PageRequest) -> Page {
        let before = Position(self.now().trimmed.0.saturating_sub(1));
        let after = request.after.max(before);
        let mut page = self.page(&PageRequest { after, ..request.clone() }, usize::MAX);
        page.up_to = page.up_to.max(after);
        page
    }

    /// Lets a standby without the newest commits take over. Returns the number of commits that it lacks.
    pub fn fail_over(&mut self, lost: usize, now: u64) -> usize {
        let old = self.now();
        let kept = old.commits.len().saturating_sub(lost);
        let lacks = old.commits.len() - kept;
        let next = old.up_to(kept, now);
        self.histories.push(next);
        self.incarnation += 1;
        lacks
    }

    /// The result of a look from a frontier: at most this many events and this many changes.
    fn look(&self, frontier: Frontier, count: usize) -> LookRows {
        let state = self.now();
        let Point { position, change } = frontier.at;
        let mark = state.commit_marks.get(&position).filter(|_| position >= state.trimmed).copied();
        let log = LogState { epoch: state.epoch, end: state.at, mark };
        let marked = |e: &Arc<Entry>| (e.event.clone(), state.commit_marks[&e.event.position]);
        let kept = state.between(position, state.at.position);
        let kept = kept.skip_while(|e| e.event.position < state.trimmed);
        let events = kept.take(count).map(marked).collect();
        let changes = state.changes.range((Bound::Excluded(change), Bound::Unbounded));
        let changes = changes.take(count).map(|(_, change)| change.clone()).collect();
        LookRows { log, events, changes }
    }

    /// One page of a replay.
    pub fn page(&self, request: &PageRequest, count: usize) -> Page {
        let state = self.now();
        let until = request.until.min(state.at.position);
        let rows: Vec<_> = state.between(request.after, until).take(count).collect();
        let whole = rows.len() < count;
        let last = rows.last().map_or(request.after, |e| e.event.position);
        let wanted = rows.into_iter().filter(|e| {
            let (route, at) = (e.event.stream.route(), e.event.position);
            request.follows.iter().any(|f| f.stream == route && f.from <= at)
        });
        let entries = wanted.cloned().collect();
        Page { entries, up_to: if whole { until.max(request.after) } else { last } }
    }
}

impl Scene {
    /// Sends a node's request to the store.
    pub fn ask(&mut self, ask: Ask) {
        if !self.reaches_store(ask.node) {
            return self.lost(ask);
        }
        let delay = self.delay();
        self.agenda.after(delay, Event::Store(Box::new(ask)));
    }

    /// Ends the node's connection instead of an answer.
    fn lost(&mut self, ask: Ask) {
        let delay = self.random.u64(MS..crate::scene::LOST_MAX);
        let answer = Answer::Lost(ask.what);
        self.tell_node(ask.node, delay, crate::node::ToNode::Answer(Box::new(answer)));
    }

    fn answer(&mut self, ask: Ask, answer: Answer) {
        let committed = matches!(ask.what, Request::Commit(..));
        let breaks = committed && self.chance(self.weather.answer_lost);
        if breaks || !self.reaches_store(ask.node) {
            self.figures.commits_unknown += u64::from(committed);
            return self.lost(ask);
        }
        let mut delay = self.delay();
        if matches!(ask.what, Request::View(..)) && self.chance(self.weather.slow_view) {
            delay += self.random.u64(..300 * MS);
        }
        self.tell_node(ask.node, delay, crate::node::ToNode::Answer(Box::new(answer)));
    }

    /// Handles a request at the store.
    pub fn asked(&mut self, ask: Ask) {
        if !self.reaches_store(ask.node) {
            return self.lost(ask);
        }
        if self.variant != Variant::EpochKept {
            if ask.incarnation != self.store.incarnation {
                self.store.settle(self.variant);
                return self.answer(ask, Answer::Replaced);
            }
            if ask.epoch != self.store.now().epoch {
                return self.answer(ask, Answer::Replaced);
            }
        }
        let answer = match &ask.what {
            Request::Turn(number) => return self.wants_turn(ask.node, *number),
            Request::Commit(number, commit) => {
                let unlocked = self.variant == Variant::Sequence;
                if self.store.turn.is_none_or(|(_, n)| n != *number) && !unlocked {
                    return self.lost(ask);
                }
                let commit = commit.clone();
                self.commit(commit);
                self.end_turn(*number);
                Answer::Committed
            }
            Request::Look(frontier) => {
                let mut rows = self.store.look(*frontier, self.weather.look_events);
                if self.variant == Variant::AheadOfLog {
                    let end = rows.log.end.max(frontier.at);
                    rows.log = LogState { end, mark: Some(frontier.mark), ..rows.log };
                }
                Answer::Looked(*frontier, rows)
            }
            Request::Page(to, request) => {
                let is_trimmed = request.after < self.store.now().trimmed;
                let page = match self.variant {
                    Variant::TrimHole => Some(self.store.rest_of_page(request)),
                    _ => (!is_trimmed).then(|| self.store.page(request, self.weather.page_events)),
                };
                Answer::Paged(*to, page)
            }
            Request::View(purpose, credential) => {
                let state = self.store.now();
                let person = purpose.known().or(state.credentials.get(credential).copied());
                let follows = person.map(|p| state.follows_of(p)).unwrap_or_default();
                let as_of = state.at.position;
                Answer::Viewed(purpose.clone(), *credential, Viewed { person, follows, as_of })
            }
        };
        self.answer(ask, answer);
    }

    fn commit(&mut self, commit: Commit) {
        let now = self.agenda.now();
        self.trace(|| format!("store  commit {:?} to {:?}", commit.part.before, commit.part.after));
        self.figures.commits += 1;
        self.check_commit(&commit);
        let erases = commit.part.batch.steps.iter().filter_map(|step| match step {
            Step::Event(entry) => Some(&entry.event.erases),
            _ => None,
        });
        self.figures.erased += erases.flatten().count() as u64;
        self.store.now_mut().apply(commit, now);
    }

    fn wants_turn(&mut self, node: NodeId, number: u64) {
        if self.variant == Variant::Sequence || self.store.turn.is_none() {
            return self.give_turn(node, number);
        }
        self.figures.waited += 1;
        self.store.waiting.push_back((node, number));
    }

    fn give_turn(&mut self, node: NodeId, number: u64) {
        self.store.turn = Some((node, number));
        self.agenda.after(limits::DATABASE_IDLE_MS_MAX * MS, Event::TurnIdle(number));
        if !self.reaches_store(node) {
            let delay = self.random.u64(MS..crate::scene::LOST_MAX);
            let lost = Box::new(Answer::Lost(Request::Turn(number)));
            return self.tell_node(node, delay, crate::node::ToNode::Answer(lost));
        }
        let delay = self.delay();
        let turn = Box::new(Answer::Turn(number));
        self.tell_node(node, delay, crate::node::ToNode::Answer(turn));
    }

    /// Ends a transaction that said nothing for too long, or whose node is gone.
    pub fn turn_idle(&mut self, number: u64) {
        if let Some((node, _)) = self.store.turn.filter(|(_, n)| *n == number) {
            self.figures.turns_taken += u64::from(self.is_up(node));
            self.end_turn(number);
        }
    }

    /// Ends a transaction.
    pub fn end_turn(&mut self, number: u64) {
        if self.store.turn.is_none_or(|(_, n)| n != number) {
            return;
        }
        self.store.turn = None;
        while self.store.turn.is_none()
            && let Some((node, number)) = self.store.waiting.pop_front()
        {
            if self.is_up(node) {
                self.give_turn(node, number);
            }
        }
    }

    /// Ends the turn of a node that has ended, if it has one.
    pub fn turn_of_the_dead(&mut self, node: NodeId) {
        let delay = self.delay();
        if let Some((_, number)) = self.store.turn.filter(|(holder, _)| *holder == node) {
            self.agenda.after(delay, Event::TurnIdle(number));
        }
    }

    /// Stops the store: all transactions without a commit are gone.
    pub fn store_stops(&mut self) {
        self.store.away = true;
        self.store.turn = None;
        for (node, number) in std::mem::take(&mut self.store.waiting) {
            let lost = Box::new(Answer::Lost(Request::Turn(number)));
            self.tell_node(node, MS, crate::node::ToNode::Answer(lost));
        }
    }
}
