//! A client: it signs in, takes a snapshot, follows the feed from its cursor over any node and transport, sends
//! something now and then, and asks again for everything that was lost on the way.

use encke_engine::append::Appended;
use encke_engine::connection::Transport;
use encke_engine::cursor::{Cursor, Reset};
use encke_engine::item::Bye;
use encke_engine::marks::Marks;
use encke_engine::{Code, ConversationId, Entry, Epoch, Owner, PersonId, Position, StreamId};

use crate::agenda::{MS, Time};
use crate::check::Reader;
use crate::node::{FeedRequest, Job, ToNode, delivered};
use crate::scene::{ConnId, NodeId, Scene};
use crate::wires::Item;

/// A command or a snapshot that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The client.
    pub client: usize,
    /// The number of the command or snapshot.
    pub number: u64,
}

/// The outcome of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The message is stored.
    Stored {
        /// The message's key.
        key: Box<str>,
        /// The message's stream.
        stream: StreamId,
        /// The epoch of the log.
        epoch: Epoch,
        /// The place in the log.
        appended: Appended,
    },
    /// The person may not write there.
    NotMember,
    /// This credential is not good.
    NotSignedIn(u64),
    /// The person has this new credential.
    SignedIn(u64),
    /// The snapshot is as of this position.
    Snapshot(Epoch, Position),
    /// The command was done or not: try again.
    Refused,
}

/// A message to a client.
#[derive(Debug)]
pub enum ToClient {
    /// Wake up and go on.
    Wake,
    /// Items arrived on a connection.
    Items(ConnId, Vec<Item>),
    /// A connection broke.
    Gone(ConnId),
    /// The answer to a command.
    Answered(u64, Outcome),
    /// No answer came.
    TimedOut(u64),
    /// The time has come to send something.
    Say,
    /// The time has come to go elsewhere, if the client still has this connection.
    Hop(ConnId),
    /// The time has come for the next poll.
    Poll(ConnId),
}

/// A client's connection for the feed.
#[derive(Clone, Copy)]
struct FeedConnection {
    conn: ConnId,
    node: NodeId,
    transport: Transport,
    /// Whether nothing has arrived since the last request.
    unanswered: bool,
}

/// A message of the client with an unknown outcome.
struct OpenMessage {
    key: Box<str>,
    stream: StreamId,
    number: u64,
    node: Option<NodeId>,
}

/// A client; see the top of this file.
pub struct Client {
    number: usize,
    person: PersonId,
    credential: Option<u64>,
    /// The text of the cursor that the client keeps.
    cursor: Option<String>,
    reader: Reader,
    line: Option<FeedConnection>,
    /// The node and the transport that it left without waiting for the response.
    left: Option<(NodeId, Transport)>,
    asking: Option<u64>,
    saying: Option<OpenMessage>,
    said: u64,
}

impl Scene {
    /// Sends a node's answer to a command; it may be lost.
    pub fn answer_exchange(&mut self, exchange: Exchange, outcome: Outcome) {
        if !self.chance(self.weather.answer_lost) {
            let delay = self.delay();
            let answer = ToClient::Answered(exchange.number, outcome);
            self.tell_client(exchange.client, delay, answer);
        }
    }
}

impl Client {
    /// A client of a person.
    pub fn new(number: usize, person: PersonId, scene: &mut Scene) -> Self {
        scene.tell_client(number, scene.weather.say_ms * MS, ToClient::Say);
        scene.tell_client(number, 20 * MS, ToClient::Wake);
        let reader = Reader { person, epoch: Epoch(0), held: Position(0) };
        let (credential, cursor, line, left, asking, saying) = Default::default();
        Client { number, person, credential, cursor, reader, line, left, asking, saying, said: 0 }
    }

    /// The part of the log that the client holds; `None` without a cursor.
    pub fn reader(&self) -> Option<Reader> {
        self.cursor.as_ref().map(|_| self.reader)
    }

    /// The key of a message whose outcome the client does not know.
    pub fn unanswered(&self) -> Option<&str> {
        self.saying.as_ref().map(|s| &*s.key)
    }

    /// Handles a message to the client.
    pub fn handle(&mut self, what: ToClient, calm: bool, scene: &mut Scene) {
        match what {
            ToClient::Wake => self.go_on(scene),
            ToClient::Items(conn, items) => {
                if !scene.arrived(conn, items.len()) {
                    scene.figures.too_late += 1;
                    return;
                }
                for item in items {
                    if let Some(line) = self.line.as_mut().filter(|line| line.conn == conn) {
                        line.unanswered = false;
                        self.item(item, scene);
                    }
                }
            }
            ToClient::Gone(conn) => self.lost(conn, scene),
            ToClient::Hop(conn) => {
                if let Some(line) = self.line.filter(|line| line.conn == conn) {
                    self.left = line.unanswered.then_some((line.node, line.transport));
                    self.hang_up(scene);
                    self.go_on(scene);
                }
            }
            ToClient::Poll(conn) => {
                if self.line.is_some_and(|line| line.conn == conn) {
                    self.ask_feed(scene);
                }
            }
            ToClient::Answered(number, outcome) => self.answered(number, outcome, scene),
            ToClient::TimedOut(number) => self.answered(number, Outcome::Refused, scene),
            ToClient::Say => self.say(calm, scene),
        }
    }

