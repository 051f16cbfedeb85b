//! The smallest push server: the floor for CPU per delivery and memory per connection. It answers one request with a
//! fixed head and then writes the same bytes to every subscriber of a channel, one write(2) each.
//!
//! `GET /{ws|sse|stream|longpoll}/{channel}?{cursor}`, `POST /pub/{channel}`. It trusts its clients: a request comes in
//! one read, and a socket is never full.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use anyhow::{Context, Result};
use encke_bench::ring::Ring;
use encke_bench::sys::{self, Epoll, Events};
use encke_bench::ws;

const KEPT: usize = 64;
const LISTENER: u64 = u64::MAX;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ws,
    Sse,
    Stream,
    Longpoll,
}

struct Conn {
    /// The socket. It is closed when the connection is dropped.
    _fd: OwnedFd,
    /// The channel of a subscriber, its place in the channel's list, and its transport.
    place: Option<(u32, u32, Kind)>,
}

#[derive(Default)]
struct Channel {
    subscribers: Vec<(RawFd, Kind)>,
    /// The number of the newest message. The last few messages are kept for long polls.
    seq: u64,
    kept: VecDeque<Vec<u8>>,
}

struct Server {
    epoll: Epoll,
    conns: Vec<Option<Conn>>,
    names: HashMap<Vec<u8>, u32>,
    channels: Vec<Channel>,
    ring: Option<Ring>,
}

const WS_HEAD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: ";
const SSE_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n";
const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn framed(kind: Kind, message: &[u8], seq: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 128);
    match kind {
        Kind::Ws => ws::write_unmasked(ws::TEXT, message, &mut out),
        Kind::Sse => {
            out.extend_from_slice(format!("id: {seq}\ndata: ").as_bytes());
            out.extend_from_slice(message);
            out.extend_from_slice(b"\n\n");
        }
        Kind::Stream => {
            out.extend_from_slice(b"<script>p('");
            out.extend_from_slice(message);
            out.extend_from_slice(b"')</script>\n");
        }
        Kind::Longpoll => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Cursor: {seq}\r\n\
                 Content-Length: {}\r\n\r\n",
                message.len()
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(message);
        }
    }
    out
}

impl Server {
    fn accept(&mut self, listener: &OwnedFd) -> Result<()> {
        while let Ok(fd) = sys::accept(listener) {
            let raw = fd.as_raw_fd();
            self.epoll.add(raw, raw as u64, sys::IN)?;
            let slot = raw as usize;
            if self.conns.len() <= slot {
                self.conns.resize_with(slot + 1, || None);
            }
            self.conns[slot] = Some(Conn { _fd: fd, place: None });
        }
        Ok(())
    }

    fn channel(&mut self, name: &[u8]) -> u32 {
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        let new = self.channels.len() as u32;
        self.channels.push(Channel::default());
        self.names.insert(name.to_vec(), new);
        new
    }

    fn leave(&mut self, fd: RawFd) {
        let Some(conn) = &mut self.conns[fd as usize] else { return };
        let Some((channel, place, _)) = conn.place.take() else { return };
        let list = &mut self.channels[channel as usize].subscribers;
        list.swap_remove(place as usize);
        if let Some(&(moved, _)) = list.get(place as usize)
            && let Some(Conn { place: Some(at), .. }) = &mut self.conns[moved as usize]
        {
            at.1 = place;
        }
    }

    fn join(&mut self, fd: RawFd, channel: u32, kind: Kind) {
        let list = &mut self.channels[channel as usize].subscribers;
        list.push((fd, kind));
        let place = list.len() as u32 - 1;
        if let Some(conn) = &mut self.conns[fd as usize] {
            conn.place = Some((channel, place, kind));
        }
    }

