//! The readers: threads with one connection each, so that no read waits for the writer or blocks an async thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use encke_engine::{Code, Error, limits};

use crate::error::StoreError;
use crate::read::View;

/// A read, which does not panic. It gets a view, or the reason why there is none.
pub(crate) type Job = Box<dyn FnOnce(Result<View<'_>, Error>) + Send>;

/// One reader's connection.
pub(crate) trait Reader: Send + 'static {
    /// Runs a read, and ends the transaction that it left open.
    fn serve(&mut self, job: Job);
}

pub(crate) struct Readers {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub fn start<R: Reader>(readers: Vec<R>) -> Result<Self, StoreError> {
        let (jobs, waiting) = sync_channel::<Job>(limits::READS_WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for (number, reader) in readers.into_iter().enumerate() {
            let waiting = waiting.clone();
            let thread = std::thread::Builder::new().name(format!("read-{number}"));
            let span = tracing::Span::current();
            let spawned = thread.spawn(move || span.in_scope(|| serve(reader, &waiting)));
            threads.push(spawned.map_err(|e| StoreError::Other(e.to_string()))?);
        }
        Ok(Readers { jobs: Some(jobs), threads })
    }

    pub fn submit(&self, job: Job) {
        let jobs = self.jobs.as_ref().expect("the readers run as long as the store");
        match jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job(Err(Error::new(
                Code::Overloaded,
                "Too many requests are waiting for the store.",
            )
            .retry_after_ms(1_000))),
            Err(TrySendError::Disconnected(job)) => {
                job(Err(Error::new(Code::Internal, "The store is closed.")));
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        // The last handle may have been in a read, and no thread can wait for itself.
        let me = std::thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != me) {
            let _ = thread.join();
        }
    }
}

fn serve(mut reader: impl Reader, waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().expect("not poisoned").recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| reader.serve(job))).is_err() {
            tracing::error!("who waited for a read panicked at the answer");
        }
    }
}
