//! Whether to let writes gather for a moment before the next commit.
//!
//! A commit costs the same CPU and the same sync whether it holds one write or a hundred. When many independent
//! senders write, each commit would hold only the few that came during the one before; a short pause makes
//! it hold several times as many. When one sender waits for each answer, a pause gains nothing and only delays it. Which of
//! the two it is can't be told from outside, so it is tried: a few commits with a pause, and what they held decides.

use std::time::Duration;

use encke_engine::limits;

/// A pause lasts as long as it takes for so many writes to come,
const WRITES_AIM: f64 = 30.0;
/// but so long at least and at most.
const PAUSE_MIN: Duration = Duration::from_millis(*limits::GATHER_MS.start());
const PAUSE_MAX: Duration = Duration::from_millis(*limits::GATHER_MS.end());
/// Writes in a second below which nothing is worth a pause.
const RATE_MIN: f64 = 1_000.0;
/// Commits over which is looked at what they hold.
const WINDOW: u32 = 64;
/// Commits of a trial.
const TRIAL: u32 = 4;
/// A pause is worth it if commits hold so many times as much as without,
const GAIN_MIN: f64 = 2.5;
/// and at least so much.
const HELD_MIN: f64 = 3.0;
/// Windows between two trials, at first and at most.
const REST_MIN: u32 = 4;
const REST_MAX: u32 = 4_096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// No pause; a trial is due after so many windows.
    Plain { rest: u32 },
    /// A few commits with a pause, to see what they hold.
    Trial,
    /// A pause before each commit.
    Pausing,
}

/// What the newest commits held, and what follows from it.
pub(super) struct Gather {
    mode: Mode,
    commits: u32,
    writes: u64,
    /// When the window began.
    since: Duration,
    /// Writes in a second in the last window.
    rate: f64,
    /// What a commit held in the last window without a pause.
    plain: f64,
    /// Windows to rest after the next trial that fails.
    rest: u32,
}

impl Gather {
    pub fn new() -> Self {
        let mode = Mode::Plain { rest: 0 };
        let (commits, writes, since) = Default::default();
        Gather { mode, commits, writes, since, rate: 0.0, plain: 1.0, rest: REST_MIN }
    }

    /// How long to pause before the next commit, if at all.
    pub fn pause(&self) -> Option<Duration> {
        let aim = Duration::from_secs_f64(WRITES_AIM / self.rate.max(RATE_MIN));
        match self.mode {
            Mode::Plain { .. } => None,
            Mode::Trial | Mode::Pausing => Some(aim.clamp(PAUSE_MIN, PAUSE_MAX)),
        }
    }

    /// A commit held so many writes; `now` is a time on any clock that only rises.
    pub fn committed(&mut self, writes: usize, now: Duration) {
        self.commits += 1;
        self.writes += writes as u64;
        let held = self.writes as f64 / f64::from(self.commits);
        let rate = self.writes as f64 / (now.saturating_sub(self.since)).as_secs_f64().max(1e-6);
        match self.mode {
            Mode::Trial if self.commits == TRIAL => {
                if self.is_worth_it(held) {
                    self.rest = REST_MIN;
                    self.enter(Mode::Pausing, now);
                } else {
                    self.enter(Mode::Plain { rest: self.rest }, now);
                    self.rest = (self.rest * 2).min(REST_MAX);
                }
            }
            Mode::Plain { rest } if self.commits == WINDOW => {
                (self.plain, self.rate) = (held, rate);
                let due = rest == 0 && rate >= RATE_MIN;
                let next = Mode::Plain { rest: rest.saturating_sub(1) };
                self.enter(if due { Mode::Trial } else { next }, now);
            }
            Mode::Pausing if self.commits == WINDOW => {
                self.rate = rate;
                let stays = self.is_worth_it(held) && rate >= RATE_MIN;
                self.enter(if stays { Mode::Pausing } else { Mode::Plain { rest: 0 } }, now);
            }
            _ => {}
        }
    }

    fn is_worth_it(&self, held: f64) -> bool {
        held >= HELD_MIN && held >= self.plain * GAIN_MIN
    }

    fn enter(&mut self, mode: Mode, now: Duration) {
        self.mode = mode;
        self.commits = 0;
        self.writes = 0;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs commits of 0.15 ms, with the pause where it is wanted; `held` says what one holds that took so many
    /// milliseconds. Returns how many of the last thousand had a pause.
    fn run(held: impl Fn(f64) -> usize) -> usize {
        let mut gather = Gather::new();
        let (mut now, mut paused) = (0.0, 0);
        for commit in 0..20_000 {
            let pause = gather.pause();
            let took = 0.15 + pause.unwrap_or_default().as_secs_f64() * 1e3;
            paused += usize::from(pause.is_some() && commit >= 19_000);
            now += took;
            gather.committed(held(took), Duration::from_secs_f64(now / 1e3));
        }
        paused
    }

    #[test]
    fn one_sender_that_waits_for_its_answers_is_hardly_ever_delayed() {
        assert!(run(|_| 1) <= 8);
    }

    #[test]
    fn a_few_senders_that_wait_are_hardly_ever_delayed() {
        assert!(run(|_| 5) <= 8);
    }

    #[test]
    fn many_independent_senders_share_commits() {
        assert!(run(|ms| ((5.0 * ms) as usize).max(1)) >= 990);
    }

    #[test]
    fn what_is_seldom_is_committed_at_once() {
        let mut gather = Gather::new();
        for n in 0..10_000 {
            gather.committed(1, Duration::from_millis(2 * n));
            assert_eq!(gather.pause(), None);
        }
    }
}
