//! Requests of other protocols that wait (see `crate::wait`). Their sessions are like any other, with another framing.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use encke_engine::connection::Phase;
use encke_engine::connection::Written;
use encke_engine::cursor::Standing;
use encke_engine::household::household;
use encke_engine::hub::{Next, Open};
use encke_engine::{Entry, PersonId, Position, limits};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::Shard;
use super::accept::{answer_and_close, conn_of};
use crate::gate::{ConnectionKey, Reply};
use crate::wait::{ForeignAnswer, OpenWait, ParkedWait, Wait, WaitEnd};

impl Shard {
    /// Takes a connection from the HTTP server with a request that waits.
    pub(super) fn waiting(&mut self, waiting: ParkedWait) {
        if self.deadline.is_some() || !self.take_place(waiting.kind.files()) {
            self.stats.refused += 1;
            return turn_away(waiting, WaitEnd::Drain);
        }
        let ParkedWait { io, peer, leftover, kind, wait } = waiting;
        self.shared.loads[self.number].fetch_add(1, Relaxed);
        if let Err(error) = rustix::io::ioctl_fionbio(&io, true) {
            tracing::warn!(%error, "a parked connection can't be used");
        }
        let mut conn = conn_of(io, peer, kind, self.now);
        conn.state.served = true;
        conn.state.keep_alive = wait.keep_alive && !conn.state.bridged && !wait.beats;
        conn.state.transport = wait.transport;
        conn.state.wait = wait.wait_ms.map_or(u32::MAX, |ms| self.timing.ticks(ms));
        conn.keep(&leftover);
        conn.state.phase = Phase::Foreign;
        // Nothing is read or timed before the session is open. An edge that comes meanwhile is not lost.
        if let Some(to) = self.settle(conn) {
            self.guarded(to, |shard| shard.wait(to, wait));
        }
    }

