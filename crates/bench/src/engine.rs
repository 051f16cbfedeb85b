//! The connections of the generator: it opens, reads, frames and publishes over one epoll.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::Result;
use memchr::memmem;

use crate::http::{self, Piece};
use crate::payload::{Payload, Scanner};
use crate::sys::{self, Epoll, Events};
use crate::target::{Role, Session, Step, Target, Transport};
use crate::ws;

pub type Id = usize;

/// Receives the events of the connections.
pub trait Observer {
    fn ready(&mut self, _id: Id) {}
    fn delivered(&mut self, _id: Id, _payload: Payload, _now_ns: u64) {}
    fn confirmed(&mut self, _id: Id, _count: u32, _now_ns: u64) {}
    /// The connection is gone, with all that was outstanding on it.
    fn closed(&mut self, _id: Id, _why: &str) {}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Connecting,
    Http,
    Ws,
}

struct Conn {
    fd: Option<OwnedFd>,
    phase: Phase,
    ready: bool,
    session: Session,
    http: http::Reader,
    /// Bytes read of an unfinished unit.
    held: Vec<u8>,
    /// An unfinished decoded body: a long-poll answer, a cut event.
    body: Vec<u8>,
    /// Bytes that wait for the socket.
    out: Vec<u8>,
    /// Whether the socket is watched for room to write.
    blocked: bool,
}

/// The 20,000 connections of one source address stay within its 28,232 ports.
const PER_SOURCE: usize = 20_000;

pub struct Engine<'t> {
    target: &'t dyn Target,
    scanner: Scanner,
    epoll: Epoll,
    conns: Vec<Conn>,
    scratch: Vec<u8>,
    queue: VecDeque<(u64, Id)>,
    opening: usize,
    /// The greatest number of connections between connect and ready.
    pub burst: usize,
    /// The third byte of the source addresses, so that several generators differ.
    pub source_net: u8,
}

impl<'t> Engine<'t> {
    pub fn new(target: &'t dyn Target, payload_size: usize) -> Result<Self> {
        Ok(Engine {
            target,
            scanner: Scanner::new(payload_size),
            epoll: Epoll::new()?,
            conns: Vec::new(),
            scratch: vec![0; 256 * 1024],
            queue: VecDeque::new(),
            opening: 0,
            burst: 256,
            source_net: 1,
        })
    }

