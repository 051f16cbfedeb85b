//! How a poll gets its answer; its session rests until the client comes again.

use encke_engine::Entry;
use encke_engine::cursor::Standing;
use encke_engine::hub::{Next, State};
use std::sync::Arc;

use super::deliver::{TURN_BYTES, fit};
use super::gate::Gate;
use super::shard::{Phase, Shard, cursor_of};
use super::{FeedRequest, ToNode};
use crate::agenda::Time;
use crate::scene::{ConnId, Scene};
use crate::wires::{Item, Transport};

impl Shard {
    /// Goes on with the session of the last poll, if this is the same again with another cursor.
    pub(super) fn polls_again(
        &mut self,
        id: ConnId,
        request: &FeedRequest,
        gate: &mut Gate,
        scene: &mut Scene,
    ) -> bool {
        let Some(conn) = self.conns.get_mut(&id) else { return false };
        let Some(session) = conn.session else { return false };
        let (cursor, head) = (cursor_of(request), self.hub.head());
        let same = conn.request.transport == request.transport
            && conn.request.credential == request.credential
            && conn.phase == Phase::Request;
        if !same || cursor.position > head || self.hub.state(session) != State::Resting {
            return false;
        }
        conn.request = request.clone();
        match self.hub.standing(Some(cursor), head) {
            Standing::Reset(reason) => self.reset(id, reason, gate, scene),
            Standing::Good(at) => {
                self.hub.resume(session, at);
                self.begin_poll(id, scene);
            }
        }
        true
    }

    pub(super) fn begin_poll(&mut self, id: ConnId, scene: &mut Scene) {
        let now = scene.agenda.now();
        let Some(conn) = self.conns.get_mut(&id) else { return };
        (conn.phase, conn.since) = (Phase::Poll, now);
        scene.tell_node(self.node, conn.request.wait, ToNode::PollOver(id, now));
        self.poll(id, scene);
    }

    /// Answers a poll if there is something, or if it does not wait.
    pub(super) fn poll(&mut self, id: ConnId, scene: &mut Scene) {
        let Some(conn) = self.conns.get(&id).filter(|c| c.phase == Phase::Poll) else { return };
        let Some(session) = conn.session.filter(|_| !conn.paging) else { return };
        match self.hub.next(session, TURN_BYTES) {
            Next::Live if conn.request.transport == Transport::ShortPoll => {
                self.answer_with(id, &[], scene);
            }
            Next::Live => {}
            Next::Entries(entries) => self.answer_with(id, &entries, scene),
            Next::Store(request) => self.page(id, request, scene),
        }
    }

    /// Answers with these events, as many as fit, and lets the session rest behind them.
    pub(super) fn answer_with(&mut self, id: ConnId, entries: &[Arc<Entry>], scene: &mut Scene) {
        let Some(session) = self.conns.get(&id).and_then(|conn| conn.session) else { return };
        let fit = fit(entries);
        if fit < entries.len() {
            self.hub.resume(session, entries[fit - 1].event.position);
        }
        self.hub.rest(session);
        self.handed(id, &entries[..fit], scene);
        let cursor = self.hub.cursor_at(self.hub.position(session));
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.phase = Phase::Request;
        }
        scene.send_down(id, vec![Item::Answer(entries[..fit].to_vec(), cursor)]);
    }

    pub(super) fn poll_over(&mut self, id: ConnId, since: Time, scene: &mut Scene) {
        let waits =
            |c: &&super::shard::Conn| c.phase == Phase::Poll && c.since == since && !c.paging;
        if self.conns.get(&id).filter(waits).is_some() {
            self.answer_with(id, &[], scene);
        }
    }
}
