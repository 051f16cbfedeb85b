//! Reading of the feed over each transport, one connection at a time.

mod polls;
mod socket;
mod streams;

use std::net::SocketAddrV4;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Error;

use crate::http::Http;
use crate::item::Item;

pub use socket::{open, read, write_text};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Transport {
    ShortPoll,
    LongPoll,
    Iframe,
    Sse,
    Ndjson,
    WebSocket,
}

pub const TRANSPORTS: [Transport; 6] = [
    Transport::ShortPoll,
    Transport::LongPoll,
    Transport::Iframe,
    Transport::Sse,
    Transport::Ndjson,
    Transport::WebSocket,
];

/// The request for one connection.
pub struct Ask<'a> {
    pub addr: SocketAddrV4,
    pub transport: Transport,
    pub token: &'a str,
    pub cursor: &'a str,
    pub channels: &'a str,
    pub slow: bool,
}

/// The events of a connection that a reader gets.
pub enum News {
    /// The server has answered.
    Connected,
    Item(Item),
    /// A poll was answered as a whole. The next poll is to present this cursor.
    Polled {
        cursor: String,
    },
    /// Nothing came for a moment. The reader may look whether to go on.
    Quiet,
}

/// Takes the news. `Break` ends the connection.
pub type Sink<'a> = &'a mut dyn FnMut(News) -> ControlFlow<()>;

/// Why the other side ended a connection.
pub enum End {
    /// The connection broke or could not be made.
    Lost,
    /// The server refused the request, and it is to be tried again.
    Refused(String),
    /// The server broke a rule.
    Fault(String),
}

/// Any trouble on the way to the server or back is a lost connection.
impl From<Error> for End {
    fn from(_: Error) -> Self {
        End::Lost
    }
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> Self {
        End::Lost
    }
}

/// Parses an item. If that fails, it is the server's fault.
fn parsed(line: &[u8]) -> Result<Item, End> {
    Item::parse(line).map_err(|e| End::Fault(format!("{e:#}")))
}

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

impl Ask<'_> {
    fn path(&self, live: &str, cursor: &str) -> String {
        format!("/v1/feed?{live}&channels={}&cursor={cursor}", self.channels)
    }

    fn connect(&self) -> Result<Http, End> {
        let opened = if self.slow { Http::open_slow(self.addr) } else { Http::open(self.addr) };
        Ok(opened?)
    }

    /// Ends the connection unless the status is the wanted one.
    fn expect(&self, http: &mut Http, wanted: u16) -> Result<(), End> {
        let status = http.head(ANSWER_MAX)?;
        if status == wanted {
            return Ok(());
        }
        match http.rest(status, ANSWER_MAX)?.refusal() {
            Some((code, true)) => Err(End::Refused(code)),
            Some((code, false)) => Err(End::Fault(format!("the feed was refused: {code}"))),
            None => Err(End::Fault(format!("the feed was answered with status {status}"))),
        }
    }
}

/// Reads the feed until the sink ends it (`Ok`) or the connection ends.
pub fn follow(ask: &Ask, sink: Sink) -> Result<(), End> {
    match ask.transport {
        Transport::ShortPoll | Transport::LongPoll => polls::follow(ask, sink),
        Transport::Iframe | Transport::Sse | Transport::Ndjson => streams::follow(ask, sink),
        Transport::WebSocket => socket::follow(ask, sink),
    }
}
