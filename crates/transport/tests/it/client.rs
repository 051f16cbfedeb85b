//! A blocking client for every transport, like a browser.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use encke_transport::Transport;
use serde_json::Value;

pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A socket, with the bytes that were read from it and not used yet.
pub struct Wire {
    pub stream: TcpStream,
    pub buffer: Vec<u8>,
}

impl Wire {
    pub fn connect(address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream, buffer: Vec::new() }
    }

    /// Connects from 127.0.0.`last`.
    pub fn connect_from(last: u8, address: SocketAddr) -> Wire {
        use rustix::net::{AddressFamily, SocketFlags, SocketType};
        let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
        let socket = rustix::net::socket_with(AddressFamily::INET, kind, flags, None).unwrap();
        let from = SocketAddr::from(([127, 0, 0, last], 0));
        rustix::net::bind(&socket, &from).unwrap();
        rustix::net::connect(&socket, &address).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Wire { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Reads more; false at the end.
    pub fn more(&mut self) -> bool {
        let mut chunk = [0; 65536];
        let n = match self.stream.read(&mut chunk) {
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(e) => panic!("nothing comes: {e}"),
        };
        self.buffer.extend_from_slice(&chunk[..n]);
        n > 0
    }

    pub fn take(&mut self, n: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < n {
            if !self.more() {
                return None;
            }
        }
        Some(self.buffer.drain(..n).collect())
    }

    pub fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let mut from = 0;
        loop {
            let found = self.buffer[from..].windows(end.len()).position(|w| w == end);
            if let Some(at) = found {
                return self.take(from + at + end.len());
            }
            from = self.buffer.len().saturating_sub(end.len() - 1);
            if !self.more() {
                return None;
            }
        }
    }

    pub fn head(&mut self) -> Option<String> {
        self.until(b"\r\n\r\n").map(|head| String::from_utf8(head).unwrap())
    }

    /// A complete answer with a length: head and body.
    pub fn answer(&mut self) -> Option<(String, Value)> {
        let head = self.head()?;
        let length = header(&head, "content-length").expect("a length").parse().unwrap();
        let body = self.take(length)?;
        Some((head, serde_json::from_slice(&body).unwrap()))
    }

    pub fn is_at_end(&mut self) -> bool {
        while self.more() {}
        true
    }
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

pub fn get(query: &str, person: u64) -> String {
    format!("GET /v1/feed?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person}\r\n\r\n")
}

pub struct Feed {
    pub wire: Wire,
    pub transport: Transport,
    pub person: u64,
    pub cursor: Option<String>,
    pub head: String,
    items: VecDeque<Value>,
    /// The code of the close frame.
    pub closed: Option<u16>,
}

impl Feed {
    /// Opens a feed. The head of a stream has been read when this returns.
    pub fn open(
        address: SocketAddr,
        transport: Transport,
        person: u64,
        cursor: Option<String>,
    ) -> Feed {
        let wire = Wire::connect(address);
        Feed::on(wire, transport, person, cursor)
    }

    pub fn on(wire: Wire, transport: Transport, person: u64, cursor: Option<String>) -> Feed {
        let (head, items) = Default::default();
        let mut feed = Feed { wire, transport, person, cursor, head, items, closed: None };
        if !transport.is_poll() {
            let request = feed.request();
            feed.wire.send(request);
            feed.head = feed.wire.head().expect("a head");
        }
        feed
    }

    fn request(&self) -> String {
        let mut query = match self.transport {
            Transport::ShortPoll | Transport::WebSocket => String::new(),
            other => format!("live={}&wait=20", other.name()),
        };
        if let Some(cursor) = &self.cursor {
            query.push_str(&format!("&cursor={cursor}"));
        }
        let get = get(&query, self.person);
        match self.transport {
            Transport::WebSocket => get.replace(
                "Host: x\r\n",
                &format!(
                    "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
                ),
            ),
            _ => get,
        }
    }

    /// The next item, or `None` at the end of the connection.
    pub fn next(&mut self) -> Option<Value> {
        let item = match self.transport {
            Transport::ShortPoll | Transport::LongPoll => self.polled(),
            Transport::Sse => self.sse(),
            Transport::Ndjson => self.ndjson(),
            Transport::Iframe => self.iframe(),
            Transport::WebSocket => self.frame(),
        }?;
        if let Some(cursor) = item["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        Some(item)
    }

    /// The next item of this type; items before it are skipped.
    pub fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let item = self.next().unwrap_or_else(|| panic!("the feed ends before {kind}"));
            if item["type"] == kind {
                return item;
            }
        }
    }

    /// The position and text of the next event.
    pub fn event(&mut self) -> (u64, String) {
        let item = self.next_of("event");
        (item["seq"].as_u64().unwrap(), item["body"]["text"].as_str().unwrap().to_owned())
    }

    /// Reads until the feed is live. A poll has no such moment, so it asks once.
    pub fn ready(&mut self) {
        if !self.transport.is_poll() {
            self.next_of("ready");
        } else if self.cursor.is_none() {
            let asked = get("", self.person);
            self.wire.send(asked);
            let (_, body) = self.wire.answer().unwrap();
            self.cursor = Some(body["cursor"].as_str().unwrap().to_owned());
        }
    }

    fn polled(&mut self) -> Option<Value> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(item);
            }
            let request = self.request();
            self.wire.stream.write_all(request.as_bytes()).ok()?;
            let (head, body) = self.wire.answer()?;
            self.head = head;
            self.queue(&body);
            if self.items.is_empty() && self.transport == Transport::ShortPoll {
                thread::sleep(Duration::from_millis(2));
            }
        }
    }

    fn queue(&mut self, body: &Value) {
        let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
        self.items.extend(list("events"));
        self.items.extend(list("signals"));
        if body["reset"].is_string() {
            let reset = serde_json::json!({"type": "reset", "reason": body["reset"], "cursor": body["cursor"]});
            self.items.push_back(reset);
        }
        self.items.extend(body.get("bye").cloned());
        if body["error"].is_object() {
            self.items.push_back(serde_json::json!({"type": "refused", "error": body["error"]}));
        }
        if self.items.is_empty()
            && let Some(cursor) = body["cursor"].as_str()
        {
            self.cursor = Some(cursor.to_owned());
        }
    }

    fn sse(&mut self) -> Option<Value> {
        loop {
            let block = String::from_utf8(self.wire.until(b"\n\n")?).unwrap();
            let field = |name: &str| block.lines().find_map(|l| l.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let item: Value = serde_json::from_str(data).unwrap();
                assert_eq!(field("id: "), item["cursor"].as_str());
                return Some(item);
            }
            assert!(block.starts_with(':') || block == "retry: 2000\n\n", "{block}");
        }
    }

    fn ndjson(&mut self) -> Option<Value> {
        loop {
            let line = self.wire.until(b"\n")?;
            if line != b"\n" {
                return Some(serde_json::from_slice(&line).unwrap());
            }
        }
    }

    fn iframe(&mut self) -> Option<Value> {
        loop {
            let line = String::from_utf8(self.wire.until(b"\n")?).unwrap();
            if let Some(item) = line.strip_prefix("<script>e('") {
                let item = item.strip_suffix("')</script>\n").unwrap();
                assert!(!item.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
                // These tests need no more of JavaScript than this.
                let mut json = item.replace("\\\\", "\0").replace("\\'", "'");
                for (escape, c) in [("\\x3c", "<"), ("\\x3e", ">"), ("\\x26", "&")] {
                    json = json.replace(escape, c);
                }
                let json = json.replace("\\u2028", "\u{2028}").replace("\\u2029", "\u{2029}");
                let item: Value = serde_json::from_str(&json.replace('\0', "\\")).unwrap();
                if item["type"] != "beat" {
                    return Some(item);
                }
            }
        }
    }

    fn frame(&mut self) -> Option<Value> {
        loop {
            let (first, payload) = read_frame(&mut self.wire)?;
            match first {
                0x81 => return Some(serde_json::from_slice(&payload).unwrap()),
                0x89 => self.say_frame(0x8A, &payload),
                // A heartbeat.
                0x8A if payload.is_empty() => {}
                0x8A => return Some(serde_json::json!({"type": "pong", "bytes": payload})),
                0x88 => {
                    let code = payload.get(..2).map(|b| u16::from_be_bytes([b[0], b[1]]));
                    self.closed = code.or(Some(1005));
                }
                other => panic!("frame {other:x}"),
            }
        }
    }

    pub fn say_frame(&mut self, first: u8, payload: &[u8]) {
        self.wire.send(masked(first, payload));
    }

    pub fn command(&mut self, json: &Value) {
        self.say_frame(0x81, json.to_string().as_bytes());
    }
}

fn read_frame(wire: &mut Wire) -> Option<(u8, Vec<u8>)> {
    let head = wire.take(2)?;
    let length = match head[1] {
        126 => wire.take(2)?.iter().fold(0, |n, b| n << 8 | usize::from(*b)),
        127 => wire.take(8)?.iter().fold(0, |n, b| n << 8 | usize::from(*b)),
        short => usize::from(short),
    };
    Some((head[0], wire.take(length)?))
}

pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(0x80 | n as u8),
        n @ 126..=0xFFFF => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    let mask = [7, 77, 177, 9];
    out.extend_from_slice(&mask);
    out.extend(payload.iter().enumerate().map(|(i, b)| b ^ mask[i % 4]));
    out
}
