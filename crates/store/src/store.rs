//! The handle to a store: what the rest of Encke calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use encke_engine::{Batch, Code, Cursor, Entry, Epoch, Error, Position, StreamId, limits};
use tokio::sync::oneshot;

use crate::append::{Append, Appended};
use crate::channels::Channels;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::read::Read;
use crate::recent::Recent;
use crate::sqlite::{self, Job, Pending, Readers, Writer, Writing};
use crate::stats::Stats;
use crate::tx::Tx;

/// How a store is opened.
pub struct Options {
    /// The data folder; it is made if it is not there.
    pub data: PathBuf,
    /// The time of events.
    pub clock: Arc<dyn Clock>,
    /// Threads that read.
    pub readers: usize,
    /// Called when a sync failed or the file is damaged: nothing may be acknowledged any more, so a server ends here.
    pub fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

/// A store that was opened, with what a hub starts from.
pub struct Opened {
    /// Its handle.
    pub store: Store,
    /// Incarnation of its log.
    pub epoch: Epoch,
    /// What stood before this was trimmed.
    pub trimmed: Position,
    /// The newest events, without gaps, up to the end of the log.
    pub tail: Vec<Arc<Entry>>,
    /// The end of the log.
    pub head: Position,
    /// Starts the writer: each commit's events go to this function, in order, before its senders are answered.
    pub start: Start,
}

type Publish = Box<dyn Fn(Arc<Batch>) + Send>;

/// The writer, ready to be started.
pub struct Start(Box<dyn FnOnce(Publish) -> Result<(), StoreError> + Send>);

impl Start {
    /// Starts it.
    pub fn publishing_to(
        self,
        publish: impl Fn(Arc<Batch>) + Send + 'static,
    ) -> Result<(), StoreError> {
        (self.0)(Box::new(publish))
    }
}

struct Inner {
    jobs: SyncSender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
    recent: Arc<Recent>,
    channels: Arc<Channels>,
    stats: Arc<Stats>,
    epoch: Epoch,
    path: PathBuf,
    _lock: Arc<std::fs::File>,
}

/// A handle to the store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens the store in a folder, or makes one there.
    pub fn open(options: Options) -> Result<Opened, StoreError> {
        let found = sqlite::open(&options.data, options.clock.now_ms())?;
        let lock = Arc::new(found.lock);
        let path = options.data.join("space.db");
        let recent =
            Arc::new(Recent::new(sqlite::tail_of(found.head, &found.tail), found.dirty.clone()));
        let channels = Arc::new(found.channels);
        let stats = Arc::new(Stats::default());
        let (jobs, waiting) = sync_channel(limits::WRITES_WAITING_MAX);
        let (epoch, trimmed, head) = (found.epoch, found.trimmed, found.head);
        let writing =
            Writing::new(found.conn, recent.clone(), channels.clone(), epoch, found.dirty);
        let store = Store(Arc::new(Inner {
            jobs,
            writer: Mutex::new(None),
            readers: Readers::start(&path, options.readers)?,
            recent,
            channels,
            stats: stats.clone(),
            epoch,
            path,
            _lock: lock.clone(),
        }));
        let inner = store.0.clone();
        let start = Start(Box::new(move |publish| {
            let (clock, fatal) = (options.clock, options.fatal);
            let writer = Writer { writing, jobs: waiting, clock, stats, publish, fatal, lock };
            let thread = std::thread::Builder::new().name("store".into());
            let thread =
                thread.spawn(move || writer.run()).map_err(|e| StoreError::Other(e.to_string()))?;
            *inner.writer.lock().expect("not poisoned") = Some(thread);
            Ok(())
        }));
        Ok(Opened { store, epoch, trimmed, tail: found.tail, head, start })
    }

    /// Hands an append to the writer. Its reply comes after the commit; if too much is waiting, it comes at once.
    pub fn submit(&self, append: Append) {
        self.send(Job::Append(append));
    }

    fn send(&self, job: Job) {
        match self.0.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                let why =
                    Error::new(Code::Overloaded, "Too many writes are waiting for the store.");
                job.refuse(why.retry_after_ms(1_000));
            }
            Err(TrySendError::Disconnected(job)) => job.refuse(sqlite::gone()),
        }
    }

    /// Appends and waits for the commit.
    pub async fn append(&self, event: encke_engine::NewEvent) -> Result<Appended, Error> {
        let (done, answer) = oneshot::channel();
        let reply = Box::new(move |result| drop(done.send(result)));
        self.submit(Append { event, guard: crate::Guard::Open, reply });
        answer.await.unwrap_or_else(|_| Err(sqlite::gone()))
    }

    /// Runs a write: its SQL and its events are committed together, or not at all if it returns an error.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        self.submit_write(work, move |result| drop(done.send(result)));
        answer.await.unwrap_or_else(|_| Err(sqlite::gone()))
    }

    /// The same with a callback, which runs on the store's thread, or at once if too much is waiting; it must not block.
    pub fn submit_write<T, F, R>(&self, work: F, reply: R)
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        R: FnOnce(Result<T, Error>) + Send + 'static,
    {
        self.send(Job::Write(Box::new(move |tx| {
            let result = tx.and_then(|tx| caught(|| work(tx)));
            let good = result.is_ok();
            Pending { good, reply: Box::new(move |committed| reply(committed.and(result))) }
        })));
    }

    /// Reads in one consistent view, on a reader's thread.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        self.submit_read(work, move |result| drop(done.send(result)));
        answer.await.unwrap_or_else(|_| Err(sqlite::gone()))
    }

    /// The same with a callback, which runs on the reader's thread, or at once if too much is waiting.
    pub fn submit_read<T, F, R>(&self, work: F, reply: R)
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Error> + Send + 'static,
        R: FnOnce(Result<T, Error>) + Send + 'static,
    {
        let (recent, channels, epoch) =
            (self.0.recent.clone(), self.0.channels.clone(), self.0.epoch);
        self.0.readers.submit(Box::new(move |conn| {
            reply(conn.and_then(|conn| {
                let mut read = Read::begin(conn, &recent, &channels, epoch)?;
                caught(|| work(&mut read))
            }));
        }));
    }

    /// The newest committed position.
    pub fn position(&self) -> Position {
        self.0.recent.position()
    }

    /// The cursor of a position.
    pub fn cursor_at(&self, position: Position) -> Cursor {
        Cursor { epoch: self.0.epoch, position }
    }

    /// Names of channels.
    pub fn channels(&self) -> &Channels {
        &self.0.channels
    }

    /// The newest event of a stream as it was at a position, if that is known without reading the store.
    pub fn newest_until(&self, stream: StreamId, at: Position) -> Option<crate::Head> {
        match self.0.recent.head_at(stream, at) {
            crate::recent::HeadAt::Known(head) => Some(head),
            _ => None,
        }
    }

    /// What it counts.
    pub fn stats(&self) -> &Stats {
        &self.0.stats
    }

    /// Copies the store to a new file while it is in use. Blocks: not for an async thread.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        let conn = sqlite::connect(&self.0.path)?;
        sqlite::copy_to(&conn, path)
    }

    /// Finishes what was handed in, stores what is only in memory, and ends the writer. Blocks.
    pub fn close(&self) {
        let thread = self.0.writer.lock().expect("not poisoned").take();
        if let Some(thread) = thread {
            let _ = self.0.jobs.send(Job::Stop);
            let _ = thread.join();
        }
    }
}

/// A panic takes only the work that it is in.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a read or a write of the store panicked");
        Err(Error::new(Code::Internal, "This failed; nothing was changed."))
    })
}
