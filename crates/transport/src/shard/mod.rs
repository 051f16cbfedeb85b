//! One shard: a thread with an epoll, a hub and its connections.
//!
//! Each turn of the loop handles, in this order: messages of other threads, connections that wait for another turn,
//! connections whose time has come, sockets. All work for a connection runs under [`Shard::guarded`], so a panic ends
//! that connection only.

mod accept;
mod admit;
mod batched_sends;
mod catch_up;
mod command;
mod crowd;
mod deliver;
mod end;
mod input;
mod other_site;
mod pause;
mod poll;
mod send;
mod time;
mod wait;

pub(crate) use accept::answer_and_close;
use pause::Pauses;
pub(crate) use wait::turn_away;

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use encke_engine::connection::{GoOn, Timing, Written};
use encke_engine::hub::{Hub, State};
use encke_engine::tail::Tail;
use encke_engine::{Epoch, LineLimit, Position};
use rustc_hash::FxHashMap;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{EventData, EventFlags};
use rustix::event::{Timespec, epoll};

use crate::conn::Conns;
use crate::gate::ConnectionKey;
use crate::inbox::{Inbox, Message};
use crate::out;
use crate::poll::LastAnswer;
use crate::ring::Ring;
use crate::shards::{Seed, ShardsCommon};
use crate::stats::{Counters, Stats};
use crate::wait::OpenWait;
use crate::wheel::Wheel;

/// The number of sockets handled in one turn.
const SOCKETS_PER_TURN_MAX: usize = 1024;
/// The number of bytes read from a socket in one call.
const SCRATCH_BYTES: usize = 64 * 1024;

/// Tokens of other things than connections. Those of listeners count down from here.
const WAKE: u64 = u64::MAX;
const LISTENER: u64 = u64::MAX - 1;
const LISTENERS_MAX: u64 = 1024;

/// A shard, owned by its thread.
pub struct Shard {
    number: usize,
    shared: Arc<ShardsCommon>,
    inbox: Arc<Inbox>,
    counters: Arc<Counters>,
    epoll: OwnedFd,
    listeners: Arc<[TcpListener]>,
    /// The tick at which to listen again, after the process ran out of files.
    listen_at: Option<u32>,
    hub: Hub,
    epoch: Epoch,
    conns: Conns,
    /// The waits of other protocols, by the place of their connection.
    waits: FxHashMap<u32, Box<OpenWait>>,
    connections_max: usize,
    /// Until this tick the shard asks no connection to give up its place, because few could do so.
    crowded_until: u32,
    /// Counts the log lines about connections that found no place.
    turned_away: LineLimit,
    /// Counts the log lines about connections that could not be accepted.
    not_accepted: LineLimit,
    wheel: Wheel,
    timing: Timing,
    started: Instant,
    /// The current tick.
    now: u32,
    /// The buffer for reading and unmasking. It is empty only while it is lent out.
    scratch: Vec<u8>,
    /// The buffer for bytes that were under TLS. It is empty except during a read.
    plain: Vec<u8>,
    /// The connections that wait for another turn.
    queue: VecDeque<ConnectionKey>,
    answer: LastAnswer,
    ring: Option<Ring>,
    /// The batch of sends that go to the kernel together; see `batched_sends`.
    sends: Vec<(ConnectionKey, Bytes)>,
    stats: Stats,
    /// The time by which the shard ends, once the server goes down.
    deadline: Option<Instant>,
    /// The connections whose reading pauses for a moment.
    pauses: Pauses,
}

fn token(to: ConnectionKey) -> EventData {
    EventData::new_u64(u64::from(to.generation & 0x7FFF_FFFF) << 32 | u64::from(to.index))
}

