//! What time does to connections.

use encke_engine::item::Bye;
use encke_engine::limits;

use super::Shard;
use crate::conn::{Conn, Phase};
use crate::framing;
use crate::gate::{Left, Reply, To};
use crate::request::Transport;
use crate::shards::Timing;
use crate::wait::Over;

/// When the gate is asked again what is left of a session, if it could not tell.
const AGAIN_MS: u64 = 1_000;

impl Timing {
    /// Milliseconds as ticks, rounded up: never early.
    pub(crate) fn ticks(&self, ms: u64) -> u32 {
        u32::try_from(ms.div_ceil(self.tick_ms)).unwrap_or(u32::MAX)
    }

    /// Milliseconds between the heartbeats of a stream.
    pub(super) fn beats_every_ms(&self, transport: Transport) -> u64 {
        match transport {
            Transport::Iframe => self.frame_heartbeat_ms.min(self.heartbeat_ms),
            _ => self.heartbeat_ms,
        }
    }

    /// The tick at which something becomes of a connection if nothing happens; `None` for never.
    fn deadline(&self, conn: &Conn, draining: bool) -> Option<u32> {
        let after = |tick: u32, ms: u64| Some(tick.saturating_add(self.ticks(ms)));
        let stuck = conn.out.as_ref().and_then(|out| after(out.moved_at, self.slow_reader_ms));
        let own = match conn.phase {
            Phase::Request if draining => after(conn.since, self.linger_ms),
            Phase::Request if conn.served && conn.stash.is_none() => {
                after(conn.since, self.keep_alive_ms)
            }
            Phase::Request => after(conn.since, self.head_ms),
            Phase::Admitting | Phase::Sending => None,
            Phase::Poll | Phase::Foreign if conn.paging => None,
            Phase::Poll => Some(conn.since.saturating_add(conn.wait)),
            Phase::Foreign => {
                let over = conn.since.saturating_add(conn.wait);
                let beat = after(conn.wrote, limits::FOREIGN_HEARTBEAT_MS);
                let beat = beat.filter(|_| conn.ready && conn.out.is_none());
                Some(over).into_iter().chain(beat).min()
            }
            Phase::Stream if conn.out.is_some() => self.silent_at(conn),
            Phase::Stream => {
                let beat = after(conn.wrote, self.beats_every_ms(conn.transport));
                self.silent_at(conn).into_iter().chain(beat).min()
            }
            Phase::Closing if stuck.is_some() => None,
            Phase::Closing | Phase::Lingering => after(conn.since, self.linger_ms),
        };
        let ends = conn.session.map(|_| conn.ends_at).filter(|at| *at != u32::MAX);
        own.into_iter().chain(stuck).chain(ends).min()
    }

    /// When a WebSocket has said nothing for too long. Other streams have nothing to say.
    fn silent_at(&self, conn: &Conn) -> Option<u32> {
        let limit = conn.heard.saturating_add(self.ticks(self.silence_ms));
        (conn.transport == Transport::WebSocket).then_some(limit)
    }
}

impl Shard {
    /// Looks at everybody whose tick has come.
    pub(super) fn tick(&mut self) {
        if self.listen_at.is_some_and(|at| at <= self.now) {
            self.listen_at = None;
            if let Err(error) = self.listen() {
                tracing::warn!(%error, "can't listen again yet");
                self.listen_at = Some(self.now + 4);
            }
        }
        self.end_pauses();
        while let Some((tick, due)) = self.wheel.next(self.now) {
            for to in due {
                if self.conns.get(to).is_some_and(|conn| conn.wake_at == tick) {
                    self.guarded(to, |shard| shard.on_time(to));
                }
            }
        }
    }

    /// Makes sure that a connection is looked at by its deadline.
    pub(super) fn schedule(&mut self, to: To) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        if let Some(at) = self.timing.deadline(conn, draining)
            && at < conn.wake_at
        {
            conn.wake_at = self.wheel.insert(to, at);
        }
    }

    /// What a session was authorised by should have ended. It may have been extended: the gate knows.
    fn ask_what_is_left(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.ends_at = u32::MAX;
        match &conn.who {
            Some(who) => self.shared.gate.left(who, Reply::new(to, self.inbox.clone())),
            None => self.end(to, Bye::Revoked),
        }
    }

    /// The gate says what is left.
    pub(super) fn left(&mut self, to: To, left: Left) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let asked = conn.session.is_some() && conn.ends_at == u32::MAX;
        let ms = match (left, &conn.who) {
            // The session of before: another request has come on the connection.
            _ if !asked => return,
            (Left::Ms(credential, _), Some(who)) if who.credential != credential => return,
            (Left::Ms(_, 0), _) => return self.end(to, Bye::Revoked),
            (Left::Ms(_, ms), _) => ms,
            (Left::Unknown, _) => AGAIN_MS,
        };
        conn.ends_at = self.now.saturating_add(self.timing.ticks(ms));
        self.schedule(to);
    }

    fn on_time(&mut self, to: To) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.wake_at = u32::MAX;
        if self.timing.deadline(conn, draining).is_some_and(|at| at <= self.now) {
            self.overdue(to);
        }
        self.schedule(to);
    }

    fn overdue(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let slow = self.timing.ticks(self.timing.slow_reader_ms);
        if conn.out.as_ref().is_some_and(|out| out.moved_at + slow <= self.now) {
            return self.cut(to);
        }
        if conn.session.is_some() && conn.ends_at <= self.now {
            return self.ask_what_is_left(to);
        }
        match conn.phase {
            Phase::Poll => self.answer_with(to, &[]),
            Phase::Foreign if conn.since.saturating_add(conn.wait) <= self.now => {
                self.wait_over(to, Over::Time);
            }
            Phase::Foreign => self.wait_beat(to),
            Phase::Stream if self.timing.silent_at(conn).is_some_and(|at| at <= self.now) => {
                self.end(to, Bye::Idle);
            }
            Phase::Stream => {
                let beat = framing::heartbeat(conn.transport);
                self.put(to, &[&beat]);
            }
            Phase::Admitting | Phase::Sending => {}
            Phase::Request | Phase::Closing | Phase::Lingering => self.destroy(to),
        }
    }
}
