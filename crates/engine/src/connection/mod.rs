//! A connection as its shard sees it: what it is doing, and what follows from whatever happens to it.
//!
//! The shard of the transport drives it with sockets and a wheel of ticks, the simulator with its agenda. It is a few
//! plain words that lie in the shard's own memory, and each call decides one thing and returns it as a value. What a
//! call needs to know and the connection does not hold (whether its socket is full, whether bytes wait, whether its
//! session is live) is an argument.
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

/// How an answer travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// JSON at once.
    ShortPoll,
    /// JSON as soon as there is something.
    LongPoll,
    /// Server-sent events.
    Sse,
    /// One line of JSON an item.
    Ndjson,
    /// Script calls in a page that never ends.
    Iframe,
    /// Text frames, both ways.
    WebSocket,
}

impl Transport {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Transport; 6] = [
        Transport::ShortPoll,
        Transport::LongPoll,
        Transport::Sse,
        Transport::Ndjson,
        Transport::Iframe,
        Transport::WebSocket,
    ];

    /// Its name in metrics and logs, and as the value of `live` where it has one.
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

    /// Whether it is asked again for each answer.
    pub fn is_poll(self) -> bool {
        matches!(self, Transport::ShortPoll | Transport::LongPoll)
    }
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It waits for a request, or for the rest of one.
    Request,
    /// The gate has its request.
    Admitting,
    /// The gate has its send.
    Sending,
    /// A poll is being answered, or waits for something to be answered with (then its session is live).
    Poll,
    /// A stream: its session is behind or live.
    Stream,
    /// A request of another protocol waits; its session is behind or live.
    Foreign,
    /// It ends as soon as what waits is written. It has no session any more.
    Closing,
    /// Everything is written and our side is shut; the client is to read it and to end.
    Lingering,
}

/// See the top of this file. Times are ticks.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The hub's number of the session, if there is one.
    pub session: Option<u32>,
    /// What it is doing.
    pub phase: Phase,
    /// How its answer travels.
    pub transport: Transport,
    /// The next request may come on it.
    pub keep_alive: bool,
    /// It is one end of a socket pair, which serves one request.
    pub bridged: bool,
    /// It has answered a request before.
    pub served: bool,
    /// The item `ready` was written.
    pub ready: bool,
    /// The store has been asked for a page.
    pub paging: bool,
    /// It stands in the shard's queue for another turn.
    pub queued: bool,
    /// The client has ended its side: nothing more comes from it.
    pub half_closed: bool,
    /// It ends when its commands are answered: the server goes down.
    pub drained: bool,
    /// Commands that are not answered yet.
    pub unanswered: u8,
    /// How often its request was admitted.
    pub tries: u8,
    /// The tick at which its phase began.
    pub since: u32,
    /// The tick at which something was last written to it.
    pub wrote: u32,
    /// The tick at which something was last read from it.
    pub heard: u32,
    /// How many ticks a poll waits.
    pub wait: u32,
    /// The tick until which the next poll like the last needs no admission.
    pub good_until: u32,
    /// The tick at which what its session was authorised by ends; `u32::MAX` for never, and while the gate is asked.
    pub ends_at: u32,
}

impl Connection {
    /// A connection that has not asked for anything.
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

    /// Whether no other request can follow: the client has ended its side, and nothing that it sent is left.
    #[inline]
    pub fn is_last(&self, stashed: bool) -> bool {
        self.half_closed && !stashed
    }

    /// A request has come; `keep_alive` if its client may send another one on this connection.
    pub fn asks(&mut self, keep_alive: bool, draining: bool, stashed: bool) {
        self.keep_alive = keep_alive && !self.bridged && !draining && !self.is_last(stashed);
    }

    /// What it does when nothing waits to be written to it; `live` if its session has everything and waits, `stashed` if
    /// bytes of a request wait.
    pub fn goes_on(&self, live: bool, stashed: bool) -> GoOn {
        match self.phase {
            Phase::Request if stashed => GoOn::Request,
            Phase::Request if self.half_closed => GoOn::Destroy,
            // A live one waits; asking for more is for those that read.
            Phase::Poll | Phase::Foreign if live => GoOn::Nothing,
            Phase::Poll => GoOn::Poll,
            Phase::Stream => GoOn::CatchUp,
            Phase::Foreign => GoOn::Foreign,
            Phase::Closing => GoOn::Finish,
            Phase::Request | Phase::Admitting | Phase::Sending | Phase::Lingering => GoOn::Nothing,
        }
    }

    /// What is to be done with bytes that came in; `full` if something waits to be written.
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

/// What a connection does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoOn {
    /// It waits.
    Nothing,
    /// Looks at the bytes of the next request.
    Request,
    /// Answers its poll, if there is something.
    Poll,
    /// Reads what is due to its stream.
    CatchUp,
    /// Reads what is due to a request of another protocol.
    Foreign,
    /// Shuts its side.
    Finish,
    /// Ends at once.
    Destroy,
}

/// What is to be done with bytes from a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// They are a request, or a part of one.
    Request,
    /// They are the next request, early: they are kept.
    Keep,
    /// They are frames of a WebSocket.
    Frames,
    /// Nobody asked for them.
    Ignore,
}
