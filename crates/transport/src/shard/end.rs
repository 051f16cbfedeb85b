//! How connections end.

use std::time::Instant;

use bytes::Bytes;
use encke_engine::connection::{Drain, Ending, Phase, Written, comes_back_after_ms};
use encke_engine::item::{self, Bye};
use encke_engine::{Error, PersonId};
use rustix::net::Shutdown;

use super::Shard;
use crate::channel_quota::Follower;
use crate::gate::{ConnectionKey, Who};
use crate::poll::Body;
use crate::request::Transport;
use crate::wait::WaitEnd;
use crate::{framing, ws};

impl Shard {
    /// Ends the session of a connection, if it has one, and gives back its channels.
    pub(super) fn end_session(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(session) = conn.state.session.take() else { return };
        conn.state.paging = false;
        self.stats.sessions[conn.state.transport as usize] -= 1;
        let who = conn.who.take();
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

    /// Takes the channels of a new session from the quota. Closes the session if they are too many.
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

    /// The follower that the channels of a session count for.
    pub(super) fn follower(&self, to: ConnectionKey, who: Option<&Who>) -> Follower {
        match (who, self.waits.get(&to.index)) {
            (None, Some(kept)) => Follower::Address(kept.visitor),
            (None, None) => Follower::Person(PersonId::NOBODY),
            (Some(who), _) => Follower::Person(who.person),
        }
    }

    /// Ends a connection at once.
    pub(super) fn destroy(&mut self, to: ConnectionKey) {
        self.end_session(to);
        let Some(conn) = self.conns.remove(to) else { return };
        self.give_place(&conn);
        self.waits.remove(&to.index);
    }

    /// Ends a session with a reason. A connection without a session ends with its next answer, or now.
    pub(super) fn end(&mut self, to: ConnectionKey, why: Bye) {
        let after_ms = comes_back_after_ms(why, self.spread(to));
        let bye = item::bye(why, after_ms);
        let Some(conn) = self.conns.get_mut(to) else { return };
        match conn.state.ends() {
            Ending::Say => {
                let mut pieces = vec![framing::item(conn.state.transport, &bye, None)];
                if conn.state.transport == Transport::WebSocket {
                    pieces.push(ws::frame::bye(why));
                }
                self.end_with(to, &pieces);
            }
            Ending::Foreign if why == Bye::Revoked => self.wait_over(to, WaitEnd::Revoked),
            Ending::Foreign => self.wait_over(to, WaitEnd::Drain),
            Ending::Answer => {
                let Some(session) = conn.state.session else { return };
                let cursor = self.cursor_of(session);
                self.answer(to, Body { bye: Some(&bye), ..Body::default() }, cursor);
                self.end_session(to);
            }
            Ending::Silent => self.end_session(to),
            Ending::Destroy => self.destroy(to),
            Ending::Nothing => {}
        }
    }

    /// Ends a session, writes these last pieces, then ends the connection.
    pub(super) fn end_with(&mut self, to: ConnectionKey, pieces: &[Bytes]) {
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.stash = None;
        conn.partial = None;
        conn.state.closes(self.now);
        let pieces: Vec<&Bytes> = pieces.iter().collect();
        if self.put(to, &pieces) == Written::All {
            self.finish(to);
        }
    }

    /// Shuts the server's side after everything is written, so that the client reads to the end before the connection
    /// is gone.
    pub(super) fn finish(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if let Some(mut sealed) = conn.sealed.take()
            && let Ok(close) = sealed.close()
            && self.put(to, &[&close]) != Written::All
        {
            return;
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        if rustix::net::shutdown(&conn.fd, Shutdown::Write).is_err() || conn.state.half_closed {
            return self.destroy(to);
        }
        conn.state.enter(Phase::Lingering, self.now);
        self.schedule(to);
    }

    /// Cuts a reader that takes nothing. It gets the reason only where a whole frame has ended.
    pub(super) fn cut(&mut self, to: ConnectionKey) {
        self.stats.slow_cut += 1;
        let Some(conn) = self.conns.get_mut(to) else { return };
        // A sealed record must be written, because the next one is numbered after it.
        let boundary =
            conn.out.as_ref().is_none_or(|out| conn.sealed.is_none() && out.at_boundary());
        if conn.state.is_told_of_cut(boundary) {
            conn.out = None;
            self.end(to, Bye::Slow);
        }
        self.destroy(to);
    }

    /// Ends a connection after a revocation of its credential, or after a change of the channels open to guests.
    pub(super) fn revoked(&mut self, owner: u32, person: PersonId) {
        let why = if person == PersonId::EVERY_GUEST { Bye::Changed } else { Bye::Revoked };
        if let Some((to, _)) = self.conns.at(owner) {
            self.guarded(to, |shard| shard.end(to, why));
        }
    }

    /// Begins to drain: the server goes down.
    pub(super) fn drain(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
        for to in self.conns.all() {
            self.guarded(to, |shard| shard.drain_one(to));
        }
    }

    fn drain_one(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        match conn.state.drains(self.now) {
            Drain::Moment => self.schedule(to),
            Drain::End => self.end(to, Bye::Drain),
            Drain::AfterCommands => {}
        }
    }

    /// The milliseconds until this connection comes back after a drain, spread evenly without randomness.
    pub(super) fn spread(&self, to: ConnectionKey) -> u64 {
        let place = (u64::from(to.index) << 8) + self.number as u64;
        let mixed = place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        mixed % self.timing.drain_spread_ms.max(1)
    }
}
