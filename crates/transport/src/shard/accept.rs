//! Accepting connections.
//!
//! All shards watch the same listeners with `EPOLLEXCLUSIVE`, so a free shard accepts. No shard has a queue of its own
//! that would be lost with it (as with `SO_REUSEPORT`). A shard with more than its share passes a new connection on. A
//! turn accepts a bounded burst, so connected clients are served between bursts.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};

use super::{LISTENER, Shard, token};
use crate::conn::Conn;
use crate::gate::ConnectionKey;
use crate::head;
use crate::inbox::Message;
use crate::request::Refusal;
use crate::shards::{ConnectionKind, Parked};

/// The number of connections accepted in one turn.
const ACCEPTS_PER_TURN_MAX: usize = 64;
/// The number of connections that a shard may have beyond the idlest shard before it passes new ones on.
const UNEVEN_CONNECTIONS_MAX: u32 = 16;

impl Shard {
    /// Watches the listeners.
    pub(super) fn listen(&self) -> rustix::io::Result<()> {
        for (n, listener) in self.listeners.iter().enumerate() {
            let flags = EventFlags::IN | EventFlags::EXCLUSIVE;
            epoll::add(&self.epoll, listener, EventData::new_u64(LISTENER - n as u64), flags)?;
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, listener: usize) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            match acceptfrom_with(&self.listeners[listener], flags) {
                Ok((fd, peer)) => {
                    let peer = peer.and_then(|p| SocketAddr::try_from(p).ok());
                    self.place(fd, peer.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0))));
                }
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return,
                Err(error) => {
                    // The process is out of files or memory. The listener would be ready again and again, so it rests
                    // for a moment.
                    if let Some(count) = self.not_accepted.note(self.now_ms()) {
                        tracing::warn!(%error, count, "no more connections can be accepted for now");
                    }
                    for listener in self.listeners.iter() {
                        let _ = epoll::delete(&self.epoll, listener);
                    }
                    self.listen_at = Some(self.now + 1);
                    return;
                }
            }
        }
    }

    /// Gives a new connection to the shard that should have it.
    fn place(&mut self, fd: OwnedFd, peer: SocketAddr) {
        self.stats.accepted += 1;
        let loads = &self.shared.loads;
        let least = (0..loads.len()).min_by_key(|n| loads[*n].load(Relaxed)).unwrap_or(self.number);
        let mine = loads[self.number].load(Relaxed);
        // A drained shard reads no messages.
        if self.deadline.is_none() && mine > loads[least].load(Relaxed) + UNEVEN_CONNECTIONS_MAX {
            loads[least].fetch_add(1, Relaxed);
            self.shared.inboxes[least].push(Message::Accepted(fd, peer));
        } else {
            loads[self.number].fetch_add(1, Relaxed);
            self.accepted(fd, peer);
        }
    }

    /// Takes a connection that is counted as this shard's already.
    pub(super) fn accepted(&mut self, fd: OwnedFd, peer: SocketAddr) {
        self.enter(Conn::new(fd, peer, self.now));
    }

    pub(super) fn enter(&mut self, conn: Conn) -> Option<ConnectionKey> {
        if !self.take_place(conn.files()) {
            self.turn_away(conn);
            return None;
        }
        self.settle(conn)
    }

    /// Puts a connection into the place that was taken for it.
    pub(super) fn settle(&mut self, conn: Conn) -> Option<ConnectionKey> {
        let to = self.conns.insert(conn);
        self.stats.connections += 1;
        let conn = self.conns.get(to)?;
        // The socket is registered once for all events; from here on only edges are reported.
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        if let Err(error) = epoll::add(&self.epoll, &conn.fd, token(to), flags) {
            tracing::warn!(%error, "a connection can't be watched");
            self.destroy(to);
            return None;
        }
        self.schedule(to);
        Some(to)
    }

    /// Refuses a connection when there is no room, as far as that works without waiting.
    fn turn_away(&mut self, mut conn: Conn) {
        self.shared.loads[self.number].fetch_sub(1, Relaxed);
        self.stats.refused += 1;
        if let Some(count) = self.turned_away.note(self.now_ms()) {
            tracing::warn!(count, "there is no room for more connections");
        }
        // The request is read away, because closing a socket with unread bytes resets the connection.
        let _ = rustix::io::read(&conn.fd, &mut [0u8; 4096]);
        let answer = head::refusal(&Refusal::from(head::overloaded()), false);
        conn.put(&[&answer], self.now, &mut self.stats.bytes_out);
        let _ = rustix::net::shutdown(&conn.fd, rustix::net::Shutdown::Write);
    }

    /// Takes a connection from the HTTP server, and its request.
    pub(super) fn parked(&mut self, parked: Parked) {
        let Parked { io, peer, request, admission, leftover, kind } = parked;
        self.shared.loads[self.number].fetch_add(1, Relaxed);
        if let Err(error) = rustix::io::ioctl_fionbio(&io, true) {
            tracing::warn!(%error, "a parked connection can't be used");
        }
        let mut conn = conn_of(io, peer, kind, self.now);
        conn.keep(&leftover);
        if let Some(to) = self.enter(conn) {
            self.guarded(to, |shard| shard.asked(to, request, admission));
        }
    }
}

/// A connection that comes from the HTTP server.
pub(super) fn conn_of(io: OwnedFd, peer: SocketAddr, kind: ConnectionKind, now: u32) -> Conn {
    let mut conn = Conn::new(io, peer, now);
    match kind {
        ConnectionKind::Direct => {}
        ConnectionKind::Sealed(sealed) => conn.sealed = Some(sealed),
        ConnectionKind::Bridged => conn.state.bridged = true,
    }
    conn
}

/// Answers a connection in place of a shard, as far as that works without waiting.
pub(crate) fn answer_and_close(
    io: OwnedFd,
    peer: SocketAddr,
    kind: ConnectionKind,
    answer: &Bytes,
) {
    let _ = rustix::io::ioctl_fionbio(&io, true);
    let mut conn = conn_of(io, peer, kind, 0);
    conn.put(&[answer], 0, &mut 0);
    let _ = rustix::net::shutdown(&conn.fd, rustix::net::Shutdown::Write);
}
