//! Deadlines of connections.

use encke_engine::connection::Overdue;
use encke_engine::item::Bye;

use super::Shard;
use crate::framing;
use crate::gate::{ConnectionKey, CredentialTime, Reply};
use crate::wait::WaitEnd;
use crate::ws::frame;

/// Milliseconds until the gate is asked again about a credential, if it did not know.
const ASK_AGAIN_MS: u64 = 1_000;

impl Shard {
    /// Handles all connections whose tick has come.
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
            self.send_together();
        }
    }

    /// Makes sure that a connection is looked at by its deadline.
    pub(super) fn schedule(&mut self, to: ConnectionKey) {
        let (now, draining) = (self.now, self.deadline.is_some());
        let Some(conn) = self.conns.get_mut(to) else { return };
        let early = self.timing.beats_early(conn.state.transport, to.index);
        if let Some(at) = self.timing.deadline(&conn.state, &conn.moment(now, draining, early))
            && at < conn.wake_at
        {
            conn.wake_at = self.wheel.insert(to, at);
        }
    }

    /// Asks the gate about a credential that should have ended, because it may have been extended.
    fn ask_what_is_left(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.ends_at = u32::MAX;
        match &conn.who {
            Some(who) => self.shared.gate.left(who, Reply::new(to, self.inbox.clone())),
            None => self.end(to, Bye::Revoked),
        }
    }

    /// Takes the gate's answer about a credential.
    pub(super) fn left(&mut self, to: ConnectionKey, left: CredentialTime) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let asked = conn.state.session.is_some() && conn.state.ends_at == u32::MAX;
        let ms = match (left, &conn.who) {
            // The answer is for an earlier session: another request has come on the connection.
            _ if !asked => return,
            (CredentialTime::Ms(credential, _), Some(who)) if who.credential != credential => {
                return;
            }
            (CredentialTime::Ms(_, 0), _) => return self.end(to, Bye::Revoked),
            (CredentialTime::Ms(_, ms), _) => ms,
            (CredentialTime::Unknown, _) => ASK_AGAIN_MS,
        };
        conn.state.ends_at = self.now.saturating_add(self.timing.ticks(ms));
        self.schedule(to);
    }

    fn on_time(&mut self, to: ConnectionKey) {
        let (now, draining) = (self.now, self.deadline.is_some());
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.wake_at = u32::MAX;
        let early = self.timing.beats_early(conn.state.transport, to.index);
        let moment = conn.moment(now, draining, early);
        if self.timing.deadline(&conn.state, &moment).is_some_and(|at| at <= now) {
            let what = self.timing.overdue(&conn.state, &moment);
            self.overdue(to, what);
        }
        self.schedule(to);
    }

    fn overdue(&mut self, to: ConnectionKey, what: Overdue) {
        match what {
            Overdue::Cut => self.cut(to),
            Overdue::AskWhatIsLeft => self.ask_what_is_left(to),
            Overdue::AnswerPoll => self.answer_with(to, &[]),
            Overdue::ForeignOver => self.wait_over(to, WaitEnd::Time),
            Overdue::ForeignBeat => self.wait_beat(to),
            Overdue::Idle => self.end(to, Bye::Idle),
            Overdue::Beat => {
                let Some(conn) = self.conns.get(to) else { return };
                let beat = framing::heartbeat(conn.state.transport);
                self.beat(to, beat);
            }
            Overdue::Ping => self.beat(to, frame::PING),
            Overdue::Destroy => self.destroy(to),
            Overdue::Nothing => {}
        }
    }
}