    pub fn target(&self) -> &'t dyn Target {
        self.target
    }

    /// Adds a connection; it opens when [`open`](Self::open) is called.
    pub fn add(&mut self, role: Role, transport: Transport, channel: &str, outlet: &str) -> Id {
        let id = self.conns.len();
        self.conns.push(Conn {
            fd: None,
            phase: Phase::Closed,
            ready: false,
            session: Session {
                role,
                transport,
                client: id as u32,
                channel: channel.to_owned(),
                outlet: outlet.to_owned(),
                cursor: String::new(),
                token: String::new(),
                counter: 0,
            },
            http: http::Reader::default(),
            held: Vec::new(),
            body: Vec::new(),
            out: Vec::new(),
            blocked: false,
        });
        id
    }

    /// Queues a connection for opening, not before `at_ns`.
    pub fn open(&mut self, id: Id, at_ns: u64) {
        self.queue.push_back((at_ns, id));
    }

    pub fn role(&self, id: Id) -> Role {
        self.conns[id].session.role
    }

    pub fn is_ready(&self, id: Id) -> bool {
        self.conns[id].ready
    }

    /// Publishes over a connection. Returns false if the connection is not ready.
    pub fn publish(&mut self, id: Id, payload: &str, obs: &mut impl Observer) -> bool {
        if !self.conns[id].ready {
            return false;
        }
        let conn = &mut self.conns[id];
        let mut out = std::mem::take(&mut conn.out);
        self.target.publish(&mut conn.session, payload, &mut out);
        conn.out = out;
        self.flush(id, obs);
        true
    }

    /// Opens queued connections, waits at most `timeout_ms` for events and handles them.
    pub fn poll(
        &mut self,
        events: &mut Events,
        timeout_ms: i32,
        obs: &mut impl Observer,
    ) -> Result<()> {
        self.open_queued(obs);
        self.epoll.wait(events, timeout_ms)?;
        for i in 0..events.len() {
            let ready = events.get(i);
            let id = ready.token as Id;
            if self.conns[id].phase == Phase::Connecting {
                self.connected(id, ready.events, obs);
                continue;
            }
            if ready.events & sys::OUT != 0 {
                self.flush(id, obs);
            }
            if ready.events & (sys::IN | sys::RDHUP | sys::FAILED) != 0 {
                self.readable(id, obs);
            }
        }
        Ok(())
    }

    /// Closes all connections with RST, so that the next run starts clean.
    pub fn reset_all(&mut self) {
        for conn in &mut self.conns {
            if let Some(fd) = conn.fd.take() {
                sys::reset_on_close(&fd);
            }
        }
    }

    fn open_queued(&mut self, obs: &mut impl Observer) {
        let now = sys::now_ns();
        for _ in 0..self.queue.len() {
            if self.opening >= self.burst {
                break;
            }
            match self.queue.pop_front() {
                Some((at, id)) if at <= now => self.start(id, obs),
                Some(later) => self.queue.push_back(later),
                None => break,
            }
        }
    }

    fn start(&mut self, id: Id, obs: &mut impl Observer) {
        let src = Ipv4Addr::new(127, 0, self.source_net, 1 + (id / PER_SOURCE) as u8);
        let dst = self.target.address(self.conns[id].session.role);
        let opened = sys::connect(src, dst)
            .and_then(|fd| self.epoll.add(fd.as_raw_fd(), id as u64, sys::OUT).map(|()| fd));
        let conn = &mut self.conns[id];
        conn.held.clear();
        conn.body.clear();
        conn.out.clear();
        conn.blocked = false;
        conn.http.reset();
        conn.session.token.clear();
        conn.session.counter = 0;
        match opened {
            Ok(fd) => {
                conn.fd = Some(fd);
                conn.phase = Phase::Connecting;
                self.opening += 1;
            }
            Err(e) => obs.closed(id, &e.to_string()),
        }
    }

    fn connected(&mut self, id: Id, events: u32, obs: &mut impl Observer) {
        if events & sys::FAILED != 0 {
            return self.close(id, "connection refused", obs);
        }
        let over_ws = self.target.publishes_over_ws();
        let conn = &mut self.conns[id];
        conn.phase = Phase::Http;
        if let Some(fd) = &conn.fd {
            // Cannot fail: the descriptor is open and registered.
            let _ = self.epoll.change(fd.as_raw_fd(), id as u64, sys::IN);
        }
        if conn.session.role == Role::Publisher && !over_ws {
            return self.made_ready(id, obs);
        }
        self.send_request(id, obs);
        if self.conns[id].session.transport == Transport::Longpoll {
            self.made_ready(id, obs);
        }
    }

    fn send_request(&mut self, id: Id, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        self.target.request(&conn.session, &mut conn.out);
        self.flush(id, obs);
    }

    fn made_ready(&mut self, id: Id, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        if !conn.ready && conn.phase != Phase::Closed {
            conn.ready = true;
            self.opening -= 1;
            obs.ready(id);
        }
    }

    fn close(&mut self, id: Id, why: &str, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        if conn.phase == Phase::Closed {
            return;
        }
        if !conn.ready {
            self.opening -= 1;
        }
        conn.ready = false;
        conn.phase = Phase::Closed;
        conn.fd = None;
        obs.closed(id, why);
    }

    fn flush(&mut self, id: Id, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        let Some(fd) = conn.fd.as_ref().map(AsRawFd::as_raw_fd) else { return };
        if conn.out.is_empty() {
            return;
        }
        match sys::write(fd, &conn.out) {
            Ok(n) if n == conn.out.len() => conn.out.clear(),
            Ok(n) => drop(conn.out.drain(..n)),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => return self.close(id, &e.to_string(), obs),
        }
        if conn.blocked == conn.out.is_empty() {
            conn.blocked = !conn.blocked;
            let events = if conn.blocked { sys::IN | sys::OUT } else { sys::IN };
            // Cannot fail: the descriptor is open and registered.
            let _ = self.epoll.change(fd, id as u64, events);
        }
    }

    fn readable(&mut self, id: Id, obs: &mut impl Observer) {
        let Some(fd) = self.conns[id].fd.as_ref().map(AsRawFd::as_raw_fd) else { return };
        let mut scratch = std::mem::take(&mut self.scratch);
        // Held bytes are put in front of the new ones.
        let held = self.conns[id].held.len();
        if held + 64 * 1024 > scratch.len() {
            scratch.resize(held + 64 * 1024, 0);
        }
        scratch[..held].copy_from_slice(&self.conns[id].held);
        self.conns[id].held.clear();
        match sys::read(fd, &mut scratch[held..]) {
            Ok(0) => self.close(id, "closed by the server", obs),
            Ok(n) => {
                let now = sys::now_ns();
                let data = &scratch[..held + n];
                match self.consume(id, data, now, obs) {
                    Ok(used) => self.conns[id].held.extend_from_slice(&data[used..]),
                    Err(e) => self.close(id, &e.to_string(), obs),
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                self.conns[id].held.extend_from_slice(&scratch[..held]);
            }
            Err(e) => self.close(id, &e.to_string(), obs),
        }
        self.scratch = scratch;
    }

    /// Handles all whole units in `data`. Returns the number of bytes that are done.
    fn consume(&mut self, id: Id, data: &[u8], now: u64, obs: &mut impl Observer) -> Result<usize> {
        let mut at = 0;
        loop {
            match self.conns[id].phase {
                Phase::Closed | Phase::Connecting => return Ok(data.len()),
                Phase::Ws => match ws::read(&data[at..]) {
                    None => return Ok(at),
                    Some((used, frame)) => {
                        at += used;
                        self.frame(id, frame, now, obs);
                    }
                },
                Phase::Http => {
                    let (used, piece) = self.conns[id].http.step(&data[at..])?;
                    at += used;
                    match piece {
                        Piece::More => return Ok(at),
                        Piece::Head => self.head(id, obs),
                        Piece::Body(bytes) => self.body(id, bytes, now, obs),
                        Piece::End => self.end(id, now, obs),
                    }
                }
            }
        }
    }

    fn head(&mut self, id: Id, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        let status = conn.http.status;
        let streams = conn.session.role == Role::Subscriber
            && matches!(conn.session.transport, Transport::Sse | Transport::Stream);
        if status == 101 {
            conn.phase = Phase::Ws;
            let step = self.target.ws_opened(&mut conn.session, &mut conn.out);
            self.flush(id, obs);
            self.take_step(id, step, 0, obs);
        } else if streams && status == 200 {
            self.made_ready(id, obs);
        } else if streams || !matches!(status, 200..300 | 304 | 408) {
            self.close(id, &format!("status {status}"), obs);
        }
    }

    fn body(&mut self, id: Id, bytes: &[u8], now: u64, obs: &mut impl Observer) {
        let Engine { conns, target, scanner, .. } = self;
        let conn = &mut conns[id];
        let streams = conn.session.role == Role::Subscriber;
        match conn.session.transport {
            Transport::Stream if streams && target.reads_lines() => {
                let session = &mut conn.session;
                with_carry(&mut conn.body, bytes, |data| {
                    each(data, b"\n", |line| {
                        scanner.scan(line, |p| obs.delivered(id, p, now));
                        target.line(session, line);
                    })
                });
            }
            Transport::Stream if streams => {
                with_carry(&mut conn.body, bytes, |data| {
                    scanner.scan(data, |p| obs.delivered(id, p, now))
                });
            }
            Transport::Sse if streams => {
                let session = &mut conn.session;
                with_carry(&mut conn.body, bytes, |data| {
                    each(data, b"\n\n", |event| {
                        scanner.scan(event, |p| obs.delivered(id, p, now));
                        target.event(session, event);
                    })
                });
            }
            _ => conn.body.extend_from_slice(bytes),
        }
    }

    fn end(&mut self, id: Id, now: u64, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        let body = std::mem::take(&mut conn.body);
        let last = conn.http.closes();
        if conn.session.role == Role::Publisher {
            obs.confirmed(id, 1, now);
        } else if conn.session.transport == Transport::Longpoll {
            self.target.polled(&mut conn.session, &conn.http, &body);
            self.scanner.scan(&body, |p| obs.delivered(id, p, now));
            if !last {
                self.send_request(id, obs);
            }
        } else {
            return self.close(id, "the stream ended", obs);
        }
        if last {
            self.close(id, "the server closes", obs);
        }
        let conn = &mut self.conns[id];
        conn.body = body;
        conn.body.clear();
    }

    fn frame(&mut self, id: Id, frame: ws::Frame, now: u64, obs: &mut impl Observer) {
        let conn = &mut self.conns[id];
        match frame.opcode {
            ws::PING => {
                ws::write(ws::PONG, frame.payload, &mut conn.out);
                self.flush(id, obs);
            }
            ws::CLOSE => self.close(id, "WebSocket close", obs),
            ws::PONG => {}
            _ if !frame.fin || frame.opcode == 0 => {
                self.close(id, "fragmented message (not supported)", obs);
            }
            _ => {
                self.scanner.scan(frame.payload, |p| obs.delivered(id, p, now));
                let step = self.target.ws_message(&mut conn.session, frame.payload, &mut conn.out);
                self.flush(id, obs);
                self.take_step(id, step, now, obs);
            }
        }
    }

    fn take_step(&mut self, id: Id, step: Step, now: u64, obs: &mut impl Observer) {
        match step {
            Step::Nothing => {}
            Step::Ready => self.made_ready(id, obs),
            Step::Confirmed(n) => obs.confirmed(id, n, now),
            Step::Failed(why) => self.close(id, &why, obs),
        }
    }
}

/// Shows `take` the new bytes behind those that it left last time. `take` returns the number of bytes that are done.
fn with_carry(carry: &mut Vec<u8>, bytes: &[u8], mut take: impl FnMut(&[u8]) -> usize) {
    if carry.is_empty() {
        let used = take(bytes);
        carry.extend_from_slice(&bytes[used..]);
    } else {
        carry.extend_from_slice(bytes);
        let used = take(carry);
        carry.drain(..used);
    }
}

/// Calls `found` for each whole unit (an SSE event, a line). Returns the number of bytes that are done.
fn each(data: &[u8], separator: &[u8], mut found: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    while let Some(end) = memmem::find(&data[at..], separator) {
        found(&data[at..at + end]);
        at += end + separator.len();
    }
    at
}
