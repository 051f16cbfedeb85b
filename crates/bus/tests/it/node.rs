//! A node under test, and the messages that it may send.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use encke_bus::{Bus, BusEvent, Message, OnBusEvent};
use encke_engine::{
    Batch, Committed, Entry, Epoch, Event, PersonId, Point, Position, Seq, Step, StreamId,
};

/// The most time that anything may take on a busy machine.
pub const WAIT: Duration = Duration::from_secs(30);

/// The ability that a suite needs of a bus: further nodes of one space.
pub trait Nodes {
    fn join(&self, hear: OnBusEvent) -> Arc<dyn Bus>;
}

pub struct Node {
    pub bus: Arc<dyn Bus>,
    heard: Mutex<Receiver<BusEvent>>,
}

impl Node {
    pub fn of(nodes: &impl Nodes) -> Self {
        let (into, heard) = channel();
        let into = Mutex::new(into);
        let bus = nodes.join(Arc::new(move |what| drop(into.lock().unwrap().send(what))));
        Node { bus, heard: Mutex::new(heard) }
    }

    pub fn say(&self, text: &str) {
        self.bus.send(Message::Note(Bytes::copy_from_slice(text.as_bytes())));
    }

    /// The next event on the bus.
    pub fn next(&self) -> BusEvent {
        self.heard.lock().unwrap().recv_timeout(WAIT).expect("something is heard")
    }

    /// The next message.
    pub fn message(&self) -> Message {
        loop {
            if let BusEvent::Message(message) = self.next() {
                return message;
            }
        }
    }

    /// The next message, which is a note.
    pub fn note(&self) -> String {
        match self.message() {
            Message::Note(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?} is no note"),
        }
    }

    pub fn lost(&self) {
        while !matches!(self.next(), BusEvent::Lost) {}
    }
}

/// Two nodes that hear each other. A bus promises nothing for earlier messages.
pub fn pair(nodes: &impl Nodes) -> (Node, Node) {
    let (a, b) = (Node::of(nodes), Node::of(nodes));
    meet(&a, &b);
    meet(&b, &a);
    (a, b)
}

/// Sends a message again and again until the other node hears it, then lets that node hear the rest of them.
pub fn meet(from: &Node, to: &Node) {
    let mut tries = 0u64;
    loop {
        tries += 1;
        assert!(tries < 3_000, "the nodes never hear each other");
        from.say("hello");
        let heard = to.heard.lock().unwrap().recv_timeout(Duration::from_millis(10));
        if matches!(heard, Ok(BusEvent::Message(_))) {
            break;
        }
    }
    from.say("met");
    while to.note() != "met" {}
}

pub fn event(position: u64, body: &[u8]) -> Event {
    Event {
        position: Position(position),
        stream: StreamId::channel(u64::MAX >> 5),
        seq: Seq(position),
        back: Position(position - 1),
        at_ms: 1_700_000_000_000,
        from: Some(PersonId(7)),
        kind: "message".into(),
        key: Some("k\u{1F600}".into()),
        body: Bytes::copy_from_slice(body),
        erases: (1..position).rev().take(2).map(Position).collect(),
        channel: Some("news".into()),
    }
}

/// A commit of these steps.
fn commit_of(steps: Vec<Step>, changes: u64) -> Committed {
    Committed {
        epoch: Epoch(0xab),
        before: Point { position: Position(10), change: 5 },
        after: Point { position: Position(12), change: 5 + changes },
        mark: u64::MAX,
        batch: Arc::new(Batch { steps }),
    }
}

fn entry(position: u64, body: &[u8]) -> Step {
    Step::Event(Arc::new(Entry::new(event(position, body), Epoch(0xab))))
}

/// A commit of two events.
pub fn commit(body: &[u8]) -> Committed {
    commit_of(vec![entry(11, body), entry(12, body)], 0)
}

/// A commit whose first event is by a person.
pub fn commit_by(person: PersonId) -> Committed {
    let event = Event { from: Some(person), ..event(11, b"{}") };
    commit_of(vec![Step::Event(Arc::new(Entry::new(event, Epoch(0xab)))), entry(12, b"{}")], 0)
}

/// A commit of two events with changes of every kind.
pub fn commit_with_rights(body: &[u8]) -> Committed {
    let (person, stream) = (PersonId(1 << 59), StreamId::person(PersonId(3)));
    let steps = vec![
        Step::Subscribe { person, stream, from: Position(11) },
        entry(11, body),
        Step::Unsubscribe { person, stream },
        Step::Revoke { person, credential: Some(u64::MAX) },
        entry(12, body),
        Step::Revoke { person, credential: None },
    ];
    commit_of(steps, 4)
}
