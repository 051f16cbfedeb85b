//! Sends that go to the kernel together: those of one delivery, the answers to all sends of one commit, and the
//! heartbeats of one tick.
//!
//! A connection is in a batch at most once. A stream gets one send from a delivery, which ends with the whole batch, and
//! one heartbeat at a tick. A request gets one answer, and the next request waits for it.

use bytes::Bytes;
use encke_engine::connection::Phase;
use encke_engine::connection::Written;
use rustix::io::Errno;

use super::Shard;
use crate::conn::Conn;
use crate::gate::ConnectionKey;
use crate::out;

/// The smallest batch that goes through the ring. Fewer sends are written one by one, because a ring costs more to
/// wake.
const BATCHED_SENDS_MIN: usize = 8;

impl Shard {
    /// Answers a request, in a batch with other answers if possible.
    pub(super) fn finish_answer_together(&mut self, to: ConnectionKey, answer: Bytes) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if self.ring.is_none() || !conn.state.keep_alive || !conn.can_send_together() {
            return self.finish_answer(to, &answer);
        }
        conn.request = None;
        conn.state.enter(Phase::Request, self.now);
        conn.state.wrote = self.now;
        self.sends.push((to, answer));
        self.schedule(to);
    }

    /// Writes a heartbeat, in a batch with others if possible.
    pub(super) fn beat(&mut self, to: ConnectionKey, beat: Bytes) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if self.ring.is_none() || !conn.can_send_together() {
            self.put(to, &[&beat]);
            return;
        }
        conn.state.wrote = self.now;
        self.sends.push((to, beat));
    }

    /// Sends the batch, to connections that keep nothing and are without TLS. Bytes that a connection leaves are kept
    /// for it, as with any other write.
    pub(super) fn send_together(&mut self) {
        let mut sends = std::mem::take(&mut self.sends);
        sends.retain(|(to, _)| self.conns.get(*to).is_some());
        match &mut self.ring {
            Some(ring) if sends.len() >= BATCHED_SENDS_MIN => {
                let conns = &self.conns;
                let socket = |to| &conns.get(to).expect("it was just looked for").fd;
                let list: Vec<(_, &[u8])> =
                    sends.iter().map(|(to, bytes)| (socket(*to), &bytes[..])).collect();
                let mut results = vec![Ok(0); list.len()];
                ring.send(&list, |at, taken| results[at] = taken);
                for ((to, bytes), taken) in sends.iter().zip(results) {
                    self.guarded(*to, |shard| shard.was_sent(*to, bytes, taken));
                }
            }
            _ => {
                for (to, bytes) in &sends {
                    self.guarded(*to, |shard| shard.send_alone(*to, bytes));
                }
            }
        }
        sends.clear();
        self.sends = sends;
    }

    fn send_alone(&mut self, to: ConnectionKey, bytes: &Bytes) {
        match self.put(to, &[bytes]) {
            Written::All => self.was_taken(to),
            Written::Kept => self.stats.fell_behind += 1,
            Written::Gone => {}
        }
    }

    fn was_sent(&mut self, to: ConnectionKey, bytes: &Bytes, taken: Result<usize, Errno>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let wrote = match taken {
            Ok(wrote) => wrote,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => return self.destroy(to),
        };
        self.stats.bytes_out += wrote as u64;
        if wrote == bytes.len() {
            return self.was_taken(to);
        }
        conn.out = Some(Box::new(out::kept(&[bytes], wrote, self.now)));
        self.stats.fell_behind += 1;
        self.kept(to);
    }

    /// Lets a poll that was answered go on with the bytes that came meanwhile.
    fn was_taken(&mut self, to: ConnectionKey) {
        let waits = |conn: &Conn| conn.state.phase == Phase::Request && conn.stash.is_some();
        if self.conns.get(to).is_some_and(waits) {
            self.enqueue(to);
        }
    }
}
