//! Messages that are sent later, in a cluster whose nodes crash: each is sent exactly once (P11). Everything comes from a seed.
//!
//! Real is what decides when a node looks (`NextLook`). Modelled is the store around it, and the course of a write: a node
//! hands it to the store, it is committed a little later or lost with its node, and its answer comes later still, or never.
//! A look reads at one moment and acts at later ones; a node hears late what others have planned; clocks differ.
//!
//! What is checked: no message is sent twice, none that was taken back, none before its time; and when all has calmed down,
//! each that was acknowledged is sent, also if the node that took it never came back.

mod variant;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use encke_engine::next_look::NextLook;
use encke_engine::{keep_limits, limits};

use crate::agenda::{Agenda, MS, Time};
use crate::scene::Violation;
pub use variant::LaterVariant;

/// The time until which faults happen and people plan messages.
const CALM_AT: Time = 90_000 * MS;
/// The time by which everything is sent.
const END: Time = 180_000 * MS;
/// How far ahead a message is planned, in milliseconds.
const AHEAD_MS: u64 = 60_000;
/// The clock of a node is wrong by at most this much.
const CLOCK_OFF_MS: u64 = 2_000;
/// The world begins at this time of all clocks.
const BEGIN_MS: u64 = 1_000_000;
/// The number of turns of housekeeping after which a node looks in any case.
const TURNS: u64 = keep_limits::DUE_LOOK_MS / limits::RECEIPTS_FOLD_MS;

/// The result of a seed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LaterReport {
    /// The promise that was broken, if one was.
    pub violation: Option<Violation>,
    /// A hash that is the same for two runs of the same world.
    pub fingerprint: u64,
    /// What happened, as [`LaterReport::COUNTED`] names it.
    pub counts: [u64; 6],
}

impl LaterReport {
    /// What the counts are of.
    pub const COUNTED: [&'static str; 6] = [
        "messages planned",
        "messages sent",
        "plans taken back",
        "nodes that came too late to a message",
        "nodes that crashed",
        "writes that were lost with their node",
    ];
}

impl fmt::Display for LaterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::COUNTED.iter().zip(self.counts);
        all.try_for_each(|(what, count)| writeln!(f, "{count:>12} {what}"))
    }
}

/// The number of a planned message.
type Id = u64;
/// A node in one of its lives.
type Life = (usize, u64);

/// A write, as a node hands it to the store.
#[derive(Clone, Debug)]
enum Act {
    Plan {
        id: Id,
        at_ms: u64,
    },
    TakeBack(Id),
    /// Sends what is due at this time of the node's clock, and takes its plan away.
    Send {
        id: Id,
        now_ms: u64,
    },
    /// The half of that which no sound node does alone.
    Append(Id),
    Forget(Id),
}

#[derive(Clone, Debug)]
enum Event {
    /// Somebody plans a message, or takes one back.
    Person,
    Turn(Life),
    /// A look has read the store.
    Read(Life, u64),
    Commit(Life, Act),
    /// The answer to a plan reaches its writer.
    Answered(Life, Id),
    /// A node hears that something is planned for this time.
    Heard(Life, u64),
    Crash(usize),
    Start(usize),
}

/// A node as planned messages need it.
#[derive(Default)]
struct Node {
    is_up: bool,
    /// The number of its starts. Work of an earlier life is lost.
    life: u64,
    clock_off_ms: u64,
    next: NextLook,
    turns: u64,
    /// Writes of the present look that are not committed yet.
    underway: usize,
    later_ms: u64,
}

/// A planned message in the store.
struct Plan {
    at_ms: u64,
    /// The node that took it.
    by: Life,
}

struct World {
    agenda: Agenda<Event>,
    random: fastrand::Rng,
    variant: LaterVariant,
    nodes: Vec<Node>,
    /// The number of the newest plan, also of those that were lost.
    numbers: u64,
    plans: BTreeMap<Id, Plan>,
    /// The times of all that were ever stored.
    times: BTreeMap<Id, u64>,
    sent: BTreeSet<Id>,
    /// Those whose writers were told that they will be sent.
    promised: BTreeSet<Id>,
    taken_back: BTreeSet<Id>,
    broken: Option<String>,
    counts: [u64; 6],
}

