//! The writer thread: it takes all waiting writes, runs them in one transaction, and answers after the commit.
//!
//! Alone, a write waits for one commit. Under load the next batch gathers while a commit runs, so batches grow by
//! themselves; [`Gather`] lets them grow further where that is worth it.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use encke_engine::{Batch, Error, Step, limits};

use super::Writing;
use super::gather::Gather;
use crate::append::Append;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::{Job, Pending, Reply, Write, gone};
use crate::stats::Stats;
use crate::tx::{On, Tx};
use encke_engine::append::Appends;

pub(crate) struct Writer {
    pub writing: Writing,
    pub jobs: Receiver<Job>,
    pub clock: Arc<dyn Clock>,
    pub stats: Arc<Stats>,
    pub publish: Box<dyn Fn(Arc<Batch>) + Send>,
    /// Called when nothing may be acknowledged any more. In a server it does not return.
    pub fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    /// The lock on the folder: no other process may open the store before the last write is done.
    pub lock: Arc<File>,
}

/// The time that the writer is idle before it tidies up.
const IDLE_BEFORE_TIDYING: Duration = Duration::from_millis(500);
/// The number of commits between two looks at the length of the WAL.
const CHECKPOINT_EVERY_COMMITS: u64 = 16;
/// The time until a checkpoint that failed is tried again.
const CHECKPOINT_AGAIN: Duration = Duration::from_millis(limits::CHECKPOINT_AGAIN_MS);

impl Writer {
    pub fn run(mut self) {
        let fatal = self.fatal.clone();
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            // Sessions would not hear of commits any more.
            fatal(&StoreError::Other("the store's writer panicked".into()));
        }
        drop(self.writing);
        drop(self.lock);
        for job in self.jobs.try_iter() {
            job.refuse(gone());
        }
    }

    fn serve(&mut self) {
        if let Err(e) = self.writing.prepare(self.clock.now_ms()) {
            return (self.fatal)(&e);
        }
        let (mut commits, mut checkpoint_from) = (0, Instant::now());
        let (mut gather, start) = (Gather::new(), Instant::now());
        loop {
            let going = match self.jobs.recv_timeout(IDLE_BEFORE_TIDYING) {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(first) => {
                    if let Some(pause) = gather.pause() {
                        std::thread::sleep(pause);
                    }
                    let before = self.stats.writes.load(Relaxed);
                    let going = self.batch(first);
                    let written = self.stats.writes.load(Relaxed) - before;
                    gather.committed(written as usize, start.elapsed());
                    going
                }
                Err(RecvTimeoutError::Timeout) => self.tidy(),
            };
            if !going {
                return;
            }
            commits += 1;
            if commits % CHECKPOINT_EVERY_COMMITS == 0
                && Instant::now() >= checkpoint_from
                && let Err(e) = self.writing.checkpoint()
            {
                checkpoint_from = Instant::now() + CHECKPOINT_AGAIN;
                if !self.survives(&e, "copying the WAL into the database") {
                    return;
                }
            }
        }
        self.finish();
    }

    /// Whether the store can go on after an error. If it can't, the process ends.
    fn survives(&self, e: &StoreError, doing: &str) -> bool {
        self.stats.failed();
        tracing::error!("{doing}: {e}");
        let ends = matches!(e, StoreError::Sync(_) | StoreError::Damaged(_));
        if ends {
            (self.fatal)(e);
        }
        !ends
    }

    fn tidy(&mut self) -> bool {
        match self.writing.tidy(self.clock.now_ms()) {
            Ok(()) => true,
            Err(e) => self.survives(&e, "tidying"),
        }
    }

    /// Moves everything into the one file.
    fn finish(&mut self) {
        if self.tidy()
            && let Err(e) = self.writing.empty_wal()
        {
            self.survives(&e, "copying the WAL into the database");
        }
    }

    /// Runs one transaction. Returns false if the writer has to end.
    fn batch(&mut self, first: Job) -> bool {
        let mut replies: Vec<Reply> = Vec::new();
        let mut stop = false;
        let mut written = 0;
        let mut failed = None;
        let mut next = Some(first);
        if let Err(e) = self.writing.begin(self.clock.now_ms()) {
            next.take().into_iter().for_each(|job| job.refuse(Error::from(e.clone())));
            failed = Some(e);
        }
        while let Some(job) = next.take() {
            match job {
                Job::Stop => stop = true,
                Job::Append(Append { event, guard, reply }) => {
                    let result = self.writing.append_guarded(event, guard);
                    written += usize::from(result.is_ok());
                    replies.push(Reply::Append(reply, result));
                    failed = self.writing.broken();
                }
                Job::Write(write) => {
                    let (reply, result) = self.savepoint(write);
                    replies.push(reply);
                    match result {
                        Ok(good) => written += usize::from(good),
                        Err(e) => failed = Some(e),
                    }
                }
            }
            // A transaction that failed takes along the writes that have come so far. Later ones wait for the next.
            if !stop && failed.is_none() && replies.len() < limits::COMMIT_WRITES_MAX {
                next = self.jobs.try_recv().ok();
            }
        }
        let going = match failed {
            Some(e) => self.give_up(e, replies),
            None => self.commit(written, replies),
        };
        if stop && going {
            self.finish();
        }
        going && !stop
    }

    /// Runs one write within the transaction. Returns its answer, and whether it is to be committed or which error
    /// broke the transaction.
    fn savepoint(&mut self, write: Write) -> (Reply, Result<bool, StoreError>) {
        let mark = match self.writing.mark() {
            Ok(mark) => mark,
            Err(e) => return (Reply::Write(write(Err(Error::from(e.clone()))).reply), Err(e)),
        };
        let Pending { good, reply } = write(Ok(&mut Tx(On::Sqlite(&mut self.writing))));
        let result = match self.writing.broken() {
            Some(e) => Err(e),
            None if good => self.writing.keep().map(|()| true),
            None => self.writing.undo(mark).map(|()| false),
        };
        (Reply::Write(reply), result)
    }

    fn commit(&mut self, written: usize, replies: Vec<Reply>) -> bool {
        let start = Instant::now();
        match self.writing.commit() {
            Ok(steps) => {
                let events = steps.iter().filter(|s| matches!(s, Step::Event(_))).count();
                self.stats.committed(written, events, start.elapsed().as_nanos() as u64);
                if !steps.is_empty() {
                    (self.publish)(Arc::new(Batch { steps }));
                }
                replies.into_iter().for_each(|reply| reply.tell(Ok(())));
                true
            }
            Err(e) => self.give_up(e, replies),
        }
    }

    fn give_up(&mut self, e: StoreError, replies: Vec<Reply>) -> bool {
        let going = self.survives(&e, &format!("a commit of {} writes failed", replies.len()));
        self.writing.roll_back();
        let refusal = Error::from(e);
        replies.into_iter().for_each(|reply| reply.tell(Err(refusal.clone())));
        going
    }
}
