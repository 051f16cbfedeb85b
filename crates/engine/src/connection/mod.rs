//! A connection as its shard sees it: its phase, and the decisions that follow from each thing that happens to it.
//!
//! The shard of the transport drives it with sockets and a wheel of ticks, the simulator with its agenda. It is a few
//! plain words in the shard's own memory. Each call makes one decision and returns it as a value. Facts that the
//! connection does not hold are arguments: whether its socket is full, whether bytes wait, whether its session is live.
//!
//! - *waiting*: its session is live and gets each new event ([`Connection::delivery`]);
//! - *behind*: its session reads, a turn at a time ([`Connection::catches_up`]);
//! - *full*: it could not take all that was written; nothing more is handed to it, and its session falls behind
//!   ([`Connection::falls_behind`]);
//! - *polled*: it gets one answer, and its session rests until the next request ([`Connection::polls`]);
//! - *cut*: it took nothing for too long ([`Overdue::Cut`]).

mod end;
mod feed;
#[cfg(test)]
mod tests;
mod time;

pub use end::{Drain, Ending, HalfClose, comes_back_after_ms};
pub use feed::{Delivery, Opened, Paged, PollTurn, Written};
pub use time::{Moment, Overdue, Timing};

/// The way in which an answer travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// JSON at once.
    ShortPoll,
    /// JSON as soon as there is something.
    LongPoll,
    /// Server-sent events.
    Sse,
    /// Each item is one line of JSON.
    Ndjson,
    /// Script calls in an endless page.
    Iframe,
    /// Text frames, both ways.
    WebSocket,
}

impl Transport {
    /// All transports, in the order in which they are counted.
    pub const ALL: [Transport; 6] = [
        Transport::ShortPoll,
        Transport::LongPoll,
        Transport::Sse,
        Transport::Ndjson,
        Transport::Iframe,
        Transport::WebSocket,
    ];

    /// The name in metrics and logs, and as the value of `live` where it has one.
    pub fn name(self) -> &'static str {
        match self {
            Transport::ShortPoll => "short-poll",
            Transport::LongPoll => "long-poll",
            Transport::Sse => "sse",
            Transport::Ndjson => "ndjson",
            Transport::Iframe => "iframe",
            Transport::WebSocket => "websocket",
        }
    }

    /// Whether the client sends a new request for each answer.
    pub fn is_poll(self) -> bool {
        matches!(self, Transport::ShortPoll | Transport::LongPoll)
    }
}

/// The phase of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The connection waits for a request, or for the rest of a request.
    Request,
    /// The gate has its request.
    Admitting,
    /// The gate has its send.
    Sending,
    /// A poll is being answered, or waits for events (then its session is live).
    Poll,
    /// A stream is open; its session is behind or live.
    Stream,
    /// A request of another protocol waits; its session is behind or live.
    Foreign,
    /// The connection ends as soon as all bytes are written. It has no session any more.
    Closing,
    /// All bytes are written and the server's side is shut. The client has time to read them and to end.
    Lingering,
}

/// A connection: see the top of this file. Times are ticks.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The hub's number of the session, if there is one.
    pub session: Option<u32>,
    /// The phase.
    pub phase: Phase,
    /// The transport of its answer.
    pub transport: Transport,
    /// Whether the next request may come on it.
    pub keep_alive: bool,
    /// Whether it is one end of a socket pair, which serves one request.
    pub bridged: bool,
    /// Whether it has answered a request before.
    pub served: bool,
    /// The item `ready` was written.
    pub ready: bool,
    /// Whether the store has been asked for a page.
    pub paging: bool,
    /// Whether it stands in the shard's queue for another turn.
    pub queued: bool,
    /// The client has ended its side: nothing more comes from it.
    pub half_closed: bool,
    /// Whether it ends when its commands are answered, because the server goes down.
    pub drained: bool,
    /// The number of commands without an answer.
    pub unanswered: u8,
    /// The number of times that its request was admitted.
    pub tries: u8,
    /// The tick at which its phase began.
    pub since: u32,
    /// The tick at which something was last written to it.
    pub wrote: u32,
    /// The tick at which something was last read from it.
    pub heard: u32,
    /// The number of ticks that a poll waits.
    pub wait: u32,
    /// The tick until which a further poll with the same head needs no admission.
    pub good_until: u32,
    /// The tick at which the credential of its session ends; `u32::MAX` for never, and while the gate is asked.
    pub ends_at: u32,
}

