//! The feed over each of its transports, as one thing.
//!
//! A feed yields items. On the way it checks what must hold on every transport: positions rise, a stream's numbers
//! have no gap, nothing comes twice, also over a change of transport.

mod link;
mod parse;
pub mod ws;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Auth, Person, Site, WAIT};
use link::Link;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    ShortPoll,
    LongPoll,
    Sse,
    Ndjson,
    Iframe,
    WebSocket,
}

impl Transport {
    pub const ALL: [Transport; 6] = [
        Transport::ShortPoll,
        Transport::LongPoll,
        Transport::Sse,
        Transport::Ndjson,
        Transport::Iframe,
        Transport::WebSocket,
    ];

    pub fn is_poll(self) -> bool {
        matches!(self, Transport::ShortPoll | Transport::LongPoll)
    }

    /// The parameter that asks for it.
    fn live(self) -> &'static str {
        match self {
            Transport::ShortPoll | Transport::WebSocket => "",
            Transport::LongPoll => "live=long-poll&wait=20",
            Transport::Sse => "live=sse",
            Transport::Ndjson => "live=ndjson",
            Transport::Iframe => "live=iframe",
        }
    }
}

/// Makes one test for each scenario and transport, so that a failure names both.
macro_rules! over_every_transport {
    ($($scenario:ident),* $(,)?) => { $(
        mod $scenario {
            use crate::feed::Transport;
            #[test] fn short_poll() { super::run::$scenario(Transport::ShortPoll) }
            #[test] fn long_poll() { super::run::$scenario(Transport::LongPoll) }
            #[test] fn sse() { super::run::$scenario(Transport::Sse) }
            #[test] fn ndjson() { super::run::$scenario(Transport::Ndjson) }
            #[test] fn iframe() { super::run::$scenario(Transport::Iframe) }
            #[test] fn websocket() { super::run::$scenario(Transport::WebSocket) }
        }
    )* };
}
pub(crate) use over_every_transport;

/// Epoch and position of a cursor. Clients must not look; a test of the order must.
pub fn position(cursor: &str) -> (u64, u64) {
    let (epoch, position) = cursor.split_once('.').expect("a cursor has two parts");
    let number = |text| u64::from_str_radix(text, 16).expect("hexadecimal");
    (number(epoch), number(position))
}

pub struct Feed {
    pub transport: Transport,
    address: SocketAddr,
    auth: Auth,
    params: String,
    /// The cursor that the client has.
    pub cursor: Option<String>,
    link: Link,
    items: VecDeque<Value>,
    /// The cursor of a poll's answer, once its events are taken.
    after: Option<String>,
    newest: Option<(u64, u64)>,
    seqs: HashMap<String, u64>,
    is_ready: bool,
}

impl Feed {
    /// Opens without waiting for anything but a stream's head.
    pub fn begin(
        address: SocketAddr,
        transport: Transport,
        auth: Auth,
        cursor: Option<&str>,
        params: &str,
    ) -> Feed {
        let mut feed = Feed {
            transport,
            address,
            auth,
            params: params.to_owned(),
            cursor: cursor.map(str::to_owned),
            link: Link::Ended,
            items: VecDeque::new(),
            after: None,
            newest: None,
            seqs: HashMap::new(),
            is_ready: false,
        };
        feed.connect();
        feed
    }

    /// Opens at a cursor.
    pub fn at(site: &Site, transport: Transport, who: &Person, cursor: &str) -> Feed {
        Feed::begin(site.address(), transport, who.auth(), Some(cursor), "")
    }

    /// Opens from now: messages that are sent after this returns will come.
    pub fn now(site: &Site, transport: Transport, who: &Person) -> Feed {
        let mut feed = match transport.is_poll() {
            // A poll without a cursor answers from whenever it arrives; the cursor makes it a moment.
            true => Feed::at(site, transport, who, &who.clone().now()),
            false => Feed::begin(site.address(), transport, who.auth(), None, ""),
        };
        if !transport.is_poll() {
            feed.ready();
        }
        feed
    }

    fn connect(&mut self) {
        let path = self.path();
        self.link = Link::open(self.address, self.transport, &self.auth, &path, &mut self.items);
    }

    /// Goes on with this cursor over another connection, perhaps another transport. Items that were read but not taken
    /// are forgotten, as by a client that dies.
    pub fn change(&mut self, transport: Transport) {
        self.link = Link::Ended;
        self.items.clear();
        self.after = None;
        self.transport = transport;
        self.is_ready = false;
        self.connect();
    }

    /// The same at another node.
    pub fn move_to(&mut self, site: &Site, transport: Transport) {
        self.address = site.address();
        self.change(transport);
    }

    pub fn again(&mut self) {
        self.change(self.transport);
    }

