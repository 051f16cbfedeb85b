//! The handle to all shards: start, publish, park, drain.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use bytes::Bytes;
use encke_engine::connection::Timing;
use encke_engine::reach::Reach;
use encke_engine::{Batch, Entry, Epoch, Error, PersonId, Position, StreamId, limits};

use crate::channel_quota::ChannelQuota;
use crate::files::Files;
use crate::gate::{Admission, Gate, Handoff, Reply};
use crate::head;
use crate::hosts::{Hosts, MovedConnection};
use crate::inbox::{Inbox, Message};
use crate::request::{FeedRequest, Refusal, SendPath};
use crate::sealed::Sealed;
use crate::shard::{Shard, answer_and_close, turn_away};
use crate::stats::{Counters, Stats};
use crate::wait::{ParkedWait, WaitEnd};

/// The settings of the shards.
pub struct Config {
    /// Sockets on which plain HTTP/1.1 is expected; every shard accepts from all of them.
    pub listeners: Vec<TcpListener>,
    /// The number of shards; one for each core is right.
    pub shards: usize,
    /// The most connections that one shard holds. For a further one, some connections without a sign-in give up their
    /// places. If there are none, the new one is told to come back later.
    pub connections_max: usize,
    /// The files that all connections of the process may have open.
    pub files: Arc<Files>,
    /// The number of those files that these shards leave to others.
    pub files_left: usize,
    /// The deadlines of connections.
    pub timing: Timing,
    /// The sites of this process, if it serves several.
    pub hosts: Option<Arc<dyn Hosts>>,
    /// The paths of the sends that shards read themselves.
    pub sends: Arc<[SendPath]>,
}

impl Config {
    /// One shard for each core, and as many connections as the limit on open files allows, with 256 in reserve.
    pub fn new(listeners: Vec<TcpListener>) -> Self {
        let shards = thread::available_parallelism().map_or(1, usize::from);
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let files = files.map_or(1 << 20, |n| usize::try_from(n).unwrap_or(1 << 20));
        let files = files.saturating_sub(256).max(16);
        Config {
            listeners,
            shards,
            connections_max: (files / shards).max(16),
            files: Arc::new(Files::new(files)),
            files_left: 0,
            timing: Timing::default(),
            hosts: None,
            sends: Arc::default(),
        }
    }
}

/// The log as it stands when the shards start.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The incarnation of the log.
    pub epoch: Epoch,
    /// Events up to this position were trimmed.
    pub trimmed: Position,
    /// The newest events, in order, without gaps, ending at `head`.
    pub tail: Vec<Arc<Entry>>,
    /// The position of the newest event.
    pub head: Position,
}

/// The kind of a parked connection.
#[derive(Debug)]
pub enum ConnectionKind {
    /// The client's own TCP socket, plain HTTP/1.1. It is kept alive after a poll. A request for anything but the feed
    /// is handed off again.
    Direct,
    /// The client's own TCP socket under TLS, with the keys of its records.
    Sealed(Box<Sealed>),
    /// One end of a socket pair, whose bytes another thread carries on. It serves this one request and then ends.
    Bridged,
}

impl ConnectionKind {
    /// The number of files that such a connection holds. Both ends of a socket pair count.
    pub(crate) fn files(&self) -> usize {
        match self {
            ConnectionKind::Direct | ConnectionKind::Sealed(_) => 1,
            ConnectionKind::Bridged => 2,
        }
    }
}

/// A connection that the HTTP server hands over together with a request for the feed. The shard answers it with exactly
/// the bytes of an HTTP/1.1 answer, even on a bridge (see the top of this crate).
#[derive(Debug)]
pub struct Parked {
    /// The socket; the shard makes it non-blocking.
    pub io: OwnedFd,
    /// The address at the other end.
    pub peer: SocketAddr,
    /// The request.
    pub request: Arc<FeedRequest>,
    /// The gate's admission, if the server has asked for it already.
    pub admission: Option<Box<Admission>>,
    /// Bytes that were read after the request.
    pub leftover: Bytes,
    /// The kind of the connection.
    pub kind: ConnectionKind,
}

/// The state that all shards share. A delivery touches none of it.
pub(crate) struct ShardsCommon {
    pub gate: Arc<dyn Gate>,
    pub handoff: Arc<dyn Handoff>,
    pub sends: Arc<[SendPath]>,
    pub hosts: Option<Arc<dyn Hosts>>,
    pub files: Arc<Files>,
    pub files_left: usize,
    pub channels: ChannelQuota,
    pub inboxes: Vec<Arc<Inbox>>,
    /// The number of connections of each shard, to spread new ones evenly.
    pub loads: Vec<AtomicU32>,
    pub counters: Vec<Arc<Counters>>,
    pub draining: AtomicBool,
}

