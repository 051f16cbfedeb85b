//! A shard: one hub, its connections, and an inbox. The engine's [`Connection`] decides what each connection does. This
//! module has the inbox, the timers and the wires, like `crates/transport/src/shard`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use encke_engine::connection::{
    Drain, Ending, GoOn, Moment, Opened, Overdue, Phase, Timing, Transport,
};
use encke_engine::cursor::{Reset, Standing};
use encke_engine::hub::{Open, Page};
use encke_engine::item::Bye;
use encke_engine::presence::Presence;
use encke_engine::{Batch, Code, Connection, Cursor, Hub, PersonId, Position, StreamId};

use super::gate::{Admission, Gate};
use super::{FeedRequest, ToNode};
use crate::agenda::{MS, Time};
use crate::scene::{ConnId, NodeId, Scene};
use crate::variant::Variant;
use crate::wires::Item;

/// The periods are short, because worlds are short. Clients don't ping, so no connection ends for silence.
const TIMING: Timing = Timing {
    tick_ms: 10,
    head_ms: 2_000,
    keep_alive_ms: 1_000,
    heartbeat_ms: 2_000,
    frame_heartbeat_ms: 1_000,
    slow_reader_ms: 3_000,
    silence_ms: 1_000_000,
    linger_ms: 500,
    drain_spread_ms: 300,
};

/// Milliseconds for which an admission is good: until then a further poll with the same head needs no new one.
const GOOD_FOR_MS: u64 = 5_000;

/// A message to a shard.
#[derive(Debug)]
pub enum Message {
    /// A commit.
    Batch(Arc<Batch>),
    /// A signal in a stream, by its number.
    Signal(StreamId, u64),
    /// A revocation: its number, the person, and the credential (`None` for all of them).
    Revoked(u64, PersonId, Option<u64>),
    /// A request for the feed.
    Asked(ConnId, FeedRequest),
    /// The gate's answer to a request.
    Admitted(ConnId, Result<Admission, Code>),
    /// The store's page, or the reason why there is none.
    Paged(ConnId, Result<Page, Code>),
    /// A connection has work left.
    Turn(ConnId),
    /// A connection has room again.
    Writable(ConnId),
    /// The tick has come at which a connection is looked at.
    Time(ConnId, u32),
    /// A connection is gone.
    Gone(ConnId),
    /// The node goes down.
    Drain,
}

/// A connection in its shard.
pub(super) struct Conn {
    pub request: FeedRequest,
    pub state: Connection,
    pub who: Option<PersonId>,
    /// The tick since which it is full.
    pub full_since: Option<u32>,
    /// The tick at which it is looked at; `u32::MAX` for never.
    wake_at: u32,
}

/// A shard; see the top of this file.
pub struct Shard {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
    number: usize,
    pub(super) hub: Hub,
    pub(super) conns: BTreeMap<ConnId, Conn>,
    inbox: VecDeque<Message>,
    awake: bool,
    draining: bool,
    /// The credentials whose end it was told of, for the checks.
    ended: BTreeSet<u64>,
}

/// The current tick.
pub(super) fn tick(scene: &Scene) -> u32 {
    (scene.agenda.now() / (TIMING.tick_ms * MS)) as u32
}

impl Shard {
    pub fn new(node: NodeId, incarnation: u64, number: usize, hub: Hub) -> Self {
        let (conns, inbox, ended) = Default::default();
        let (awake, draining) = (false, false);
        Shard { node, incarnation, number, hub, conns, inbox, awake, draining, ended }
    }

    pub fn head(&self) -> Position {
        self.hub.head()
    }

    /// Puts a message into the inbox. Shards take their turns independently of each other.
    pub fn push(&mut self, message: Message, scene: &mut Scene) {
        self.inbox.push_back(message);
        if !self.awake {
            self.awake = true;
            let delay = scene.random.u64(1..=scene.weather.delay_max / 4 + 1);
            scene.tell_node(self.node, delay, ToNode::Shard(self.number));
        }
    }

    /// Handles all messages in the inbox.
    pub fn turn(&mut self, gate: &mut Gate, scene: &mut Scene) {
        self.awake = false;
        for message in std::mem::take(&mut self.inbox) {
            self.handle(message, gate, scene);
        }
    }

    fn handle(&mut self, message: Message, gate: &mut Gate, scene: &mut Scene) {
        match message {
            Message::Batch(batch) => self.deliver(&batch, gate, scene),
            Message::Signal(stream, number) => self.signal(stream, number, scene),
            Message::Revoked(number, person, credential) => {
                self.ended.extend(credential);
                let epoch = self.hub.cursor().epoch;
                for owner in self.hub.revoke(number, person, credential) {
                    scene.check_revoked(epoch, person, credential);
                    scene.figures.revoked += 1;
                    self.end(owner, Bye::Revoked, gate, scene);
                }
            }
            Message::Asked(conn, request) => self.asked(conn, request, gate, scene),
            Message::Admitted(conn, answer) => self.admitted(conn, answer, gate, scene),
            Message::Paged(conn, page) => self.paged(conn, page, gate, scene),
            Message::Turn(conn) => self.go_on(conn, gate, scene),
            Message::Writable(conn) => {
                if let Some(known) = self.conns.get_mut(&conn) {
                    known.full_since = None;
                    self.go_on(conn, gate, scene);
                }
            }
            Message::Time(conn, tick) => self.on_time(conn, tick, gate, scene),
            Message::Gone(conn) => self.gone(conn, gate, scene),
            Message::Drain => self.drain(gate, scene),
        }
    }

