//! The differences between the servers under test. An adapter makes the requests that subscribe and publish, and reads
//! the answers. Adapters do no I/O.

mod bayeux;
mod mercure;
mod nats;
mod nchan;
mod pushpin;
mod raw;
mod socketio;
mod template;

use std::net::SocketAddrV4;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{http, ws};

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Transport {
    Ws,
    Sse,
    Longpoll,
    Stream,
}

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Transport::Ws => "ws",
            Transport::Sse => "sse",
            Transport::Longpoll => "longpoll",
            Transport::Stream => "stream",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Subscriber,
    Publisher,
}

/// The state of a connection that belongs to the adapter.
pub struct Session {
    pub role: Role,
    pub transport: Transport,
    /// Number of this client; a user name can be made of it.
    pub client: u32,
    /// The channel or conversation subscribed to.
    pub channel: String,
    /// The channel or conversation that it publishes to.
    pub outlet: String,
    /// The place from which the next long poll or reconnect goes on, in the adapter's own form.
    pub cursor: String,
    /// The server's name for this client.
    pub token: String,
    /// Counts the adapter's own messages (acknowledgement ids and the like).
    pub counter: u64,
}

/// The meaning of a server's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing for the generator. Payloads are found without the adapter.
    Nothing,
    /// The subscription stands, or the publisher may send.
    Ready,
    /// The server has taken this many published messages.
    Confirmed(u32),
    Failed(String),
}

pub trait Target {
    fn transports(&self) -> &[Transport];

    /// The address for this kind of connection.
    fn address(&self, role: Role) -> SocketAddrV4;

    /// Whether publishing goes over a WebSocket (the subscriber's own, if it has one) rather than over HTTP requests.
    fn publishes_over_ws(&self) -> bool {
        false
    }

    /// The request that opens a connection or repeats a long poll. Not asked
    /// for an HTTP publisher.
    fn request(&self, s: &Session, out: &mut Vec<u8>);

    /// After the 101 of a WebSocket: appends frames to `out`.
    fn ws_opened(&self, _s: &mut Session, _out: &mut Vec<u8>) -> Step {
        Step::Ready
    }

    fn ws_message(&self, _s: &mut Session, _msg: &[u8], _out: &mut Vec<u8>) -> Step {
        Step::Nothing
    }

    /// A whole answer to a long poll: takes the cursor from it.
    fn polled(&self, _s: &mut Session, _head: &http::Reader, _body: &[u8]) {}

    /// One SSE event, with its lines.
    fn event(&self, s: &mut Session, event: &[u8]) {
        if let Some(id) = sse_id(event) {
            s.cursor.clear();
            s.cursor.push_str(&String::from_utf8_lossy(id));
        }
    }

    /// Whether the lines of a `stream` hold cursors, so that each has to be shown whole.
    fn reads_lines(&self) -> bool {
        false
    }

    /// One line of a `stream`.
    fn line(&self, _s: &mut Session, _line: &[u8]) {}

    /// Appends the request or frame that publishes to `s.outlet`.
    fn publish(&self, s: &mut Session, payload: &str, out: &mut Vec<u8>);
}

/// The `id:` line of an SSE event.
pub fn sse_id(event: &[u8]) -> Option<&[u8]> {
    let rest = match event.strip_prefix(b"id:") {
        Some(rest) => rest,
        None => &event[memchr::memmem::find(event, b"\nid:")? + 4..],
    };
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    Some(rest[..end].trim_ascii())
}

/// Appends a GET with the given extra header lines (each ending in CRLF).
pub fn get(path: &str, host: SocketAddrV4, headers: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").as_bytes(),
    );
}

/// Appends a WebSocket upgrade request.
pub fn upgrade(path: &str, host: SocketAddrV4, headers: &str, out: &mut Vec<u8>) {
    get(path, host, &format!("{}{headers}", ws::KEY_HEADERS), out);
}

/// Appends a POST with a body.
pub fn post(path: &str, host: SocketAddrV4, headers: &str, body: &str, out: &mut Vec<u8>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
}

/// The addresses that the server listens on.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub subscribe: SocketAddrV4,
    pub publish: SocketAddrV4,
}

impl Addresses {
    pub fn of(&self, role: Role) -> SocketAddrV4 {
        match role {
            Role::Subscriber => self.subscribe,
            Role::Publisher => self.publish,
        }
    }
}

/// The names that [`by_name`] knows.
pub const NAMES: &str = "nchan, pushpin, socketio, faye, mercure, nats, raw, template";

pub fn by_name(name: &str, at: Addresses, file: Option<&Path>) -> Result<Box<dyn Target>> {
    Ok(match name {
        "nchan" => Box::new(nchan::Nchan(at)),
        "pushpin" => Box::new(pushpin::Pushpin(at)),
        "socketio" => Box::new(socketio::SocketIo(at)),
        "faye" => Box::new(bayeux::Faye(at)),
        "mercure" => Box::new(mercure::Mercure(at)),
        "nats" => Box::new(nats::Nats(at)),
        "raw" => Box::new(raw::Raw(at)),
        "template" => match file {
            Some(file) => Box::new(template::Template::load(file, at)?),
            None => bail!("the template target needs --template FILE"),
        },
        _ => bail!("no target {name}; there are: {NAMES}"),
    })
}
