//! The decision to let writes gather for a moment before the next commit.
//!
//! A commit costs the same CPU and the same sync whether it holds one write or a hundred. When many independent senders
//! write, each commit would hold only the few writes that came during the one before; a short pause makes it hold
//! several times as many. When one sender waits for each answer, a pause gains nothing and only delays it. The two
//! cases look the same from outside, so a few commits are tried with a pause, and the writes that they held decide.

use std::time::Duration;

use encke_engine::limits;

/// The number of writes that a pause waits for.
const PAUSE_WRITES_AIM: f64 = 30.0;
/// The shortest pause. A shorter one costs more than it gathers.
const PAUSE_MIN: Duration = Duration::from_micros(200);
/// The longest pause. Two people who write to each other feel more than this.
const PAUSE_MAX: Duration = Duration::from_millis(limits::GATHER_MS_MAX);
/// The fewest writes in a second that make a pause worth it.
const WRITES_PER_S_MIN: f64 = 1_000.0;
/// The number of commits over which the writes in them are counted.
const WINDOW_COMMITS: u32 = 64;
/// The number of commits in a trial.
const TRIAL_COMMITS: u32 = 4;
/// A pause is worth it if commits with it hold this many times the writes of commits without.
const GAIN_MIN: f64 = 2.5;
/// The writes that a commit has to hold on average for a pause to be worth it.
const COMMIT_WRITES_MIN: f64 = 3.0;
/// Windows between the first trial and the second.
const REST_WINDOWS_MIN: u32 = 4;
/// Windows between two trials, at most.
const REST_WINDOWS_MAX: u32 = 4_096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// There is no pause. A trial is due after this many windows.
    Plain { rest: u32 },
    /// A few commits have a pause, and their writes are counted.
    Trial,
    /// There is a pause before each commit.
    Pausing,
}

/// The writes in the newest commits, and the mode that follows from them.
pub(super) struct Gather {
    mode: Mode,
    commits: u32,
    writes: u64,
    /// The time when the window began.
    since: Duration,
    /// Writes in a second in the last window.
    rate: f64,
    /// Writes in a commit in the last window without pauses.
    plain: f64,
    /// Windows to rest after the next trial that fails.
    rest: u32,
}

impl Gather {
    pub fn new() -> Self {
        let mode = Mode::Plain { rest: 0 };
        let (commits, writes, since) = Default::default();
        Gather { mode, commits, writes, since, rate: 0.0, plain: 1.0, rest: REST_WINDOWS_MIN }
    }

    /// The pause before the next commit, if there is one.
    pub fn pause(&self) -> Option<Duration> {
        let aim = Duration::from_secs_f64(PAUSE_WRITES_AIM / self.rate.max(WRITES_PER_S_MIN));
        match self.mode {
            Mode::Plain { .. } => None,
            Mode::Trial | Mode::Pausing => Some(aim.clamp(PAUSE_MIN, PAUSE_MAX)),
        }
    }

    /// Counts a commit with this many writes. `now` is the time on any clock that only rises.
    pub fn committed(&mut self, writes: usize, now: Duration) {
        self.commits += 1;
        self.writes += writes as u64;
        let held = self.writes as f64 / f64::from(self.commits);
        let rate = self.writes as f64 / (now.saturating_sub(self.since)).as_secs_f64().max(1e-6);
        match self.mode {
            Mode::Trial if self.commits == TRIAL_COMMITS => {
                if self.is_worth_it(held) {
                    self.rest = REST_WINDOWS_MIN;
                    self.enter(Mode::Pausing, now);
                } else {
                    self.enter(Mode::Plain { rest: self.rest }, now);
                    self.rest = (self.rest * 2).min(REST_WINDOWS_MAX);
                }
            }
            Mode::Plain { rest } if self.commits == WINDOW_COMMITS => {
                (self.plain, self.rate) = (held, rate);
                let due = rest == 0 && rate >= WRITES_PER_S_MIN;
                let next = Mode::Plain { rest: rest.saturating_sub(1) };
                self.enter(if due { Mode::Trial } else { next }, now);
            }
            Mode::Pausing if self.commits == WINDOW_COMMITS => {
                self.rate = rate;
                let stays = self.is_worth_it(held) && rate >= WRITES_PER_S_MIN;
                self.enter(if stays { Mode::Pausing } else { Mode::Plain { rest: 0 } }, now);
            }
            _ => {}
        }
    }

    fn is_worth_it(&self, held: f64) -> bool {
        held >= COMMIT_WRITES_MIN && held >= self.plain * GAIN_MIN
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

    /// Runs commits of 0.15 ms, with the pause where one is wanted. `held` gives the number of writes in a commit from
    /// the milliseconds that it took. Returns how many of the last thousand commits had a pause.
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
    fn rare_writes_are_committed_at_once() {
        let mut gather = Gather::new();
        for n in 0..10_000 {
            gather.committed(1, Duration::from_millis(2 * n));
            assert_eq!(gather.pause(), None);
        }
    }
}
