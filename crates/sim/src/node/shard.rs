//! A shard: one hub, its connections, and an inbox, as `crates/transport/src/shard`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use encke_engine::cursor::{Reset, Standing};
use encke_engine::hub::{Open, Page, Stale};
use encke_engine::item::Bye;
use encke_engine::presence::Presence;
use encke_engine::{Batch, Code, Cursor, Hub, PersonId, Position};

use super::gate::{Admission, Gate};
use super::{FeedRequest, ToNode};
use crate::agenda::{MS, Time};
use crate::scene::{ConnId, NodeId, Scene};
use crate::variant::Variant;
use crate::wires::Item;

/// A reader that takes nothing for so long is cut.
const SLOW_MAX: Time = 3_000 * MS;

/// What a shard is told.
#[derive(Debug)]
pub enum Message {
    /// A commit.
    Batch(Arc<Batch>),
    /// The number of a revocation, whose, and of which credential.
    Revoked(u64, PersonId, Option<u64>),
    /// A request for the feed.
    Asked(ConnId, FeedRequest),
    /// The gate's word on it.
    Admitted(ConnId, Result<Admission, Code>),
    /// The store's page, if it gave one.
    Paged(ConnId, Option<Page>),
    /// A connection has something left to do.
    Turn(ConnId),
    /// A connection has room again.
    Writable(ConnId),
    /// A poll has waited long enough.
    PollOver(ConnId, Time),
    /// A connection is gone.
    Gone(ConnId),
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// It waits for a request.
    Request,
    Admitting,
    Poll,
    Stream,
}

/// A connection, as its shard knows it.
pub(super) struct Conn {
    pub request: FeedRequest,
    pub phase: Phase,
    pub session: Option<u32>,
    pub who: Option<PersonId>,
    pub paging: bool,
    pub ready: bool,
    /// Since when it is full.
    pub kept_since: Option<Time>,
    /// When its poll began.
    pub since: Time,
}

/// See the top of this file.
pub struct Shard {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
    number: usize,
    pub(super) hub: Hub,
    pub(super) conns: BTreeMap<ConnId, Conn>,
    inbox: VecDeque<Message>,
    awake: bool,
}

impl Shard {
    pub fn new(node: NodeId, incarnation: u64, number: usize, hub: Hub) -> Self {
        let (conns, inbox) = Default::default();
        Shard { node, incarnation, number, hub, conns, inbox, awake: false }
    }

    pub fn head(&self) -> Position {
        self.hub.head()
    }

    /// Puts something into the inbox. Shards take their turns independently of each other.
    pub fn push(&mut self, message: Message, scene: &mut Scene) {
        self.inbox.push_back(message);
        if !self.awake {
            self.awake = true;
            let delay = scene.random.u64(1..=scene.weather.delay_max / 4 + 1);
            scene.tell_node(self.node, delay, ToNode::Shard(self.number));
        }
    }

    /// Takes all that is in the inbox.
    pub fn turn(&mut self, gate: &mut Gate, scene: &mut Scene) {
        self.awake = false;
        for message in std::mem::take(&mut self.inbox) {
            self.told(message, gate, scene);
        }
    }

