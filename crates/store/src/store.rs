//! The handle to a store: the calls that the rest of Encke makes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use encke_engine::append::Appended;
use encke_engine::frontier::Frontier;
use encke_engine::writer_turn::WriterTurn;
use encke_engine::{Batch, Code, Committed, Cursor, Entry, Epoch, Error, Point, Position, limits};
use tokio::sync::oneshot;

use crate::append::Append;
use crate::channels::Channels;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::{Job, Pending, gone};
use crate::postgres::{self, BusKey, Database, Follower};
use crate::queue::{QueueSender, queue};
use crate::read::Read;
use crate::readers::Readers;
use crate::recent::{self, Recent};
use crate::sqlite;
use crate::stats::Stats;
use crate::tables::Tables;
use crate::tx::Tx;

/// The options with which a store is opened.
pub struct Options {
    /// The data folder; it is made if it is not there.
    pub data: PathBuf,
    /// The database that holds the space instead of a file in the folder.
    pub database: Option<Database>,
    /// The time of events.
    pub clock: Arc<dyn Clock>,
    /// The tables of all that use the store, each owner's after those that they refer to.
    pub tables: Vec<Tables>,
    /// Threads that read.
    pub readers: usize,
    /// Called when a sync failed, the file is damaged or the log was replaced. Nothing may be acknowledged any more, so
    /// a server ends here, or opens the store anew.
    pub fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

/// A store that was opened, with the state that a hub starts from.
pub struct Opened {
    /// The handle to the store.
    pub store: Store,
    /// The incarnation of the store's log.
    pub epoch: Epoch,
    /// The events before this position were trimmed.
    pub trimmed: Position,
    /// The newest events, without gaps, up to the end of the log.
    pub tail: Vec<Arc<Entry>>,
    /// The end of the log.
    pub head: Position,
    /// The writer, ready to be started with the function that takes every commit.
    pub start: Start,
}

type Publish = Box<dyn Fn(Arc<Batch>) + Send>;

/// The writer, ready to be started.
pub struct Start(Box<dyn FnOnce(Publish) -> Result<(), StoreError> + Send>);

impl Start {
    /// Starts the writer. Each commit goes to this function, in order, before its senders are answered.
    pub fn publishing_to(
        self,
        publish: impl Fn(Arc<Batch>) + Send + 'static,
    ) -> Result<(), StoreError> {
        (self.0)(Box::new(publish))
    }
}

/// The parts that only one of the engines has.
enum EngineParts {
    Sqlite { path: PathBuf, _files: Arc<sqlite::Files> },
    Postgres(Arc<Follower>),
}

struct Inner {
    jobs: QueueSender<Job>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    readers: Readers,
    recent: Arc<Recent>,
    channels: Arc<Channels>,
    stats: Arc<Stats>,
    epoch: Epoch,
    kind: EngineParts,
}

impl Inner {
    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let span = tracing::Span::current();
        let named = std::thread::Builder::new().name(name.into());
        let thread = named.spawn(move || span.in_scope(work));
        let thread = thread.map_err(|e| StoreError::Other(e.to_string()))?;
        self.threads.lock().expect("not poisoned").push(thread);
        Ok(())
    }
}

