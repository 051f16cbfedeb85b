//! The writes that wait for the writer, and their answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use encke_engine::append::Appended;
use encke_engine::{Code, Error};

use crate::append::Append;
use crate::tx::Tx;

/// A write that ran, to be answered once the fate of the commit is known.
pub(crate) struct Pending {
    /// Whether the write wants to be committed.
    pub good: bool,
    /// Takes whether the commit happened, and answers.
    pub reply: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

/// A write; it never panics. It gets a transaction, or the reason why there is none.
pub(crate) type Write = Box<dyn FnOnce(Result<&mut Tx<'_>, Error>) -> Pending + Send>;

pub(crate) enum Job {
    Append(Append),
    Write(Write),
    /// Stores everything that is still only in memory, and ends the thread.
    Stop,
}

impl Job {
    /// Refuses the job without running it.
    pub fn refuse(self, why: Error) {
        match self {
            Job::Append(append) => (append.reply)(Err(why)),
            Job::Write(write) => (write(Err(why.clone())).reply)(Err(why)),
            Job::Stop => {}
        }
    }
}

/// An answer that waits for the commit. A refusal waits, too: its reason may be gone if the commit fails.
pub(crate) enum Reply {
    Append(Box<dyn FnOnce(Result<Appended, Error>) + Send>, Result<Appended, Error>),
    Write(Box<dyn FnOnce(Result<(), Error>) + Send>),
}

impl Reply {
    /// Answers the sender.
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

/// The refusal of a write that the writer no longer came to.
pub(crate) fn gone() -> Error {
    Error::new(Code::Overloaded, "The store did not take this; nothing was changed.")
        .retry_after_ms(1_000)
}
