//! What all parts of the world share: its clock, its chance, its network, its store, and what has gone wrong.
//!
//! Parts never touch each other. They tell each other things through the agenda, and the network decides when that
//! arrives, if it does.

use encke_engine::{ConversationId, StreamId};
use fastrand::Rng;

use crate::agenda::{Agenda, MS, Time};
use crate::check::Check;
use crate::client::ToClient;
use crate::faults::Fault;
use crate::figures::Figures;
use crate::forger::Forger;
use crate::node::ToNode;
use crate::store::{Ask, Store};
use crate::variant::Variant;
use crate::weather::Weather;
use crate::wires::Wires;

/// After so much time a connection without an answer counts as broken.
pub const LOST_MAX: Time = 400 * MS;

/// A connection between a client and a node; no number is used twice.
pub type ConnId = u32;

/// A node, from one start to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NodeId {
    /// Its place.
    pub place: usize,
    /// The number of its start.
    pub life: u32,
}

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// A node is told something.
    Node(NodeId, ToNode),
    /// A node starts.
    Start(usize),
    /// A client is told something.
    Client(usize, ToClient),
    /// A request arrives at the store.
    Store(Box<Ask>),
    /// A transaction has kept its turn for as long as it may.
    TurnIdle(u64),
    /// Something breaks, or heals.
    Fault(Fault),
    /// Somebody joins, leaves or signs out.
    Change,
    /// The hostile writer on the bus says something.
    Forge,
}

/// How a node is connected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    /// It does not reach the store.
    pub store_cut: bool,
    /// It does not reach the bus.
    pub bus_cut: bool,
    /// The number of its start, if it is up.
    pub life: Option<u32>,
    /// Starts so far.
    pub starts: u32,
    /// It stands still until then.
    pub paused_until: Time,
    /// Since when nothing has kept it from reading the store.
    pub well_since: Time,
    /// How far its clock is off, in milliseconds.
    pub clock_off_ms: i64,
}

/// A promise that was broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// How.
    pub what: String,
}

/// See the top of this file.
pub struct Scene {
    /// What happens when.
    pub agenda: Agenda<Event>,
    /// All chance.
    pub random: Rng,
    /// What the world has to bear.
    pub weather: Weather,
    /// How the cluster is built.
    pub variant: Variant,
    /// The truth.
    pub store: Store,
    /// The nodes' connections.
    pub links: Vec<Link>,
    /// The clients' connections.
    pub wires: Wires,
    /// The hostile writer on the bus.
    pub forger: Forger,
    /// What was promised to whom.
    pub check: Check,
    /// What was counted.
    pub figures: Figures,
    /// The first promise that was broken.
    pub violation: Option<Violation>,
    /// What happened, if somebody wants to read it.
    pub lines: Option<Vec<String>>,
    numbers: u64,
}

impl Scene {
    /// A world before anything happens in it.
    pub fn new(seed: u64, variant: Variant, trace: bool) -> Self {
        let mut random = Rng::with_seed(seed);
        let weather = Weather::of(&mut random);
        let links = vec![Link::default(); weather.nodes];
        Scene {
            agenda: Agenda::default(),
            random,
            weather,
            variant,
            store: Store::new(),
            links,
            wires: Wires::default(),
            forger: Forger::default(),
            check: Check::default(),
            figures: Figures::default(),
            violation: None,
            lines: trace.then(Vec::new),
            numbers: 0,
        }
    }

    /// A number that was not there before.
    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Whether something of this chance happens.
    pub fn chance(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.random.f64() < chance
    }

    /// How long something takes: mostly little, now and then ten times as long.
    pub fn delay(&mut self) -> Time {
        let usual = self.random.u64(10..=self.weather.delay_max);
        if self.random.u8(..) == 0 { usual * 10 } else { usual }
    }

    /// Notes a line, if somebody wants it.
    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let now = self.agenda.now();
            lines.push(format!("{:>6}.{:03} ms  {}", now / MS, now % MS, line()));
        }
    }

    /// A promise was broken.
    pub fn fail(&mut self, promise: &'static str, what: String) {
        self.trace(|| format!("{promise} is broken: {what}"));
        self.violation.get_or_insert(Violation { promise, what });
    }

    /// Tells a node something; in vain if it is not up any more when it arrives.
    pub fn tell_node(&mut self, node: NodeId, delay: Time, what: ToNode) {
        self.agenda.after(delay, Event::Node(node, what));
    }

    /// Tells a client something.
    pub fn tell_client(&mut self, client: usize, delay: Time, what: ToClient) {
        self.agenda.after(delay, Event::Client(client, what));
    }

    /// Whether a node still is what it was.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.links[node.place].life == Some(node.life)
    }

    /// A node that is up, whichever.
    pub fn any_node(&mut self) -> Option<NodeId> {
        let place = self.random.usize(..self.links.len());
        let life = self.links[place].life?;
        Some(NodeId { place, life })
    }

    /// Whether a node and the store reach each other now.
    pub fn reaches_store(&self, node: NodeId) -> bool {
        !self.store.away && !self.links[node.place].store_cut
    }

    /// The wall clock of a node, in milliseconds. It jumps; the time of the agenda never does.
    pub fn clock_ms(&self, node: NodeId) -> u64 {
        const NOON_MS: i64 = 1_000_000_000;
        (NOON_MS + (self.agenda.now() / MS) as i64 + self.links[node.place].clock_off_ms) as u64
    }

    /// The stream of a room.
    pub fn any_room(&mut self) -> (ConversationId, StreamId) {
        let room = ConversationId(self.random.u64(1..=self.weather.rooms));
        (room, StreamId::conversation(room))
    }
}