    fn publish(&mut self, channel: u32, message: &[u8]) {
        let at = &mut self.channels[channel as usize];
        at.seq += 1;
        if at.kept.len() == KEPT {
            at.kept.pop_front();
        }
        at.kept.push_back(message.to_vec());
        let kinds = [Kind::Ws, Kind::Sse, Kind::Stream, Kind::Longpoll];
        let forms = kinds.map(|kind| framed(kind, message, at.seq));
        let mut polled = Vec::new();
        if let Some(ring) = &mut self.ring {
            let piece = |&(fd, kind): &(RawFd, Kind)| (fd, &forms[kind as usize][..]);
            let pieces: Vec<(RawFd, &[u8])> = at.subscribers.iter().map(piece).collect();
            ring.send(&pieces).expect("the ring works");
        }
        for &(fd, kind) in &at.subscribers {
            if self.ring.is_none() {
                // A message to a full socket is lost. The generator would notice.
                let _ = sys::write(fd, &forms[kind as usize]);
            }
            if kind == Kind::Longpoll {
                polled.push(fd);
            }
        }
        if polled.len() == at.subscribers.len() {
            at.subscribers.clear();
            for fd in polled {
                if let Some(conn) = &mut self.conns[fd as usize] {
                    conn.place = None;
                }
            }
        } else {
            polled.into_iter().for_each(|fd| self.leave(fd));
        }
    }

    fn poll(&mut self, fd: RawFd, channel: u32, cursor: Option<u64>) {
        let at = &self.channels[channel as usize];
        match cursor {
            Some(seen) if seen < at.seq => {
                let newer =
                    at.kept.iter().skip(at.kept.len().saturating_sub((at.seq - seen) as usize));
                let body: Vec<u8> = newer.flatten().copied().collect();
                let _ = sys::write(fd, &framed(Kind::Longpoll, &body, at.seq));
            }
            _ => self.join(fd, channel, Kind::Longpoll),
        }
    }

    fn request(&mut self, fd: RawFd, data: &[u8]) {
        let path = data.split(|&b| b == b' ').nth(1).unwrap_or(b"");
        let mut parts = path.split(|&b| b == b'/' || b == b'?').skip(1);
        let kind = parts.next().unwrap_or(b"");
        let channel = self.channel(parts.next().unwrap_or(b""));
        match kind {
            b"pub" => {
                let body = memchr::memmem::find(data, b"\r\n\r\n").map_or(data.len(), |i| i + 4);
                self.publish(channel, &data[body..]);
                let _ = sys::write(fd, OK);
            }
            b"longpoll" => {
                let cursor = parts.next().and_then(|c| std::str::from_utf8(c).ok()?.parse().ok());
                self.poll(fd, channel, cursor);
            }
            _ => {
                let (kind, head) = match kind {
                    b"ws" => (Kind::Ws, format!("{WS_HEAD}{}\r\n\r\n", ws::ACCEPT)),
                    b"sse" => (Kind::Sse, SSE_HEAD.to_owned()),
                    _ => (Kind::Stream, STREAM_HEAD.to_owned()),
                };
                let _ = sys::write(fd, head.as_bytes());
                self.join(fd, channel, kind);
            }
        }
    }

    fn readable(&mut self, fd: RawFd, scratch: &mut [u8]) {
        match sys::read(fd, scratch) {
            Ok(n) if n > 0 => {
                let subscribed =
                    self.conns[fd as usize].as_ref().is_some_and(|c| c.place.is_some());
                // Later bytes of a subscriber (pongs) do not matter.
                if !subscribed {
                    self.request(fd, &scratch[..n]);
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => {
                self.leave(fd);
                self.conns[fd as usize] = None;
            }
        }
    }
}

/// `rawpush ADDRESS [PROCESSES [BATCH]]`. Several processes serve idle connections only, because a publish reaches just
/// the subscribers of its own process. With BATCH it sends by io_uring: this many deliveries with one system call.
fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let addr: SocketAddrV4 = args.next().context("address?")?.parse()?;
    let processes: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    let batch: Option<u32> = args.next().map(|n| n.parse()).transpose()?;
    sys::raise_nofile(200_000);
    for _ in 1..processes {
        if sys::fork()? {
            sys::die_with_parent();
            break;
        }
    }
    let listener = sys::listen(addr)?;
    let mut server = Server {
        epoll: Epoll::new()?,
        conns: Vec::new(),
        names: HashMap::new(),
        channels: Vec::new(),
        ring: batch.map(Ring::new).transpose()?,
    };
    server.epoll.add(listener.as_raw_fd(), LISTENER, sys::IN)?;
    let mut events = Events::with_capacity(1024);
    let mut scratch = vec![0; 64 * 1024];
    loop {
        server.epoll.wait(&mut events, -1)?;
        for i in 0..events.len() {
            match events.get(i).token {
                LISTENER => server.accept(&listener)?,
                fd => server.readable(fd as RawFd, &mut scratch),
            }
        }
    }
}
