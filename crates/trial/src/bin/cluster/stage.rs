//! Waits that end early after Ctrl-C, so that everything is cleaned up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::signal::unix::{SignalKind, signal};

const TURN: Duration = Duration::from_millis(20);

/// Knows whether the test goes on.
pub struct Stage {
    ended: Arc<AtomicBool>,
}

impl Stage {
    /// From now on [`Stage::still_on`] reports a first SIGINT or SIGTERM. A second one ends the process.
    pub fn listening() -> Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (mut interrupt, mut terminate) = {
            let _within = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let heard = ended.clone();
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    if heard.swap(true, Ordering::SeqCst) {
                        std::process::exit(130);
                    }
                }
            });
        });
        Ok(Stage { ended })
    }

    /// An error once the test has to end.
    pub fn still_on(&self) -> Result<()> {
        ensure!(!self.ended.load(Ordering::SeqCst), "interrupted");
        Ok(())
    }

    /// Waits for this time.
    pub fn rest(&self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.still_on()?;
            sleep(TURN.min(until.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Waits until the condition is true. Returns how long that took.
    pub fn until(
        &self,
        what: &str,
        longest: Duration,
        mut so: impl FnMut() -> Result<bool>,
    ) -> Result<Duration> {
        let began = Instant::now();
        while !so()? {
            self.still_on()?;
            if began.elapsed() > longest {
                bail!("not within {longest:?}: {what}");
            }
            sleep(TURN);
        }
        Ok(began.elapsed())
    }
}
