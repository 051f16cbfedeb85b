//! Sends over plain HTTP.

use encke_engine::Code;

use super::Shard;
use crate::conn::Phase;
use crate::gate::{Reply, To};
use crate::head;
use crate::request::{Refusal, SendAnswer, SendRequest};

impl Shard {
    /// A send is here, with its body. A session that rests on the connection between two polls goes on resting.
    pub(super) fn send(&mut self, to: To, request: &SendRequest<'_>) {
        let draining = self.deadline.is_some();
        let Some(conn) = self.conns.get_mut(to) else { return };
        conn.keep_alive = request.keep_alive && !conn.bridged && !draining && !conn.is_last();
        if draining {
            let refusal = Refusal::from(head::draining(self.spread(to)));
            return self.refuse(to, &refusal);
        }
        conn.enter(Phase::Sending, self.now);
        self.shared.gate.send(request, Reply::new(to, self.inbox.clone()));
    }

    /// The gate says what became of it.
    pub(super) fn sent(&mut self, to: To, answer: &SendAnswer) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.phase == Phase::Sending {
            let is_limited = matches!(&answer.result, Err(e) if e.code == Code::RateLimited);
            let answer = head::sent(answer, conn.keep_alive);
            if is_limited {
                self.pause(to);
            }
            self.finish_answer_together(to, answer);
        }
    }
}
