//! A node: hubs, the order of commits, a writer, a gate, wired as `crates/server` and `crates/store/src/postgres` do
//! it.
//!
//! The engine decides: [`encke_engine::Order`], [`encke_engine::Hub`] with its tail and cursors, marks, presence. This
//! module only carries messages between them, in the same order as the server.

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
use bus::HeardNumbers;
use gate::Gate;
use shard::{Message, Shard};
use writer::Writer;

/// A message to a node.
#[derive(Debug)]
pub enum ToNode {
    /// A client asks for the feed.
    Asked(ConnId, FeedRequest),
    /// A client holds a conversation up to these marks.
    Ack(ConversationId, PersonId, Marks),
    /// A connection is gone.
    Gone(ConnId),
    /// A connection has room again.
    Writable(ConnId),
    /// A write.
    Job(Job),
    /// A client wants a snapshot.
    Snapshot(Exchange, u64),
    /// The store answers.
    Answer(Box<Answer>),
    /// A message arrives on the bus, from another node or a stranger.
    Hint(Sealed),
    /// The bus has lost messages.
    HintsLost,
    /// The time has come to decide about a look at the store.
    Follow,
    /// A transaction that paused goes on.
    Commit(u64),
    /// The time has come for the writer to try again.
    Write,
    /// A shard takes its turn.
    Shard(usize),
    /// The tick has come at which a connection is looked at.
    ConnTime(ConnId, u32),
    /// The node goes down: SIGTERM.
    Drain,
    /// The time has come to check whether the node may end.
    Drained,
    /// The time has come for work that is done ten times a second: slow readers, marks, presence.
    House,
}

/// A request for the feed.
#[derive(Clone, Debug)]
pub struct FeedRequest {
    /// The transport.
    pub transport: Transport,
    /// The text of the client's cursor.
    pub cursor: String,
    /// The client's credential.
    pub credential: u64,
    /// The client's name for its device.
    pub device: String,
    /// The longest time that a poll waits.
    pub wait: Time,
}

/// A write.
#[derive(Clone, Debug)]
pub enum Job {
    /// A message, if its author follows the stream.
    Send { exchange: Exchange, person: PersonId, stream: StreamId, key: Box<str> },
    /// A last event for every stream of a room.
    Marker(ConversationId),
    /// A person joins a room.
    Join(PersonId, ConversationId),
    /// A person leaves a room.
    Leave(PersonId, ConversationId),
    /// A credential of a person ends, or all of them.
    Revoke(PersonId, Option<u64>),
    /// A person signs in and gets this credential.
    SignIn(Exchange, PersonId, u64),
    /// Marks that moved.
    Marks(Vec<(ConversationId, PersonId, Marks)>),
}

impl Job {
    /// Refuses the write without doing it.
    fn refuse(self, scene: &mut Scene) {
        if let Job::Send { exchange, .. } | Job::SignIn(exchange, ..) = self {
            scene.answer_exchange(exchange, Outcome::Refused);
        }
    }
}

/// A node; see the top of this file.
pub struct Node {
    id: NodeId,
    incarnation: u64,
    ear: HeardNumbers,
    gate: Gate,
    following: Following,
    /// The time of the timer for the next look, if one is set.
    look_planned: Option<Time>,
    writer: Writer,
    shards: Vec<Shard>,
    /// The time by which the node ends, once it goes down.
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
            ear: HeardNumbers::default(),
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

    /// Handles a message to the node.
    pub fn handle(&mut self, what: ToNode, scene: &mut Scene) {
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

    /// Puts a message into the inbox of the shard that has a connection.
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

    /// Hands a signal to all live sessions of this node that follow its stream.
    fn signal(&mut self, stream: StreamId, number: u64, scene: &mut Scene) {
        for shard in &mut self.shards {
            shard.push(Message::Signal(stream, number), scene);
        }
    }

    /// The position up to which the node has told its hubs, and the positions that the hubs have reached.
    pub fn heads(&self) -> (Position, Vec<Position>) {
        (
            self.following.frontier().at.position,
            self.shards.iter().map(|shard| shard.head()).collect(),
        )
    }

    /// A person with an open session here who counts as offline.
    pub fn forgotten_person(&self) -> Option<PersonId> {
        self.shards.iter().find_map(|shard| shard.forgotten_person(&self.gate))
    }
}

/// The follows that the hub opens a session with, and the position at which they were read.
pub type Follows = (Arc<[Follow]>, Position);

/// The marks of an ack for everything in a stream.
pub fn delivered(seq: Seq) -> Marks {
    Marks { delivered: seq, read: Seq(0) }
}
