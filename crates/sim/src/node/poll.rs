//! Answering polls. The session of a poll rests until the client comes again.

use std::sync::Arc;

use encke_engine::Entry;
use encke_engine::connection::{Phase, PollTurn};
use encke_engine::cursor::Standing;

use super::FeedRequest;
use super::deliver::{TURN_BYTES, fit};
use super::gate::Gate;
use super::shard::{Shard, cursor_of, tick};
use crate::scene::{ConnId, Scene};
use crate::wires::Item;

impl Shard {
    /// Goes on with the session of the last poll, if this one is the same except for the cursor.
    pub(super) fn polls_again(
        &mut self,
        id: ConnId,
        request: &FeedRequest,
        gate: &mut Gate,
        scene: &mut Scene,
    ) -> bool {
        let (now, draining) = (tick(scene), self.is_draining());
        let Some(conn) = self.conns.get_mut(&id) else { return false };
        let Some(session) = conn.state.session else { return false };
        let (cursor, head) = (cursor_of(request), self.hub.head());
        let same = conn.request.transport == request.transport
            && conn.request.credential == request.credential
            && conn.state.phase == Phase::Request;
        let holds = conn.state.can_poll_again(self.hub.state(session), now, draining);
        if !same || !holds || cursor.position > head {
            return false;
        }
        conn.request = request.clone();
        match self.hub.standing(Some(cursor), head) {
            Standing::Reset(reason) => self.reset(id, reason, gate, scene),
            Standing::Good(at) => {
                conn.state.enter(Phase::Poll, now);
                self.hub.resume(session, at);
                self.poll(id, scene);
            }
        }
        true
    }

    /// Answers a poll if there are events, or if it does not wait.
    pub(super) fn poll(&mut self, id: ConnId, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let Some(session) = conn.state.session.filter(|_| !conn.state.paging) else { return };
        match conn.state.polls(self.hub.next(session, TURN_BYTES)) {
            PollTurn::Answer(entries) => self.answer_with(id, &entries, scene),
            PollTurn::Wait => self.schedule(id, scene),
            PollTurn::Page(request) => self.page(id, request, scene),
        }
    }

    /// Answers with as many of these events as fit, and lets the session rest after them.
    pub(super) fn answer_with(&mut self, id: ConnId, entries: &[Arc<Entry>], scene: &mut Scene) {
        let Some(session) = self.conns.get(&id).and_then(|conn| conn.state.session) else { return };
        let fit = fit(entries);
        if fit < entries.len() {
            self.hub.resume(session, entries[fit - 1].event.position);
        }
        self.hub.rest(session);
        self.handed(id, &entries[..fit], scene);
        let cursor = self.hub.cursor_at(self.hub.position(session));
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.state.answered(tick(scene));
        }
        scene.send_down(id, vec![Item::Answer(entries[..fit].to_vec(), cursor)]);
        self.schedule(id, scene);
    }
}