    fn told(&mut self, message: Message, gate: &mut Gate, scene: &mut Scene) {
        match message {
            Message::Batch(batch) => self.deliver(&batch, scene),
            Message::Revoked(number, person, credential) => {
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
            Message::Turn(conn) => self.catch_up(conn, scene),
            Message::Writable(conn) => {
                if let Some(known) = self.conns.get_mut(&conn) {
                    known.kept_since = None;
                    self.catch_up(conn, scene);
                }
            }
            Message::PollOver(conn, since) => self.poll_over(conn, since, scene),
            Message::Gone(conn) => self.gone(conn, gate, scene),
        }
    }

    fn asked(&mut self, id: ConnId, request: FeedRequest, gate: &mut Gate, scene: &mut Scene) {
        let since = scene.agenda.now();
        if self.polls_again(id, &request, gate, scene) {
            return;
        }
        self.end_session(id, gate, scene);
        let conn = Conn {
            request,
            phase: Phase::Admitting,
            session: None,
            who: None,
            paging: false,
            ready: false,
            kept_since: None,
            since,
        };
        self.conns.insert(id, conn);
        self.admit(id, gate, scene);
    }

    fn admit(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
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
        let Some(conn) = self.conns.get_mut(&id).filter(|c| c.phase == Phase::Admitting) else {
            return;
        };
        let admission = match answer {
            Ok(admission) => admission,
            Err(code) => return self.refuse(id, code, gate, scene),
        };
        let cursor = cursor_of(&conn.request);
        let mut at = match self.hub.standing(Some(cursor), admission.known) {
            Standing::Good(at) => at,
            Standing::Reset(reason) => return self.reset(id, reason, gate, scene),
        };
        if scene.variant == Variant::CheckBeforeRegister {
            at = self.send_what_there_was(id, at, &admission, scene);
        }
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let as_of = match scene.variant {
            Variant::StaleFollows => self.hub.head().max(admission.follows.1),
            _ => admission.follows.1,
        };
        let open = Open {
            person: admission.person,
            credential: conn.request.credential,
            owner: id,
            at,
            follows: admission.follows.0.to_vec(),
            as_of,
            revocations_seen: admission.revocations_seen,
            guest: false,
        };
        match self.hub.open(open) {
            Ok(session) => conn.session = Some(session),
            // Takes more changes than a world has; the client comes again.
            Err(Stale::Again) => return self.refuse(id, Code::Overloaded, gate, scene),
            Err(Stale::Revoked) => {
                scene.figures.revoked += 1;
                return self.refuse(id, Code::NotSignedIn, gate, scene);
            }
        }
        conn.who = Some(admission.person);
        scene.figures.opened += 1;
        gate.roll.opened(admission.person, &conn.request.device);
        if conn.request.transport.is_poll() {
            self.begin_poll(id, scene);
        } else {
            conn.phase = Phase::Stream;
            self.catch_up(id, scene);
        }
    }

    /// The client has to take a snapshot.
    pub(super) fn reset(&mut self, id: ConnId, why: Reset, gate: &mut Gate, scene: &mut Scene) {
        scene.send_down(id, vec![Item::Reset(why)]);
        self.leave(id, gate, scene);
    }

    pub(super) fn refuse(&mut self, id: ConnId, code: Code, gate: &mut Gate, scene: &mut Scene) {
        scene.send_down(id, vec![Item::Refused(code)]);
        self.leave(id, gate, scene);
    }

    pub(super) fn end(&mut self, id: ConnId, why: Bye, gate: &mut Gate, scene: &mut Scene) {
        scene.send_down(id, vec![Item::Bye(why)]);
        self.leave(id, gate, scene);
    }

    /// The last thing is written: the client hangs up when it has read it.
    fn leave(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        self.end_session(id, gate, scene);
        self.conns.remove(&id);
    }

    fn end_session(&mut self, id: ConnId, gate: &mut Gate, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if let Some(session) = conn.session.take() {
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

    /// Cuts readers that take nothing (P6).
    pub fn cut_slow(&mut self, gate: &mut Gate, scene: &mut Scene) {
        let now = scene.agenda.now();
        let slow = |c: &Conn| c.kept_since.is_some_and(|since| since + SLOW_MAX <= now);
        let all: Vec<ConnId> =
            self.conns.iter().filter(|(_, c)| slow(c)).map(|(id, _)| *id).collect();
        for id in all {
            scene.figures.cut += 1;
            self.gone(id, gate, scene);
            scene.hang_up(id, false);
        }
    }

    /// Somebody who has an open session and counts as offline.
    pub fn whom_forgotten(&self, gate: &Gate) -> Option<PersonId> {
        let there = self.conns.values().filter_map(|conn| conn.who);
        there.into_iter().find(|person| gate.roll.of(*person) == Presence::Offline)
    }
}

/// The cursor of a request; clients only send back what they were given.
pub(super) fn cursor_of(request: &FeedRequest) -> Cursor {
    request.cursor.parse().expect("the text of a cursor")
}