/// Runs the world of a seed. The same seed gives the same world, to the last step.
pub fn run(seed: u64, variant: LaterVariant) -> LaterReport {
    let mut random = fastrand::Rng::with_seed(seed);
    let nodes = (0..random.usize(1..4)).map(|_| Node::default()).collect();
    let (agenda, plans, times, sent, promised, taken_back) = Default::default();
    let (broken, counts) = (None, [0; 6]);
    let mut world = World {
        agenda,
        random,
        variant,
        nodes,
        numbers: 0,
        plans,
        times,
        sent,
        promised,
        taken_back,
        broken,
        counts,
    };
    let violation = world.run();
    let fingerprint = world.agenda.fingerprint() ^ world.random.get_seed();
    LaterReport { violation, fingerprint, counts: world.counts }
}

impl World {
    fn run(&mut self) -> Option<Violation> {
        for node in 0..self.nodes.len() {
            self.agenda.after(0, Event::Start(node));
        }
        self.soon(1_000, Event::Person);
        while let Some(event) = self.agenda.next(END) {
            self.happens(event);
            if let Some(what) = self.broken.take() {
                return Some(Violation { promise: "P11", what });
            }
        }
        let is_left = |id: &&Id| !self.sent.contains(id) && !self.taken_back.contains(id);
        let id = self.promised.iter().find(is_left)?;
        let (promise, why) = match self.times.contains_key(id) {
            true => ("P11", "was never sent"),
            false => ("P1", "was acknowledged and never stored"),
        };
        Some(Violation { promise, what: format!("message {id} {why}") })
    }

    /// Notes an event that happens within so many milliseconds.
    fn soon(&mut self, within_ms: u64, event: Event) {
        let delay = self.random.u64(1..=within_ms) * MS;
        self.agenda.after(delay, event);
    }

    fn now_ms(&self) -> u64 {
        BEGIN_MS + self.agenda.now() / MS
    }

    fn clock_ms(&self, node: usize) -> u64 {
        self.now_ms() + self.nodes[node].clock_off_ms
    }

    fn is_calm(&self) -> bool {
        self.agenda.now() >= CALM_AT
    }

