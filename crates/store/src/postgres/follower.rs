//! How a node learns of what is committed, by itself and by others, in the order of the log.
//!
//! Everything that is told to this node's clients passes through here once: [`Order`] puts in order what the own writer
//! committed, what other nodes hint at, and what is read. A thread looks at the store when something is missing, and
//! every [`limits::LOOK_MS`] in any case. What a hint said has to be in the log then: if it is not, the node begins
//! anew.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use encke_engine::{Batch, Committed, Epoch, Order, Point, Position, Step, StreamId, limits};
use rustc_hash::FxHashMap;

use super::bus_key::BusKey;
use super::identity::Identity;
use super::look::{self, Told};
use super::seen::{Keeper, Seen};
use super::session::Session;
use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::{Head, Recent};

/// Milliseconds between two tries to read what is missing while the database does not answer.
const AGAIN_MS: u64 = 100;

type Publish = Box<dyn Fn(Arc<Batch>) + Send>;
type Announce = Box<dyn Fn(&Committed) + Send + Sync>;
type TellKey = Box<dyn Fn(BusKey) + Send>;

struct State {
    order: Order,
    /// Of the commit of the newest event that was handed on.
    mark: u64,
    publish: Option<Publish>,
    bus_key: BusKey,
    tell_key: Option<TellKey>,
    /// When the store was looked at last.
    looked: Instant,
    /// When a hint came last: without any there is no use in waiting for one.
    hinted: Option<Instant>,
    closed: bool,
}

pub(crate) struct Follower {
    state: Mutex<State>,
    wake: Condvar,
    announce: std::sync::OnceLock<Announce>,
    epoch: Epoch,
    pub(super) recent: Arc<Recent>,
    pub(super) identity: Arc<Identity>,
    channels: Arc<Channels>,
}

