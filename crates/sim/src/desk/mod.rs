//! A desk in a cluster: visitors ask, agents claim, answer and vanish, nodes crash. Everything comes from a seed.
//!
//! Real are the rules of the queue (`encke-queue`): who gets which ticket, and when an owner counts as gone. Modelled is the
//! store around them ([`rows`]) and the course of a write: a node hands it to the store, it is committed a little later or
//! lost with its node, and its answer comes later still, or never. What a node knows of who is connected is late.
//!
//! What is checked: a ticket never has two owners; what an agent was told stands; nobody is passed over by somebody that came
//! later; and when all has calmed down, every visitor gets its answer, also those whose agent never came back.

mod rows;
mod variant;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use encke_engine::{ConversationId, PersonId, desk_limits};
use encke_queue::{Gone, Turns};

use crate::agenda::{Agenda, MS, Time};
use crate::scene::Violation;
use rows::{Act, Rows, Staff};
pub use variant::DeskVariant;

/// The time until which faults happen and visitors ask.
const CALM_AT: Time = 120_000 * MS;
/// The time by which every visitor has its answer.
const END: Time = 400_000 * MS;
/// How long a desk lets an owner take, in milliseconds, if it minds.
const PATIENCE_MS: u64 = 20_000;
/// The agents that always come back. They have all skills.
const FAITHFUL: u64 = 2;
const TEAMS: u8 = 3;

/// The result of a seed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeskReport {
    /// The promise that was broken, if one was.
    pub violation: Option<Violation>,
    /// A hash that is the same for two runs of the same world.
    pub fingerprint: u64,
    /// Questions; gifts; claims that came too late; tickets taken back; agents that vanished; nodes that crashed; writes that
    /// were lost with their node; answers to writes that were lost.
    pub counts: [u64; 8],
}

impl DeskReport {
    /// What the counts are of.
    pub const COUNTED: [&'static str; 8] = [
        "questions",
        "tickets given to agents",
        "claims and returns that came too late",
        "tickets taken back",
        "agents that vanished",
        "nodes that crashed",
        "writes that were lost with their node",
        "writes whose answer was lost",
    ];
}

impl fmt::Display for DeskReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::COUNTED.iter().zip(self.counts);
        all.try_for_each(|(what, count)| writeln!(f, "{count:>12} {what}"))
    }
}

#[derive(Clone, Debug)]
enum Event {
    /// A visitor asks, or writes again.
    Visitor,
    /// An agent does something, if it is connected.
    Agent(PersonId),
    Vanish(PersonId),
    Return(PersonId),
    /// A node learns whether an agent is connected.
    Learn(usize, PersonId),
    Look(usize),
    Crash(usize),
    Start(usize),
    /// A write of a node, in this life of it, is committed.
    Commit(usize, u64, u64, Act),
    /// The answer to a write reaches whoever asked.
    Answered(usize, u64, u64),
}

/// A node as a desk needs it.
#[derive(Default)]
struct Node {
    is_up: bool,
    /// The number of its starts. Work of an earlier life is lost.
    life: u64,
    present: BTreeSet<PersonId>,
    gone: Gone,
}

struct World {
    agenda: Agenda<Event>,
    random: fastrand::Rng,
    variant: DeskVariant,
    rows: Rows,
    nodes: Vec<Node>,
    /// The agents that are connected, and where.
    connected: BTreeMap<PersonId, usize>,
    patient: bool,
    writes: u64,
    committed: BTreeSet<u64>,
    /// The writes that somebody was told to have succeeded.
    told: BTreeSet<u64>,
    counts: [u64; 8],
}

/// Runs the world of a seed. The same seed gives the same world, to the last step.
pub fn run(seed: u64, variant: DeskVariant) -> DeskReport {
    let mut world = World::new(seed, variant);
    world.begin();
    let violation = world.run();
    let World { agenda, rows, mut counts, random, .. } = world;
    (counts[1], counts[2], counts[3]) = (rows.gifts, rows.refused, rows.taken_back);
    let fingerprint = agenda.fingerprint() ^ random.get_seed();
    DeskReport { violation, fingerprint, counts }
}

