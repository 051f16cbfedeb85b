//! The course of a test: prepare, let writers and readers go on, kill, end, collect.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use encke_bench::seed;
use encke_trial::cast::{Cast, Following, joined};
use encke_trial::desk::{AGENTS, Desk, DeskPlayed};
use encke_trial::doors::Doors;
use encke_trial::feed::{TRANSPORTS, Transport};
use encke_trial::journal::Recall;
use encke_trial::left::left_in;
use encke_trial::random::Random;
use encke_trial::reader::Habit;
use encke_trial::report::Brought;
use encke_trial::run_state::RunState;
use encke_trial::world::{PEOPLE, World};

use crate::Cli;
use crate::disk::{DiskKind, LateDisk};
use crate::server::{Server, data, free_address};

/// There is a SIGTERM after this many kills.
const TERM_EVERY: u64 = 5;
/// The number of readers that stay with each transport.
const STEADY: usize = 2;
const CHANGING: usize = 4;
/// The time for everything but the kills: start, catching up, checking.
const REST_MAX: Duration = Duration::from_secs(180);
/// How long texts of recalled messages may stay in the files. It is five seconds on a disk that is not late.
const OVERWRITTEN_MAX: Duration = Duration::from_secs(15);
/// How long an answer over a WebSocket may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest pause of a writer between two sends.
const PAUSE_MS_MAX: u64 = 25;

/// The results of a test.
#[derive(Default)]
pub struct Played {
    pub brought: Brought,
    pub desk: DeskPlayed,
    pub kills: u64,
    pub terms: u64,
    pub power_losses: u64,
    pub longest_start: Duration,
    pub longest_down: Duration,
    pub took: Duration,
}

pub fn play(cli: &Cli, seed: u64, dir: &Path) -> Result<Played> {
    let mut random = Random::new(seed);
    let each = Duration::from_millis(cli.life_ms_max) + Duration::from_secs(3);
    let limit = REST_MAX + each.saturating_mul(u32::try_from(cli.kills)?);
    let run = Arc::new(RunState::new(limit, ANSWER_MAX));
    let data = data(dir);
    ensure!(!data.exists(), "{} is there already: the test needs a fresh folder", data.display());
    seed::people(&data, PEOPLE)?;
    seed::members(&data, PEOPLE + AGENTS)?;
    let addr = free_address(&mut random)?;
    let list = dir.join("disk.list");
    let disk = LateDisk::under(cli.disk, &cli.server, &data, &list, random.fork())?;
    let mut server = Server::new(&cli.server, dir, addr, run.clone(), disk);
    server.start()?;
    server.wait_ready()?;
    let world = World::make(addr)?;
    // Without people and rooms there would be nothing to see.
    server.may_be_lied_to()?;
    let door = Doors::one(addr);
    let mut cast = Cast::of(&world, random.fork(), run.clone());
    cast.changes = true;
    let writers = cast.writers(std::slice::from_ref(&door), PAUSE_MS_MAX);
    let readers = cast.readers("", habits().map(|habit| (habit, door.clone())));
    // Whoever waits for an answer to a question that the disk has lost would wait until the end.
    let has_desk = cli.disk != DiskKind::Lying;
    let open = || Desk::open(addr, std::slice::from_ref(&door), &mut random, &run);
    let desk = has_desk.then(open).transpose()?;
    let mut played = Played::default();
    let ended = kill_often(cli, &mut server, &mut random, &mut played);
    let brought = &mut played.brought;
    let ended = ended.and_then(|()| {
        run.writers_end.store(true, Ordering::SeqCst);
        let writings = joined(writers)?;
        for writing in &writings {
            brought.evidence.sends.extend(writing.sends.iter().cloned());
            brought.evidence.recalls.extend(writing.recalls.iter().cloned());
        }
        brought.writings = writings;
        if let Some(desk) = desk {
            played.desk = desk.end(addr)?;
            brought.faults.extend(played.desk.faults.iter().cloned());
        }
        world.wait_for_plans()?;
        brought.evidence.sends.extend(cast.write_markers()?);
        // Further readers now read from the first cursor to the end in one go, over every transport.
        let auditors = cast.auditors(std::slice::from_ref(&door));
        let threads = |all: Vec<Following>| all.into_iter().map(|following| following.thread);
        brought.evidence.late = joined(threads(auditors))?;
        brought.evidence.readings = joined(threads(readers))?;
        brought.evidence.histories = world.histories()?.into();
        brought.faults.extend(left_at_last(&data, &brought.evidence.recalls)?);
        server.still_runs()?;
        server.terminate().map(drop)
    });
    run.all_end.store(true, Ordering::SeqCst);
    if let Err(e) = ended {
        brought.faults.push(format!("{e:#}"));
    }
    let log = std::fs::read_to_string(&server.log).unwrap_or_default();
    let bad = |line: &&str| line.contains("panicked") || line.contains(" ERROR ");
    brought.faults.extend(log.lines().filter(bad).map(|line| format!("the server's log: {line}")));
    (played.longest_start, played.longest_down) = (server.longest_start, server.longest_down);
    played.power_losses = server.power_losses();
    played.took = run.took();
    Ok(played)
}

/// Kills and starts the server, many times. The server runs when this returns.
fn kill_often(
    cli: &Cli,
    server: &mut Server,
    random: &mut Random,
    played: &mut Played,
) -> Result<()> {
    for number in 1..=cli.kills {
        sleep(random.millis(cli.life_ms_min, cli.life_ms_max));
        server.kill()?;
        played.kills += 1;
        sleep(random.millis(0, 100));
        server.start()?;
        // Sometimes the server dies while it starts.
        if random.percent(12) {
            sleep(random.millis(0, 60));
            server.kill()?;
            played.kills += 1;
            server.start()?;
        }
        server.wait_ready().with_context(|| format!("after kill {number}"))?;
        if number % TERM_EVERY == 0 {
            sleep(random.millis(cli.life_ms_min, cli.life_ms_max));
            server.terminate()?;
            played.terms += 1;
            server.start()?;
            server.wait_ready().with_context(|| format!("after SIGTERM behind kill {number}"))?;
        }
        if number % 10 == 0 {
            eprintln!("{number} of {} kills", cli.kills);
        }
    }
    sleep(random.millis(cli.life_ms_min, cli.life_ms_max));
    Ok(())
}

/// What is left of recalled messages in the files once the server has had its time to overwrite them.
fn left_at_last(data: &Path, recalls: &[Recall]) -> Result<Vec<String>> {
    let end = Instant::now() + OVERWRITTEN_MAX;
    loop {
        let left = left_in(data, recalls)?;
        if left.is_empty() || Instant::now() > end {
            return Ok(left);
        }
        sleep(Duration::from_millis(100));
    }
}

fn habits() -> impl Iterator<Item = Habit> {
    let steady = TRANSPORTS.iter().flat_map(|t| [Habit::Steady(*t); STEADY]);
    let slow = [Transport::Sse, Transport::WebSocket, Transport::LongPoll].map(Habit::Slow);
    steady.chain(slow).chain([Habit::Changing; CHANGING])
}
