//! The writer thread: it takes all waiting writes, runs them in one transaction, and answers after the commit.
//!
//! Alone, a write waits for one commit. Under load the next batch gathers while a commit runs, so batches grow by
//! themselves; [`Gather`] lets them grow further where that is worth it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use encke_engine::append::Appends;
use encke_engine::{Batch, Error, Step, limits};
use rusqlite::Connection;

use super::checkpoint::{AGAIN, Checkpointer};
use super::gather::Gather;
use super::{Files, Writing};
use crate::append::Append;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::{Job, Pending, Reply, Write, gone};
use crate::queue::QueueReceiver;
use crate::stats::Stats;
use crate::tx::{On, Tx};

pub(crate) struct Writer {
    pub writing: Writing,
    pub jobs: QueueReceiver<Job>,
    pub clock: Arc<dyn Clock>,
    pub stats: Arc<Stats>,
    pub publish: Box<dyn Fn(Arc<Batch>) + Send>,
    /// Called when nothing may be acknowledged any more. In a server it does not return.
    pub fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    pub files: Arc<Files>,
}

/// The time that the writer is idle before it tidies up.
const IDLE_BEFORE_TIDYING: Duration = Duration::from_millis(500);
/// The number of commits between two looks at the length of the WAL.
const LOOK_EVERY_COMMITS: u64 = 16;

/// The time from an erasure to the emptying of the WAL.
const EMPTY_AFTER_ERASURE: Duration = Duration::from_millis(limits::WAL_EMPTY_AFTER_ERASURE_MS);

/// The text for a failed checkpoint in the log.
pub(super) const COPYING: &str = "copying the WAL into the database";

/// The writer's next step.
enum Next {
    Serve,
    /// All that was handed in is done.
    Finish,
    /// Nothing may be acknowledged any more.
    End,
}

impl Next {
    fn after(survived: bool) -> Self {
        if survived { Next::Serve } else { Next::End }
    }
}

impl Writer {
    /// Serves until the store is closed. Checkpoints are made with a connection of their own.
    pub fn run(mut self, checkpoints: Connection) {
        let fatal = self.fatal.clone();
        if catch_unwind(AssertUnwindSafe(|| self.serve(checkpoints))).is_err() {
            // Sessions would not hear of commits any more.
            fatal(&StoreError::Other("the store's writer panicked".into()));
        }
        drop(self.writing);
        drop(self.files);
        for job in self.jobs.try_iter() {
            job.refuse(gone());
        }
    }

    fn serve(&mut self, checkpoints: Connection) {
        if let Err(e) = self.writing.prepare(self.clock.now_ms()) {
            return (self.fatal)(&e);
        }
        let (files, stats, fatal) = (self.files.clone(), self.stats.clone(), self.fatal.clone());
        let checkpointer = match Checkpointer::start(checkpoints, files, stats, fatal) {
            Ok(checkpointer) => checkpointer,
            Err(e) => return (self.fatal)(&e),
        };
        let finishes = self.serve_with(&checkpointer);
        checkpointer.stop();
        if finishes {
            self.finish();
        }
    }

    /// Serves until the store is closed, or until it can't go on. Returns whether it was closed.
    fn serve_with(&mut self, checkpointer: &Checkpointer) -> bool {
        let mut commits = 0u64;
        let (mut gather, start) = (Gather::new(), Instant::now());
        let mut empties_at = None;
        loop {
            let mut next = match self.jobs.recv_timeout(IDLE_BEFORE_TIDYING) {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => Next::Finish,
                Ok(first) => {
                    if let Some(pause) = gather.pause() {
                        std::thread::sleep(pause);
                    }
                    let before = self.stats.writes.load(Relaxed);
                    let next = self.batch(first);
                    let written = self.stats.writes.load(Relaxed) - before;
                    gather.committed(written as usize, start.elapsed());
                    next
                }
                Err(RecvTimeoutError::Timeout) => Next::after(self.tidy()),
            };
            commits += 1;
            if commits.is_multiple_of(LOOK_EVERY_COMMITS) {
                checkpointer.look();
            }
            if matches!(next, Next::Serve) && checkpointer.take_finish() {
                next = Next::after(self.finish_checkpoint());
            }
            if matches!(next, Next::Serve) && self.writing.is_wal_tainted {
                next = Next::after(self.empty_tainted_wal(&mut empties_at));
            }
            match next {
                Next::Serve => {}
                Next::Finish => return true,
                Next::End => return false,
            }
        }
    }

    fn finish_checkpoint(&self) -> bool {
        let finished = self.writing.finish_checkpoint();
        finished.or_else(|e| if self.survives(&e, COPYING) { Ok(()) } else { Err(e) }).is_ok()
    }

    /// Empties the WAL some time after an erasure, because its older frames hold the content (P10). All erasures of that
    /// time share the work. `at` is the time for it, once there was one.
    fn empty_tainted_wal(&mut self, at: &mut Option<Instant>) -> bool {
        let now = Instant::now();
        if now < *at.get_or_insert(now + EMPTY_AFTER_ERASURE) {
            return true;
        }
        let emptied = self.writing.empty_wal();
        self.writing.is_wal_tainted = !matches!(emptied, Ok(true));
        // A reader was in the way. To try again at once would keep the writes waiting.
        *at = self.writing.is_wal_tainted.then(|| now + AGAIN);
        emptied
            .map(drop)
            .or_else(|e| if self.survives(&e, COPYING) { Ok(()) } else { Err(e) })
            .is_ok()
    }

    /// Whether the store can go on after an error. If it can't, the process ends.
    fn survives(&self, e: &StoreError, doing: &str) -> bool {
        self.stats.failed();
        tracing::error!("{doing}: {e}");
        let ends = e.ends_the_store();
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
            self.survives(&e, COPYING);
        }
    }

    /// Runs one transaction.
    fn batch(&mut self, first: Job) -> Next {
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
        let survived = match failed {
            Some(e) => self.give_up(e, replies),
            None => self.commit(written, replies),
        };
        if survived && stop { Next::Finish } else { Next::after(survived) }
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
