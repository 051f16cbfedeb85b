//! How a node learns of all commits, its own and those of others, in the order of the log.
//!
//! All commits that this node's clients hear of pass through here once. The engine's [`Following`] decides; this file
//! has its thread, its clock and its connection to the database. The thread looks at the store when something is
//! missing, and every [`encke_engine::limits::LOOK_MS`] in any case. Then the events of every hint have to be in the
//! log; otherwise the node begins anew.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use encke_engine::append::Head;
use encke_engine::frontier::{Frontier, LogPart};
use encke_engine::{Batch, Committed, Epoch, Following, Point, Step, StreamId};
use rustc_hash::FxHashMap;

use super::bus_key::BusKey;
use super::identity::Identity;
use super::read_log;
use super::seen::{Keeper, Seen};
use super::session::Session;
use crate::channels::Channels;
use crate::error::StoreError;
use crate::recent::Recent;

type Publish = Box<dyn Fn(Arc<Batch>) + Send>;
type Announce = Box<dyn Fn(&Committed) + Send + Sync>;
type TellKey = Box<dyn Fn(BusKey) + Send>;

struct State {
    following: Following,
    publish: Option<Publish>,
    bus_key: BusKey,
    tell_key: Option<TellKey>,
    closed: bool,
}

/// The follower of the log; see the top of this file.
pub(crate) struct Follower {
    /// The moment from which the engine counts time.
    began: Instant,
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
        frontier: Frontier,
        epoch: Epoch,
        bus_key: BusKey,
        recent: Arc<Recent>,
        identity: Arc<Identity>,
        channels: Arc<Channels>,
    ) -> Self {
        let state = State {
            following: Following::new(epoch, frontier, Duration::ZERO),
            publish: None,
            bus_key,
            tell_key: None,
            closed: false,
        };
        Follower {
            began: Instant::now(),
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

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Hands all commits from now on to this function.
    pub fn publish_to(&self, publish: Publish) {
        self.lock().publish = Some(publish);
    }

    /// Tells the other nodes of this node's commits from now on by this function.
    pub fn announce_to(&self, announce: Announce) {
        let _ = self.announce.set(announce);
    }

    /// The key of messages between nodes.
    pub fn bus_key(&self) -> BusKey {
        self.lock().bus_key
    }

    /// Tells this function the key of messages between nodes, at once and whenever there is a new one.
    pub fn tell_key_to(&self, tell: TellKey) {
        let mut state = self.lock();
        tell(state.bus_key);
        state.tell_key = Some(tell);
    }

    /// Tells the other nodes of a commit of this node's writer. From now on the commit has to be in the store.
    pub fn announce(&self, committed: &Committed) {
        if committed.after.position > committed.before.position {
            self.identity.knows(committed.after.position, committed.mark);
        }
        if let Some(announce) = self.announce.get() {
            announce(committed);
        }
    }

    /// Hands on a commit of this node's writer.
    pub fn committed(&self, committed: Committed) {
        let mut state = self.lock();
        state.following.committed(committed);
        self.hand_on(&mut state);
    }

    /// Takes a commit that another node tells of. It goes to the clients at once, and the next look shows whether it is
    /// true.
    pub fn hint(&self, committed: Committed) {
        let now = self.now();
        let mut state = self.lock();
        if state.following.hint(committed, now) {
            self.hand_on(&mut state);
        }
    }

    /// Notes that the log goes to this point, as another node says without the events between.
    pub fn hint_at(&self, epoch: Epoch, after: Point) {
        let mut state = self.lock();
        state.following.heard_of(epoch, after);
        self.hand_on(&mut state);
    }

    /// Looks at the store at once, because hints may have been lost.
    pub fn look_soon(&self) {
        self.lock().following.look_soon();
        self.wake.notify_all();
    }

    fn hand_on(&self, state: &mut State) {
        while let Some(next) = state.following.take_next() {
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
            if let Some(publish) = &state.publish {
                publish(next.batch);
            }
        }
        if state.following.is_missing() {
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

    /// Waits until a look is due. Returns false if the store is closed.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.closed {
                return false;
            }
            let now = self.now();
            let due = state.following.look_at(now).unwrap_or(now);
            if due <= now {
                return true;
            }
            state = self.wake.wait_timeout(state, due - now).expect("not poisoned").0;
        }
    }

    fn take_key(&self, state: &mut State, bus_key: BusKey) {
        if state.bus_key != bus_key {
            state.bus_key = bus_key;
            if let Some(tell) = &state.tell_key {
                tell(bus_key);
            }
        }
    }

    /// Reads everything that is new.
    fn look(&self, session: &mut Session) -> Result<(), StoreError> {
        let mut frontier = self.lock().following.begin_look(self.now());
        loop {
            let read = read_log::look(session, self.epoch, frontier, &self.channels);
            let now = self.now();
            let mut state = self.lock();
            match read {
                Ok(read_log::LookFound { bus_key, part }) => {
                    self.identity.knows(frontier.at.position, frontier.mark);
                    self.take_key(&mut state, bus_key);
                    if let Some(LogPart { committed, .. }) = &part
                        && committed.after.position > committed.before.position
                    {
                        self.identity.knows(committed.after.position, committed.mark);
                    }
                    let more = state.following.looked(part);
                    self.hand_on(&mut state);
                    if !more {
                        return Ok(());
                    }
                    frontier = state.following.frontier();
                }
                Err(why) => {
                    state.following.look_failed(now);
                    return Err(match why {
                        read_log::Failed::Mismatch(mismatch) => {
                            self.identity.replaced(mismatch.reason())
                        }
                        read_log::Failed::Store(e) => e,
                    });
                }
            }
        }
    }
}