impl Connection {
    /// A new connection, without a request.
    pub fn new(now: u32) -> Self {
        Connection {
            session: None,
            phase: Phase::Request,
            transport: Transport::ShortPoll,
            keep_alive: false,
            bridged: false,
            served: false,
            ready: false,
            paging: false,
            queued: false,
            half_closed: false,
            drained: false,
            unanswered: 0,
            tries: 0,
            since: now,
            wrote: now,
            heard: now,
            wait: 0,
            good_until: 0,
            ends_at: u32::MAX,
        }
    }

    /// Goes over to another phase.
    #[inline]
    pub fn enter(&mut self, phase: Phase, now: u32) {
        self.phase = phase;
        self.since = now;
    }

    /// Whether no other request can follow: the client has ended its side, and all that it sent was used.
    #[inline]
    pub fn is_last(&self, stashed: bool) -> bool {
        self.half_closed && !stashed
    }

    /// Notes that a request has come; `keep_alive` if its client may send another one on this connection.
    pub fn asks(&mut self, keep_alive: bool, draining: bool, stashed: bool) {
        self.keep_alive = keep_alive && !self.bridged && !draining && !self.is_last(stashed);
    }

    /// Decides the next work when no bytes wait to be written; `live` if its session has everything and waits,
    /// `stashed` if bytes of a request wait.
    pub fn goes_on(&self, live: bool, stashed: bool) -> GoOn {
        match self.phase {
            Phase::Request if stashed => GoOn::Request,
            Phase::Request if self.half_closed => GoOn::Destroy,
            // A live session waits; only a session that is behind asks for more.
            Phase::Poll | Phase::Foreign if live => GoOn::Nothing,
            Phase::Poll => GoOn::Poll,
            Phase::Stream => GoOn::CatchUp,
            Phase::Foreign => GoOn::Foreign,
            Phase::Closing => GoOn::Finish,
            Phase::Request | Phase::Admitting | Phase::Sending | Phase::Lingering => GoOn::Nothing,
        }
    }

    /// Decides the use of bytes that came in; `full` if bytes wait to be written.
    pub fn takes_input(&self, full: bool) -> Input {
        match (self.phase, self.transport) {
            _ if self.half_closed => Input::Ignore,
            (Phase::Request, _) if !full => Input::Request,
            (
                Phase::Request | Phase::Admitting | Phase::Sending | Phase::Poll | Phase::Foreign,
                _,
            ) => Input::Keep,
            (Phase::Stream, Transport::WebSocket) => Input::Frames,
            (Phase::Stream | Phase::Closing | Phase::Lingering, _) => Input::Ignore,
        }
    }
}

/// The next work of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoOn {
    /// It waits.
    Nothing,
    /// The connection looks at the bytes of the next request.
    Request,
    /// The connection answers its poll, if there are events.
    Poll,
    /// The connection reads the next events of its stream.
    CatchUp,
    /// The connection reads the next events for a request of another protocol.
    Foreign,
    /// The connection shuts its side.
    Finish,
    /// It ends at once.
    Destroy,
}

/// The use of bytes from a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// The bytes are a request, or a part of one.
    Request,
    /// The bytes are an early request: they are kept.
    Keep,
    /// The bytes are frames of a WebSocket.
    Frames,
    /// The bytes are ignored, because the connection expects none.
    Ignore,
}
