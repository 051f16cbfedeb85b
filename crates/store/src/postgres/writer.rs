//! The writer thread: it takes all waiting writes, runs them in one transaction of the space's turn, and answers after
//! the commit. The engine decides the course of a turn ([`encke_engine::writer_turn`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use encke_engine::append::Appends;
use encke_engine::writer_turn::{BatchBounds, CommitFate, NoTurn, TurnAction, WriterTurn};
use encke_engine::{Error, Step, limits};

use super::ask::Questions;
use super::follower::Follower;
use super::writing::Writing;
use crate::append::Append;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::{Job, Pending, Reply, Write, gone};
use crate::queue::QueueReceiver;
use crate::stats::Stats;
use crate::tx::{On, Tx};

const BOUNDS: BatchBounds =
    BatchBounds { writes_max: limits::COMMIT_WRITES_MAX, bytes_max: limits::COMMIT_BYTES_MAX };

pub(crate) struct Writer {
    pub writing: Writing,
    pub jobs: QueueReceiver<Job>,
    pub clock: Arc<dyn Clock>,
    pub stats: Arc<Stats>,
    pub follower: Arc<Follower>,
    /// Called when nothing may be acknowledged any more.
    pub fatal: super::identity::OnFatal,
    /// The store is being closed: the writes that were handed in before are done.
    pub stopping: bool,
    /// The moment from which the engine counts time.
    pub began: Instant,
    pub turn: WriterTurn,
}

/// The state of one transaction.
struct WriteBatch {
    replies: Vec<Reply>,
    written: usize,
    failed: Option<StoreError>,
}

/// The writes that were taken out of the queue at once.
#[derive(Default)]
struct BatchTaken {
    jobs: Vec<Job>,
    wanted: Questions,
    bytes: usize,
    stop: bool,
}

impl Writer {
    pub fn run(mut self) {
        let fatal = self.fatal.clone();
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            // Sessions would not hear of commits any more.
            fatal(&StoreError::Other("the store's writer panicked".into()));
        }
        for job in self.jobs.try_iter() {
            job.refuse(gone());
        }
    }

    fn serve(&mut self) {
        while let Ok(first) = self.jobs.recv() {
            let taken = self.take(Some(first), 0, 0);
            self.stopping = taken.stop;
            if !taken.jobs.is_empty() {
                self.batch(taken);
            }
            if self.stopping {
                return;
            }
        }
    }

    /// Takes the waiting writes that fit into a commit with this many writes and bytes.
    fn take(&self, first: Option<Job>, writes: usize, bytes: usize) -> BatchTaken {
        let mut taken = BatchTaken::default();
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
            if BOUNDS.has_room(writes + taken.jobs.len(), bytes + taken.bytes) {
                next = self.jobs.try_recv().ok();
            }
        }
        taken
    }

    /// Runs one transaction.
    fn batch(&mut self, taken: BatchTaken) {
        if let Err(e) = self.begin(&taken.wanted) {
            self.stats.failed();
            if !matches!(e, StoreError::Away(_) | StoreError::Replaced(_)) {
                tracing::error!("beginning a commit: {e}");
            }
            self.writing.roll_back();
            return taken.jobs.into_iter().for_each(|job| job.refuse(e.clone().into()));
        }
        let waited = self.turn.has_turn(self.began.elapsed());
        let mut batch = WriteBatch { replies: Vec::new(), written: 0, failed: None };
        let (writes, bytes) = (taken.jobs.len(), taken.bytes);
        self.run_all(taken.jobs, &mut batch);
        let takes_more = waited && !taken.stop && BOUNDS.has_room(writes, bytes);
        if takes_more && batch.failed.is_none() {
            let more = self.take(None, writes, bytes);
            self.stopping = more.stop;
            if !more.wanted.is_empty() {
                batch.failed = self.writing.prepare(&more.wanted).err();
            }
            self.run_all(more.jobs, &mut batch);
        }
        self.finish(batch);
    }

    fn begin(&mut self, wanted: &Questions) -> Result<(), StoreError> {
        self.turn.begin(self.began.elapsed());
        loop {
            let Err(e) = self.writing.begin(self.clock.now_ms(), wanted) else { return Ok(()) };
            match self.turn.no_turn(self.began.elapsed(), matches!(e, StoreError::Away(_))) {
                NoTurn::Again(after) => std::thread::sleep(after),
                NoTurn::Refuse => return Err(e),
            }
        }
    }

    fn run_all(&mut self, jobs: Vec<Job>, batch: &mut WriteBatch) {
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

    fn write(&mut self, write: Write, batch: &mut WriteBatch) {
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

    fn finish(&mut self, batch: WriteBatch) {
        let start = Instant::now();
        let WriteBatch { replies, written, failed } = batch;
        let done = match failed {
            Some(e) => Err(e),
            None => self.writing.commit(),
        };
        let (fate, told) = match done {
            Ok(committed) => {
                let is_event = |s: &&Step| matches!(s, Step::Event(_));
                let events =
                    committed.as_ref().map_or(0, |c| c.batch.steps.iter().filter(is_event).count());
                self.stats.committed(written, events, start.elapsed().as_nanos() as u64);
                (CommitFate::Committed(committed), Ok(()))
            }
            Err(e) => {
                self.stats.failed();
                tracing::error!("a commit of {} writes failed: {e}", replies.len());
                self.writing.roll_back();
                let unknown = matches!(e, StoreError::Unknown(_));
                (
                    if unknown { CommitFate::Unknown } else { CommitFate::Failed },
                    Err(Error::from(e)),
                )
            }
        };
        let mut replies = replies.into_iter();
        for action in fate.actions() {
            match action {
                TurnAction::Announce(committed) => self.follower.announce(&committed),
                TurnAction::HandOn(committed) => self.follower.committed(committed),
                TurnAction::LookSoon => self.follower.look_soon(),
                TurnAction::Answer | TurnAction::Refuse => {
                    replies.by_ref().for_each(|reply| reply.tell(told.clone()));
                }
            }
        }
    }
}

impl WriteBatch {
    /// Refuses a write that comes after the error that broke the transaction.
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
