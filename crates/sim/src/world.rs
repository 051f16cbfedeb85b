//! One world: nodes, clients and the network, from its first moment to its last.

use std::panic::{AssertUnwindSafe, catch_unwind};

use encke_engine::{ConversationId, PersonId};

use crate::agenda::{MS, Time};
use crate::client::Client;
use crate::figures::Figures;
use crate::node::{Job, Node, ToNode};
use crate::scene::{Event, NodeId, Scene, Violation};
use crate::variant::Variant;

/// The time until which faults happen.
const CALM_AT: Time = 10_000 * MS;
/// The time when a last event goes to every room.
const MARKER_AT: Time = 19_000 * MS;
/// The time by which all clients must have these last events.
const END: Time = 25_000 * MS;
/// The pause before a node that found no store tries again.
const START_AGAIN: Time = 500 * MS;

/// The result of a seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The counts.
    pub figures: Figures,
    /// The promise that was broken, if one was.
    pub violation: Option<Violation>,
    /// A hash that is the same for two runs of the same world, and almost never for two different ones.
    pub fingerprint: u64,
    /// The trace, if one was wanted.
    pub trace: Vec<String>,
}

struct World {
    scene: Scene,
    nodes: Vec<Option<Node>>,
    clients: Vec<Client>,
}

/// Runs the world of a seed. The same seed gives the same world, to the last step.
pub fn run(seed: u64, variant: Variant, trace: bool) -> Report {
    let mut world = World::new(seed, variant, trace);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| world.run())) {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or(panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        world.scene.fail("an assertion", text.unwrap_or_default());
    }
    let Scene { figures, violation, lines, agenda, random, .. } = world.scene;
    let fingerprint = agenda.fingerprint() ^ random.get_seed();
    Report { figures, violation, fingerprint, trace: lines.unwrap_or_default() }
}

impl World {
    fn new(seed: u64, variant: Variant, trace: bool) -> Self {
        let mut scene = Scene::new(seed, variant, trace);
        let people = scene.weather.people;
        let clients = (0..scene.weather.clients)
            .map(|number| Client::new(number, PersonId(1 + number as u64 % people), &mut scene))
            .collect();
        let nodes = (0..scene.weather.nodes).map(|_| None).collect();
        World { scene, nodes, clients }
    }

    fn run(&mut self) {
        for place in 0..self.nodes.len() {
            self.start(place);
        }
        for person in 1..=self.scene.weather.people {
            for room in 1..=self.scene.weather.rooms {
                if self.scene.random.u8(..4) > 0 {
                    self.job(MS, Job::Join(PersonId(person), ConversationId(room)));
                }
            }
        }
        self.scene.plan_faults();
        self.scene.plan_forger();
        self.scene.agenda.after(500 * MS, Event::Change);
        self.until(CALM_AT, false);
        self.scene.clear_up();
        self.until(MARKER_AT, true);
        for room in 1..=self.scene.weather.rooms {
            self.job(MS, Job::Marker(ConversationId(room)));
        }
        self.until(END, true);
        if self.scene.violation.is_none() {
            self.check_end();
        }
    }

    fn until(&mut self, end: Time, calm: bool) {
        while self.scene.violation.is_none()
            && let Some(event) = self.scene.agenda.next(end)
        {
            self.scene.figures.steps += 1;
            self.happens(event, calm);
        }
    }

    fn happens(&mut self, event: Event, calm: bool) {
        match event {
            Event::Node(id, what) => self.tell_node(id, what),
            Event::Start(place) => self.start(place),
            Event::Client(number, what) => {
                self.clients[number].handle(what, calm, &mut self.scene);
            }
            Event::Store(ask) => self.scene.asked(*ask),
            Event::TurnIdle(number) => self.scene.turn_idle(number),
            Event::Fault(fault) => self.scene.fault(fault, calm),
            Event::Forge => self.scene.forge(),
            Event::Change if calm => {}
            Event::Change => {
                self.scene.change();
                let next = self.scene.random.u64(MS..2 * self.scene.weather.change_ms * MS);
                self.scene.agenda.after(next, Event::Change);
            }
        }
    }

    /// Hands a message to a node. A paused node gets it after its pause, in the same order.
    fn tell_node(&mut self, id: NodeId, what: ToNode) {
        if !self.scene.is_up(id) {
            return;
        }
        let paused_until = self.scene.links[id.place].paused_until;
        if paused_until > self.scene.agenda.now() {
            return self.scene.agenda.at(paused_until, Event::Node(id, what));
        }
        if let Some(node) = &mut self.nodes[id.place] {
            node.handle(what, &mut self.scene);
        }
    }

    fn start(&mut self, place: usize) {
        let link = &mut self.scene.links[place];
        link.starts += 1;
        let id = NodeId { place, life: link.starts };
        self.nodes[place] = Node::start(id, &mut self.scene);
        if self.nodes[place].is_none() {
            return self.scene.agenda.after(START_AGAIN, Event::Start(place));
        }
        let link = &mut self.scene.links[place];
        link.life = Some(id.life);
        link.well_since = self.scene.agenda.now().max(link.paused_until);
    }

    fn job(&mut self, delay: Time, job: Job) {
        let up = (0..self.nodes.len()).find_map(|_| self.scene.any_node());
        if let Some(node) = up {
            self.scene.tell_node(node, delay, ToNode::Job(job));
        }
    }

    fn check_end(&mut self) {
        let readers: Vec<_> = self.clients.iter().filter_map(Client::reader).collect();
        if readers.len() < self.clients.len() {
            self.scene.fail("P4", "a client never came back".into());
        }
        if let Some(key) = self.clients.iter().find_map(Client::unanswered) {
            self.scene.fail("P1", format!("{key} was never answered"));
        }
        self.scene.check_end(&readers);
        let end = self.scene.store.now().at.position;
        for node in self.nodes.iter().flatten() {
            let (told, heads) = node.heads();
            if told != end || heads.iter().any(|head| *head != end) {
                let what =
                    format!("the log ends at {end:?}, a node at {told:?}, its hubs {heads:?}");
                self.scene.fail("P4", what);
            }
            if let Some(person) = node.forgotten_person() {
                self.scene.fail("presence", format!("{person:?} is there and counts as offline"));
            }
        }
    }
}
