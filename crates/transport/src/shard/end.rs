//! How connections end.

use std::time::Instant;

use bytes::Bytes;
use encke_engine::item::{self, Bye};
use encke_engine::{Error, PersonId};
use rustix::net::Shutdown;

use super::Shard;
use crate::channel_quota::Follower;
use crate::conn::Phase;
use crate::gate::{To, Who};
use crate::out::Taken;
use crate::poll::Body;
use crate::request::Transport;
use crate::wait::Over;
use crate::{framing, ws};

/// When a reader that was cut is to come back: it was too slow, so not at once.
const SLOW_AFTER_MS: u64 = 1_000;

impl Shard {
    /// Ends the session of a connection, if it has one.
    pub(super) fn end_session(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(session) = conn.session.take() else { return };
        conn.paging = false;
        self.stats.sessions[conn.transport as usize] -= 1;
        let who = conn.who.take();
        self.close_session(to, session, who);
    }

    /// Closes a session of which the connection knows no more, and gives back what it had taken.
    fn close_session(&mut self, to: To, session: u32, who: Option<Who>) {
        let taken = self.hub.channels_taken(session);
        if taken > 0 {
            let follower = self.follower(to, who.as_ref());
            self.shared.channels.give(follower, taken, self.hub.channels_of(session));
        }
        self.hub.close(session);
        if let Some(who) = who {
            self.shared.gate.closed(&who);
        }
    }

    /// Takes the channels of a session that was just opened from the quota; closes it where they are too many.
    pub(super) fn take_channels(&mut self, follower: Follower, session: u32) -> Result<(), Error> {
        match self.shared.channels.take(follower, self.hub.channels_of(session)) {
            Ok(taken) => self.hub.note_channels_taken(session, taken),
            Err(error) => {
                self.hub.close(session);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whose quota the channels of a session count against.
    pub(super) fn follower(&self, to: To, who: Option<&Who>) -> Follower {
        match (who, self.waits.get(&to.index)) {
            (None, Some(kept)) => Follower::Address(kept.visitor),
            (None, None) => Follower::Person(PersonId::NOBODY),
            (Some(who), _) => Follower::Person(who.person),
        }
    }

    /// Ends a connection at once.
    pub(super) fn destroy(&mut self, to: To) {
        let Some(mut conn) = self.conns.remove(to) else { return };
        self.give_place(&conn);
        if let Some(session) = conn.session.take() {
            self.stats.sessions[conn.transport as usize] -= 1;
            self.close_session(to, session, conn.who.take());
        }
        self.waits.remove(&to.index);
    }

    /// Ends a session with a reason; a connection without one ends with its next answer, or now.
    pub(super) fn end(&mut self, to: To, why: Bye) {
        let after_ms = match why {
            Bye::Drain => self.spread(to),
            Bye::Slow | Bye::TooMany => SLOW_AFTER_MS,
            Bye::Revoked | Bye::Idle | Bye::Changed | Bye::Protocol => 0,
        };
        let bye = item::bye(why, after_ms);
        let Some(conn) = self.conns.get_mut(to) else { return };
        match conn.phase {
            Phase::Stream => {
                let mut pieces = vec![framing::item(conn.transport, &bye, None)];
                if conn.transport == Transport::WebSocket {
                    pieces.push(ws::frame::bye(why));
                }
                self.end_with(to, &pieces);
            }
            Phase::Foreign if why == Bye::Revoked => self.wait_over(to, Over::Revoked),
            Phase::Foreign => self.wait_over(to, Over::Drain),
            Phase::Poll => {
                let Some(session) = conn.session else { return self.destroy(to) };
                conn.keep_alive = false;
                let cursor = self.cursor_of(session);
                self.answer(to, Body { bye: Some(&bye), ..Body::default() }, cursor);
                self.end_session(to);
            }
            // Between two polls: the next one is refused, if there is one.
            Phase::Request => self.end_session(to),
            Phase::Admitting | Phase::Sending | Phase::Closing | Phase::Lingering => {}
        }
    }

    /// Ends a session, writes these last pieces, then ends the connection.
    pub(super) fn end_with(&mut self, to: To, pieces: &[Bytes]) {
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.stash = None;
        conn.partial = None;
        conn.enter(Phase::Closing, self.now);
        let pieces: Vec<&Bytes> = pieces.iter().collect();
        if self.put(to, &pieces) == Taken::All {
            self.finish(to);
        }
    }

    /// All is written: shuts our side, so that the client reads it to the end before the connection is gone.
    pub(super) fn finish(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if let Some(mut sealed) = conn.sealed.take()
            && let Ok(close) = sealed.close()
            && self.put(to, &[&close]) != Taken::All
        {
            return;
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        if rustix::net::shutdown(&conn.fd, Shutdown::Write).is_err() || conn.half_closed {
            return self.destroy(to);
        }
        conn.enter(Phase::Lingering, self.now);
        self.schedule(to);
    }

    /// Cuts a reader that takes nothing. It may be told why only where a whole frame ended.
    pub(super) fn cut(&mut self, to: To) {
        self.stats.slow_cut += 1;
        let Some(conn) = self.conns.get_mut(to) else { return };
        // A record that was sealed must be written: the next one is numbered after it.
        let boundary =
            conn.out.as_ref().is_none_or(|out| conn.sealed.is_none() && out.at_boundary());
        if boundary && conn.phase == Phase::Stream {
            conn.out = None;
            self.end(to, Bye::Slow);
        }
        self.destroy(to);
    }

    /// The credential of a connection was revoked, or what guests may follow has changed.
    pub(super) fn revoked(&mut self, owner: u32, person: PersonId) {
        let why = if person == PersonId::EVERY_GUEST { Bye::Changed } else { Bye::Revoked };
        if let Some((to, _)) = self.conns.at(owner) {
            self.guarded(to, |shard| shard.end(to, why));
        }
    }

    /// The server goes down.
    pub(super) fn drain(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
        for to in self.conns.all() {
            self.guarded(to, |shard| shard.drain_one(to));
        }
    }

    fn drain_one(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.drained = true;
        conn.keep_alive = false;
        if conn.phase == Phase::Request {
            // A poll that is about to come back is told so; it gets a moment for it.
            conn.since = self.now;
            self.schedule(to);
        } else if conn.unanswered == 0 {
            self.end(to, Bye::Drain);
        }
    }

    /// When this connection is to come back after a drain: spread evenly, without randomness.
    pub(super) fn spread(&self, to: To) -> u64 {
        let place = (u64::from(to.index) << 8) + self.number as u64;
        let mixed = place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        mixed % self.timing.drain_spread_ms.max(1)
    }
}