impl Follower {
    pub fn new(
        told: Told,
        epoch: Epoch,
        bus_key: BusKey,
        recent: Arc<Recent>,
        identity: Arc<Identity>,
        channels: Arc<Channels>,
    ) -> Self {
        let state = State {
            order: Order::new(told.at),
            mark: told.mark,
            publish: None,
            bus_key,
            tell_key: None,
            looked: Instant::now(),
            hinted: None,
            closed: false,
        };
        Follower {
            state: Mutex::new(state),
            wake: Condvar::new(),
            announce: std::sync::OnceLock::new(),
            epoch,
            recent,
            identity,
            channels,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// From now on what is committed goes to this function.
    pub fn publish_to(&self, publish: Publish) {
        self.lock().publish = Some(publish);
    }

    /// From now on what this node commits is told to the others by this function.
    pub fn announce_to(&self, announce: Announce) {
        let _ = self.announce.set(announce);
    }

    /// The key of messages between nodes.
    pub fn bus_key(&self) -> BusKey {
        self.lock().bus_key
    }

    /// Tells this function the key of messages between nodes: the present one at once, and each new one.
    pub fn tell_key_to(&self, tell: TellKey) {
        let mut state = self.lock();
        tell(state.bus_key);
        state.tell_key = Some(tell);
    }

    /// This node's writer has committed.
    pub fn committed(&self, committed: Committed) {
        if committed.after.position > committed.before.position {
            self.identity.knows(committed.after.position, committed.mark);
        }
        if let Some(announce) = self.announce.get() {
            announce(&committed);
        }
        let mut state = self.lock();
        state.order.offer(committed);
        self.hand_on(&mut state);
    }

    /// Another node says that it has committed. That goes to the clients at once; whether it is true is seen with the
    /// next look.
    pub fn hint(&self, committed: Committed) {
        if committed.epoch != self.epoch {
            return;
        }
        let mut state = self.lock();
        state.hinted = Some(Instant::now());
        state.order.hint(committed);
        self.hand_on(&mut state);
    }

    /// Another node says that the log goes so far, without what lies between.
    pub fn hint_at(&self, epoch: Epoch, after: Point) {
        if epoch == self.epoch {
            let mut state = self.lock();
            state.order.heard_of(after);
            self.hand_on(&mut state);
        }
    }

    /// Hints may have been lost: looks at the store soon.
    pub fn look_soon(&self) {
        self.lock().looked = Instant::now() - Duration::from_millis(limits::LOOK_MS);
        self.wake.notify_all();
    }

    fn hand_on(&self, state: &mut State) {
        while let Some(next) = state.order.take_next() {
            let mut heads: FxHashMap<StreamId, Head> = FxHashMap::default();
            let mut entries = Vec::new();
            for step in &next.batch.steps {
                let Step::Event(entry) = step else { continue };
                let event = &entry.event;
                if let Some(name) = &event.channel {
                    self.channels.learn(event.stream, name);
                }
                heads.insert(event.stream, Head { seq: event.seq, position: event.position });
                entries.push(entry);
            }
            self.recent.committed(entries.iter().copied(), &heads);
            self.recent.stored(next.after.position);
            if !entries.is_empty() {
                state.mark = next.mark;
            }
            if let Some(publish) = &state.publish {
                publish(next.batch);
            }
        }
        if state.order.is_missing() {
            self.wake.notify_all();
        }
    }

    /// Follows until the store is closed.
    pub fn run(&self, mut session: Session, mut keeper: Keeper) {
        while self.wait() {
            keeper.keep(self.seen(), false);
            if let Err(e) = self.look(&mut session) {
                match e {
                    StoreError::Away(_) | StoreError::Replaced(_) => {}
                    e => tracing::error!("looking for what other nodes committed: {e}"),
                }
                std::thread::sleep(Duration::from_millis(AGAIN_MS));
            }
        }
        keeper.keep(self.seen(), true);
    }

    fn seen(&self) -> Seen {
        let (position, mark) = self.identity.newest();
        Seen { epoch: self.epoch, position, mark }
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    /// Waits until there is a reason to look; false if the store is closed.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        let mut missing_since: Option<Instant> = None;
        loop {
            if state.closed {
                return false;
            }
            let now = Instant::now();
            let since_looked = now.saturating_duration_since(state.looked);
            let mut left = Duration::from_millis(limits::LOOK_MS).saturating_sub(since_looked);
            if state.order.is_missing() {
                let since = *missing_since.get_or_insert(now);
                let hinted = state.hinted.is_some_and(|at| {
                    now.saturating_duration_since(at) < Duration::from_millis(limits::LOOK_MS)
                });
                let waits = hinted && !state.order.is_to_be_read();
                let late = Duration::from_millis(if waits { limits::HINT_LATE_MS } else { 0 });
                left = left.min(late.saturating_sub(now.saturating_duration_since(since)));
            } else {
                missing_since = None;
            }
            if left.is_zero() {
                return true;
            }
            state = self.wake.wait_timeout(state, left).expect("not poisoned").0;
        }
    }

    fn told(&self) -> Told {
        let state = self.lock();
        Told { at: state.order.at(), mark: state.mark }
    }

    fn take_key(&self, state: &mut State, bus_key: BusKey) {
        if state.bus_key != bus_key {
            state.bus_key = bus_key;
            if let Some(tell) = &state.tell_key {
                tell(bus_key);
            }
        }
    }

    /// Reads all that is new.
    fn look(&self, session: &mut Session) -> Result<(), StoreError> {
        {
            let mut state = self.lock();
            state.order.begin_reading();
            state.looked = Instant::now();
        }
        loop {
            let told = self.told();
            let read = look::look(session, self.epoch, told, &self.channels);
            let mut state = self.lock();
            match read {
                Ok(look::Seen { bus_key, part }) => {
                    self.identity.knows(told.at.position, told.mark);
                    self.take_key(&mut state, bus_key);
                    let Some(look::Part { committed, more }) = part else { return Ok(()) };
                    if committed.after.position > committed.before.position {
                        self.identity.knows(committed.after.position, committed.mark);
                    }
                    state.order.offer(committed);
                    self.hand_on(&mut state);
                    if !more {
                        return Ok(());
                    }
                }
                Err(look::Failed::Untrue) => {
                    return Err(self.identity.replaced("it does not hold what was heard of it"));
                }
                Err(look::Failed::Gap) => {
                    return Err(self.identity.replaced("a part of what follows was trimmed"));
                }
                Err(look::Failed::Epoch) => {
                    return Err(self.identity.replaced("its epoch was renewed"));
                }
                Err(look::Failed::Store(e)) => {
                    // What was forgotten at the beginning is still to be read.
                    let further = Point { position: Position(u64::MAX), change: u64::MAX };
                    state.order.heard_of(further);
                    return Err(e);
                }
            }
        }
    }
}
