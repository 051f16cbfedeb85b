//! How a connection gets its events: admitted once, then handed what is new, or reading what it missed.

use super::{Connection, Phase, Transport};
use crate::hub::{Next, PageRequest, SinkOutcome, Stale, State};

/// How often a request is admitted if its admission is too old each time.
const TRIES_MAX: u8 = 3;

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// All of it was written.
    All,
    /// Some is kept until the connection can take it: it is full.
    Kept,
    /// The connection is broken.
    Gone,
}

/// What comes of an admission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// The session is open.
    Begin,
    /// The admission was too old: the gate is asked again.
    AdmitAgain,
    /// It was too old each time: the client is to come back later.
    Overloaded,
    /// The sign-in has ended meanwhile.
    Revoked,
}

/// What the turn of a poll comes to.
#[derive(Debug)]
pub enum PollTurn<T> {
    /// Answer with these events, or without any.
    Answer(T),
    /// Wait for something.
    Wait,
    /// Ask the store for this page.
    Page(PageRequest),
}

/// What is done with a page of the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paged {
    /// Nobody waits for it any more.
    Late,
    /// A poll is answered with it; one without events asks again.
    Poll,
    /// It is written to the stream.
    Stream,
    /// It goes to a request of another protocol.
    Foreign,
}

/// How new events reach a live session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// They are written to its stream.
    Stream,
    /// They answer its poll.
    Answer,
    /// It reads them in its next turn.
    Read,
}

impl Connection {
    /// The gate has admitted its request, and the hub was asked to open the session.
    pub fn opened(&mut self, session: Result<u32, Stale>) -> Opened {
        match session {
            Ok(session) => {
                self.session = Some(session);
                Opened::Begin
            }
            Err(Stale::Again) if self.tries < TRIES_MAX => Opened::AdmitAgain,
            Err(Stale::Again) => Opened::Overloaded,
            Err(Stale::Revoked) => Opened::Revoked,
        }
    }

    /// Its session is open: a poll or a stream begins.
    pub fn begin(&mut self, now: u32) {
        (self.wrote, self.heard) = (now, now);
        self.enter(if self.transport.is_poll() { Phase::Poll } else { Phase::Stream }, now);
    }

    /// Whether the session of its last poll can go on with the next one without being admitted again.
    pub fn can_poll_again(&self, session: State, now: u32, draining: bool) -> bool {
        session == State::Resting && now < self.good_until && !draining
    }

    /// The turn of a poll that is not answered, given what its session gets next.
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

    /// Whether a stream has anything to read: not while a page is on its way, and not once it is live.
    pub fn catches_up(&self, session: State) -> bool {
        !(self.paging || (self.ready && session == State::Live))
    }

    /// A stream has everything. Returns whether this is to be told, for it is the first time.
    pub fn turned_live(&mut self) -> bool {
        !std::mem::replace(&mut self.ready, true)
    }

    /// The store has answered.
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

    /// How new events reach it; `fits` tells whether one answer holds all of them.
    #[inline]
    pub fn delivery(&self, fits: impl FnOnce() -> bool) -> Delivery {
        match self.phase {
            Phase::Stream => Delivery::Stream,
            // What another protocol says may take a while, so it reads.
            Phase::Foreign => Delivery::Read,
            _ if !fits() => Delivery::Read,
            _ => Delivery::Answer,
        }
    }

    /// Its poll is answered: the connection waits for the next request, or ends.
    #[inline]
    pub fn answered(&mut self, now: u32) -> Phase {
        let next = if self.keep_alive { Phase::Request } else { Phase::Closing };
        self.enter(next, now);
        next
    }

    /// The session that falls behind because the connection keeps something that it could not take. A poll has no more
    /// than its answer to take.
    pub fn falls_behind(&self) -> Option<u32> {
        self.session.filter(|_| self.phase == Phase::Stream)
    }
}

impl Written {
    /// What the hub is told of events that were written to a stream.
    #[inline]
    pub fn of_stream(self) -> SinkOutcome {
        match self {
            Written::All => SinkOutcome::All,
            Written::Kept => SinkOutcome::Full,
            Written::Gone => SinkOutcome::Rest,
        }
    }
}
