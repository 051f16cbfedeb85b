//! The readers: threads with one connection each, so reads neither wait for the writer nor block an async thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use encke_engine::{Code, Error, limits};

use crate::error::StoreError;
use crate::read::View;

/// A read; it never panics. It gets a view, or the reason why there is none.
pub(crate) type Job = Box<dyn FnOnce(Result<View<'_>, Error>) + Send>;

/// One reader's connection.
pub(crate) trait Reader: Send + 'static {
    /// Runs a read, and ends the transaction that it left open.
    fn serve(&mut self, job: Job);

    /// Gives back the memory that only makes the next reads faster.
    fn rest(&mut self) {}
}

pub(crate) struct Readers {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub fn start<R: Reader>(readers: Vec<R>) -> Result<Self, StoreError> {
        let (jobs, waiting) = bounded::<Job>(limits::READS_WAITING_MAX);
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

/// Serves reads. After a while without one, a reader that has served some rests.
fn serve(mut reader: impl Reader, waiting: &Receiver<Job>) {
    let rests_after = Duration::from_millis(limits::READER_RESTS_MS);
    while let Ok(first) = waiting.recv() {
        let mut next = Ok(first);
        while let Ok(job) = next {
            if catch_unwind(AssertUnwindSafe(|| reader.serve(job))).is_err() {
                tracing::error!("the receiver of a read panicked at the answer");
            }
            next = waiting.recv_timeout(rests_after);
        }
        if let Err(RecvTimeoutError::Timeout) = next {
            reader.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    #[derive(Clone, Copy, PartialEq, Debug)]
    enum Did {
        Served,
        Rested,
    }

    struct Told(usize, Sender<(usize, Did)>);

    impl Reader for Told {
        fn serve(&mut self, job: Job) {
            job(Err(Error::new(Code::Internal, "There is no store.")));
            self.1.send((self.0, Did::Served)).unwrap();
        }

        fn rest(&mut self) {
            self.1.send((self.0, Did::Rested)).unwrap();
        }
    }

    #[test]
    fn each_reader_rests_after_its_reads_and_not_again() {
        let (tell, told) = channel();
        let readers = Readers::start((0..2).map(|n| Told(n, tell.clone())).collect()).unwrap();
        drop(tell);
        for _ in 0..2 {
            let mut last = [Did::Rested; 2];
            (0..50).for_each(|_| readers.submit(Box::new(|_| {})));
            let mut served = 0;
            while served < 50 || last != [Did::Rested; 2] {
                let (number, did) = told.recv_timeout(Duration::from_secs(60)).unwrap();
                assert_ne!((last[number], did), (Did::Rested, Did::Rested));
                served += usize::from(did == Did::Served);
                last[number] = did;
            }
        }
        drop(readers);
        assert_eq!(told.iter().next(), None);
    }
}
