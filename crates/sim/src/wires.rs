//! The clients' connections. Each keeps its order, has room for a bounded number of items, and may break at any moment.

use std::collections::BTreeMap;

use encke_engine::cursor::Reset;
use encke_engine::item::Bye;
use encke_engine::{Code, Cursor, Entry};
use std::sync::Arc;

use crate::agenda::{MS, Time};
use crate::client::ToClient;
use crate::node::{FeedRequest, ToNode};
use crate::scene::{ConnId, NodeId, Scene};

/// An item to a client.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event, and the cursor after it.
    Event(Arc<Entry>, Cursor),
    /// The replay is over.
    Ready(Cursor),
    /// A heartbeat.
    Beat,
    /// A signal, by its number.
    Signal(u64),
    /// The client has to take a snapshot.
    Reset(Reset),
    /// The connection ends.
    Bye(Bye),
    /// The answer to a poll.
    Answer(Vec<Arc<Entry>>, Cursor),
    /// The request is refused.
    Refused(Code),
}

/// One connection.
struct Wire {
    client: usize,
    node: NodeId,
    open: bool,
    up_last: Time,
    down_last: Time,
    /// The number of items on their way to the client.
    in_flight: usize,
    /// Whether the node waits for room.
    awaited: bool,
    /// The delay that this client adds to each item.
    slow: Time,
}

/// All connections that a client or a node still has.
#[derive(Default)]
pub struct Wires {
    all: BTreeMap<ConnId, Wire>,
    newest: ConnId,
}

impl Wires {
    /// Lets all clients read as fast as they can from now on.
    pub fn clear_up(&mut self) {
        self.all.values_mut().for_each(|wire| wire.slow = 0);
    }
}

impl Scene {
    /// Connects a client to a node.
    pub fn connect(&mut self, client: usize, node: NodeId, slow: Time) -> ConnId {
        let now = self.agenda.now();
        self.wires.newest += 1;
        let (up_last, down_last, open) = (now, now, true);
        let wire =
            Wire { client, node, open, up_last, down_last, in_flight: 0, awaited: false, slow };
        self.wires.all.insert(self.wires.newest, wire);
        self.wires.newest
    }

    /// Sends a client's request for the feed.
    pub fn request(&mut self, conn: ConnId, request: FeedRequest) {
        let arrives = self.agenda.now() + self.delay();
        let Some(wire) = self.wires.all.get_mut(&conn).filter(|w| w.open) else { return };
        wire.up_last = wire.up_last.max(arrives);
        let (node, at) = (wire.node, wire.up_last);
        self.agenda.at(at, crate::scene::Event::Node(node, ToNode::Asked(conn, request)));
    }

    /// Sends items to a client. Returns false if the connection is full after that; the items are still on their way.
    pub fn send_down(&mut self, conn: ConnId, items: Vec<Item>) -> bool {
        let arrives = self.agenda.now() + self.delay();
        let window = self.weather.window;
        let Some(wire) = self.wires.all.get_mut(&conn).filter(|w| w.open) else { return true };
        wire.in_flight += items.len();
        wire.awaited = wire.in_flight > window;
        wire.down_last = wire.down_last.max(arrives + wire.slow * items.len() as Time);
        let (client, at, room) = (wire.client, wire.down_last, !wire.awaited);
        let what = ToClient::Items(conn, items);
        self.agenda.at(at, crate::scene::Event::Client(client, what));
        room
    }

    /// Notes that items have arrived at a client. Returns false if its connection broke before.
    pub fn arrived(&mut self, conn: ConnId, count: usize) -> bool {
        let window = self.weather.window;
        let Some(wire) = self.wires.all.get_mut(&conn).filter(|w| w.open) else { return false };
        wire.in_flight -= count;
        if wire.awaited && wire.in_flight <= window / 2 {
            wire.awaited = false;
            let node = wire.node;
            self.tell_node(node, 50, ToNode::Writable(conn));
        }
        true
    }

    /// Ends a connection. The node learns of it a little later, and so does the client unless it ended it.
    pub fn hang_up(&mut self, conn: ConnId, by_client: bool) {
        let (soon, later) = (self.delay(), self.delay());
        let Some(wire) = self.wires.all.remove(&conn) else { return };
        self.tell_node(wire.node, soon, ToNode::Gone(conn));
        if !by_client {
            self.tell_client(wire.client, later, ToClient::Gone(conn));
        }
    }

    /// Breaks any connection.
    pub fn break_any(&mut self) {
        let count = self.wires.all.len();
        if count > 0 {
            let which = self.random.usize(..count);
            self.figures.breaks += 1;
            let conn = self.wires.all.keys().nth(which).copied();
            conn.into_iter().for_each(|conn| self.hang_up(conn, false));
        }
    }

    /// Breaks all connections of a node.
    pub fn break_all(&mut self, node: NodeId) {
        let of_node = self.wires.all.iter().filter(|(_, w)| w.node == node);
        let all: Vec<ConnId> = of_node.map(|(conn, _)| *conn).collect();
        all.into_iter().for_each(|conn| self.hang_up(conn, false));
    }

    /// Stops a client's reading for a while.
    pub fn stall_any(&mut self) {
        let until = self.agenda.now() + self.random.u64(100 * MS..8_000 * MS);
        let count = self.wires.all.len();
        if count > 0 {
            let which = self.random.usize(..count);
            if let Some(wire) = self.wires.all.values_mut().nth(which) {
                self.figures.stalls += 1;
                wire.down_last = wire.down_last.max(until);
            }
        }
    }
}
