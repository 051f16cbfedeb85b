//! What waits for the writer, and how it is answered.

use std::panic::{AssertUnwindSafe, catch_unwind};

use encke_engine::append::Appended;
use encke_engine::{Code, Error};

use crate::append::Append;
use crate::tx::Tx;

/// What a write leaves to be done once its fate is known.
pub(crate) struct Pending {
    /// Whether it wants to be committed.
    pub good: bool,
    /// Told whether the commit happened.
    pub reply: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

/// A write; it does not panic. Instead of a transaction it may get the reason why there is none.
pub(crate) type Write = Box<dyn FnOnce(Result<&mut Tx<'_>, Error>) -> Pending + Send>;

pub(crate) enum Job {
    Append(Append),
    Write(Write),
    /// Stores what is still only in memory, and ends the thread.
    Stop,
}

impl Job {
    /// Answers it without doing it.
    pub fn refuse(self, why: Error) {
        match self {
            Job::Append(append) => (append.reply)(Err(why)),
            Job::Write(write) => (write(Err(why.clone())).reply)(Err(why)),
            Job::Stop => {}
        }
    }
}

/// An answer that waits for the commit, a refusal too: what it was refused for may be gone if the commit fails.
pub(crate) enum Reply {
    Append(Box<dyn FnOnce(Result<Appended, Error>) + Send>, Result<Appended, Error>),
    Write(Box<dyn FnOnce(Result<(), Error>) + Send>),
}

impl Reply {
    /// Tells it.
    pub fn tell(self, committed: Result<(), Error>) {
        let told = catch_unwind(AssertUnwindSafe(|| match self {
            Reply::Append(reply, result) => reply(committed.and(result)),
            Reply::Write(reply) => reply(committed),
        }));
        if told.is_err() {
            tracing::error!("who waited for a write panicked at the answer");
        }
    }
}

/// The writer ended before it came to a write.
pub(crate) fn gone() -> Error {
    Error::new(Code::Overloaded, "The store did not take this; nothing was changed.")
        .retry_after_ms(1_000)
}
