//! The input of clients: requests, and WebSocket frames.

use std::net::TcpStream;

use encke_engine::connection::{HalfClose, Input};
use encke_engine::limits;
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;

use super::{SCRATCH_BYTES, Shard};
use crate::framing;
use crate::gate::ConnectionKey;
use crate::request::{Repeat, RequestKind, classify};

/// Bytes that may come before the last answer is written: one request.
const EARLY_BYTES_MAX: usize = limits::HEAD_BYTES_MAX + limits::BODY_BYTES_MAX;
/// The number of full buffers read from one connection in a turn.
const READS_PER_TURN_MAX: usize = 4;

impl Shard {
    /// Reads from a socket. `flags` tell whether an end or an error follows the bytes.
    pub(super) fn read(&mut self, to: ConnectionKey, flags: EventFlags) {
        let ends = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        let is_paused = !ends && self.pauses.is_paused(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.readable = is_paused;
        if is_paused {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        // The buffer is empty at the start, and after a panic that lost it.
        scratch.resize(SCRATCH_BYTES, 0);
        self.read_into(to, flags, &mut scratch);
        self.scratch = scratch;
    }

    fn read_into(&mut self, to: ConnectionKey, flags: EventFlags, scratch: &mut [u8]) {
        // Both directions are closed, or the connection was reset.
        let is_gone = flags.intersects(EventFlags::HUP | EventFlags::ERR);
        let has_end = is_gone || flags.contains(EventFlags::RDHUP);
        for _ in 0..READS_PER_TURN_MAX {
            let Some(conn) = self.conns.get_mut(to) else { return };
            match rustix::io::read(&conn.fd, &mut *scratch) {
                Ok(0) if is_gone => return self.destroy(to),
                Ok(0) => return self.half_closed(to),
                Ok(n) => {
                    conn.state.heard = self.now;
                    match conn.sealed.is_some() {
                        false => self.input(to, &mut scratch[..n]),
                        true => self.unseal(to, &mut scratch[..n]),
                    }
                    // A short read has emptied the socket; later bytes are another edge.
                    if n < scratch.len() && !has_end {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return self.destroy(to),
            }
            if self.pauses.is_paused(to) && !has_end {
                break;
            }
        }
        if let Some(conn) = self.conns.get_mut(to) {
            conn.readable = true;
            self.enqueue(to);
        }
    }

    /// Takes bytes of a connection under TLS.
    fn unseal(&mut self, to: ConnectionKey, bytes: &mut [u8]) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(sealed) = &mut conn.sealed else { return };
        let mut plain = std::mem::take(&mut self.plain);
        let opened = sealed.open(bytes, &mut plain);
        if !plain.is_empty() {
            self.input(to, &mut plain);
            plain.clear();
        }
        self.plain = plain;
        match opened {
            Ok(false) => {}
            Ok(true) => self.half_closed(to),
            Err(_) => self.destroy(to),
        }
    }

    /// Handles the end of the client's side. The client still gets the answers to its requests. A write shows whether
    /// anybody reads them, so a stream is written to at once. Every phase that stays has a deadline of its own.
    fn half_closed(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        match conn.state.half_closes(conn.out.is_some(), conn.stash.is_some()) {
            HalfClose::Beat => {
                let beat = framing::heartbeat(conn.state.transport);
                self.put(to, &[&beat]);
            }
            HalfClose::PerhapsLeft => self.perhaps_left(to),
            HalfClose::Nothing => {}
            HalfClose::Destroy => self.destroy(to),
        }
    }

    /// Counts a person as gone if the client ends its side during a poll: most such clients have closed both sides,
    /// which looks the same. The poll is still answered, but soon.
    pub(super) fn perhaps_left(&mut self, to: ConnectionKey) {
        let longest = self.timing.ticks(limits::HALF_CLOSED_WAIT_MS_MAX);
        let Some(conn) = self.conns.get_mut(to) else { return };
        if !conn.state.perhaps_left(self.now, longest, conn.stash.is_some()) {
            return;
        }
        if let Some(who) = conn.who.take() {
            self.shared.gate.closed(&who);
        }
        self.schedule(to);
    }

    fn input(&mut self, to: ConnectionKey, bytes: &mut [u8]) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        match conn.state.takes_input(conn.out.is_some()) {
            Input::Request => match conn.stash.take() {
                None => {
                    conn.state.since = self.now;
                    if self.request_bytes(to, bytes, 0) {
                        self.keep(to, Box::new(bytes.to_vec()));
                    }
                }
                Some(mut stash) => {
                    let seen = stash.len();
                    stash.extend_from_slice(bytes);
                    if self.request_bytes(to, &stash, seen) {
                        self.keep(to, stash);
                    }
                }
            },
            Input::Keep => {
                if conn.keep(bytes) > EARLY_BYTES_MAX {
                    self.destroy(to);
                }
            }
            Input::Frames => self.frames(to, bytes),
            Input::Ignore => {}
        }
    }

    /// Goes on with bytes that came while another request was being answered.
    pub(super) fn stashed(&mut self, to: ConnectionKey) {
        if self.pauses.is_paused(to) {
            if let Some(conn) = self.conns.get_mut(to) {
                // The connection stays in line until its pause is over.
                conn.state.queued = true;
            }
            return;
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        if let Some(stash) = conn.stash.take() {
            conn.state.since = self.now;
            if self.request_bytes(to, &stash, 0) {
                self.keep(to, stash);
            }
        }
    }

    /// Keeps the bytes of an incomplete request.
    #[expect(clippy::box_collection, reason = "as the connection keeps it")]
    fn keep(&mut self, to: ConnectionKey, bytes: Box<Vec<u8>>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.state.half_closed {
            return self.destroy(to);
        }
        conn.stash = Some(bytes);
        self.schedule(to);
    }

    /// Takes all bytes of a request so far, of which `seen` were looked at before. Returns whether to keep them for the
    /// rest.
    fn request_bytes(&mut self, to: ConnectionKey, bytes: &[u8], seen: usize) -> bool {
        if self.polls_again(to, bytes) {
            return false;
        }
        let Some(conn) = self.conns.get_mut(to) else { return false };
        let first = classify(bytes, seen, conn.peer(), &self.shared.sends);
        if self.shared.hosts.is_some() && self.moves_to_other_site(to, &first, bytes) {
            return false;
        }
        let Some(conn) = self.conns.get_mut(to) else { return false };
        match first {
            RequestKind::Partial => return true,
            RequestKind::Other => self.hand_off(to, bytes.to_vec()),
            RequestKind::Send(length, mut request) => {
                request.tls = conn.sealed.is_some();
                conn.state.served = true;
                conn.keep(&bytes[length..]);
                self.send(to, &request);
            }
            RequestKind::Feed(length, request) => {
                conn.state.served = true;
                conn.keep(length.map_or(&[], |n| &bytes[n..]));
                match request {
                    Ok(mut request) => {
                        request.tls = conn.sealed.is_some();
                        let repeats =
                            request.transport.is_poll() && !request.credentials.is_used_up();
                        let head = length.filter(|_| repeats).map(|n| &bytes[..n]);
                        conn.repeat = head.and_then(|head| Repeat::of(head, request.cursor));
                        self.asked(to, request.into(), None);
                    }
                    Err(refusal) => {
                        conn.state.keep_alive = length.is_some() && !conn.is_last();
                        self.refuse(to, &refusal);
                    }
                }
            }
        }
        false
    }

    /// Hands a connection to the HTTP server.
    fn hand_off(&mut self, to: ConnectionKey, already_read: Vec<u8>) {
        let Some(conn) = self.release(to) else { return };
        self.stats.handed_off += 1;
        let peer = conn.peer();
        self.shared.handoff.http(TcpStream::from(conn.fd), conn.sealed, already_read, peer);
    }
}
