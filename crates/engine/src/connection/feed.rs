//! The way of events to a connection: it is admitted once, then it gets new events or reads those that it missed.

use super::{Connection, Phase, Transport};
use crate::hub::{Next, PageRequest, SinkOutcome, Stale, State};

/// The number of times that a request is admitted if each admission is too old.
const ADMISSIONS_MAX: u8 = 3;

/// The result of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// All of it was written.
    All,
    /// A part is kept until the connection can take it: the connection is full.
    Kept,
    /// The connection is broken.
    Gone,
}

/// The result of an admission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// The session is open.
    Begin,
    /// The admission was too old: the gate is asked again.
    AdmitAgain,
    /// The admission was too old each time: the client comes back later.
    Overloaded,
    /// The sign-in has ended since the admission.
    Revoked,
}

/// The result of a poll's turn.
#[derive(Debug)]
pub enum PollTurn<T> {
    /// Answer with these events, or with none.
    Answer(T),
    /// Wait for something.
    Wait,
    /// Ask the store for this page.
    Page(PageRequest),
}

/// The use of a page from the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paged {
    /// The connection waits for the page no longer.
    Late,
    /// The page answers a poll. If it has no events, the poll asks again.
    Poll,
    /// The page is written to the stream.
    Stream,
    /// The page goes to a request of another protocol.
    Foreign,
}

/// The way of new events to a live session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// The events are written to the stream.
    Stream,
    /// The events answer the poll.
    Answer,
    /// The session reads the events in its next turn.
    Read,
}

impl Connection {
    /// Notes that the hub was asked to open the session after the gate had admitted the request.
    pub fn opened(&mut self, session: Result<u32, Stale>) -> Opened {
        match session {
            Ok(session) => {
                self.session = Some(session);
                Opened::Begin
            }
            Err(Stale::Again) if self.tries < ADMISSIONS_MAX => Opened::AdmitAgain,
            Err(Stale::Again) => Opened::Overloaded,
            Err(Stale::Revoked) => Opened::Revoked,
        }
    }

    /// Begins a poll or a stream: the session is open.
    pub fn begin(&mut self, now: u32) {
        (self.wrote, self.heard) = (now, now);
        self.enter(if self.transport.is_poll() { Phase::Poll } else { Phase::Stream }, now);
    }

    /// Whether the session of its last poll can go on with the next one without being admitted again.
    pub fn can_poll_again(&self, session: State, now: u32, draining: bool) -> bool {
        session == State::Resting && now < self.good_until && !draining
    }

    /// Decides the turn of a waiting poll, given the next thing for its session.
    pub fn polls(&mut self, next: Next) -> PollTurn<Vec<std::sync::Arc<crate::entry::Entry>>> {
        let at_once = self.transport == Transport::ShortPoll || self.wait == 0;
        match next {
            Next::Live if at_once => PollTurn::Answer(Vec::new()),
            Next::Live => PollTurn::Wait,
            Next::Entries(entries) => PollTurn::Answer(entries),
            Next::Store(request) => {
                self.paging = true;
                PollTurn::Page(request)
            }
        }
    }

    /// Whether a stream reads: not while a page is on its way, and not once it is live.
    pub fn catches_up(&self, session: State) -> bool {
        !(self.paging || (self.ready && session == State::Live))
    }

    /// Notes that a stream has everything. Returns whether this is the first time, which the client is told.
    pub fn turned_live(&mut self) -> bool {
        !std::mem::replace(&mut self.ready, true)
    }

    /// Takes the store's answer.
    pub fn paged(&mut self) -> Paged {
        if !std::mem::take(&mut self.paging) || self.session.is_none() {
            return Paged::Late;
        }
        match self.phase {
            Phase::Poll => Paged::Poll,
            Phase::Stream => Paged::Stream,
            Phase::Foreign => Paged::Foreign,
            _ => Paged::Late,
        }
    }

    /// Decides how new events reach the connection; `fits` tells whether one answer holds all of them.
    #[inline]
    pub fn delivery(&self, fits: impl FnOnce() -> bool) -> Delivery {
        match self.phase {
            Phase::Stream => Delivery::Stream,
            // Another protocol may need some time for its answer, so it reads.
            Phase::Foreign => Delivery::Read,
            _ if !fits() => Delivery::Read,
            _ => Delivery::Answer,
        }
    }

    /// Notes that the poll is answered: the connection waits for the next request, or ends.
    #[inline]
    pub fn answered(&mut self, now: u32) -> Phase {
        let next = if self.keep_alive { Phase::Request } else { Phase::Closing };
        self.enter(next, now);
        next
    }

    /// The session that falls behind because the connection keeps bytes that it could not take. A poll does not fall
    /// behind, because its answer is all that it gets.
    pub fn falls_behind(&self) -> Option<u32> {
        self.session.filter(|_| self.phase == Phase::Stream)
    }
}

impl Written {
    /// The hub's view of a write to a stream.
    #[inline]
    pub fn of_stream(self) -> SinkOutcome {
        match self {
            Written::All => SinkOutcome::All,
            Written::Kept => SinkOutcome::Full,
            Written::Gone => SinkOutcome::Rest,
        }
    }
}
