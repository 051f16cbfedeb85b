//! The way from a request to an open session, or to a refusal.

use std::sync::Arc;

use encke_engine::connection::{Opened, Phase};
use encke_engine::cursor::{Reset, Standing};
use encke_engine::hub::Open;
use encke_engine::item::{self, Bye};
use encke_engine::{Code, Error};

use super::Shard;
use crate::channel_quota::Follower;
use crate::gate::{Admission, ConnectionKey, Reply};
use crate::poll::Body;
use crate::request::{FeedRequest, Refusal, Transport};
use crate::{framing, head, ws};

impl Shard {
    /// Takes a request for the feed, perhaps with the gate's answer.
    pub(super) fn asked(
        &mut self,
        to: ConnectionKey,
        request: Arc<FeedRequest>,
        admission: Option<Box<Admission>>,
    ) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.asks(request.keep_alive, draining, conn.stash.is_some());
        conn.state.tries = 0;
        if draining {
            let refusal = Refusal::from(self.draining(to));
            return self.refuse(to, &refusal);
        }
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.transport = request.transport;
        conn.state.wait = self.timing.ticks(request.wait_s * 1000);
        conn.request = Some(request);
        conn.state.enter(Phase::Admitting, self.now);
        match admission {
            Some(admission) => self.admitted(to, Ok(admission)),
            None => self.admit(to),
        }
    }

    fn admit(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.tries += 1;
        if let Some(request) = &conn.request {
            let reply = Reply::new(to, self.inbox.clone());
            self.shared.gate.admit(request.clone(), reply);
        }
    }

    /// Takes the gate's answer.
    pub(super) fn admitted(
        &mut self,
        to: ConnectionKey,
        answer: Result<Box<Admission>, Box<Refusal>>,
    ) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.state.phase != Phase::Admitting {
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
        match conn.state.opened(opened) {
            Opened::Begin => {}
            Opened::AdmitAgain => return self.admit(to),
            Opened::Overloaded => return self.refuse(to, &head::overloaded().into()),
            Opened::Revoked => {
                let error = Error::new(Code::NotSignedIn, "You have been signed out.");
                return self.refuse(to, &error.into());
            }
        }
        let after = |ms| self.now.saturating_add(self.timing.ticks(ms));
        conn.state.ends_at = after(ends_in_ms);
        conn.state.good_until = after(good_for_ms).min(conn.state.ends_at);
        self.stats.sessions[conn.state.transport as usize] += 1;
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

    fn begin(&mut self, to: ConnectionKey) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Some(request) = conn.request.take() else { return };
        conn.state.begin(self.now);
        if conn.state.phase == Phase::Poll {
            self.perhaps_left(to);
            return self.poll(to);
        }
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

    /// Tells the client to take a snapshot.
    pub(super) fn reset(&mut self, to: ConnectionKey, reason: Reset) {
        let cursor = self.hub.cursor();
        let Some(conn) = self.conns.get_mut(to) else { return };
        let transport = conn.state.transport;
        if transport.is_poll() {
            if let Some(session) = conn.state.session {
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

    /// Refuses a request. The connection may serve another one.
    pub(super) fn refuse(&mut self, to: ConnectionKey, refusal: &Refusal) {
        self.stats.refused += 1;
        self.end_session(to);
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.request = None;
        let answer = head::refusal(refusal, conn.state.keep_alive);
        self.finish_answer(to, &answer);
    }

    fn draining(&self, to: ConnectionKey) -> Error {
        Error::draining().retry_after_ms(self.spread(to))
    }
}