    fn asked(&mut self, id: ConnId, request: FeedRequest, gate: &mut Gate, scene: &mut Scene) {
        if self.polls_again(id, &request, gate, scene) {
            return;
        }
        self.end_session(id, gate, scene);
        let mut state = Connection::new(tick(scene));
        state.served = true;
        state.asks(true, self.draining, false);
        state.transport = request.transport;
        state.wait = match request.transport {
            Transport::ShortPoll => 0,
            _ => TIMING.ticks(request.wait / MS),
        };
        state.enter(Phase::Admitting, tick(scene));
        let conn = Conn { request, state, who: None, full_since: None, wake_at: u32::MAX };
        self.conns.insert(id, conn);
        if self.draining {
            return self.refuse(id, Code::Draining, gate, scene);
        }
        self.admit(id, gate, scene);
    }

    fn admit(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.state.tries += 1;
        let (credential, cursor) = (conn.request.credential, cursor_of(&conn.request));
        if let Some(admission) = gate.admit(id, credential, cursor, scene) {
            self.push(Message::Admitted(id, Ok(admission)), scene);
        }
    }

    fn admitted(
        &mut self,
        id: ConnId,
        answer: Result<Admission, Code>,
        gate: &mut Gate,
        scene: &mut Scene,
    ) {
        let Some(conn) = self.conns.get_mut(&id).filter(|c| c.state.phase == Phase::Admitting)
        else {
            return;
        };
        let admission = match answer {
            Ok(_) if self.draining => return self.refuse(id, Code::Draining, gate, scene),
            Ok(admission) => admission,
            Err(code) => return self.refuse(id, code, gate, scene),
        };
        let cursor = cursor_of(&conn.request);
        let mut at = match self.hub.standing(Some(cursor), admission.known) {
            Standing::Good(at) => at,
            Standing::Reset(reason) => return self.reset(id, reason, gate, scene),
        };
        if scene.variant == Variant::CheckBeforeRegister {
            at = self.send_before_register(id, at, &admission, scene);
        }
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let as_of = match scene.variant {
            Variant::StaleFollows => self.hub.head().max(admission.follows.1),
            _ => admission.follows.1,
        };
        let revocations_seen = match scene.variant {
            Variant::StaleRevocations => u64::MAX,
            _ => admission.revocations_seen,
        };
        let opened = self.hub.open(Open {
            person: admission.person,
            credential: conn.request.credential,
            owner: id,
            at,
            follows: admission.follows.0.to_vec(),
            as_of,
            revocations_seen,
            guest: false,
        });
        match conn.state.opened(opened) {
            Opened::Begin if self.ended.contains(&conn.request.credential) => {
                let what = format!("a hub opens a session for {}", conn.request.credential);
                return scene.fail("P7", format!("{what}, which it knows to have ended"));
            }
            Opened::Begin => {}
            Opened::AdmitAgain => return self.admit(id, gate, scene),
            Opened::Overloaded => return self.refuse(id, Code::Overloaded, gate, scene),
            Opened::Revoked => {
                scene.figures.revoked_admissions += 1;
                return self.refuse(id, Code::NotSignedIn, gate, scene);
            }
        }
        conn.state.good_until = tick(scene) + TIMING.ticks(GOOD_FOR_MS);
        conn.who = Some(admission.person);
        scene.figures.opened += 1;
        gate.roll.opened(admission.person, &conn.request.device);
        conn.state.begin(tick(scene));
        self.go_on(id, gate, scene);
        self.schedule(id, scene);
    }

    /// Lets a connection do its next work, if no items wait to be written.
    pub(super) fn go_on(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get(&id).filter(|c| c.full_since.is_none()) else { return };
        let state = conn.state.session.map(|session| self.hub.state(session));
        let live = state == Some(encke_engine::hub::State::Live);
        match conn.state.goes_on(live, false) {
            GoOn::Nothing | GoOn::Request | GoOn::Foreign => {}
            GoOn::Poll => self.poll(id, scene),
            GoOn::CatchUp => self.catch_up(id, scene),
            GoOn::Finish => self.leave(id, gate, scene),
            GoOn::Destroy => self.destroy(id, gate, scene),
        }
    }

