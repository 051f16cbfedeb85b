//! Answering polls.

use bytes::Bytes;
use encke_engine::connection::{Phase, PollTurn, Written};
use encke_engine::cursor::Standing;
use encke_engine::{Cursor, Entry, limits};
use std::sync::Arc;

use super::Shard;
use crate::conn::Conn;
use crate::gate::{ConnectionKey, Reply};
use crate::poll::{self, Body};

impl Shard {
    /// Goes on with the session of the last poll if these bytes are the same poll again, with a current cursor.
    pub(super) fn polls_again(&mut self, to: ConnectionKey, bytes: &[u8]) -> bool {
        let Some(conn) = self.conns.get_mut(to) else { return false };
        let (Some(session), Some(repeat)) = (conn.state.session, conn.repeat) else { return false };
        let holds =
            conn.state.can_poll_again(self.hub.state(session), self.now, self.deadline.is_some());
        // A cursor beyond this hub's head may be good, but only the gate knows the end of the log.
        let head = self.hub.head();
        let again = repeat.again(bytes).filter(|(cursor, _)| holds && cursor.position <= head);
        let Some((cursor, length)) = again else { return false };
        conn.keep(&bytes[length..]);
        conn.state.keep_alive &= !conn.is_last();
        match self.hub.standing(Some(cursor), head) {
            Standing::Reset(reason) => self.reset(to, reason),
            Standing::Good(at) => {
                conn.state.enter(Phase::Poll, self.now);
                if let Some(who) = &conn.who {
                    self.shared.gate.acked(who, at);
                }
                self.hub.resume(session, at);
                self.poll(to);
            }
        }
        true
    }

    /// Answers a poll if there are events, or if it does not wait. Otherwise lets it wait.
    pub(super) fn poll(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(session) = conn.state.session else { return };
        if conn.state.paging {
            return;
        }
        match conn.state.polls(self.hub.next(session, limits::REPLAY_BYTES_MAX)) {
            PollTurn::Answer(entries) => self.answer_with(to, &entries),
            PollTurn::Wait => self.schedule(to),
            PollTurn::Page(request) => {
                self.shared.gate.page(request, Reply::new(to, self.inbox.clone()));
            }
        }
    }

    /// Answers with as many of these events as fit, and lets the session rest after them.
    pub(super) fn answer_with(&mut self, to: ConnectionKey, entries: &[Arc<Entry>]) {
        let Some(session) = self.conns.get(to).and_then(|conn| conn.state.session) else { return };
        let fit = if entries.is_empty() { 0 } else { poll::fit(entries.iter()) };
        if fit < entries.len() {
            self.hub.resume(session, entries[fit - 1].event.position);
        }
        self.hub.rest(session);
        let position = self.hub.position(session);
        let more = position < self.hub.head();
        self.stats.replayed += fit as u64;
        let events: Vec<&Arc<Entry>> = entries[..fit].iter().collect();
        let cursor = self.hub.cursor_at(position);
        let plain = |conn: &Conn| conn.state.keep_alive && conn.cors.is_none();
        if !more && self.conns.get(to).is_some_and(plain) {
            // Clients that were away at the same moment get the same answer, too.
            let answer = self.answer.answer(&events, cursor).clone();
            return self.finish_answer(to, &answer);
        }
        self.answer(to, Body { events: &events, more, ..Body::default() }, cursor);
    }

    /// Writes an answer. The session, if there is one, rests already.
    pub(super) fn answer(&mut self, to: ConnectionKey, body: Body<'_>, cursor: Cursor) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let answer = poll::answer(body, cursor, conn.state.keep_alive, conn.cors());
        self.finish_answer(to, &answer);
    }

    /// Writes a complete HTTP answer. Then the connection waits for the next request or ends.
    pub(super) fn finish_answer(&mut self, to: ConnectionKey, answer: &Bytes) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.request = None;
        let next = conn.state.answered(self.now);
        let more = next == Phase::Closing || conn.stash.is_some();
        if self.put(to, &[answer]) == Written::All && more {
            // The next request waits for its turn, so that a client with many requests does not delay others.
            self.enqueue(to);
        }
        self.schedule(to);
    }
}