    fn exchange(&self, scene: &mut Scene) -> Exchange {
        let number = scene.number();
        let patience = scene.random.u64(300 * MS..3_000 * MS);
        scene.tell_client(self.number, patience, ToClient::TimedOut(number));
        Exchange { client: self.number, number }
    }

    fn later(&self, scene: &mut Scene) {
        let delay = scene.random.u64(MS..300 * MS);
        scene.tell_client(self.number, delay, ToClient::Wake);
    }

    /// Takes the next step, if nothing is under way: signs in, takes a snapshot, or asks for the feed.
    fn go_on(&mut self, scene: &mut Scene) {
        if self.line.is_some() || self.asking.is_some() {
            return;
        }
        let Some(node) = scene.any_node() else { return self.later(scene) };
        let Some(credential) = self.credential else {
            let exchange = self.exchange(scene);
            self.asking = Some(exchange.number);
            let fresh = scene.number();
            let delay = scene.delay();
            let job = Job::SignIn(exchange, self.person, fresh);
            return scene.tell_node(node, delay, ToNode::Job(job));
        };
        if self.cursor.is_none() {
            let exchange = self.exchange(scene);
            self.asking = Some(exchange.number);
            let delay = scene.delay();
            return scene.tell_node(node, delay, ToNode::Snapshot(exchange, credential));
        }
        let transport = Transport::ALL[scene.random.usize(..Transport::ALL.len())];
        let slow: Time = if scene.chance(scene.weather.slow_reader) {
            scene.random.u64(20 * MS..400 * MS)
        } else {
            0
        };
        if let Some((left, by)) = self.left.take() {
            scene.figures.node_changes += u64::from(left.place != node.place);
            scene.figures.transport_changes += u64::from(by != transport);
        }
        let conn = scene.connect(self.number, node, slow);
        self.line = Some(FeedConnection { conn, node, transport, unanswered: false });
        self.ask_feed(scene);
    }

    fn ask_feed(&mut self, scene: &mut Scene) {
        let (Some(cursor), Some(credential)) = (self.cursor.clone(), self.credential) else {
            return;
        };
        let Some(line) = &mut self.line else { return };
        line.unanswered = true;
        let FeedConnection { conn, transport, .. } = *line;
        let wait = scene.random.u64(100 * MS..2_000 * MS);
        let device = format!("client {}", self.number);
        scene.trace(|| format!("{device} asks for {cursor} by {transport:?} {conn}"));
        scene.request(conn, FeedRequest { transport, cursor, credential, device, wait });
        if scene.chance(scene.weather.sign_out_race)
            && let Some(node) = scene.any_node()
        {
            let soon = scene.random.u64(..3 * scene.weather.delay_max);
            let job = Job::Revoke(self.person, Some(credential));
            scene.tell_node(node, soon, ToNode::Job(job));
        }
        if scene.chance(scene.weather.hop) {
            // The client leaves while a response is on its way, or at any other time.
            let longest = if scene.random.bool() { scene.weather.delay_max } else { 1_500 * MS };
            let soon = scene.random.u64(..longest);
            scene.tell_client(self.number, soon, ToClient::Hop(conn));
        }
    }

    fn hang_up(&mut self, scene: &mut Scene) {
        if let Some(line) = self.line.take() {
            scene.hang_up(line.conn, true);
        }
    }

    fn lost(&mut self, conn: ConnId, scene: &mut Scene) {
        if self.line.is_some_and(|line| line.conn == conn) {
            self.line = None;
            self.later(scene);
        }
    }

