//! What clients send: requests, and WebSocket frames.

use std::net::TcpStream;

use encke_engine::limits;
use rustix::io::Errno;

use super::{SCRATCH_BYTES, Shard};
use crate::conn::Phase;
use crate::gate::To;
use crate::request::{First, Repeat, Transport, look};

/// Bytes that may come before the answer to what came before them: one request.
const EARLY_BYTES_MAX: usize = limits::HEAD_BYTES_MAX + limits::BODY_BYTES_MAX;
/// Full buffers read from one connection in a turn.
const READS_MAX: usize = 4;

impl Shard {
    /// Reads what is there; `hung_up` if the end, or an error, is to be found behind it.
    pub(super) fn read(&mut self, to: To, hung_up: bool) {
        let mut scratch = std::mem::take(&mut self.scratch);
        // Empty at the start, and after a panic that lost it.
        scratch.resize(SCRATCH_BYTES, 0);
        self.read_into(to, hung_up, &mut scratch);
        self.scratch = scratch;
    }

    fn read_into(&mut self, to: To, hung_up: bool, scratch: &mut [u8]) {
        for _ in 0..READS_MAX {
            let Some(conn) = self.conns.get_mut(to) else { return };
            match rustix::io::read(&conn.fd, &mut *scratch) {
                Ok(0) => return self.destroy(to),
                Ok(n) => {
                    conn.heard = self.now;
                    match conn.sealed.is_some() {
                        false => self.input(to, &mut scratch[..n]),
                        true => self.unseal(to, &mut scratch[..n]),
                    }
                    // A short read has emptied the socket; what comes later is another edge.
                    if n < scratch.len() && !hung_up {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return self.destroy(to),
            }
        }
        if let Some(conn) = self.conns.get_mut(to) {
            conn.readable = true;
            self.enqueue(to);
        }
    }

    /// Takes bytes that came under TLS.
    fn unseal(&mut self, to: To, bytes: &mut [u8]) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(sealed) = &mut conn.sealed else { return };
        let mut plain = std::mem::take(&mut self.plain);
        let opened = sealed.open(bytes, &mut plain);
        if !plain.is_empty() {
            self.input(to, &mut plain);
            plain.clear();
        }
        self.plain = plain;
        if opened != Ok(false) {
            self.destroy(to);
        }
    }

    fn input(&mut self, to: To, bytes: &mut [u8]) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        match (conn.phase, conn.transport) {
            (Phase::Request, _) if conn.out.is_none() => match conn.stash.take() {
                None => {
                    conn.since = self.now;
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
            (
                Phase::Request | Phase::Admitting | Phase::Sending | Phase::Poll | Phase::Foreign,
                _,
            ) => {
                // The next request, early.
                if conn.keep(bytes) > EARLY_BYTES_MAX {
                    self.destroy(to);
                }
            }
            (Phase::Stream, Transport::WebSocket) => self.frames(to, bytes),
            (Phase::Stream | Phase::Closing | Phase::Lingering, _) => {}
        }
    }

    /// Goes on with bytes that came while another request was being answered.
    pub(super) fn stashed(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if let Some(stash) = conn.stash.take() {
            conn.since = self.now;
            if self.request_bytes(to, &stash, 0) {
                self.keep(to, stash);
            }
        }
    }

    /// Keeps what there is of a request until the rest comes.
    #[expect(clippy::box_collection, reason = "as the connection keeps it")]
    fn keep(&mut self, to: To, bytes: Box<Vec<u8>>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.stash = Some(bytes);
        self.schedule(to);
    }

    /// All bytes of a request so far; `seen` were looked at before. Returns whether to keep them for the rest.
    fn request_bytes(&mut self, to: To, bytes: &[u8], seen: usize) -> bool {
        if self.polls_again(to, bytes) {
            return false;
        }
        let Some(conn) = self.conns.get_mut(to) else { return false };
        let first = look(bytes, seen, conn.peer());
        if self.shared.hosts.is_some() && self.goes_elsewhere(to, &first, bytes) {
            return false;
        }
        let Some(conn) = self.conns.get_mut(to) else { return false };
        match first {
            First::Partial => return true,
            First::Other => self.hand_off(to, bytes.to_vec()),
            First::Send(length, mut request) => {
                request.tls = conn.sealed.is_some();
                conn.served = true;
                conn.keep(&bytes[length..]);
                self.send(to, &request);
            }
            First::Feed(length, request) => {
                conn.served = true;
                conn.keep(length.map_or(&[], |n| &bytes[n..]));
                match request {
                    Ok(mut request) => {
                        request.tls = conn.sealed.is_some();
                        let repeats =
                            request.transport.is_poll() && !request.credentials.is_used_up();
                        let head = length.filter(|_| repeats).map(|n| &bytes[..n]);
                        conn.repeat = head.and_then(|head| Repeat::of(head, request.cursor));
                        self.asked(to, *request);
                    }
                    Err(refusal) => {
                        conn.keep_alive = length.is_some();
                        self.refuse(to, &refusal);
                    }
                }
            }
        }
        false
    }

    /// Gives a connection to the HTTP server.
    fn hand_off(&mut self, to: To, already_read: Vec<u8>) {
        let Some(conn) = self.release(to) else { return };
        self.stats.handed_off += 1;
        let peer = conn.peer();
        self.shared.handoff.http(TcpStream::from(conn.fd), conn.sealed, already_read, peer);
    }
}