    fn wait(&mut self, to: ConnectionKey, wait: Wait) {
        let Wait { who, follows, as_of, revocations_seen, at, content_type, lines, .. } = wait;
        let Some(conn) = self.conns.get(to) else { return };
        let visitor = household(wait.visitor.unwrap_or(conn.peer().ip()));
        let kept =
            OpenWait { content_type, lines, visitor, protocol: wait.protocol, answered: false };
        self.waits.insert(to.index, Box::new(kept));
        let nobody = (PersonId::NOBODY, 0);
        let (person, credential) = who.as_ref().map_or(nobody, |w| (w.person, w.credential));
        // The position was read from the store, so it is never ahead of the log.
        let at = match self.hub.standing(Some(self.hub.cursor_at(at)), at) {
            Standing::Good(at) => at,
            Standing::Reset(_) => return self.wait_over(to, WaitEnd::Again),
        };
        let owner = to.index;
        // The other protocol has decided what it may follow, so the setting for guests does not apply.
        let guest = false;
        let open = Open { person, credential, owner, at, follows, as_of, revocations_seen, guest };
        let opened = self.hub.open(open);
        let session = match opened {
            Ok(session) => session,
            Err(encke_engine::hub::Stale::Again) => return self.wait_over(to, WaitEnd::Again),
            Err(encke_engine::hub::Stale::Revoked) => return self.wait_over(to, WaitEnd::Revoked),
        };
        let follower = self.follower(to, who.as_ref());
        if self.take_channels(follower, session).is_err() {
            return self.wait_over(to, WaitEnd::TooMany);
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.session = Some(session);
        conn.state.ends_at = self.now.saturating_add(self.timing.ticks(wait.ends_in_ms));
        self.stats.sessions[conn.state.transport as usize] += 1;
        if let Some(who) = who {
            self.shared.gate.opened(conn.who.insert(who));
        }
        if let Some((oldest, _)) =
            self.hub.one_too_wide(person).and_then(|oldest| self.conns.at(oldest))
        {
            self.end(oldest, encke_engine::item::Bye::TooMany);
        }
        if wait.beats && self.say(to, OpenWait::begin) != Some(Written::All) {
            return;
        }
        self.wait_on(to);
    }

    /// Hands events to the protocol until it is live, answered, full or out of turn.
    pub(super) fn wait_on(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(session) = conn.state.session else { return };
        if conn.state.paging || conn.out.is_some() {
            return;
        }
        match self.hub.next(session, limits::REPLAY_BYTES_MAX) {
            Next::Live => self.schedule(to),
            Next::Entries(entries) => self.wait_told(to, &entries),
            Next::Store(request) => {
                conn.state.paging = true;
                self.shared.gate.page(request, Reply::new(to, self.inbox.clone()));
            }
        }
    }

    pub(super) fn wait_told(&mut self, to: ConnectionKey, entries: &[Arc<Entry>]) {
        self.stats.replayed += entries.len() as u64;
        let told = match self.waits.get_mut(&to.index) {
            Some(kept) if !entries.is_empty() => kept.protocol.on_events(entries),
            _ => ForeignAnswer::Nothing,
        };
        match told {
            ForeignAnswer::Later(later) => {
                if let Some(conn) = self.conns.get_mut(to) {
                    conn.state.paging = true;
                    later(Reply::new(to, self.inbox.clone()));
                }
            }
            told => self.tell(to, told),
        }
    }

    /// Takes the answer of a protocol after a look-up.
    pub(super) fn foreign_answered(&mut self, to: ConnectionKey, told: ForeignAnswer) {
        if let Some(conn) = self.conns.get_mut(to)
            && conn.state.phase == Phase::Foreign
            && std::mem::take(&mut conn.state.paging)
        {
            self.tell(to, told);
        }
    }

    fn tell(&mut self, to: ConnectionKey, told: ForeignAnswer) {
        match told {
            ForeignAnswer::Nothing => self.enqueue(to),
            ForeignAnswer::Part(bytes) => {
                if self.say(to, |_| bytes) == Some(Written::All) {
                    self.enqueue(to);
                }
            }
            ForeignAnswer::Whole(bytes) => self.wait_answer(to, 200, &bytes),
            ForeignAnswer::Later(_) | ForeignAnswer::Cut => self.destroy(to),
        }
    }

    /// Writes a part of a body. `None` if the client has left.
    fn say(
        &mut self,
        to: ConnectionKey,
        part: impl FnOnce(&mut OpenWait) -> Bytes,
    ) -> Option<Written> {
        if self.has_left(to) {
            return None;
        }
        let part = part(self.waits.get_mut(&to.index)?);
        if let Some(conn) = self.conns.get_mut(to) {
            conn.state.ready = true;
        }
        let taken = self.put(to, &[&part]);
        match taken {
            Written::All => self.wait_taken(to),
            Written::Kept => self.schedule(to),
            Written::Gone => {}
        }
        Some(taken)
    }

    /// Writes the answer, or its last part.
    fn wait_answer(&mut self, to: ConnectionKey, status: u16, body: &Bytes) {
        if self.has_left(to) {
            return;
        }
        self.end_session(to);
        let Some(kept) = self.waits.get_mut(&to.index) else { return };
        let Some(conn) = self.conns.get_mut(to) else { return };
        kept.answered = true;
        let bytes = match conn.state.ready {
            true => body.clone(),
            false => kept.answer(status, body, conn.state.keep_alive),
        };
        conn.state.ready = false;
        self.finish_answer(to, &bytes);
        if self.conns.get(to).is_some_and(|conn| conn.out.is_none()) {
            self.wait_taken(to);
        }
    }

    /// Ends a wait without an event.
    pub(super) fn wait_over(&mut self, to: ConnectionKey, why: WaitEnd) {
        let Some(kept) = self.waits.get_mut(&to.index) else { return };
        let (status, body) = kept.protocol.on_end(why);
        if let Some(conn) = self.conns.get_mut(to)
            && why != WaitEnd::Time
        {
            conn.state.keep_alive = false;
        }
        self.wait_answer(to, status, &body);
    }

    /// Writes the heartbeat of a silent body.
    pub(super) fn wait_beat(&mut self, to: ConnectionKey) {
        let Some(kept) = self.waits.get(&to.index) else { return };
        let beat = kept.protocol.beat();
        self.put(to, &[&beat]);
    }

    /// Tells the protocol that the connection has taken everything.
    pub(super) fn wait_taken(&mut self, to: ConnectionKey) {
        if let Some(kept) = self.waits.get_mut(&to.index) {
            kept.protocol.on_written();
            if kept.answered {
                self.waits.remove(&to.index);
            }
        }
    }

    /// Whether the client has ended the connection, which is then destroyed. The kernel takes writes to such a
    /// connection, but nobody reads them.
    fn has_left(&mut self, to: ConnectionKey) -> bool {
        let Some(conn) = self.conns.get_mut(to) else { return true };
        let look = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        match rustix::net::recv(&conn.fd, &mut [0u8; 1][..], look) {
            Err(Errno::AGAIN | Errno::INTR) => return false,
            // An end may follow the bytes that the client sent.
            Ok((_, n)) if n > 0 => self.read(to, EventFlags::RDHUP),
            Ok(_) | Err(_) => self.destroy(to),
        }
        self.conns.get(to).is_none()
    }

    /// Lets a person's waits read again from a position.
    pub(super) fn look_again(&mut self, person: PersonId, after: Position) {
        for owner in self.hub.owners_of(person, None) {
            let Some((to, conn)) = self.conns.at(owner) else { continue };
            if let (Phase::Foreign, Some(session)) = (conn.state.phase, conn.state.session) {
                let at = self.hub.position(session).min(after);
                // A page under way is thrown away by the hub when its session has gone back.
                self.hub.resume(session, at);
                self.enqueue(to);
            }
        }
    }
}

/// Refuses a wait when there is no room, as far as that works without waiting.
pub(crate) fn turn_away(waiting: ParkedWait, why: WaitEnd) {
    let ParkedWait { io, peer, kind, wait, .. } = waiting;
    answer_and_close(io, peer, kind, &wait.turned_away(why));
}
