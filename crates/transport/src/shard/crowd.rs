//! Places: how a connection gets one, and which connection gives one up when there is none (see `crate::crowd`).

use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use encke_engine::connection::Phase;
use encke_engine::household;

use super::Shard;
use crate::conn::Conn;
use crate::crowd::{Candidate, give_way, give_way_count};
use crate::gate::ConnectionKey;
use crate::wait::WaitEnd;

/// The unit that a connection counts for: its household, or itself if many people share its address.
type Address = Result<IpAddr, u32>;

impl Shard {
    /// Takes a place for a connection with this many files, if there is one or another connection gives one up.
    pub(super) fn take_place(&mut self, files: usize) -> bool {
        self.is_place_free(files) || (self.make_room() && self.is_place_free(files))
    }

    fn is_place_free(&mut self, files: usize) -> bool {
        let left = self.shared.files_left;
        self.conns.len() < self.connections_max && self.shared.files.take(files, left)
    }

    /// Gives back the place of a connection.
    pub(super) fn give_place(&mut self, conn: &Conn) {
        self.stats.connections -= 1;
        self.shared.loads[self.number].fetch_sub(1, Relaxed);
        self.shared.files.give(conn.files());
    }

    /// Ends some connections that wait without a sign-in. Returns whether there were any.
    fn make_room(&mut self) -> bool {
        // A recent search found few, so the next one would find none.
        if self.now < self.crowded_until {
            return false;
        }
        let count = give_way_count(self.connections_max);
        let waiting = self.conns.iter().filter(|(_, conn)| may_give_way(conn));
        let waiting = waiting.map(|(to, conn)| Candidate {
            address: self.address(to, conn),
            since: u64::from(conn.state.since),
            which: to,
        });
        let chosen = give_way(waiting.collect(), count);
        if chosen.len() < count {
            self.crowded_until = self.now + 1;
        }
        self.stats.given_up += chosen.len() as u64;
        for to in &chosen {
            self.guarded(*to, |shard| shard.give_up(*to));
        }
        !chosen.is_empty()
    }

    fn address(&self, to: ConnectionKey, conn: &Conn) -> Address {
        let address = conn.peer().ip();
        match self.shared.handoff.is_proxy(address) {
            true => Err(to.index),
            false => Ok(household(address)),
        }
    }

    fn give_up(&mut self, to: ConnectionKey) {
        if self.conns.get(to).is_some_and(|conn| conn.state.phase == Phase::Foreign) {
            self.wait_over(to, WaitEnd::Drain);
        }
        self.destroy(to);
    }
}

/// Whether a connection waits for its client, and nobody has signed in on it.
fn may_give_way(conn: &Conn) -> bool {
    match conn.state.phase {
        Phase::Request | Phase::Closing | Phase::Lingering => conn.state.session.is_none(),
        Phase::Foreign => conn.who.is_none(),
        Phase::Admitting | Phase::Sending | Phase::Poll | Phase::Stream => false,
    }
}
