//! From a request to an open session, or to a refusal.

use std::sync::Arc;

use encke_engine::cursor::{Reset, Standing};
use encke_engine::hub::{Open, Stale};
use encke_engine::item::{self, Bye};
use encke_engine::{Code, Error};

use super::Shard;
use crate::channel_quota::Follower;
use crate::conn::Phase;
use crate::gate::{Admission, Reply, To};
use crate::poll::Body;
use crate::request::{FeedRequest, Refusal, Transport};
use crate::{framing, head, ws};

/// How often a request is admitted if its admission is too old each time.
const TRIES_MAX: u8 = 3;

impl Shard {
    /// A request for the feed is here, perhaps with the gate's word.
    pub(super) fn asked(
        &mut self,
        to: To,
        request: Arc<FeedRequest>,
        admission: Option<Box<Admission>>,
    ) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.keep_alive = request.keep_alive && !conn.bridged && !draining && !conn.is_last();
        conn.tries = 0;
        if draining {
            let refusal = Refusal::from(self.draining(to));
            return self.refuse(to, &refusal);
        }
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.transport = request.transport;
        conn.wait = self.timing.ticks(request.wait_s * 1000);
        conn.request = Some(request);
        conn.enter(Phase::Admitting, self.now);
        match admission {
            Some(admission) => self.admitted(to, Ok(admission)),
            None => self.admit(to),
        }
    }

    fn admit(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.tries += 1;
        if let Some(request) = &conn.request {
            let reply = Reply::new(to, self.inbox.clone());
            self.shared.gate.admit(request.clone(), reply);
        }
    }

    /// The gate has answered.
    pub(super) fn admitted(&mut self, to: To, answer: Result<Box<Admission>, Box<Refusal>>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.phase != Phase::Admitting {
            return;
        }
        let admission = match answer {
            Ok(_) if self.deadline.is_some() => {
                let refusal = Refusal::from(self.draining(to));
                return self.refuse(to, &refusal);
            }
            Ok(admission) => admission,
            Err(refusal) => return self.refuse(to, &refusal),
        };
        conn.cors = head::cors_of(&admission).map(Box::new);
        let cursor = conn.request.as_ref().and_then(|request| request.cursor);
        let at = match self.hub.standing(cursor, admission.known) {
            Standing::Good(at) => at,
            Standing::Reset(reason) => return self.reset(to, reason),
        };
        let Admission { who, follows, as_of, revocations_seen, guest, .. } = *admission;
        let Admission { good_for_ms, ends_in_ms, .. } = *admission;
        let opened = self.hub.open(Open {
            person: who.person,
            credential: who.credential,
            owner: to.index,
            at,
            follows,
            as_of,
            revocations_seen,
            guest,
        });
        if let Ok(session) = opened
            && let Err(error) = self.take_channels(Follower::Person(who.person), session)
        {
            return self.refuse(to, &error.into());
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        match opened {
            Ok(session) => conn.session = Some(session),
            Err(Stale::Again) if conn.tries < TRIES_MAX => return self.admit(to),
            Err(Stale::Again) => return self.refuse(to, &head::overloaded().into()),
            Err(Stale::Revoked) => {
                let error = Error::new(Code::NotSignedIn, "You have been signed out.");
                return self.refuse(to, &error.into());
            }
        }
        let after = |ms| self.now.saturating_add(self.timing.ticks(ms));
        conn.ends_at = after(ends_in_ms);
        conn.good_until = after(good_for_ms).min(conn.ends_at);
        self.stats.sessions[conn.transport as usize] += 1;
        let person = who.person;
        let who = conn.who.insert(who);
        self.shared.gate.opened(who);
        if cursor.is_some() {
            self.shared.gate.acked(who, at);
        }
        for oldest in [self.hub.one_too_many(person), self.hub.one_too_wide(person)] {
            if let Some((oldest, _)) = oldest.and_then(|oldest| self.conns.at(oldest)) {
                self.end(oldest, Bye::TooMany);
            }
        }
        self.begin(to);
    }

    fn begin(&mut self, to: To) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(request) = conn.request.take() else { return };
        (conn.wrote, conn.heard) = (self.now, self.now);
        if conn.transport.is_poll() {
            conn.enter(Phase::Poll, self.now);
            self.perhaps_left(to);
            return self.poll(to);
        }
        conn.enter(Phase::Stream, self.now);
        let head = head::stream(&request, conn.cors());
        conn.cors = None;
        let early = conn.stash.take();
        self.catch_up(to, vec![head]);
        if let Some(mut early) = early
            && request.transport == Transport::WebSocket
        {
            self.frames(to, &mut early);
        }
    }

    /// The client has to take a snapshot.
    pub(super) fn reset(&mut self, to: To, reason: Reset) {
        let cursor = self.hub.cursor();
        let Some(conn) = self.conns.get_mut(to) else { return };
        let transport = conn.transport;
        if transport.is_poll() {
            if let Some(session) = conn.session {
                self.hub.rest(session);
            }
            return self.answer(to, Body { reset: Some(reason), ..Body::default() }, cursor);
        }
        let item = framing::item(transport, &item::reset(reason, cursor), Some(cursor));
        let mut pieces = Vec::new();
        if let Some(request) = conn.request.take() {
            pieces.push(head::stream(&request, conn.cors()));
        }
        pieces.push(item);
        if transport == Transport::WebSocket {
            pieces.push(ws::frame::close(1000, "reset"));
        }
        self.end_with(to, &pieces);
    }

    /// Refuses a request; the connection may serve another.
    pub(super) fn refuse(&mut self, to: To, refusal: &Refusal) {
        self.stats.refused += 1;
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.request = None;
        let answer = head::refusal(refusal, conn.keep_alive);
        self.finish_answer(to, &answer);
    }

    fn draining(&self, to: To) -> Error {
        head::draining(self.spread(to))
    }
}
