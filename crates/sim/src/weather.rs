//! The weather of one seed: the size of the world, and the kinds and frequencies of its faults.
//!
//! Each kind of fault is absent from some seeds, so that a fault hidden behind another one is found as well.

use fastrand::Rng;

use crate::agenda::{MS, Time};

/// The weather; see the top of this file. Chances are between 0 and 1.
pub struct Weather {
    /// The number of nodes.
    pub nodes: usize,
    /// The number of hubs in each node.
    pub shards: usize,
    /// The number of people.
    pub people: u64,
    /// The number of clients; some people have several.
    pub clients: usize,
    /// The number of rooms.
    pub rooms: u64,
    /// The number of events in a hub's tail.
    pub tail_events: usize,
    /// The most rows that one page takes.
    pub page_events: usize,
    /// The most events, and the most changes, that a node reads in one look. With fewer it could not keep up with the
    /// writers.
    pub look_events: usize,
    /// The number of items that a connection takes before it is full.
    pub window: usize,
    /// The longest of the usual delays between two parts.
    pub delay_max: Time,
    /// The chance that a hint is lost.
    pub hint_lost: f64,
    /// The chance that a hint comes twice.
    pub hint_twice: f64,
    /// The chance that a hint comes late.
    pub hint_late: f64,
    /// The chance that a hint tells of a transaction before its commit.
    pub hint_early: f64,
    /// The chance that the answer to a command or a snapshot is lost.
    pub answer_lost: f64,
    /// The chance that a transaction takes long.
    pub slow_commit: f64,
    /// The chance that a client changes node or transport before its answer is there.
    pub hop: f64,
    /// The chance that a client reads slowly.
    pub slow_reader: f64,
    /// The chance that the store needs long to look up a credential.
    pub slow_view: f64,
    /// The chance that a sign-in ends while a request of its client is on its way.
    pub sign_out_race: f64,
    /// Milliseconds between two crashes on the average; `None` for never.
    pub crash_ms: Option<u64>,
    /// Milliseconds on the average until a node is cut from the store.
    pub store_cut_ms: Option<u64>,
    /// Milliseconds on the average until a node is cut from the bus.
    pub bus_cut_ms: Option<u64>,
    /// Milliseconds on the average until the store restarts.
    pub store_restart_ms: Option<u64>,
    /// Milliseconds on the average until a standby takes over that lacks the newest commits.
    pub failover_ms: Option<u64>,
    /// Milliseconds on the average until a clock jumps.
    pub clock_jump_ms: Option<u64>,
    /// Milliseconds on the average until a node pauses.
    pub pause_ms: Option<u64>,
    /// Milliseconds on the average until a connection breaks.
    pub break_ms: Option<u64>,
    /// Milliseconds on the average until a client stops reading for a while.
    pub stall_ms: Option<u64>,
    /// Milliseconds on the average until a node is told to go down.
    pub drain_ms: Option<u64>,
    /// Milliseconds on the average until the oldest events are trimmed.
    pub trim_ms: Option<u64>,
    /// Milliseconds between two messages of a hostile writer on the bus; it goes on in the calm.
    pub forge_ms: Option<u64>,
    /// Milliseconds on the average until a person joins, leaves, or signs out.
    pub change_ms: u64,
    /// Milliseconds on the average until a client sends something.
    pub say_ms: u64,
}

impl Weather {
    /// The weather of a seed.
    pub fn of(random: &mut Rng) -> Self {
        let mut chance = |max: f64| if random.bool() { random.f64() * max } else { 0.0 };
        let (hint_lost, hint_twice, hint_late) = (chance(0.7), chance(0.5), chance(0.5));
        let (hint_early, answer_lost, slow_commit) = (chance(0.3), chance(0.3), chance(0.2));
        let (hop, slow_reader) = (chance(0.4), chance(0.5));
        let (slow_view, sign_out_race) = (chance(0.8), chance(0.3));
        let mut sometimes = |ms: u64| random.bool().then_some(ms);
        let (crash_ms, store_cut_ms, bus_cut_ms) =
            (sometimes(4_000), sometimes(4_000), sometimes(4_000));
        let (store_restart_ms, failover_ms) = (sometimes(8_000), sometimes(9_000));
        let (clock_jump_ms, pause_ms, break_ms, stall_ms) =
            (sometimes(3_000), sometimes(4_000), sometimes(800), sometimes(3_000));
        let forge_ms = sometimes(100);
        let (drain_ms, trim_ms) = (sometimes(5_000), sometimes(3_000));
        Weather {
            nodes: random.usize(1..=4),
            shards: random.usize(1..=2),
            people: random.u64(2..=5),
            clients: random.usize(2..=8),
            rooms: random.u64(1..=3),
            tail_events: random.usize(1..=60),
            page_events: random.usize(1..=40),
            look_events: random.usize(4..=40),
            window: random.usize(1..=12),
            delay_max: random.u64(1..=40) * MS,
            hint_lost,
            hint_twice,
            hint_late,
            hint_early,
            answer_lost,
            slow_commit,
            hop,
            slow_reader,
            slow_view,
            sign_out_race,
            crash_ms,
            store_cut_ms,
            bus_cut_ms,
            store_restart_ms,
            failover_ms,
            clock_jump_ms,
            pause_ms,
            break_ms,
            stall_ms,
            drain_ms,
            trim_ms,
            forge_ms,
            change_ms: random.u64(200..=1_500),
            say_ms: random.u64(50..=600),
        }
    }

    /// Ends all faults.
    pub fn clear_up(&mut self) {
        self.delay_max = self.delay_max.min(5 * MS);
        let chances = [
            &mut self.hint_lost,
            &mut self.hint_twice,
            &mut self.hint_late,
            &mut self.hint_early,
            &mut self.answer_lost,
            &mut self.slow_commit,
            &mut self.hop,
            &mut self.slow_reader,
            &mut self.slow_view,
            &mut self.sign_out_race,
        ];
        chances.into_iter().for_each(|chance| *chance = 0.0);
    }
}
