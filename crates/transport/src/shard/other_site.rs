//! Connections between the shards of several sites (see `crate::hosts`).

use std::sync::atomic::Ordering::Relaxed;

use rustix::event::epoll;

use super::Shard;
use super::accept::conn_of;
use crate::conn::Conn;
use crate::gate::ConnectionKey;
use crate::hosts::{MovedConnection, OtherSite};
use crate::request::RequestKind;
use crate::shards::ConnectionKind;

impl Shard {
    /// Sends a connection to the shards of the site that its request names, or refuses the request. Returns whether it
    /// did either; `bytes` begin with the request.
    pub(super) fn moves_to_other_site(
        &mut self,
        to: ConnectionKey,
        first: &RequestKind<'_>,
        bytes: &[u8],
    ) -> bool {
        let (Some(hosts), Some(host)) = (&self.shared.hosts, first.host()) else { return false };
        match hosts.other_site(host) {
            None => return false,
            Some(OtherSite::Shards(shards)) => {
                let Some(conn) = self.release(to) else { return true };
                let peer = conn.peer();
                let kind = conn.sealed.map_or(ConnectionKind::Direct, ConnectionKind::Sealed);
                shards.take(MovedConnection { io: conn.fd, peer, kind, bytes: bytes.to_vec() });
            }
            Some(OtherSite::Nobody(error)) => {
                let Some(conn) = self.conns.get_mut(to) else { return true };
                // The bytes after the request may be for any site; the client asks again on a connection of its own.
                conn.state.keep_alive = false;
                self.refuse(to, &error.into());
            }
        }
        true
    }

    /// Takes a connection from another site's shards, and goes on with the bytes that were read from it.
    pub(super) fn moved(&mut self, moved: MovedConnection) {
        let MovedConnection { io, peer, kind, bytes } = moved;
        self.stats.accepted += 1;
        self.shared.loads[self.number].fetch_add(1, Relaxed);
        let mut conn = conn_of(io, peer, kind, self.now);
        conn.keep(&bytes);
        if let Some(to) = self.enter(conn) {
            self.guarded(to, |shard| shard.stashed(to));
        }
    }

    /// Lets go of a connection that goes on at another site.
    pub(super) fn release(&mut self, to: ConnectionKey) -> Option<Conn> {
        self.end_session(to);
        let conn = self.conns.remove(to)?;
        self.give_place(&conn);
        let _ = epoll::delete(&self.epoll, &conn.fd);
        Some(conn)
    }
}
