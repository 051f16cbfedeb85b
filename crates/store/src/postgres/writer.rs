//! The writer thread: takes what waits, writes all of it in one transaction of the space's turn, answers after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use encke_engine::{Error, Step, limits};

use super::ask::Wanted;
use super::follower::Follower;
use super::writing::Writing;
use crate::append::{Append, Appends};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::{Job, Pending, Reply, Write, gone};
use crate::stats::Stats;
use crate::tx::{On, Tx};

/// Bytes of bodies after which a commit takes no further appends.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// A wait for the space's turn after which it is worth another round trip to take along what came meanwhile.
const LONG_WAIT: Duration = Duration::from_millis(2);
/// For so long writes wait for the database before they are refused, if it was there until now.
const PATIENCE: Duration = Duration::from_secs(2);
/// Milliseconds between tries within that time.
const AGAIN_MS: u64 = 50;

pub(crate) struct Writer {
    pub writing: Writing,
    pub jobs: Receiver<Job>,
    pub clock: Arc<dyn Clock>,
    pub stats: Arc<Stats>,
    pub follower: Arc<Follower>,
    /// Called when nothing may be acknowledged any more.
    pub fatal: super::identity::Fatal,
    /// What was handed in until then is done.
    pub stopping: bool,
}

/// What one transaction has come to.
struct Batch {
    replies: Vec<Reply>,
    written: usize,
    failed: Option<StoreError>,
}

/// What was taken out of the queue at once.
struct Taken {
    jobs: Vec<Job>,
    wanted: Wanted,
    bytes: usize,
    stop: bool,
}

impl Writer {
    pub fn run(mut self) {
        let fatal = self.fatal.clone();
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            // Nobody would be told what is committed any more.
            fatal(&StoreError::Other("the store's writer panicked".into()));
        }
        for job in self.jobs.try_iter() {
            job.refuse(gone());
        }
    }

    fn serve(&mut self) {
        let mut patience = PATIENCE;
        while let Ok(first) = self.jobs.recv() {
            let taken = self.take(Some(first), limits::COMMIT_WRITES_MAX);
            self.stopping = taken.stop;
            if !taken.jobs.is_empty() {
                // Who has waited in vain once is refused at once until it is there again.
                patience = if self.batch(taken, patience) { PATIENCE } else { Duration::ZERO };
            }
            if self.stopping {
                return;
            }
        }
    }

    /// Takes what waits, at most so many writes and about so many bytes.
    fn take(&self, first: Option<Job>, most: usize) -> Taken {
        let mut taken =
            Taken { jobs: Vec::new(), wanted: Wanted::default(), bytes: 0, stop: false };
        let mut next = first.or_else(|| self.jobs.try_recv().ok());
        while let Some(job) = next.take() {
            match &job {
                Job::Stop => {
                    taken.stop = true;
                    break;
                }
                Job::Append(append) => {
                    taken.bytes += append.event.body.len();
                    taken.wanted.add(append);
                }
                Job::Write(_) => {}
            }
            taken.jobs.push(job);
            if taken.jobs.len() < most && taken.bytes < BATCH_BYTES {
                next = self.jobs.try_recv().ok();
            }
        }
        taken
    }

    /// One transaction; false if the database could not be reached.
    fn batch(&mut self, taken: Taken, patience: Duration) -> bool {
        let start = Instant::now();
        if let Err(e) = self.begin(&taken.wanted, patience) {
            self.stats.failed();
            if !matches!(e, StoreError::Away(_) | StoreError::Replaced(_)) {
                tracing::error!("beginning a commit: {e}");
            }
            self.writing.roll_back();
            taken.jobs.into_iter().for_each(|job| job.refuse(e.clone().into()));
            return false;
        }
        let mut batch = Batch { replies: Vec::new(), written: 0, failed: None };
        let room = limits::COMMIT_WRITES_MAX - taken.jobs.len();
        self.run_all(taken.jobs, &mut batch);
        let waited = start.elapsed() > LONG_WAIT && !taken.stop && taken.bytes < BATCH_BYTES;
        if waited && room > 0 && batch.failed.is_none() {
            let more = self.take(None, room);
            self.stopping = more.stop;
            if !more.wanted.is_empty() {
                batch.failed = self.writing.prepare(&more.wanted).err();
            }
            self.run_all(more.jobs, &mut batch);
        }
        self.finish(batch);
        true
    }

    fn begin(&mut self, wanted: &Wanted, patience: Duration) -> Result<(), StoreError> {
        let deadline = Instant::now() + patience;
        loop {
            match self.writing.begin(self.clock.now_ms(), wanted) {
                Err(StoreError::Away(_)) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(AGAIN_MS));
                }
                other => return other,
            }
        }
    }

    fn run_all(&mut self, jobs: Vec<Job>, batch: &mut Batch) {
        for job in jobs {
            if let Some(e) = &batch.failed {
                batch.refuse(job, e.clone());
                continue;
            }
            match job {
                Job::Stop => {}
                Job::Append(Append { event, guard, reply }) => {
                    let result = self.writing.append_guarded(event, guard);
                    batch.written += usize::from(result.is_ok());
                    batch.replies.push(Reply::Append(reply, result));
                    batch.failed = self.writing.broken();
                }
                Job::Write(write) => self.write(write, batch),
            }
        }
    }

    fn write(&mut self, write: Write, batch: &mut Batch) {
        let mark = self.writing.begin_write();
        let Pending { good, reply } = write(Ok(&mut Tx(On::Postgres(&mut self.writing))));
        if let Some(e) = self.writing.broken() {
            batch.failed = Some(e);
            return batch.replies.push(Reply::Write(reply));
        }
        match self.writing.failed() {
            Some(e) => {
                self.writing.undo(&mark);
                // Also if the write itself made nothing of it.
                let why = Error::from(e);
                let reply = move |committed: Result<(), Error>| reply(committed.and(Err(why)));
                batch.replies.push(Reply::Write(Box::new(reply)));
            }
            None => {
                if good {
                    self.writing.keep();
                    batch.written += 1;
                } else {
                    self.writing.undo(&mark);
                }
                batch.replies.push(Reply::Write(reply));
            }
        }
    }

    fn finish(&mut self, batch: Batch) {
        let start = Instant::now();
        let Batch { replies, written, failed } = batch;
        let done = match failed {
            Some(e) => Err(e),
            None => self.writing.commit(),
        };
        match done {
            Ok(committed) => {
                let is_event = |s: &&Step| matches!(s, Step::Event(_));
                let events =
                    committed.as_ref().map_or(0, |c| c.batch.steps.iter().filter(is_event).count());
                self.stats.committed(written, events, start.elapsed().as_nanos() as u64);
                if let Some(committed) = committed {
                    self.follower.committed(committed);
                }
                replies.into_iter().for_each(|reply| reply.tell(Ok(())));
            }
            Err(e) => {
                self.stats.failed();
                tracing::error!("a commit of {} writes failed: {e}", replies.len());
                self.writing.roll_back();
                if matches!(e, StoreError::Unknown(_)) {
                    self.follower.look_soon();
                }
                let refusal = Error::from(e);
                replies.into_iter().for_each(|reply| reply.tell(Err(refusal.clone())));
            }
        }
    }
}

impl Batch {
    /// A write that comes after what broke the transaction.
    fn refuse(&mut self, job: Job, e: StoreError) {
        match job {
            Job::Append(append) => {
                self.replies.push(Reply::Append(append.reply, Err(e.into())));
            }
            Job::Write(write) => {
                self.replies.push(Reply::Write(write(Err(e.into())).reply));
            }
            Job::Stop => {}
        }
    }
}
