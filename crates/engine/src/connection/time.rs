//! Deadlines of a connection.

use super::{Connection, Phase, Transport};
use crate::limits;

/// All periods of a shard, in milliseconds. The defaults are those of [`limits`]; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The length of a tick, to which all periods are rounded up.
    pub tick_ms: u64,
    /// [`limits::HEAD_WAIT_MS_MAX`].
    pub head_ms: u64,
    /// [`limits::KEEP_ALIVE_MS_MAX`].
    pub keep_alive_ms: u64,
    /// [`limits::HEARTBEAT_MS`].
    pub heartbeat_ms: u64,
    /// [`limits::FRAME_HEARTBEAT_MS`].
    pub frame_heartbeat_ms: u64,
    /// [`limits::SLOW_READER_MS_MAX`].
    pub slow_reader_ms: u64,
    /// [`limits::SILENCE_MS_MAX`].
    pub silence_ms: u64,
    /// The time that a connection has to end by itself after the last bytes are written.
    pub linger_ms: u64,
    /// [`limits::DRAIN_SPREAD_MS`].
    pub drain_spread_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            tick_ms: 250,
            head_ms: limits::HEAD_WAIT_MS_MAX,
            keep_alive_ms: limits::KEEP_ALIVE_MS_MAX,
            heartbeat_ms: limits::HEARTBEAT_MS,
            frame_heartbeat_ms: limits::FRAME_HEARTBEAT_MS,
            slow_reader_ms: limits::SLOW_READER_MS_MAX,
            silence_ms: limits::SILENCE_MS_MAX,
            linger_ms: 3_000,
            drain_spread_ms: limits::DRAIN_SPREAD_MS,
        }
    }
}

/// The facts at the moment when a shard looks at a connection.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The current tick.
    pub now: u32,
    /// Whether the server goes down.
    pub draining: bool,
    /// The tick since which the connection has taken nothing, although bytes wait to be written; `None` if none wait.
    pub stuck_since: Option<u32>,
    /// Whether bytes of a request wait.
    pub stashed: bool,
    /// The number of ticks by which heartbeats come early, so that streams which opened together, or which got the same
    /// event, don't all get one at the same tick; see [`Timing::beats_early`].
    pub early: u32,
}

/// The consequence for a connection when its deadline has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overdue {
    /// The reader took nothing for too long: it is cut.
    Cut,
    /// The credential of its session should have ended: the gate is asked.
    AskWhatIsLeft,
    /// Its poll is answered without events.
    AnswerPoll,
    /// The wait of the other protocol ends.
    ForeignOver,
    /// The wait of the other protocol gets a heartbeat.
    ForeignBeat,
    /// Its client has said nothing for too long: it ends.
    Idle,
    /// The stream gets a heartbeat.
    Beat,
    /// The WebSocket gets a heartbeat that its client answers, because nothing was heard of it lately.
    Ping,
    /// The connection ends at once.
    Destroy,
    /// Nothing happens.
    Nothing,
}

impl Timing {
    /// Milliseconds as ticks, rounded up: never early.
    pub fn ticks(&self, ms: u64) -> u32 {
        u32::try_from(ms.div_ceil(self.tick_ms)).unwrap_or(u32::MAX)
    }

    /// The number of ticks by which the heartbeats of a connection come early: at most an eighth of their period, spread
    /// evenly over the shard's places.
    pub fn beats_early(&self, transport: Transport, place: u32) -> u32 {
        self.ticks(self.beats_every_ms(transport)) * (place % 64) / (8 * 64)
    }

    /// Milliseconds between the heartbeats of a stream.
    pub fn beats_every_ms(&self, transport: Transport) -> u64 {
        match transport {
            Transport::Iframe => self.frame_heartbeat_ms.min(self.heartbeat_ms),
            _ => self.heartbeat_ms,
        }
    }

    /// The tick at which the connection is overdue if nothing happens before; `None` for never.
    pub fn deadline(&self, conn: &Connection, at: &Moment) -> Option<u32> {
        let after = |tick: u32, ms: u64| Some(tick.saturating_add(self.ticks(ms)));
        let stuck = at.stuck_since.and_then(|since| after(since, self.slow_reader_ms));
        let own = match conn.phase {
            Phase::Request if at.draining => after(conn.since, self.linger_ms),
            Phase::Request if conn.served && !at.stashed => after(conn.since, self.keep_alive_ms),
            Phase::Request => after(conn.since, self.head_ms),
            Phase::Admitting | Phase::Sending => None,
            Phase::Poll | Phase::Foreign if conn.paging => None,
            Phase::Poll => Some(conn.since.saturating_add(conn.wait)),
            Phase::Foreign => {
                let over = conn.since.saturating_add(conn.wait);
                let beat = after(conn.wrote, limits::FOREIGN_HEARTBEAT_MS);
                let beat = beat.filter(|_| conn.ready && stuck.is_none());
                Some(over).into_iter().chain(beat).min()
            }
            Phase::Stream if stuck.is_some() => self.silent_at(conn),
            Phase::Stream => {
                let beat = after(conn.wrote, self.beats_every_ms(conn.transport));
                let beat = beat.map(|tick| tick.saturating_sub(at.early));
                self.silent_at(conn).into_iter().chain(beat).min()
            }
            Phase::Closing if stuck.is_some() => None,
            Phase::Closing | Phase::Lingering => after(conn.since, self.linger_ms),
        };
        let ends = conn.session.map(|_| conn.ends_at).filter(|at| *at != u32::MAX);
        own.into_iter().chain(stuck).chain(ends).min()
    }

    /// The consequence for a connection whose deadline has come.
    pub fn overdue(&self, conn: &Connection, at: &Moment) -> Overdue {
        let now = at.now;
        let slow = self.ticks(self.slow_reader_ms);
        if at.stuck_since.is_some_and(|since| since + slow <= now) {
            return Overdue::Cut;
        }
        if conn.session.is_some() && conn.ends_at <= now {
            return Overdue::AskWhatIsLeft;
        }
        match conn.phase {
            Phase::Poll => Overdue::AnswerPoll,
            Phase::Foreign if conn.since.saturating_add(conn.wait) <= now => Overdue::ForeignOver,
            Phase::Foreign => Overdue::ForeignBeat,
            Phase::Stream if self.silent_at(conn).is_some_and(|at| at <= now) => Overdue::Idle,
            Phase::Stream if self.asks_back(conn, now) => Overdue::Ping,
            Phase::Stream => Overdue::Beat,
            Phase::Admitting | Phase::Sending => Overdue::Nothing,
            Phase::Request | Phase::Closing | Phase::Lingering => Overdue::Destroy,
        }
    }

    /// Whether a heartbeat asks for an answer. A WebSocket that was heard of in half of the time for which it may be
    /// silent needs not answer, so most answers are spared. The other half has room for a heartbeat that asks.
    fn asks_back(&self, conn: &Connection, now: u32) -> bool {
        let lately = self.ticks(self.silence_ms / 2);
        conn.transport == Transport::WebSocket && conn.heard.saturating_add(lately) <= now
    }

    /// The tick at which a WebSocket has been silent for too long. The clients of other streams send nothing.
    fn silent_at(&self, conn: &Connection) -> Option<u32> {
        let limit = conn.heard.saturating_add(self.ticks(self.silence_ms));
        (conn.transport == Transport::WebSocket).then_some(limit)
    }
}