impl Shard {
    pub fn new(
        number: usize,
        shared: Arc<ShardsCommon>,
        listeners: Arc<[TcpListener]>,
        seed: &Seed,
        connections_max: usize,
        timing: Timing,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let inbox = shared.inboxes[number].clone();
        let edges = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, inbox.wake_fd(), EventData::new_u64(WAKE), edges)?;
        let floor = Position(seed.head.0 - seed.tail.len() as u64);
        let mut tail = Tail::new(floor);
        seed.tail.iter().for_each(|entry| tail.push(entry.clone()));
        let shard = Shard {
            number,
            inbox,
            counters: shared.counters[number].clone(),
            shared,
            epoll,
            listeners,
            listen_at: None,
            hub: Hub::new(seed.epoch, seed.trimmed, tail),
            epoch: seed.epoch,
            conns: Conns::default(),
            waits: FxHashMap::default(),
            connections_max,
            crowded_until: 0,
            turned_away: LineLimit::default(),
            not_accepted: LineLimit::default(),
            wheel: Wheel::new(),
            timing,
            started: Instant::now(),
            now: 0,
            scratch: Vec::new(),
            plain: Vec::new(),
            queue: VecDeque::new(),
            answer: LastAnswer::default(),
            ring: None,
            sends: Vec::new(),
            stats: Stats::default(),
            deadline: None,
            pauses: Pauses::default(),
        };
        shard.listen()?;
        Ok(shard)
    }

    /// Runs until the shard has drained. After a panic outside of any connection nothing in memory can be trusted. Then
    /// the process ends, and all clients come back with their cursors.
    pub fn run(mut self) {
        // The ring belongs to the thread that makes it.
        self.ring = Ring::new();
        if catch_unwind(AssertUnwindSafe(|| self.turns())).is_err() {
            tracing::error!("a shard failed; the process ends");
            std::process::abort();
        }
        // Connections that are still open end now.
        self.shared.files.give(self.conns.iter().map(|(_, conn)| conn.files()).sum());
    }

    fn turns(&mut self) {
        let mut events: Vec<epoll::Event> = Vec::with_capacity(SOCKETS_PER_TURN_MAX);
        let mut messages = Vec::new();
        loop {
            self.inbox.take(&mut messages);
            for message in messages.drain(..) {
                self.message(message);
            }
            self.send_together();
            for _ in 0..self.queue.len() {
                if let Some(to) = self.queue.pop_front() {
                    self.guarded(to, |shard| shard.turn(to));
                }
            }
            self.tick();
            self.hub.settle();
            self.counters.publish(&mut self.stats);
            if self.is_finished() {
                return;
            }
            let timeout = self.timeout();
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("epoll: {error}"),
            }
            let ticks = self.started.elapsed().as_millis() as u64 / self.timing.tick_ms;
            self.now = u32::try_from(ticks).expect("a tick count for decades");
            for event in &events {
                self.event(event.data.u64(), event.flags);
            }
        }
    }

    /// The time for which epoll may wait.
    fn timeout(&self) -> Option<Timespec> {
        let wait = if !self.queue.is_empty() || !self.inbox.may_sleep() {
            Duration::ZERO
        } else if self.conns.len() == 0 && self.listen_at.is_none() && self.deadline.is_none() {
            return None;
        } else {
            let next = u64::from(self.now + 1) * self.timing.tick_ms;
            // The turn comes a little late, because a turn that comes early has nothing to do.
            Duration::from_millis(next + 1).saturating_sub(self.started.elapsed())
        };
        Timespec::try_from(wait).ok()
    }

    /// Milliseconds since the start, as coarse as ticks are.
    fn now_ms(&self) -> u64 {
        u64::from(self.now) * self.timing.tick_ms
    }

    fn is_finished(&self) -> bool {
        let over = |at: Instant| self.conns.len() == 0 || Instant::now() >= at;
        self.deadline.is_some_and(over)
    }

    fn event(&mut self, token: u64, flags: EventFlags) {
        if token == WAKE {
            return;
        }
        if token > LISTENER - LISTENERS_MAX {
            self.accept((LISTENER - token) as usize);
            return;
        }
        let index = token as u32;
        let generation = (token >> 32) as u32;
        let Some((to, _)) = self.conns.at(index) else { return };
        if to.generation & 0x7FFF_FFFF == generation {
            self.guarded(to, |shard| shard.socket(to, flags));
        }
    }

    /// Runs the work for one connection. If it panics, that connection ends and no other.
    fn guarded(&mut self, to: ConnectionKey, run: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| run(self))).is_ok() {
            return;
        }
        let _here = tracing::error_span!("connection", number = to.index).entered();
        tracing::error!("handling a connection panicked; it is closed");
        self.stats.panics += 1;
        if catch_unwind(AssertUnwindSafe(|| self.destroy(to))).is_err() {
            tracing::error!("closing it panicked too");
        }
    }

    fn socket(&mut self, to: ConnectionKey, flags: EventFlags) {
        if flags.contains(EventFlags::OUT) {
            self.flush(to);
        }
        if flags.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
        {
            self.read(to, flags);
        }
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Batch(batch, at) => self.deliver(&batch, at),
            Message::Signal(stream, item) => self.signal(stream, &item),
            Message::Admitted(to, answer) => self.guarded(to, |s| s.admitted(to, answer)),
            Message::Paged(to, page) => self.guarded(to, |s| s.paged(to, page)),
            Message::Answered(to, item) => self.guarded(to, |s| s.answered(to, item)),
            Message::Sent(to, answer) => self.guarded(to, |s| s.sent(to, &answer)),
            Message::Revoked(number, person, credential) => {
                for owner in self.hub.revoke(number, person, credential) {
                    self.revoked(owner, person);
                }
            }
            Message::CredentialTime(to, left) => self.guarded(to, |s| s.left(to, left)),
            Message::Parked(parked) => self.parked(*parked),
            Message::Waiting(waiting) => self.waiting(*waiting),
            Message::MovedConnection(moved) => self.moved(*moved),
            Message::ForeignAnswer(to, told) => self.guarded(to, |s| s.foreign_answered(to, told)),
            Message::LookAgain(person, after) => self.look_again(person, after),
            Message::Accepted(fd, peer) => self.accepted(fd, peer),
            Message::Drain(deadline) => self.drain(deadline),
        }
    }

    /// Lets a connection go on in the next turn of the loop.
    fn enqueue(&mut self, to: ConnectionKey) {
        if let Some(conn) = self.conns.get_mut(to)
            && !conn.state.queued
        {
            conn.state.queued = true;
            self.queue.push_back(to);
        }
    }

    /// Gives a connection its turn: it does the work that it has left.
    fn turn(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.queued = false;
        if conn.readable && !self.pauses.is_paused(to) {
            conn.readable = false;
            self.read(to, EventFlags::empty());
        }
        self.go_on(to);
    }

    /// Lets a connection do its next work, if no bytes wait to be written.
    fn go_on(&mut self, to: ConnectionKey) {
        let live = self.is_live(to);
        let Some(conn) = self.conns.get(to).filter(|conn| conn.out.is_none()) else { return };
        match conn.state.goes_on(live, conn.stash.is_some()) {
            GoOn::Nothing => {}
            GoOn::Request => self.stashed(to),
            GoOn::Poll => self.poll(to),
            GoOn::CatchUp => self.catch_up(to, Vec::new()),
            GoOn::Foreign => self.wait_on(to),
            GoOn::Finish => self.finish(to),
            GoOn::Destroy => self.destroy(to),
        }
    }

    /// Writes kept bytes, because the socket can take some again.
    fn flush(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.out.is_none() {
            return;
        }
        match out::flush(&conn.fd, &mut conn.out, self.now, &mut self.stats.bytes_out) {
            Written::All => {
                conn.state.wrote = self.now;
                self.wait_taken(to);
                self.go_on(to);
            }
            Written::Kept => {}
            Written::Gone => self.destroy(to),
        }
    }

    /// Writes to a connection. If it can't take everything, its session falls behind until it can.
    fn put(&mut self, to: ConnectionKey, pieces: &[&Bytes]) -> Written {
        let Some(conn) = self.conns.get_mut(to) else { return Written::Gone };
        let taken = conn.put(pieces, self.now, &mut self.stats.bytes_out);
        match taken {
            Written::All => {}
            Written::Kept => self.kept(to),
            Written::Gone => self.destroy(to),
        }
        taken
    }

    /// Notes that a connection keeps bytes that it could not take.
    fn kept(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get(to) else { return };
        if let Some(session) = conn.state.falls_behind() {
            self.hub.fall_behind(session);
        }
        self.schedule(to);
    }

    /// Whether a connection's session has everything and waits.
    fn is_live(&self, to: ConnectionKey) -> bool {
        let session = self.conns.get(to).and_then(|conn| conn.state.session);
        session.is_some_and(|session| self.hub.state(session) == State::Live)
    }
}
