//! A store under test: opened, with all batches that it publishes, and with calls that wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use encke_engine::{Batch, Entry, Error, NewEvent, PersonId, Step, StreamId};
use encke_store::{Append, Appended, Clock, Guard, Opened, Read, Store, StoreError, Tx};

/// The abilities that a conformance suite needs of an engine.
pub trait Fixture {
    /// Opens the store. No other handle may have it open. Its time is this clock's.
    fn open(&self, clock: Arc<dyn Clock>) -> Result<Opened, StoreError>;
    /// Makes the store with the tables of the version before streams had a class byte, at epoch 7, and runs these
    /// statements on it; `BODY` in them stands for a body.
    fn write_before_classes(&self, statements: &str);
    /// Makes this fixture's store one that was restored from a backup of the open store.
    fn restore_backup_of(&self, store: &Store);
    /// Makes this fixture's store what another's would be if its process were killed now.
    fn crashed_copy_of(&self, other: &Self)
    where
        Self: Sized;
}

/// A clock that a test sets.
#[derive(Default)]
pub struct TestClock(pub AtomicU64);

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct Space {
    pub store: Store,
    pub opened: Facts,
    pub clock: Arc<TestClock>,
    published: Arc<Mutex<Vec<Arc<Batch>>>>,
}

/// The facts in [`Opened`] beside the handle.
pub struct Facts {
    pub epoch: encke_engine::Epoch,
    pub head: encke_engine::Position,
    pub tail: Vec<Arc<Entry>>,
}

impl Space {
    pub fn open(fixture: &impl Fixture) -> Self {
        Space::open_at(fixture, 1_000)
    }

    pub fn open_at(fixture: &impl Fixture, now_ms: u64) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(now_ms)));
        Space::of(fixture.open(clock.clone()).expect("the store opens"), clock)
    }

    /// A store that was opened by other means.
    pub fn of(opened: Opened, clock: Arc<TestClock>) -> Self {
        let Opened { store, epoch, tail, head, start, .. } = opened;
        let published = Arc::new(Mutex::new(Vec::new()));
        let into = published.clone();
        start.publishing_to(move |batch| into.lock().unwrap().push(batch)).unwrap();
        Space { store, opened: Facts { epoch, head, tail }, clock, published }
    }

    pub fn close(self) {
        self.store.close();
    }

    pub fn submit(&self, event: NewEvent, guard: Guard) -> Receiver<Result<Appended, Error>> {
        let (done, answer) = channel();
        let reply = Box::new(move |result| drop(done.send(result)));
        self.store.submit(Append { event, guard, reply });
        answer
    }

    pub fn append(&self, event: NewEvent) -> Result<Appended, Error> {
        self.submit(event, Guard::Open).recv().expect("an append is answered")
    }

    pub fn submit_write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Receiver<Result<T, Error>> {
        let (done, answer) = channel();
        self.store.submit_write(work, move |result| drop(done.send(result)));
        answer
    }

    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit_write(work).recv().expect("a write is answered")
    }

    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Read<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, answer) = channel();
        self.store.submit_read(work, move |result| drop(done.send(result)));
        answer.recv().expect("a read is answered")
    }

    /// Runs `submit` and has all its writes committed together.
    pub fn together<T>(&self, submit: impl FnOnce() -> T) -> T {
        let (release, released) = channel::<()>();
        let (begun, beginning) = channel();
        self.store.submit_write(
            move |_| {
                let _ = begun.send(());
                let _ = released.recv();
                Ok(())
            },
            |_| {},
        );
        beginning.recv().expect("the writer runs");
        let submitted = submit();
        drop(release);
        submitted
    }

    /// All batches that were published.
    pub fn batches(&self) -> Vec<Arc<Batch>> {
        self.published.lock().unwrap().clone()
    }

    pub fn steps(&self) -> Vec<Step> {
        self.batches().iter().flat_map(|batch| batch.steps.clone()).collect()
    }

    /// All events that were published.
    pub fn events(&self) -> Vec<Arc<Entry>> {
        let event = |step| match step {
            Step::Event(entry) => Some(entry),
            _ => None,
        };
        self.steps().into_iter().filter_map(event).collect()
    }
}

pub fn event(stream: StreamId, body: &str) -> NewEvent {
    NewEvent {
        stream,
        from: None,
        kind: "test".into(),
        key: None,
        body: body.to_owned().into(),
        erases: Vec::new(),
    }
}

pub fn keyed(stream: StreamId, from: u64, key: &str, body: &str) -> NewEvent {
    NewEvent { from: Some(PersonId(from)), key: Some(key.into()), ..event(stream, body) }
}

/// Numbers of the events of a stream that were published.
pub fn numbers(events: &[Arc<Entry>], stream: StreamId) -> Vec<u64> {
    events.iter().filter(|e| e.event.stream == stream).map(|e| e.event.seq.0).collect()
}