    fn item(&mut self, item: Item, scene: &mut Scene) {
        match item {
            Item::Event(entry, cursor) => self.event(&entry, cursor, scene),
            Item::Ready(cursor) => self.hold(cursor, scene),
            Item::Beat => {}
            Item::Signal(number) => scene.signal_received(number),
            Item::Answer(entries, cursor) => {
                for entry in entries {
                    let at = Cursor { position: entry.event.position, ..cursor };
                    self.event(&entry, at, scene);
                }
                self.hold(cursor, scene);
                let Some(FeedConnection { conn, .. }) = self.line else { return };
                if scene.random.bool() {
                    let think = scene.random.u64(0..50 * MS);
                    return scene.tell_client(self.number, think, ToClient::Poll(conn));
                }
                self.hang_up(scene);
                self.later(scene);
            }
            Item::Reset(why) => {
                scene.figures.resets += 1;
                scene.figures.resets_trimmed += u64::from(why == Reset::Trimmed);
                let Reader { epoch, held, .. } = self.reader;
                let is_due = match why {
                    Reset::UnknownEpoch => !scene.store.is_untouched(),
                    Reset::Trimmed => scene.store.was_trimmed(epoch, held),
                    Reset::Ahead => false,
                };
                if !is_due {
                    scene.fail(
                        "P4",
                        format!("client {} was reset for nothing: {why:?}", self.number),
                    );
                }
                self.cursor = None;
                self.hang_up(scene);
                self.later(scene);
            }
            Item::Refused(code) => {
                if code == Code::NotSignedIn {
                    self.credential = None;
                }
                self.hang_up(scene);
                self.later(scene);
            }
            Item::Bye(why) => {
                if !why.retry() {
                    self.credential = None;
                }
                scene.figures.drained += u64::from(why == Bye::Drain);
                self.hang_up(scene);
                self.later(scene);
            }
        }
    }

    fn event(&mut self, entry: &std::sync::Arc<Entry>, cursor: Cursor, scene: &mut Scene) {
        scene.received(&mut self.reader, entry, cursor);
        self.cursor = Some(cursor.to_string());
        if let Owner::Conversation(room) = entry.event.stream.owner()
            && scene.random.bool()
        {
            self.ack(room, delivered(entry.event.seq), scene);
        }
    }

    /// Acks over the client's WebSocket, or by a request to any node.
    fn ack(&self, room: ConversationId, marks: Marks, scene: &mut Scene) {
        let both_ways = self.line.filter(|line| line.transport == Transport::WebSocket);
        scene.says_ack(room, self.person, marks);
        if let Some(node) = both_ways.map(|line| line.node).or_else(|| scene.any_node()) {
            let delay = scene.delay();
            scene.tell_node(node, delay, ToNode::Ack(room, self.person, marks));
        }
    }

    /// Takes a cursor up to which the client holds everything.
    fn hold(&mut self, cursor: Cursor, scene: &mut Scene) {
        if cursor.epoch != self.reader.epoch {
            let what = format!("{:?} is told to hold {cursor} without a reset", self.reader);
            return scene.fail("P4", what);
        }
        if cursor.position < self.reader.held {
            let what = format!("{:?} is told to hold only {cursor}", self.reader);
            return scene.fail("P5", what);
        }
        scene.advanced(&mut self.reader, cursor.position);
        self.cursor = Some(cursor.to_string());
    }

    fn answered(&mut self, number: u64, outcome: Outcome, scene: &mut Scene) {
        if self.saying.as_ref().is_some_and(|s| s.number == number) {
            return self.sent(outcome, scene);
        }
        if self.asking != Some(number) {
            return;
        }
        self.asking = None;
        match outcome {
            Outcome::SignedIn(credential) => self.credential = Some(credential),
            Outcome::NotSignedIn(credential) if self.credential == Some(credential) => {
                self.credential = None;
            }
            Outcome::Snapshot(epoch, position) => {
                self.reader = Reader { person: self.person, epoch, held: position };
                self.cursor = Some(Cursor { epoch, position }.to_string());
            }
            _ => return self.later(scene),
        }
        self.go_on(scene);
    }

    fn say(&mut self, calm: bool, scene: &mut Scene) {
        if calm {
            return;
        }
        let next = scene.random.u64(MS..2 * scene.weather.say_ms * MS);
        scene.tell_client(self.number, next, ToClient::Say);
        if self.saying.is_some() {
            return;
        }
        self.said += 1;
        let (_, stream) = scene.any_room();
        let key = format!("k{}.{}", self.number, self.said).into();
        self.saying = Some(OpenMessage { key, stream, number: 0, node: None });
        self.send(scene);
    }

    /// Sends the message to any node, for the first time or again with the same key.
    fn send(&mut self, scene: &mut Scene) {
        let exchange = self.exchange(scene);
        let Some(saying) = &mut self.saying else { return };
        saying.number = exchange.number;
        let (key, stream, person) = (saying.key.clone(), saying.stream, self.person);
        if let Some(node) = scene.any_node() {
            let before = saying.node.replace(node);
            let elsewhere = before.is_some_and(|before| before.place != node.place);
            scene.figures.elsewhere += u64::from(elsewhere);
            let delay = scene.delay();
            let job = Job::Send { exchange, person, stream, key };
            scene.tell_node(node, delay, ToNode::Job(job));
        }
    }

    fn sent(&mut self, outcome: Outcome, scene: &mut Scene) {
        match outcome {
            Outcome::Stored { key, epoch, appended, .. } => {
                scene.figures.repeated += u64::from(appended.repeated);
                scene.acknowledged(self.person, &key, epoch, appended);
                self.saying = None;
            }
            Outcome::NotMember => self.saying = None,
            _ => {
                scene.figures.unknown += 1;
                self.send(scene);
            }
        }
    }
}
