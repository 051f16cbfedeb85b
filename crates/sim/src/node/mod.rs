//! A node: hubs, the order of commits, a writer, a gate, wired as `crates/server` and `crates/store/src/postgres` do it.
//!
//! All that decides is the engine's: [`encke_engine::Order`], [`encke_engine::Hub`], its tail and cursors, marks, presence.
//! What is here only carries between them, and in the same order.

mod bus;
mod deliver;
mod drain;
mod follower;
mod gate;
mod poll;
mod shard;
mod writer;
mod writing;

use std::sync::Arc;

use encke_engine::connection::Transport;
use encke_engine::frontier::Frontier;
use encke_engine::hub::Follow;
use encke_engine::marks::Marks;
use encke_engine::tail::Tail;
use encke_engine::{Code, ConversationId, Following, Hub, PersonId, Position, Seq, StreamId};

pub use bus::{Hint, Sealed};

use crate::agenda::{MS, Time};
use crate::client::{Exchange, Outcome};
use crate::scene::{ConnId, NodeId, Scene};
use crate::store::{Answer, Ask, Purpose, Request};
use bus::Ear;
use gate::Gate;
use shard::{Message, Shard};
use writer::Writer;

/// What a node is told.
#[derive(Debug)]
pub enum ToNode {
    /// A client asks for the feed.
    Asked(ConnId, FeedRequest),
    /// A client holds a conversation up to a number.
    Ack(ConversationId, PersonId, Marks),
    /// A connection is gone.
    Gone(ConnId),
    /// A connection has room again.
    Writable(ConnId),
    /// Something to write.
    Job(Job),
    /// A client wants a snapshot.
    Snapshot(Exchange, u64),
    /// By the store.
    Answer(Box<Answer>),
    /// On the bus, by another node or somebody else.
    Hint(Sealed),
    /// The bus lost something.
    HintsLost,
    /// Time to see whether to look at the store.
    Follow,
    /// A transaction that stood still goes on.
    Commit(u64),
    /// Time for the writer to try again.
    Write,
    /// A shard's turn.
    Shard(usize),
    /// The tick has come at which a connection is to be looked at.
    ConnTime(ConnId, u32),
    /// It goes down: SIGTERM.
    Drain,
    /// Time to see whether it may end.
    Drained,
    /// Ten times a second: slow readers, marks, presence.
    House,
}

/// A request for the feed.
#[derive(Clone, Debug)]
pub struct FeedRequest {
    /// By which transport.
    pub transport: Transport,
    /// The text of its cursor.
    pub cursor: String,
    /// Its credential.
    pub credential: u64,
    /// The client's name for its device.
    pub device: String,
    /// How long a poll waits.
    pub wait: Time,
}

/// Something to write.
#[derive(Clone, Debug)]
pub enum Job {
    /// A message, if its author follows the stream.
    Send { exchange: Exchange, person: PersonId, stream: StreamId, key: Box<str> },
    /// A last event in every stream of a room.
    Marker(ConversationId),
    /// Somebody joins a room.
    Join(PersonId, ConversationId),
    /// Somebody leaves a room.
    Leave(PersonId, ConversationId),
    /// A credential ends, or all of a person.
    Revoke(PersonId, Option<u64>),
    /// Somebody signs in and gets this credential.
    SignIn(Exchange, PersonId, u64),
    /// Marks that moved.
    Marks(Vec<(ConversationId, PersonId, Marks)>),
}

impl Job {
    /// Answers it without doing it.
    fn refuse(self, scene: &mut Scene) {
        if let Job::Send { exchange, .. } | Job::SignIn(exchange, ..) = self {
            scene.answer_exchange(exchange, Outcome::Refused);
        }
    }
}

/// See the top of this file.
pub struct Node {
    id: NodeId,
    incarnation: u64,
    ear: Ear,
    gate: Gate,
    following: Following,
    /// When a timer for the next look is due already.
    look_planned: Option<Time>,
    writer: Writer,
    shards: Vec<Shard>,
    /// When it ends at the latest, once it goes down.
    ends_at: Option<Time>,
}

impl Node {
    /// Opens the space and starts; `None` if the store is not there.
    pub fn start(id: NodeId, scene: &mut Scene) -> Option<Node> {
        if !scene.reaches_store(id) {
            return None;
        }
        scene.store.settle(scene.variant);
        let (incarnation, state) = (scene.store.incarnation, scene.store.now());
        let (epoch, at, trimmed) = (state.epoch, state.at, state.trimmed);
        let tail_events = scene.weather.tail_events;
        let newest: Vec<_> = state.kept().rev().take(tail_events).cloned().collect();
        let tail = || {
            let floor = Position(at.position.0.saturating_sub(newest.len() as u64));
            let mut tail = Tail::bounded(floor, tail_events, usize::MAX);
            newest.iter().rev().for_each(|entry| tail.push(entry.clone()));
            tail
        };
        let count = scene.weather.shards;
        let shards: Vec<Shard> = (0..count)
            .map(|number| Shard::new(id, incarnation, number, Hub::new(epoch, trimmed, tail())))
            .collect();
        let mark = state.commit_marks.get(&at.position).copied().unwrap_or_default();
        let frontier = Frontier { at, mark };
        let mut node = Node {
            id,
            incarnation,
            ear: Ear::default(),
            gate: Gate::new(id, epoch, incarnation, at.position),
            following: Following::new(epoch, frontier, scene.agenda.elapsed()),
            look_planned: None,
            writer: Writer::default(),
            shards,
            ends_at: None,
        };
        scene.trace(|| format!("{id:?} serves {epoch:?} from {at:?}"));
        node.plan_look(scene);
        scene.tell_node(id, 100 * MS, ToNode::House);
        Some(node)
    }