impl World {
    fn new(seed: u64, variant: DeskVariant) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let turns = [None, Some(Turns::RoundRobin), Some(Turns::LeastBusy)];
        let mut rows = Rows { turns: turns[random.usize(..3)], ..Rows::default() };
        for number in 1..=random.u64(3..7) {
            let skills = (0..TEAMS).filter(|_| number <= FAITHFUL || random.bool()).collect();
            let capacity = random.u64(1..4);
            rows.staff.insert(PersonId(number), Staff { skills, capacity, given: 0 });
        }
        let nodes = (0..random.usize(1..4)).map(|_| Node::default()).collect();
        let (agenda, connected, committed, told) = Default::default();
        let patient = random.bool();
        World {
            agenda,
            random,
            variant,
            rows,
            nodes,
            connected,
            patient,
            writes: 0,
            committed,
            told,
            counts: [0; 8],
        }
    }

    fn begin(&mut self) {
        for node in 0..self.nodes.len() {
            self.agenda.after(0, Event::Start(node));
        }
        let people: Vec<_> = self.rows.staff.keys().copied().collect();
        for person in people {
            self.soon(3_000, Event::Return(person));
            self.soon(3_000, Event::Agent(person));
        }
        self.soon(5_000, Event::Visitor);
    }

    /// Notes an event that happens within so many milliseconds.
    fn soon(&mut self, within_ms: u64, event: Event) {
        let delay = self.random.u64(1..=within_ms) * MS;
        self.agenda.after(delay, event);
    }

    fn now_ms(&self) -> u64 {
        self.agenda.now() / MS
    }

    fn is_calm(&self) -> bool {
        self.agenda.now() >= CALM_AT
    }

    fn run(&mut self) -> Option<Violation> {
        while let Some(event) = self.agenda.next(END) {
            self.happens(event);
            if let Some(what) = self.rows.broken.take() {
                return Some(Violation { promise: "P11", what });
            }
        }
        let lost = self.told.difference(&self.committed).next();
        if let Some(write) = lost {
            let what = format!("write {write} was acknowledged and is not there");
            return Some(Violation { promise: "P1", what });
        }
        let waits = |(_, row): &(&ConversationId, &rows::Row)| row.waits_since.is_some();
        let (id, row) = self.rows.tickets.iter().find(waits)?;
        let what = format!("the visitor of {id} was forgotten: {row:?}");
        Some(Violation { promise: "P11", what })
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Visitor => self.visitor(),
            Event::Agent(person) => self.agent(person),
            Event::Vanish(person) => self.vanish(person),
            Event::Return(person) => self.connect(person),
            Event::Learn(node, person) => {
                let is_there = self.connected.contains_key(&person);
                let known = &mut self.nodes[node].present;
                if is_there {
                    known.insert(person)
                } else {
                    known.remove(&person)
                };
            }
            Event::Look(node) => self.look(node),
            Event::Crash(node) => self.crash(node),
            Event::Start(node) => self.start(node),
            Event::Commit(node, life, write, act) => self.commit(node, life, write, &act),
            Event::Answered(node, life, write) => {
                // The connection may have broken with its node.
                if self.nodes[node].life == life && self.nodes[node].is_up {
                    self.told.insert(write);
                } else {
                    self.counts[7] += 1;
                }
            }
        }
    }

    /// One of the nodes that are up.
    fn any_node(&mut self) -> Option<usize> {
        let up: Vec<_> = (0..self.nodes.len()).filter(|node| self.nodes[*node].is_up).collect();
        if up.is_empty() { None } else { Some(up[self.random.usize(..up.len())]) }
    }

    /// Hands a write to the store.
    fn write(&mut self, node: usize, act: Act) {
        self.writes += 1;
        let (life, write) = (self.nodes[node].life, self.writes);
        let is_claim = matches!(act, Act::Claim { .. });
        if self.variant == DeskVariant::AnswerBeforeCommit && is_claim {
            self.agenda.after(0, Event::Answered(node, life, write));
        }
        // Writers wait for their turn.
        self.soon(300, Event::Commit(node, life, write, act));
    }

    fn commit(&mut self, node: usize, life: u64, write: u64, act: &Act) {
        let here = &self.nodes[node];
        if here.life != life || !here.is_up {
            self.counts[6] += 1;
            return;
        }
        let (now, variant) = (self.now_ms(), self.variant);
        if variant == DeskVariant::ClaimLooksFirst
            && let Act::Claim { ticket, agent } = *act
        {
            let row = self.rows.tickets.get(&ticket);
            if row.is_some_and(|row| row.owner.is_none()) {
                let blindly = Act::ClaimBlindly { ticket, agent };
                self.soon(100, Event::Commit(node, life, write, blindly));
            }
            return;
        }
        let present = here.present.clone();
        let is_there = |person: PersonId| present.contains(&person);
        if variant == DeskVariant::GiveWithoutLooking && matches!(act, Act::Give) {
            let gifts = self.rows.planned(variant, &is_there);
            self.soon(100, Event::Commit(node, life, write, Act::GiveBlindly(gifts)));
            return;
        }
        let done = self.rows.commit(act, now, variant, &is_there);
        if !done {
            return;
        }
        self.counts[0] += u64::from(matches!(act, Act::Ask { .. }));
        self.committed.insert(write);
        self.soon(200, Event::Answered(node, life, write));
    }

    fn visitor(&mut self) {
        if self.is_calm() {
            return;
        }
        self.soon(4_000, Event::Visitor);
        let Some(node) = self.any_node() else { return };
        let known = self.rows.tickets.len() as u64;
        let act = if known > 0 && self.random.u8(..3) == 0 {
            Act::Write { ticket: ConversationId(self.random.u64(1..=known)) }
        } else {
            Act::Ask { team: self.random.bool().then(|| self.random.u8(..TEAMS)) }
        };
        self.write(node, act);
    }

    /// An agent looks at the console, which may be late, and does something.
    fn agent(&mut self, agent: PersonId) {
        self.soon(2_000, Event::Agent(agent));
        let Some(node) = self.connected.get(&agent).copied() else { return };
        let calm = self.is_calm();
        let pick = |random: &mut fastrand::Rng, all: Vec<ConversationId>| {
            if all.is_empty() { None } else { Some(all[random.usize(..all.len())]) }
        };
        let of = |rows: &Rows, wanted: &dyn Fn(&rows::Row) -> bool| -> Vec<ConversationId> {
            rows.tickets.iter().filter(|(_, row)| wanted(row)).map(|(id, _)| *id).collect()
        };
        let mine = |row: &rows::Row| row.is_open && row.owner == Some(agent);
        let queued = of(&self.rows, &rows::Row::is_queued);
        let waiting = of(&self.rows, &|row| mine(row) && row.waits_since.is_some());
        let answered = of(&self.rows, &|row| mine(row) && row.waits_since.is_none());
        let random = &mut self.random;
        let act = match random.u8(..6) {
            0 | 1 => pick(random, waiting).map(|ticket| Act::Answer { ticket, agent }),
            2 => pick(random, answered).map(|ticket| Act::Resolve { ticket, agent }),
            3 if !calm => pick(random, waiting).map(|ticket| Act::Return { ticket, agent }),
            // The desk gives tickets by itself; few agents take one more then.
            4 if self.rows.turns.is_none() || random.u8(..4) == 0 => {
                pick(random, queued).map(|ticket| Act::Claim { ticket, agent })
            }
            _ => None,
        };
        if let Some(act) = act {
            self.write(node, act);
        }
        if !calm && self.random.u8(..30) == 0 {
            self.agenda.after(0, Event::Vanish(agent));
        }
    }

    fn vanish(&mut self, person: PersonId) {
        if self.connected.remove(&person).is_none() {
            return;
        }
        self.counts[4] += 1;
        self.tell_of(person);
        // Some never come back.
        if person.0 <= FAITHFUL || self.random.bool() {
            self.soon(60_000, Event::Return(person));
        }
    }

    fn connect(&mut self, person: PersonId) {
        match self.any_node() {
            Some(node) => {
                self.connected.insert(person, node);
                self.tell_of(person);
            }
            None => self.soon(2_000, Event::Return(person)),
        }
    }

    /// The nodes learn, some time later, whether a person is connected.
    fn tell_of(&mut self, person: PersonId) {
        for node in 0..self.nodes.len() {
            let late = if self.random.u8(..5) == 0 { 10_000 } else { 500 };
            self.soon(late, Event::Learn(node, person));
        }
    }

    /// Housekeeping, as the desk's `due` does it.
    fn look(&mut self, node: usize) {
        if !self.nodes[node].is_up {
            return;
        }
        self.agenda.after(desk_limits::DESK_LOOK_MS * MS, Event::Look(node));
        let now = self.now_ms();
        let mut owned: BTreeMap<PersonId, u64> = BTreeMap::new();
        for row in self.rows.tickets.values().filter(|row| row.is_open) {
            if let (Some(owner), Some(since)) = (row.owner, row.waits_since) {
                let since = since.max(row.owned_at);
                owned.entry(owner).and_modify(|at| *at = since.min(*at)).or_insert(since);
            }
        }
        let owners: Vec<_> = owned.keys().copied().collect();
        let Node { gone, present, .. } = &mut self.nodes[node];
        let mut gone = gone.note(&owners, |person| present.contains(&person), now);
        if self.variant == DeskVariant::OwnerForgotten {
            gone.clear();
        }
        for (owner, oldest) in owned {
            let late = now.saturating_sub(PATIENCE_MS);
            if gone.contains(&owner) {
                self.write(node, Act::TakeBack { owner, until: None });
            } else if self.patient && oldest <= late && self.variant != DeskVariant::OwnerForgotten
            {
                self.write(node, Act::TakeBack { owner, until: Some(late) });
            }
        }
        self.write(node, Act::Give);
    }

    fn crash(&mut self, node: usize) {
        if self.is_calm() || !self.nodes[node].is_up {
            return;
        }
        self.counts[5] += 1;
        self.nodes[node].is_up = false;
        self.soon(20_000, Event::Start(node));
        let here: Vec<_> = self.connected.iter().filter(|(_, at)| **at == node).collect();
        let here: Vec<_> = here.into_iter().map(|(person, _)| *person).collect();
        for person in here {
            self.connected.remove(&person);
            self.tell_of(person);
            self.soon(5_000, Event::Return(person));
        }
    }

    fn start(&mut self, node: usize) {
        let life = self.nodes[node].life + 1;
        let present = self.connected.keys().copied().collect();
        self.nodes[node] = Node { is_up: true, life, present, gone: Gone::default() };
        self.soon(desk_limits::DESK_LOOK_MS, Event::Look(node));
        self.soon(90_000, Event::Crash(node));
    }
}