/// All shards of this process.
pub struct Shards {
    shared: Arc<ShardsCommon>,
    revocations: Mutex<u64>,
    next: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Shards {
    /// Starts the threads; they accept connections from now on.
    pub fn start(
        config: Config,
        seed: Seed,
        gate: Arc<dyn Gate>,
        handoff: Arc<dyn Handoff>,
    ) -> io::Result<Arc<Shards>> {
        let count = config.shards.max(1);
        let inboxes = (0..count).map(|_| Inbox::new().map(Arc::new)).collect::<io::Result<_>>()?;
        let shared = Arc::new(ShardsCommon {
            gate,
            handoff,
            hosts: config.hosts,
            sends: config.sends,
            files: config.files,
            files_left: config.files_left,
            channels: ChannelQuota::default(),
            inboxes,
            loads: (0..count).map(|_| AtomicU32::new(0)).collect(),
            counters: (0..count).map(|_| Arc::default()).collect(),
            draining: AtomicBool::new(false),
        });
        let listeners: Arc<[TcpListener]> = config.listeners.into();
        for listener in listeners.iter() {
            listener.set_nonblocking(true)?;
            // Accepted sockets inherit the option, which saves a call for each.
            rustix::net::sockopt::set_tcp_nodelay(listener, true)?;
        }
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let shard = Shard::new(
                number,
                shared.clone(),
                listeners.clone(),
                &seed,
                config.connections_max,
                config.timing,
            )?;
            let named = thread::Builder::new().name(format!("shard-{number}"));
            // The span has the highest level, so filters never take it off a line. It is entered once.
            let span = tracing::error_span!("shard", number);
            threads.push(named.spawn(move || span.in_scope(|| shard.run()))?);
        }
        Ok(Arc::new(Shards {
            shared,
            revocations: Mutex::new(0),
            next: AtomicUsize::new(0),
            threads: Mutex::new(threads),
        }))
    }

    /// Hands a commit to every shard. The store's writer calls this once for each commit, in their order.
    pub fn publish(&self, batch: Arc<Batch>) {
        let now = Instant::now();
        for inbox in &self.shared.inboxes {
            inbox.push(Message::Batch(batch.clone(), now));
        }
    }

    /// Asks the gate about a request before there is a connection to park. `answer` may run on any thread.
    pub fn admit(
        &self,
        request: Arc<FeedRequest>,
        answer: impl FnOnce(Result<Box<Admission>, Box<Refusal>>) + Send + 'static,
    ) {
        if self.shared.draining.load(Ordering::Acquire) {
            let refusal = Refusal::from(Error::draining().retry_after_ms(limits::DRAIN_SPREAD_MS));
            return answer(Err(Box::new(refusal)));
        }
        self.shared.gate.admit(request, Reply::to_call(answer));
    }

    /// Takes over a connection from the HTTP server.
    pub fn park(&self, parked: Parked) {
        if self.shared.draining.load(Ordering::Acquire) {
            // A drained shard reads no messages.
            let answer = head::refusal(
                &Error::draining().retry_after_ms(limits::DRAIN_SPREAD_MS).into(),
                false,
            );
            return answer_and_close(parked.io, parked.peer, parked.kind, &answer);
        }
        self.idlest().push(Message::Parked(Box::new(parked)));
    }

    /// Takes over a connection from another site's shards.
    pub(crate) fn take(&self, moved: MovedConnection) {
        if self.shared.draining.load(Ordering::Acquire) {
            let answer = head::refusal(
                &Error::draining().retry_after_ms(limits::DRAIN_SPREAD_MS).into(),
                false,
            );
            return answer_and_close(moved.io, moved.peer, moved.kind, &answer);
        }
        self.idlest().push(Message::MovedConnection(Box::new(moved)));
    }

    /// Takes over a connection from the HTTP server with a request of another protocol, which waits.
    pub fn wait(&self, waiting: ParkedWait) {
        if self.shared.draining.load(Ordering::Acquire) {
            return turn_away(waiting, WaitEnd::Drain);
        }
        self.idlest().push(Message::Waiting(Box::new(waiting)));
    }

    /// Lets a person's waits read again from a position, because one of them took events and did not deliver them.
    pub fn look_again(&self, person: PersonId, after: Position) {
        for inbox in &self.shared.inboxes {
            inbox.push(Message::LookAgain(person, after));
        }
    }

    fn idlest(&self) -> &Inbox {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.shared.inboxes.len();
        let load = |n: &usize| self.shared.loads[*n].load(Ordering::Relaxed);
        let least = (0..count).map(|n| (start + n) % count).min_by_key(load).unwrap_or(0);
        &self.shared.inboxes[least]
    }

    /// Goes down (P8): refuses new requests, tells all clients to come back with spread delays, finishes accepted work.
    /// Returns at once. The threads end when all connections are gone, at the latest after `within`.
    pub fn drain(&self, within: Duration) {
        self.shared.draining.store(true, Ordering::Release);
        let deadline = Instant::now() + within;
        for inbox in &self.shared.inboxes {
            inbox.push(Message::Drain(deadline));
        }
    }

    /// Waits until the threads have ended. It blocks; call [`drain`](Self::drain) before.
    pub fn join(&self) {
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A shard that panics outside of a connection aborts the process, so there is no panic to pass on.
            let _ = thread.join();
        }
    }

    /// The counts since the start, over all shards.
    pub fn stats(&self) -> Stats {
        Stats::sum(&self.shared.counters)
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        self.drain(Duration::ZERO);
    }
}

impl Reach for Shards {
    fn signal(&self, stream: StreamId, item: Bytes) {
        for inbox in &self.shared.inboxes {
            inbox.push(Message::Signal(stream, item.clone()));
        }
    }

    fn revocations(&self) -> u64 {
        *self.revocations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn revoke(&self, person: PersonId, credential: Option<u64>) {
        // The lock is held during the pushes, so that every inbox gets revocations in the order of their numbers.
        let mut number = self.revocations.lock().unwrap_or_else(PoisonError::into_inner);
        *number += 1;
        for inbox in &self.shared.inboxes {
            inbox.push(Message::Revoked(*number, person, credential));
        }
    }
}