/// A handle to the store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens the store in a folder or a database, or makes one there. Blocks.
    pub fn open(options: Options) -> Result<Opened, StoreError> {
        match &options.database {
            None => Store::open_sqlite(options),
            // The connections start runtimes. A thread that belongs to a runtime already can't start another.
            Some(_) => std::thread::scope(|scope| {
                let opened = scope.spawn(|| Store::open_postgres(options)).join();
                opened
                    .unwrap_or_else(|_| Err(StoreError::Other("opening the store panicked".into())))
            }),
        }
    }

    fn open_sqlite(options: Options) -> Result<Opened, StoreError> {
        let found = sqlite::open(&options.data, &options.tables, options.clock.now_ms())?;
        let files = Arc::new(found.files);
        let path = options.data.join("space.db");
        let tail = recent::tail_of(found.head, &found.tail)?;
        let recent = Arc::new(Recent::new(tail, found.dirty.clone()));
        let channels = Arc::new(found.channels);
        let stats = Arc::new(Stats::default());
        let (jobs, waiting) = queue(limits::WRITES_WAITING_MAX);
        let (epoch, trimmed, head) = (found.epoch, found.trimmed, found.head);
        let writing = sqlite::Writing::new(
            found.conn,
            recent.clone(),
            channels.clone(),
            epoch,
            found.dirty,
            found.wal_left,
        );
        let checkpoints = sqlite::connect(&path)?;
        let readers = (0..options.readers.max(1)).map(|_| sqlite::Reader::open(&path));
        let inner = Arc::new(Inner {
            jobs,
            threads: Mutex::default(),
            readers: Readers::start(readers.collect::<Result<_, _>>()?)?,
            recent,
            channels,
            stats: stats.clone(),
            epoch,
            kind: EngineParts::Sqlite { path, _files: files.clone() },
        });
        let store = Store(inner.clone());
        let start = Start(Box::new(move |publish| {
            let (clock, fatal) = (options.clock, options.fatal);
            let writer =
                sqlite::Writer { writing, jobs: waiting, clock, stats, publish, fatal, files };
            inner.spawn("store", move || writer.run(checkpoints))
        }));
        Ok(Opened { store, epoch, trimmed, tail: found.tail, head, start })
    }

    fn open_postgres(options: Options) -> Result<Opened, StoreError> {
        let Some(database) = &options.database else {
            return Err(StoreError::Other("no database was named".into()));
        };
        let found =
            postgres::open(database, &options.data, &options.tables, options.fatal.clone())?;
        let (epoch, trimmed, at) = (found.epoch, found.trimmed, found.at);
        let (target, identity) = (found.target, found.identity);
        let tail = recent::tail_of(at.position, &found.tail)?;
        let recent = Arc::new(Recent::new(tail, recent::heads_of(&found.tail)));
        let channels = Arc::new(found.channels);
        let frontier = Frontier { at, mark: found.mark };
        let follower = Arc::new(Follower::new(
            frontier,
            epoch,
            found.bus_key,
            recent.clone(),
            identity.clone(),
            channels.clone(),
        ));
        let stats = Arc::new(Stats::default());
        let (jobs, waiting) = queue(limits::WRITES_WAITING_MAX);
        let session = |use_| postgres::Session::new(target.clone(), identity.clone(), use_);
        let readers = (0..options.readers.max(1)).map(|_| session(postgres::Use::Read));
        let inner = Arc::new(Inner {
            jobs,
            threads: Mutex::default(),
            readers: Readers::start(readers.collect::<Result<_, _>>()?)?,
            recent,
            channels: channels.clone(),
            stats: stats.clone(),
            epoch,
            kind: EngineParts::Postgres(follower.clone()),
        });
        let following = session(postgres::Use::Read)?;
        let store = Store(inner.clone());
        let start = Start(Box::new(move |publish| {
            follower.publish_to(publish);
            let writing = postgres::Writing::new(found.session, follower.clone(), channels, epoch);
            let (clock, fatal) = (options.clock, options.fatal);
            let (jobs, stopping) = (waiting, false);
            let writer = postgres::Writer {
                writing,
                jobs,
                clock,
                stats,
                follower: follower.clone(),
                fatal,
                stopping,
                began: Instant::now(),
                turn: WriterTurn::default(),
            };
            let fatal = writer.fatal.clone();
            inner.spawn("store", move || writer.run())?;
            inner.spawn("follow", move || {
                let following = AssertUnwindSafe(|| follower.run(following, found.keeper));
                if catch_unwind(following).is_err() {
                    // Clients would not hear of other nodes' commits any more.
                    fatal(&StoreError::Other("following the log panicked".into()));
                }
            })
        }));
        Ok(Opened { store, epoch, trimmed, tail: found.tail, head: at.position, start })
    }

    /// Hands an append to the writer. Its reply comes after the commit, or at once if too much is waiting.
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
            Err(TrySendError::Disconnected(job)) => job.refuse(gone()),
        }
    }

    /// Appends and waits for the commit.
    pub async fn append(&self, event: encke_engine::NewEvent) -> Result<Appended, Error> {
        let (done, answer) = oneshot::channel();
        let reply = Box::new(move |result| drop(done.send(result)));
        self.submit(Append { event, guard: crate::Guard::Open, reply });
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs a write: its SQL and its events are committed together, or not at all if it returns an error.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        self.submit_write(work, move |result| drop(done.send(result)));
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs a write and hands its result to a callback, which must not block. The callback runs on the store's thread,
    /// or at once if too much is waiting.
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
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs a read and hands its result to a callback, which runs on the reader's thread, or at once if too much is
    /// waiting.
    pub fn submit_read<T, F, R>(&self, work: F, reply: R)
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Error> + Send + 'static,
        R: FnOnce(Result<T, Error>) + Send + 'static,
    {
        let (recent, channels, epoch) =
            (self.0.recent.clone(), self.0.channels.clone(), self.0.epoch);
        self.0.readers.submit(Box::new(move |view| {
            reply(view.and_then(|view| {
                let mut read = Read::begin(view, &recent, &channels, epoch)?;
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

    /// The store's counters.
    pub fn stats(&self) -> &Stats {
        &self.0.stats
    }

    /// Whether other nodes use the same store.
    pub fn is_shared(&self) -> bool {
        matches!(self.0.kind, EngineParts::Postgres(_))
    }

    /// Tells this function of every commit of this node from now on, for the other nodes. It must not block.
    pub fn announce_to(&self, announce: impl Fn(&Committed) + Send + Sync + 'static) {
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.announce_to(Box::new(announce));
        }
    }

    /// The key of messages between nodes, if there may be several.
    pub fn bus_key(&self) -> Option<BusKey> {
        match &self.0.kind {
            EngineParts::Postgres(follower) => Some(follower.bus_key()),
            EngineParts::Sqlite { .. } => None,
        }
    }

    /// Tells this function the key of messages between nodes, at once and whenever a look at the store finds a new one.
    /// It must not block.
    pub fn tell_bus_key_to(&self, tell: impl Fn(BusKey) + Send + 'static) {
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.tell_key_to(Box::new(tell));
        }
    }

    /// Takes a commit that another node tells of. It is handed on if it comes next; else it only shows that there is
    /// more.
    pub fn hint(&self, committed: Committed) {
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.hint(committed);
        }
    }

    /// Notes that the log goes to this point, as another node says.
    pub fn hint_at(&self, epoch: Epoch, after: Point) {
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.hint_at(epoch, after);
        }
    }

    /// Notes that hints may have been lost.
    pub fn look_soon(&self) {
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.look_soon();
        }
    }

    /// Copies the store to a new file while it is in use. Blocks, so it is not for an async thread.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        match &self.0.kind {
            EngineParts::Sqlite { path: from, .. } => {
                sqlite::copy_to(&sqlite::connect(from)?, path)
            }
            EngineParts::Postgres(_) => Err(StoreError::Other(
                "this store is in PostgreSQL: use its own backups (pg_basebackup, pg_dump)".into(),
            )),
        }
    }

    /// Finishes all work that was handed in, stores everything that is only in memory, and ends the writer. Blocks.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.0.threads.lock().expect("not poisoned"));
        if threads.is_empty() {
            return;
        }
        self.0.jobs.send_last(Job::Stop);
        if let EngineParts::Postgres(follower) = &self.0.kind {
            follower.close();
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// Runs work so that a panic ends only this work.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a read or a write of the store panicked");
        Err(Error::new(Code::Internal, "This failed; nothing was changed."))
    })
}
