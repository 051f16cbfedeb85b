//! The writer thread: takes what waits, writes all of it in one transaction, answers after the commit.
//!
//! Alone, a write waits for one commit. Under load the next batch gathers while a commit runs, so batches grow by
//! themselves; nobody ever waits for a batch to fill.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use encke_engine::{Batch, Code, Error, Step, limits};

use super::Writing;
use crate::append::{Append, Appended};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::stats::Stats;
use crate::tx::Tx;

/// What a write leaves to be done once its fate is known.
pub(crate) struct Pending {
    /// Whether it wants to be committed.
    pub good: bool,
    /// Told whether the commit happened.
    pub reply: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

pub(crate) enum Job {
    Append(Append),
    Write(Box<dyn FnOnce(&mut Tx<'_>) -> Pending + Send>),
    /// Stores what is still only in memory, and ends the thread.
    Stop,
}

type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;

pub(crate) struct Writer {
    pub writing: Writing,
    pub jobs: Receiver<Job>,
    pub clock: Arc<dyn Clock>,
    pub stats: Arc<Stats>,
    pub publish: Box<dyn Fn(Arc<Batch>) + Send>,
    /// Called when nothing may be acknowledged any more; does not return in a server.
    pub fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

/// How long the writer is idle before it tidies up.
const IDLE: Duration = Duration::from_millis(500);

impl Writer {
    pub fn run(mut self) {
        if let Err(e) = self.writing.load_keys(self.clock.now_ms()) {
            (self.fatal)(&e);
            return;
        }
        loop {
            match self.jobs.recv_timeout(IDLE) {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(first) => {
                    if !self.batch(first) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.tidy(),
            }
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        if let Err(e) = self.writing.tidy(self.clock.now_ms()) {
            self.stats.failed();
            tracing::warn!("tidying the store: {e}");
        }
    }

    /// One transaction; false if it was the last.
    fn batch(&mut self, first: Job) -> bool {
        let mut replies: Vec<Reply> = Vec::new();
        let mut going = true;
        let begun = self.writing.begin(self.clock.now_ms());
        let mut failed = begun.err();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Stop => going = false,
                // A transaction that failed takes down with it what has come so far; what comes after waits for the next.
                job if failed.is_none() => failed = self.one(job, &mut replies),
                job => refuse(job),
            }
            if going && failed.is_none() && replies.len() < limits::COMMIT_WRITES_MAX {
                next = self.jobs.try_recv().ok();
            }
        }
        match failed {
            Some(e) => self.give_up(e, replies),
            None => self.commit(replies),
        }
        going
    }

    /// Runs one write within the transaction; returns what broke the transaction, if anything did.
    fn one(&mut self, job: Job, replies: &mut Vec<Reply>) -> Option<StoreError> {
        match job {
            Job::Append(Append { event, guard, reply }) => {
                match self.writing.append_guarded(event, guard) {
                    Ok(appended) => replies.push(told(reply, appended)),
                    Err(e) => reply(Err(e)),
                }
            }
            Job::Write(run) => {
                if let Err(e) = self.savepoint(run, replies) {
                    return Some(e);
                }
            }
            Job::Stop => {}
        }
        self.writing.broken()
    }

    fn savepoint(
        &mut self,
        run: Box<dyn FnOnce(&mut Tx<'_>) -> Pending + Send>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), StoreError> {
        let mark = self.writing.mark()?;
        let ran = catch_unwind(AssertUnwindSafe(|| run(&mut Tx(&mut self.writing))));
        if let Some(e) = self.writing.broken() {
            if let Ok(pending) = ran {
                replies.push(pending.reply);
            }
            return Err(e);
        }
        match ran {
            Ok(Pending { good: true, reply }) => {
                replies.push(reply);
                self.writing.keep()
            }
            Ok(Pending { good: false, reply }) => {
                self.writing.undo(mark)?;
                reply(Ok(()));
                Ok(())
            }
            Err(_) => self.writing.undo(mark),
        }
    }

    fn commit(&mut self, replies: Vec<Reply>) {
        let start = Instant::now();
        match self.writing.commit() {
            Ok(steps) => {
                let events = steps.iter().filter(|s| matches!(s, Step::Event(_))).count();
                self.stats.committed(replies.len(), events, start.elapsed().as_nanos() as u64);
                if !steps.is_empty() {
                    (self.publish)(Arc::new(Batch { steps }));
                }
                replies.into_iter().for_each(|reply| reply(Ok(())));
            }
            Err(e) => self.give_up(e, replies),
        }
    }

    fn give_up(&mut self, e: StoreError, replies: Vec<Reply>) {
        self.stats.failed();
        if matches!(e, StoreError::Sync(_) | StoreError::Damaged(_)) {
            (self.fatal)(&e);
        }
        tracing::error!("a commit of {} writes failed: {e}", replies.len());
        self.writing.roll_back();
        let refusal = Error::from(e);
        replies.into_iter().for_each(|reply| reply(Err(refusal.clone())));
    }
}

fn told(reply: Box<dyn FnOnce(Result<Appended, Error>) + Send>, appended: Appended) -> Reply {
    Box::new(move |committed| reply(committed.map(|()| appended)))
}

fn refuse(job: Job) {
    let refusal = || Error::new(Code::Internal, "The store could not do this; nothing was changed.");
    match job {
        Job::Append(append) => (append.reply)(Err(refusal())),
        // Dropping a write drops its reply, which its sender takes for a refusal.
        Job::Write(_) | Job::Stop => {}
    }
}