    /// Tells a client to take a snapshot.
    pub(super) fn reset(&mut self, id: ConnId, why: Reset, gate: &mut Gate, scene: &mut Scene) {
        scene.send_down(id, vec![Item::Reset(why)]);
        self.leave(id, gate, scene);
    }

    pub(super) fn refuse(&mut self, id: ConnId, code: Code, gate: &mut Gate, scene: &mut Scene) {
        scene.send_down(id, vec![Item::Refused(code)]);
        self.leave(id, gate, scene);
    }

    /// Ends a session with a reason.
    pub(super) fn end(&mut self, id: ConnId, why: Bye, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        match conn.state.ends() {
            Ending::Say | Ending::Answer => {
                scene.send_down(id, vec![Item::Bye(why)]);
                self.leave(id, gate, scene);
            }
            Ending::Silent => self.end_session(id, gate, scene),
            Ending::Destroy => self.destroy(id, gate, scene),
            Ending::Foreign | Ending::Nothing => {}
        }
    }

    /// Ends the session after the last item. The client hangs up after it has read it.
    fn leave(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        self.end_session(id, gate, scene);
        self.conns.remove(&id);
    }

    fn end_session(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.state.paging = false;
        if let Some(session) = conn.state.session.take() {
            self.hub.close(session);
        }
        if let Some(person) = conn.who.take() {
            gate.roll.closed(person, &conn.request.device, scene.clock_ms(self.node));
        }
    }

    fn gone(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        self.end_session(id, gate, scene);
        self.conns.remove(&id);
    }

    /// Ends a connection at once.
    fn destroy(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        self.gone(id, gate, scene);
        scene.hang_up(id, false);
    }

    /// Makes sure that a connection is looked at by its deadline.
    pub(super) fn schedule(&mut self, id: ConnId, scene: &mut Scene) {
        let moment = |conn: &Conn| self.moment(conn, scene);
        let Some(conn) = self.conns.get(&id) else { return };
        let deadline = TIMING.deadline(&conn.state, &moment(conn));
        if let Some(at) = deadline.filter(|at| *at < conn.wake_at) {
            let time = Time::from(at) * TIMING.tick_ms * MS;
            let delay = time.saturating_sub(scene.agenda.now());
            scene.tell_node(self.node, delay, ToNode::ConnTime(id, at));
            if let Some(conn) = self.conns.get_mut(&id) {
                conn.wake_at = at;
            }
        }
    }

    fn moment(&self, conn: &Conn, scene: &Scene) -> Moment {
        let stuck_since = conn.full_since;
        let (now, draining) = (tick(scene), self.draining);
        Moment { now, draining, stuck_since, stashed: false, early: 0 }
    }

    fn on_time(&mut self, id: ConnId, wake_at: u32, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id).filter(|c| c.wake_at == wake_at) else { return };
        conn.wake_at = u32::MAX;
        let conn = &self.conns[&id];
        let moment = self.moment(conn, scene);
        let due = TIMING.deadline(&conn.state, &moment).is_some_and(|at| at <= moment.now);
        match TIMING.overdue(&conn.state, &moment) {
            _ if !due => {}
            Overdue::Cut => {
                scene.figures.cut += 1;
                self.destroy(id, gate, scene);
            }
            Overdue::AnswerPoll => self.answer_with(id, &[], scene),
            Overdue::Beat | Overdue::Ping => self.put(id, vec![Item::Beat], scene),
            Overdue::Destroy => self.destroy(id, gate, scene),
            Overdue::Idle
            | Overdue::AskWhatIsLeft
            | Overdue::ForeignOver
            | Overdue::ForeignBeat
            | Overdue::Nothing => {}
        }
        self.schedule(id, scene);
    }

    /// Goes down: tells all clients, and admits nobody.
    fn drain(&mut self, gate: &mut Gate, scene: &mut Scene) {
        self.draining = true;
        if scene.variant == Variant::DrainSilent {
            return;
        }
        let all: Vec<ConnId> = self.conns.keys().copied().collect();
        for id in all {
            let Some(conn) = self.conns.get_mut(&id) else { continue };
            match conn.state.drains(tick(scene)) {
                Drain::Moment => self.schedule(id, scene),
                Drain::End => self.end(id, Bye::Drain, gate, scene),
                Drain::AfterCommands => {}
            }
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// The number of sessions that still have to be told that the node goes down.
    pub fn untold(&self) -> usize {
        let waits = |c: &&Conn| c.state.session.is_some() && c.state.phase != Phase::Request;
        self.conns.values().filter(waits).count()
    }

    /// A person with an open session who counts as offline.
    pub fn forgotten_person(&self, gate: &Gate) -> Option<PersonId> {
        let there = self.conns.values().filter_map(|conn| conn.who);
        there.into_iter().find(|person| gate.roll.of(*person) == Presence::Offline)
    }
}

/// The cursor of a request. Clients only send back cursors that they got.
pub(super) fn cursor_of(request: &FeedRequest) -> Cursor {
    request.cursor.parse().expect("the text of a cursor")
}
