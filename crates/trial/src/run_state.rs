//! The state of a run that all threads share: when the server was started last, and when to end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const HUSH_TURN: Duration = Duration::from_millis(10);

/// The state of a run. Threads of writers, readers and faults share it.
pub struct RunState {
    began: Instant,
    deadline: Instant,
    /// How long an answer to a send over a WebSocket may take.
    pub patience: Duration,
    starts: AtomicU64,
    started_ms: AtomicU64,
    /// Writers end when all that they have sent is answered.
    pub writers_end: AtomicBool,
    /// Writers begin no new sends for now.
    pub hush: AtomicBool,
    /// All threads end now.
    pub all_end: AtomicBool,
}

impl RunState {
    pub fn new(limit: Duration, patience: Duration) -> Self {
        let began = Instant::now();
        RunState {
            began,
            deadline: began + limit,
            patience,
            starts: AtomicU64::new(0),
            started_ms: AtomicU64::new(0),
            writers_end: AtomicBool::new(false),
            hush: AtomicBool::new(false),
            all_end: AtomicBool::new(false),
        }
    }

    pub fn server_started(&self) {
        self.started_ms.store(self.began.elapsed().as_millis() as u64, Ordering::SeqCst);
        self.starts.fetch_add(1, Ordering::SeqCst);
    }

    /// The number of the last start, and how long ago it was.
    pub fn last_start(&self) -> (u64, Duration) {
        let number = self.starts.load(Ordering::SeqCst);
        let at = Duration::from_millis(self.started_ms.load(Ordering::SeqCst));
        (number, self.began.elapsed().saturating_sub(at))
    }

    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn is_over(&self) -> bool {
        self.all_end.load(Ordering::Relaxed) || Instant::now() > self.deadline
    }

    /// Waits while writers are to begin nothing.
    pub fn wait_while_hushed(&self) {
        while self.hush.load(Ordering::Relaxed) && !self.writers_are_over() {
            sleep(HUSH_TURN);
        }
    }

    pub fn writers_are_over(&self) -> bool {
        self.writers_end.load(Ordering::Relaxed) || self.is_over()
    }
}