    /// A poll asks, but does not read the answer; the others need nothing for that.
    pub fn stall(&mut self) {
        while let Some(item) = self.items.pop_front() {
            assert_ne!(item["kind"], "message", "what came is to be taken first");
            self.note(&item);
        }
        if let Some(cursor) = self.after.take() {
            self.cursor = Some(cursor);
        }
        let path = self.path();
        if let Link::Poll(wire, asked) = &mut self.link {
            *asked = link::ask(wire, self.address, &self.auth, &path);
        }
    }

    fn path(&self) -> String {
        let mut query = vec![self.transport.live().to_owned(), self.params.clone()];
        query.extend(self.cursor.as_ref().map(|c| format!("cursor={c}")));
        query.retain(|part| !part.is_empty());
        format!("/v1/feed?{}", query.join("&"))
    }

    /// The next item; `None` if the connection has ended.
    pub fn item(&mut self) -> Option<Value> {
        self.item_by(Instant::now() + WAIT)
    }

    pub fn item_by(&mut self, deadline: Instant) -> Option<Value> {
        loop {
            if let Some(item) = self.items.pop_front() {
                self.note(&item);
                return Some(item);
            }
            if let Some(cursor) = self.after.take() {
                self.cursor = Some(cursor);
            }
            let path = self.path();
            match self.link.more(self.address, &self.auth, &path, deadline, &mut self.items) {
                link::More::Items => {}
                link::More::Polled { cursor, more } => {
                    self.after = Some(cursor.clone());
                    if !more && !self.is_ready {
                        self.is_ready = true;
                        let ready = serde_json::json!({"type": "ready", "cursor": cursor});
                        self.items.push_back(ready);
                    } else if self.items.is_empty() && self.transport == Transport::ShortPoll {
                        assert!(Instant::now() < deadline, "nothing new in time: short poll");
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
                link::More::Ended if self.items.is_empty() => return None,
                link::More::Ended => {}
            }
        }
    }

    fn note(&mut self, item: &Value) {
        if item["type"] == "ready" {
            self.is_ready = true;
        }
        if item["type"] == "reset" {
            self.newest = None;
            return;
        }
        let Some(cursor) = item["cursor"].as_str() else { return };
        let at = position(cursor);
        let transport = self.transport;
        if item["type"] == "event" {
            if let Some(before) = self.newest {
                assert!(at.0 == before.0 && at.1 > before.1, "{transport:?} {before:?} {item}");
            }
            let (stream, seq) = (item["stream"].as_str().unwrap(), item["seq"].as_u64().unwrap());
            if let Some(before) = self.seqs.insert(stream.to_owned(), seq) {
                assert_eq!(seq, before + 1, "{transport:?} has a gap or a double: {item}");
            }
            self.note_membership(item);
        }
        self.newest = Some(at);
        self.cursor = Some(cursor.to_owned());
    }

    /// A person that comes back to a room goes on from the number in this event.
    fn note_membership(&mut self, item: &Value) {
        let conversation = &item["body"]["conversation"];
        if item["kind"] == "conversation_added" {
            let id = conversation["id"].as_str().unwrap();
            let head = |name: &str| conversation[name].as_u64().unwrap();
            self.seqs.insert(id.to_owned(), head("head_seq"));
            self.seqs.insert(id.replacen('c', "r", 1), head("receipts_seq"));
        }
    }

    /// Reads to the item `ready`; returns the events before it.
    pub fn ready(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let item = self.item().expect("the feed goes on until it is ready");
            match item["type"].as_str() {
                Some("ready") => return events,
                Some("event") => events.push(item),
                Some("signal") => {}
                _ => panic!("{:?} is not ready but {item}", self.transport),
            }
        }
    }

    /// The next event, whatever else comes before it. Signals and `ready` are passed over.
    #[track_caller]
    pub fn event(&mut self) -> Value {
        loop {
            let item = self.item().expect("the feed goes on");
            match item["type"].as_str() {
                Some("event") => return item,
                Some("ready" | "signal") => {}
                _ => panic!("{:?}: not an event: {item}", self.transport),
            }
        }
    }

    /// The next event of a stream, passing over those of others.
    #[track_caller]
    pub fn event_of(&mut self, stream: &str) -> Value {
        loop {
            let event = self.event();
            if event["stream"] == stream {
                return event;
            }
        }
    }

    /// The texts of the next messages of a stream.
    #[track_caller]
    pub fn texts(&mut self, stream: &str, count: usize) -> Vec<String> {
        let mut texts = Vec::with_capacity(count);
        while texts.len() < count {
            let event = self.event_of(stream);
            if event["kind"] == "message" {
                texts.push(event["body"]["text"].as_str().unwrap().to_owned());
            }
        }
        texts
    }

    /// Reads to the end of the connection; returns all that still came.
    pub fn rest(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.item()).collect()
    }

    /// Says something over a WebSocket.
    pub fn command(&mut self, command: &Value) {
        self.link.command(command);
    }

    /// The WebSocket's close code, once it has ended.
    pub fn close_code(&self) -> Option<u16> {
        self.link.close_code()
    }
}
