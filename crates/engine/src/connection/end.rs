//! The end of a connection: for a reason, because the server goes down, or because its client left.

use super::{Connection, Phase, Transport};
use crate::error::{Code, Error};
use crate::item::Bye;
use crate::limits;

/// The way to end a session for a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The stream gets the reason, then the connection ends.
    Say,
    /// The poll is answered with the reason, then the connection ends.
    Answer,
    /// The wait of the other protocol ends.
    Foreign,
    /// The session ends between two polls. The next poll is refused, if there is one.
    Silent,
    /// The connection ends at once.
    Destroy,
    /// There is no session. The connection ends with its next answer.
    Nothing,
}

/// The reaction of a connection when the server goes down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drain {
    /// A poll is about to come back and get the refusal: the connection has a moment for that.
    Moment,
    /// The connection ends now.
    End,
    /// The connection ends when its commands are answered.
    AfterCommands,
}

/// The reaction to a client that has ended its side. It still gets what it has asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HalfClose {
    /// A stream is written to at once, because a write shows whether anybody reads it.
    Beat,
    /// A request is under way: see [`Connection::perhaps_left`].
    PerhapsLeft,
    /// The bytes on their way to the client come first.
    Nothing,
    /// Nothing is left to do for the client: the connection ends.
    Destroy,
}

impl Connection {
    /// Decides how the session ends for a reason.
    pub fn ends(&mut self) -> Ending {
        match self.phase {
            Phase::Stream => Ending::Say,
            Phase::Foreign => Ending::Foreign,
            Phase::Poll if self.session.is_none() => Ending::Destroy,
            Phase::Poll => {
                self.keep_alive = false;
                Ending::Answer
            }
            Phase::Request => Ending::Silent,
            Phase::Admitting | Phase::Sending | Phase::Closing | Phase::Lingering => {
                Ending::Nothing
            }
        }
    }

    /// Notes that the last bytes are on their way: the connection ends as soon as they are written.
    pub fn closes(&mut self, now: u32) {
        self.enter(Phase::Closing, now);
    }

    /// Decides how the connection ends when the server goes down.
    pub fn drains(&mut self, now: u32) -> Drain {
        self.drained = true;
        self.keep_alive = false;
        if self.phase == Phase::Request {
            self.since = now;
            Drain::Moment
        } else if self.unanswered == 0 {
            Drain::End
        } else {
            Drain::AfterCommands
        }
    }

    /// Takes a command. The error is its refusal.
    pub fn takes_command(&mut self) -> Result<(), Error> {
        if self.drained {
            return Err(Error::draining());
        }
        if usize::from(self.unanswered) >= limits::COMMANDS_UNANSWERED_MAX {
            let what = "Too many commands wait for their answer.";
            return Err(Error::new(Code::Overloaded, what));
        }
        self.unanswered += 1;
        Ok(())
    }

    /// Notes that a command was answered. Returns whether the connection has to end and waited only for that.
    pub fn command_answered(&mut self) -> bool {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.drained && self.unanswered == 0
    }

    /// Notes that the client has ended its side; `full` if bytes wait to be written, `stashed` if bytes that it sent
    /// wait.
    pub fn half_closes(&mut self, full: bool, stashed: bool) -> HalfClose {
        let is_news = !std::mem::replace(&mut self.half_closed, true);
        match (self.phase, self.transport) {
            // The client can neither say anything nor answer a ping any more.
            (Phase::Admitting | Phase::Stream, Transport::WebSocket) => HalfClose::Destroy,
            (Phase::Stream, _) if is_news && !full => HalfClose::Beat,
            (Phase::Admitting | Phase::Sending | Phase::Poll, _) => {
                self.keep_alive &= !self.is_last(stashed);
                HalfClose::PerhapsLeft
            }
            // The bytes on their way, and the requests sent before, come first.
            (Phase::Request, _) if full || self.queued => HalfClose::Nothing,
            (Phase::Stream | Phase::Closing, _) => HalfClose::Nothing,
            // The client waits for nothing; or for another protocol, where a write to it would count as delivered.
            (Phase::Request | Phase::Foreign | Phase::Lingering, _) => HalfClose::Destroy,
        }
    }

    /// Whether a client that has ended its side during a poll counts as gone: most have closed both sides, which looks
    /// the same. The poll is still answered, after at most `longest` ticks.
    pub fn perhaps_left(&mut self, now: u32, longest: u32, stashed: bool) -> bool {
        let left = self.phase == Phase::Poll && self.is_last(stashed);
        if left {
            let waited = now.saturating_sub(self.since);
            self.wait = self.wait.min(waited.saturating_add(longest));
        }
        left
    }

    /// Whether a reader that is cut can get the reason: only a stream can, and only where a whole frame has ended.
    pub fn is_told_of_cut(&self, at_boundary: bool) -> bool {
        at_boundary && self.phase == Phase::Stream
    }
}

/// Milliseconds until a client comes back after this end of its session. After a drain clients are spread: `spread_ms`
/// is the part of this client.
pub fn comes_back_after_ms(why: Bye, spread_ms: u64) -> u64 {
    match why {
        Bye::Drain => spread_ms,
        Bye::Slow | Bye::TooMany => limits::SLOW_RETURN_MS,
        Bye::Revoked | Bye::Idle | Bye::Changed | Bye::Protocol => 0,
    }
}
