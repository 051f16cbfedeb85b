//! Sends over plain HTTP.

use encke_engine::connection::Phase;
use encke_engine::{Code, Error};

use super::Shard;
use crate::gate::{ConnectionKey, Reply};
use crate::head;
use crate::request::{Refusal, SendAnswer, SendRequest};

impl Shard {
    /// Takes a send with its body. A session that rests on the connection between two polls goes on resting.
    pub(super) fn send(&mut self, to: ConnectionKey, request: &SendRequest<'_>) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.state.asks(request.keep_alive, draining, conn.stash.is_some());
        if draining {
            let refusal = Refusal::from(Error::draining().retry_after_ms(self.spread(to)));
            return self.refuse(to, &refusal);
        }
        conn.state.enter(Phase::Sending, self.now);
        self.shared.gate.send(request, Reply::new(to, self.inbox.clone()));
    }

    /// Takes the gate's answer to a send.
    pub(super) fn sent(&mut self, to: ConnectionKey, answer: &SendAnswer) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.state.phase == Phase::Sending {
            let is_limited = matches!(&answer.result, Err(e) if e.code == Code::RateLimited);
            let answer = head::sent(answer, conn.state.keep_alive);
            if is_limited {
                self.pause(to);
            }
            self.finish_answer_together(to, answer);
        }
    }
}
