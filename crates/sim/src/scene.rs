//! The scene: the parts of the world that all others share, which are its clock, chance, network, store and the first
//! broken promise.
//!
//! Parts never call each other. They send messages through the agenda, and the network decides when a message arrives,
//! or whether.

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

/// The time after which a connection without an answer counts as broken.
pub const LOST_MAX: Time = 400 * MS;

/// The number of a connection between a client and a node. No number is used twice.
pub type ConnId = u32;

/// A node, from one start to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NodeId {
    /// Its place.
    pub place: usize,
    /// The number of its start.
    pub life: u32,
}

/// An event of the world.
#[derive(Debug)]
pub enum Event {
    /// A node gets a message.
    Node(NodeId, ToNode),
    /// A node starts.
    Start(usize),
    /// A client gets a message.
    Client(usize, ToClient),
    /// A request arrives at the store.
    Store(Box<Ask>),
    /// A transaction has kept its turn as long as it may.
    TurnIdle(u64),
    /// Something breaks, or heals.
    Fault(Fault),
    /// A person joins, leaves or signs out.
    Change,
    /// The hostile writer sends a message on the bus.
    Forge,
}

/// The connections and the clock of a node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    /// Whether it can't reach the store.
    pub store_cut: bool,
    /// Whether it can't reach the bus.
    pub bus_cut: bool,
    /// The number of its start, if it is up.
    pub life: Option<u32>,
    /// The number of starts so far.
    pub starts: u32,
    /// The node pauses until this time.
    pub paused_until: Time,
    /// The time since which it can read the store without hindrance.
    pub well_since: Time,
    /// The error of its clock, in milliseconds.
    pub clock_off_ms: i64,
}

/// A broken promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The promise.
    pub promise: &'static str,
    /// The way in which it was broken.
    pub what: String,
}

/// The scene; see the top of this file.
pub struct Scene {
    /// The future events.
    pub agenda: Agenda<Event>,
    /// The source of all chance.
    pub random: Rng,
    /// The faults that the world has to bear.
    pub weather: Weather,
    /// The way in which the cluster is built.
    pub variant: Variant,
    /// The store, which holds the truth.
    pub store: Store,
    /// The nodes' connections.
    pub links: Vec<Link>,
    /// The clients' connections.
    pub wires: Wires,
    /// The hostile writer on the bus.
    pub forger: Forger,
    /// The promises made so far.
    pub check: Check,
    /// The counts.
    pub figures: Figures,
    /// The first broken promise.
    pub violation: Option<Violation>,
    /// The trace, if one is wanted.
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

    /// A fresh number.
    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Whether a thing with this chance happens.
    pub fn chance(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.random.f64() < chance
    }

    /// The time that a thing takes: mostly little, now and then ten times as long.
    pub fn delay(&mut self) -> Time {
        let usual = self.random.u64(10..=self.weather.delay_max);
        if self.random.u8(..) == 0 { usual * 10 } else { usual }
    }

    /// Adds a line to the trace, if one is wanted.
    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let now = self.agenda.now();
            lines.push(format!("{:>6}.{:03} ms  {}", now / MS, now % MS, line()));
        }
    }

    /// Notes a broken promise.
    pub fn fail(&mut self, promise: &'static str, what: String) {
        self.trace(|| format!("{promise} is broken: {what}"));
        self.violation.get_or_insert(Violation { promise, what });
    }

    /// Sends a message to a node. It is lost if the node has ended when it arrives.
    pub fn tell_node(&mut self, node: NodeId, delay: Time, what: ToNode) {
        self.agenda.after(delay, Event::Node(node, what));
    }

    /// Sends a message to a client.
    pub fn tell_client(&mut self, client: usize, delay: Time, what: ToClient) {
        self.agenda.after(delay, Event::Client(client, what));
    }

    /// Whether this start of a node is still up.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.links[node.place].life == Some(node.life)
    }

    /// Any node that is up.
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

    /// Any room, with its stream.
    pub fn any_room(&mut self) -> (ConversationId, StreamId) {
        let room = ConversationId(self.random.u64(1..=self.weather.rooms));
        (room, StreamId::conversation(room))
    }
}