    /// Something happens to it.
    pub fn told(&mut self, what: ToNode, scene: &mut Scene) {
        match what {
            ToNode::Asked(conn, request) => self.post(conn, Message::Asked(conn, request), scene),
            ToNode::Ack(room, person, marks) => {
                if self.ends_at.is_none() {
                    self.gate.moved.advance(room, person, marks);
                }
            }
            ToNode::Gone(conn) => self.post(conn, Message::Gone(conn), scene),
            ToNode::Writable(conn) => self.post(conn, Message::Writable(conn), scene),
            ToNode::ConnTime(conn, tick) => self.post(conn, Message::Time(conn, tick), scene),
            ToNode::Job(job) if self.ends_at.is_some() => job.refuse(scene),
            ToNode::Job(job) => self.submit(job, scene),
            ToNode::Snapshot(exchange, _) if self.ends_at.is_some() => {
                scene.answer_exchange(exchange, Outcome::Refused);
            }
            ToNode::Snapshot(exchange, credential) => {
                let view = Request::View(Purpose::Snapshot(exchange), credential);
                self.ask(view, scene);
            }
            ToNode::Answer(answer) => self.answered(*answer, scene),
            ToNode::Hint(message) => self.heard(message, scene),
            ToNode::HintsLost => {
                self.following.look_soon();
                self.plan_look(scene);
            }
            ToNode::Follow => self.follow(scene),
            ToNode::Commit(number) => self.goes_on(number, scene),
            ToNode::Write => self.write(scene),
            ToNode::Shard(number) => self.shards[number].turn(&mut self.gate, scene),
            ToNode::House => self.keep_house(scene),
            ToNode::Drain => self.drain(scene),
            ToNode::Drained => self.perhaps_end(scene),
        }
    }

    fn ask(&self, what: Request, scene: &mut Scene) {
        let Node { id, incarnation, .. } = *self;
        scene.ask(Ask { node: id, epoch: self.gate.epoch, incarnation, what });
    }

    /// Puts something into the inbox of the shard that has a connection.
    fn post(&mut self, conn: ConnId, message: Message, scene: &mut Scene) {
        let number = conn as usize % self.shards.len();
        self.shards[number].push(message, scene);
    }

    fn answered(&mut self, answer: Answer, scene: &mut Scene) {
        match answer {
            Answer::Turn(number) => self.has_turn(number, scene),
            Answer::Committed => self.committed(scene),
            Answer::Looked(from, rows) => self.looked(from, rows, scene),
            Answer::Paged(conn, page) => {
                let page = page.ok_or(Code::BadCursor);
                self.post(conn, Message::Paged(conn, page), scene);
            }
            Answer::Viewed(Purpose::Snapshot(exchange), credential, viewed) => {
                let epoch = self.gate.epoch;
                let outcome = match viewed.person {
                    Some(_) => Outcome::Snapshot(epoch, viewed.as_of),
                    None => Outcome::NotSignedIn(credential),
                };
                scene.answer_exchange(exchange, outcome);
            }
            Answer::Viewed(Purpose::Admit { conn, revocations_seen, .. }, credential, viewed) => {
                let admitted = self.gate.viewed(credential, revocations_seen, viewed);
                self.post(conn, Message::Admitted(conn, admitted), scene);
            }
            Answer::Lost(what) => self.lost(what, scene),
            Answer::Replaced => scene.begin_anew(self.id),
        }
    }

    fn lost(&mut self, what: Request, scene: &mut Scene) {
        match what {
            Request::Turn(_) => self.no_turn(scene),
            Request::Commit(..) => self.commit_unknown(scene),
            Request::Look(..) => self.look_failed(scene),
            Request::Page(conn, _) => {
                self.post(conn, Message::Paged(conn, Err(Code::Overloaded)), scene);
            }
            Request::View(Purpose::Snapshot(exchange), _) => {
                scene.answer_exchange(exchange, Outcome::Refused);
            }
            Request::View(Purpose::Admit { conn, .. }, _) => {
                let refused = Err(Code::Overloaded);
                self.post(conn, Message::Admitted(conn, refused), scene);
            }
        }
    }

    fn keep_house(&mut self, scene: &mut Scene) {
        self.store_marks(scene);
        let now_ms = scene.clock_ms(self.id);
        self.gate.roll.expire(now_ms);
        if scene.random.u8(..8) == 0 {
            let (stream, number) = scene.says_signal(self.id);
            self.signal(stream, number, scene);
        }
        scene.tell_node(self.id, 100 * MS, ToNode::House);
    }

    fn store_marks(&mut self, scene: &mut Scene) {
        let marks = self.gate.moved.take();
        if !marks.is_empty() {
            self.submit(Job::Marks(marks), scene);
        }
    }

    /// A signal goes to all sessions here that follow its stream and are live.
    fn signal(&mut self, stream: StreamId, number: u64, scene: &mut Scene) {
        for shard in &mut self.shards {
            shard.push(Message::Signal(stream, number), scene);
        }
    }

    /// Up to where it has told its hubs, and up to where they have come.
    pub fn heads(&self) -> (Position, Vec<Position>) {
        (
            self.following.frontier().at.position,
            self.shards.iter().map(|shard| shard.head()).collect(),
        )
    }

    /// Whether somebody who has an open session here counts as offline.
    pub fn forgets_somebody(&self) -> Option<PersonId> {
        self.shards.iter().find_map(|shard| shard.whom_forgotten(&self.gate))
    }
}

/// What the hub opens a session with, but for the connection.
pub type Follows = (Arc<[Follow]>, Position);

/// The number that an ack of everything in a stream has.
pub fn delivered(seq: Seq) -> Marks {
    Marks { delivered: seq, read: Seq(0) }
}
