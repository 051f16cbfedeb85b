//! How a connection ends: with a reason, when the server goes down, or because its client left.

use super::{Connection, Phase, Transport};
use crate::error::{Code, Error};
use crate::item::Bye;
use crate::limits;

/// How a session ends that is ended for a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The stream is told, then the connection ends.
    Say,
    /// The poll is answered with the reason, then the connection ends.
    Answer,
    /// The other protocol's wait is over.
    Foreign,
    /// The session ends between two polls: the next one is refused, if there is one.
    Silent,
    /// The connection ends at once.
    Destroy,
    /// There is no session, and the connection ends with its next answer.
    Nothing,
}

/// What a connection does when the server goes down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drain {
    /// A poll that is about to come back is told so: the connection gets a moment for it.
    Moment,
    /// It ends now.
    End,
    /// It ends when its commands are answered.
    AfterCommands,
}

/// What follows when the client has ended its side. What it has asked for it still gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HalfClose {
    /// Whether anybody is left shows when something is written, so a stream is written to at once.
    Beat,
    /// A request is under way: see [`Connection::perhaps_left`].
    PerhapsLeft,
    /// What is on its way to it comes first.
    Nothing,
    /// Nothing is due to it.
    Destroy,
}

impl Connection {
    /// Its session is to end for a reason.
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

    /// The last thing is on its way: the connection ends as soon as it is written.
    pub fn closes(&mut self, now: u32) {
        self.enter(Phase::Closing, now);
    }

    /// The server goes down.
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

    /// A command has come; an error says why it is not taken.
    pub fn takes_command(&mut self) -> Result<(), Error> {
        if self.drained {
            let what = "The server is going down; come back in a moment.";
            return Err(Error::new(Code::Draining, what));
        }
        if usize::from(self.unanswered) >= limits::COMMANDS_UNANSWERED_MAX {
            let what = "Too many commands wait for their answer.";
            return Err(Error::new(Code::Overloaded, what));
        }
        self.unanswered += 1;
        Ok(())
    }

    /// A command was answered. Returns whether the connection, which was told to end, waited only for that.
    pub fn command_answered(&mut self) -> bool {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.drained && self.unanswered == 0
    }

    /// The client has ended its side; `full` if something waits to be written, `stashed` if bytes that it sent wait.
    pub fn half_closes(&mut self, full: bool, stashed: bool) -> HalfClose {
        let is_news = !std::mem::replace(&mut self.half_closed, true);
        match (self.phase, self.transport) {
            // It can neither say anything nor answer a ping any more.
            (Phase::Admitting | Phase::Stream, Transport::WebSocket) => HalfClose::Destroy,
            (Phase::Stream, _) if is_news && !full => HalfClose::Beat,
            (Phase::Admitting | Phase::Sending | Phase::Poll, _) => {
                self.keep_alive &= !self.is_last(stashed);
                HalfClose::PerhapsLeft
            }
            // What is on its way to it, or was sent before, comes first.
            (Phase::Request, _) if full || self.queued => HalfClose::Nothing,
            (Phase::Stream | Phase::Closing, _) => HalfClose::Nothing,
            // Nothing is due to it; or another protocol, which takes what it hands over as delivered.
            (Phase::Request | Phase::Foreign | Phase::Lingering, _) => HalfClose::Destroy,
        }
    }

    /// Whether a client that has ended its side in the midst of a poll counts as gone: most have closed both sides, which
    /// looks the same. The poll is answered all the same, after at most `longest` ticks.
    pub fn perhaps_left(&mut self, now: u32, longest: u32, stashed: bool) -> bool {
        let left = self.phase == Phase::Poll && self.is_last(stashed);
        if left {
            let waited = now.saturating_sub(self.since);
            self.wait = self.wait.min(waited.saturating_add(longest));
        }
        left
    }

    /// Whether a reader that is cut can be told why: only a stream, and only where a whole frame ended.
    pub fn is_told_of_cut(&self, at_boundary: bool) -> bool {
        at_boundary && self.phase == Phase::Stream
    }
}

/// Milliseconds after which a client is to come back that was told why its session ends. After a drain clients are
/// spread: `spread_ms` is this one's part of that.
pub fn comes_back_after_ms(why: Bye, spread_ms: u64) -> u64 {
    match why {
        Bye::Drain => spread_ms,
        Bye::Slow | Bye::TooMany => limits::SLOW_RETURN_MS,
        Bye::Revoked | Bye::Idle | Bye::Changed | Bye::Protocol => 0,
    }
}
