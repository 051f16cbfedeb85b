//! The queue of the writes that wait for the writer. It is bounded, and holds memory only for what waits: the standard
//! library's bounded channel has room for all that may ever wait from the start, a megabyte for each store.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{
    self, Receiver, RecvError, RecvTimeoutError, Sender, TryRecvError, TrySendError,
};
use std::time::Duration;

/// The end of a queue into which values are put. Clones put into the same queue.
pub(crate) struct QueueSender<T> {
    into: Sender<T>,
    waiting: Arc<AtomicUsize>,
    max: usize,
}

/// The end of a queue from which values are taken, in the order in which they were put in.
pub(crate) struct QueueReceiver<T> {
    from: Receiver<T>,
    waiting: Arc<AtomicUsize>,
}

/// A queue in which at most `max` values wait.
pub(crate) fn queue<T>(max: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    let (into, from) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (QueueSender { into, waiting: waiting.clone(), max }, QueueReceiver { from, waiting })
}

impl<T> QueueSender<T> {
    /// Puts a value in, or gives it back if too many wait or nobody takes them any more.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        if self.waiting.fetch_add(1, Relaxed) >= self.max {
            self.waiting.fetch_sub(1, Relaxed);
            return Err(TrySendError::Full(value));
        }
        self.into.send(value).map_err(|e| TrySendError::Disconnected(e.0))
    }

    /// Puts a value in beyond the bound, for the one that ends the queue. It is dropped if nobody takes any more.
    pub fn send_last(&self, value: T) {
        self.waiting.fetch_add(1, Relaxed);
        let _ = self.into.send(value);
    }
}

impl<T> QueueReceiver<T> {
    /// Waits for the next value.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.from.recv().inspect(|_| self.taken())
    }

    /// Waits for the next value, at most so long.
    pub fn recv_timeout(&self, most: Duration) -> Result<T, RecvTimeoutError> {
        self.from.recv_timeout(most).inspect(|_| self.taken())
    }

    /// The next value, if there is one.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.from.try_recv().inspect(|_| self.taken())
    }

    /// All values that wait.
    pub fn try_iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.try_recv().ok())
    }

    fn taken(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_takes_so_many_and_again_when_one_is_taken() {
        let (into, from) = queue(2);
        assert!(into.try_send(1).is_ok() && into.try_send(2).is_ok());
        assert!(matches!(into.try_send(3), Err(TrySendError::Full(3))));
        assert_eq!(from.try_recv(), Ok(1));
        assert!(into.try_send(4).is_ok());
        into.send_last(5);
        assert!(matches!(into.try_send(6), Err(TrySendError::Full(6))));
        assert_eq!(from.try_iter().collect::<Vec<_>>(), [2, 4, 5]);
    }

    #[test]
    fn a_queue_that_nobody_takes_from_gives_values_back() {
        let (into, from) = queue(2);
        drop(from);
        assert!(matches!(into.try_send(1), Err(TrySendError::Disconnected(1))));
    }
}