    fn is_alive(&self, (node, life): Life) -> bool {
        self.nodes[node].is_up && self.nodes[node].life == life
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Person => self.person(),
            Event::Turn(at) if self.is_alive(at) => self.turn(at),
            Event::Read(at, now_ms) if self.is_alive(at) => self.read(at, now_ms),
            Event::Commit(at, act) if self.is_alive(at) => self.commit(at, act),
            Event::Commit(..) => self.counts[5] += 1,
            Event::Answered(at, id) if self.is_alive(at) => drop(self.promised.insert(id)),
            Event::Heard(at, due_ms) if self.is_alive(at) => {
                self.nodes[at.0].next.at_latest(due_ms);
            }
            Event::Crash(node) => self.crash(node),
            Event::Start(node) => self.start(node),
            // What was under way in a node ended with it.
            Event::Turn(_) | Event::Read(..) | Event::Answered(..) | Event::Heard(..) => {}
        }
    }

    fn person(&mut self) {
        if self.is_calm() {
            return;
        }
        self.soon(1_500, Event::Person);
        let up: Vec<_> = (0..self.nodes.len()).filter(|node| self.nodes[*node].is_up).collect();
        if up.is_empty() {
            return;
        }
        let node = up[self.random.usize(..up.len())];
        let at = (node, self.nodes[node].life);
        let known = self.numbers;
        let act = if known > 0 && self.random.u8(..6) == 0 {
            Act::TakeBack(self.random.u64(1..=known))
        } else {
            let at_ms = self.clock_ms(node) + self.random.u64(1..AHEAD_MS);
            self.numbers += 1;
            Act::Plan { id: self.numbers, at_ms }
        };
        if let (LaterVariant::AnswerBeforeCommit, Act::Plan { id, .. }) = (self.variant, &act) {
            self.agenda.after(0, Event::Answered(at, *id));
        }
        self.write(at, act);
    }

    /// Hands a write to the store. Writers wait for their turn.
    fn write(&mut self, at: Life, act: Act) {
        self.soon(300, Event::Commit(at, act));
    }

    /// Does one turn of housekeeping, as the product's `due` does it.
    fn turn(&mut self, at: Life) {
        self.agenda.after(limits::RECEIPTS_FOLD_MS * MS, Event::Turn(at));
        let now = self.clock_ms(at.0);
        let node = &mut self.nodes[at.0];
        node.turns += 1;
        // A turn begins when the last one is over.
        if node.underway > 0 {
            return;
        }
        let in_any_case = node.turns.is_multiple_of(TURNS);
        if node.next.has_come(now) || in_any_case {
            node.underway = 1;
            self.soon(100, Event::Read(at, now));
        }
    }

    fn read(&mut self, at: Life, now_ms: u64) {
        let only_own = self.variant == LaterVariant::OnlyItsNode;
        let mine = |plan: &Plan| !only_own || plan.by == at;
        let due = |(_, plan): &(&Id, &Plan)| plan.at_ms <= now_ms && mine(plan);
        let ids: Vec<Id> = self.plans.iter().filter(due).map(|(id, _)| *id).collect();
        let later = self.plans.values().map(|plan| plan.at_ms).filter(|at_ms| *at_ms > now_ms);
        let later_ms = later.min().unwrap_or(u64::MAX);
        let node = &mut self.nodes[at.0];
        (node.underway, node.later_ms) = (ids.len() + 1, later_ms);
        for id in ids {
            let act = match self.variant {
                LaterVariant::SentThenForgotten => Act::Append(id),
                LaterVariant::ForgottenThenSent => Act::Forget(id),
                _ => Act::Send { id, now_ms },
            };
            self.write(at, act);
        }
        self.one_done(at);
    }

    /// One of the writes of a look is done, or its read.
    fn one_done(&mut self, (node, _): Life) {
        let node = &mut self.nodes[node];
        node.underway = node.underway.saturating_sub(1);
        if node.underway > 0 {
            return;
        }
        node.next.at_latest(node.later_ms);
    }

    fn commit(&mut self, at: Life, act: Act) {
        match act {
            Act::Plan { id, at_ms } => self.plan(at, id, at_ms),
            Act::TakeBack(id) => {
                if self.plans.remove(&id).is_some() {
                    self.counts[2] += 1;
                    self.taken_back.insert(id);
                }
            }
            Act::Send { id, now_ms } => {
                // It looks at the row again: another node may have been faster, or its writer.
                if self.plans.get(&id).is_some_and(|plan| plan.at_ms <= now_ms) {
                    self.plans.remove(&id);
                    self.append(id);
                } else {
                    self.counts[3] += 1;
                }
                self.one_done(at);
            }
            Act::Append(id) if self.variant == LaterVariant::SentThenForgotten => {
                self.append(id);
                self.write(at, Act::Forget(id));
            }
            Act::Append(id) => {
                self.append(id);
                self.one_done(at);
            }
            Act::Forget(id) => {
                let was_there = self.plans.remove(&id).is_some();
                match self.variant {
                    LaterVariant::ForgottenThenSent if was_there => self.write(at, Act::Append(id)),
                    _ => self.one_done(at),
                }
            }
        }
    }

    fn plan(&mut self, by: Life, id: Id, at_ms: u64) {
        self.counts[0] += 1;
        self.times.insert(id, at_ms);
        self.plans.insert(id, Plan { at_ms, by });
        self.soon(200, Event::Answered(by, id));
        for node in 0..self.nodes.len() {
            let at = (node, self.nodes[node].life);
            let late = if self.random.u8(..5) == 0 { 3_000 } else { 300 };
            self.soon(late, Event::Heard(at, at_ms));
        }
    }

    fn append(&mut self, id: Id) {
        self.counts[1] += 1;
        let early = self.times.get(&id).is_some_and(|at_ms| self.now_ms() + CLOCK_OFF_MS < *at_ms);
        let what = match (self.sent.insert(id), self.taken_back.contains(&id)) {
            (false, _) => "was sent twice",
            (_, true) => "was sent after it was taken back",
            _ if early => "was sent before its time",
            _ => return,
        };
        self.broken.get_or_insert(format!("message {id} {what}"));
    }

    fn crash(&mut self, node: usize) {
        if self.is_calm() || !self.nodes[node].is_up {
            return;
        }
        self.counts[4] += 1;
        self.nodes[node].is_up = false;
        self.soon(20_000, Event::Start(node));
    }

    fn start(&mut self, node: usize) {
        let life = self.nodes[node].life + 1;
        let clock_off_ms = self.random.u64(..CLOCK_OFF_MS);
        self.nodes[node] = Node { is_up: true, life, clock_off_ms, ..Node::default() };
        self.soon(limits::RECEIPTS_FOLD_MS, Event::Turn((node, life)));
        self.soon(30_000, Event::Crash(node));
    }
}
