//! The course of a test: prepare, let writers and readers go on, kill, end, collect.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use encke_load::seed;

use crate::Cli;
use crate::check::Evidence;
use crate::feed::{TRANSPORTS, Transport};
use crate::journal::{Answer, Outcome, Reading, Send, Stream, Writing};
use crate::random::Random;
use crate::reader::{Habit, Reader};
use crate::server::{Server, free_address};
use crate::shared::Shared;
use crate::world::{CHANNELS, PEOPLE, Person, World};
use crate::writer::{Target, Writer};

/// After so many kills there is a SIGTERM.
const TERM_EVERY: u64 = 5;
/// Readers that stay with each transport.
const STEADY: usize = 2;
const CHANGING: usize = 4;
/// For everything but the kills: start, catching up, checking.
const REST_MAX: Duration = Duration::from_secs(180);

/// What a test has brought.
#[derive(Default)]
pub struct Played {
    pub evidence: Evidence,
    pub writings: Vec<Writing>,
    pub kills: u64,
    pub terms: u64,
    pub longest_start: Duration,
    pub longest_down: Duration,
    pub took: Duration,
    pub faults: Vec<String>,
}

pub fn play(cli: &Cli, seed: u64, dir: &Path) -> Result<Played> {
    let mut random = Random::new(seed);
    let each = Duration::from_millis(cli.life_ms_max) + Duration::from_secs(3);
    let limit = REST_MAX + each.saturating_mul(u32::try_from(cli.kills)?);
    let shared = Arc::new(Shared::new(limit));
    let data = dir.join("data");
    ensure!(!data.exists(), "{} is there already: the test needs a fresh folder", data.display());
    seed::people(&data, PEOPLE)?;
    let addr = free_address(&mut random)?;
    let mut server = Server::new(&cli.server, dir, addr, shared.clone());
    server.start()?;
    server.wait_ready()?;
    let world = World::make(addr)?;
    let markers = markers(&world);

    let writers = writers(&world, &mut random, &shared);
    let readers = readers(&world, &markers, &mut random, &shared);
    let mut played = Played::default();
    let ended = kill_often(cli, &mut server, &mut random, &mut played);
    let ended = ended.and_then(|()| {
        shared.writers_end.store(true, Ordering::SeqCst);
        let writings = joined(writers)?;
        for writing in &writings {
            played.evidence.sends.extend(writing.sends.iter().cloned());
        }
        played.writings = writings;
        played.evidence.sends.extend(write_markers(&world, markers.clone())?);
        // Now from the first cursor to the end in one go, over every transport.
        let auditors = auditors(&world, &markers, &mut random, &shared);
        played.evidence.readings = joined(readers)?;
        played.evidence.readings.extend(joined(auditors)?);
        played.evidence.histories = world.histories()?.into();
        server.still_runs()?;
        server.terminate().map(drop)
    });
    shared.all_end.store(true, Ordering::SeqCst);
    if let Err(e) = ended {
        played.faults.push(format!("{e:#}"));
    }
    let log = std::fs::read_to_string(&server.log).unwrap_or_default();
    let bad = |line: &&str| line.contains("panicked") || line.contains(" ERROR ");
    played.faults.extend(log.lines().filter(bad).map(|line| format!("the server's log: {line}")));
    (played.longest_start, played.longest_down) = (server.longest_start, server.longest_down);
    played.took = shared.took();
    Ok(played)
}

/// Kills and starts; the server runs when this returns.
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
        // Sometimes it dies while it is starting, too.
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

fn joined<T>(threads: Vec<JoinHandle<T>>) -> Result<Vec<T>> {
    threads.into_iter().map(|t| t.join().map_err(|_| anyhow!("a thread panicked"))).collect()
}

fn writers(world: &World, random: &mut Random, shared: &Arc<Shared>) -> Vec<JoinHandle<Writing>> {
    let mut threads = Vec::new();
    for (number, person) in world.people.iter().enumerate() {
        for over_http in [true, false] {
            // Each person by POST, every other one over a WebSocket too.
            if !over_http && number % 2 == 1 {
                continue;
            }
            let conversations = person.conversations.iter().cloned().map(Target::Conversation);
            let channels = CHANNELS.iter().map(|name| Target::Channel((*name).to_owned()));
            let writer = Writer {
                name: format!("{}{number}", if over_http { "post" } else { "ws" }),
                addr: world.addr,
                person: person.id.clone(),
                token: person.token.clone(),
                targets: conversations.chain(channels.filter(|_| over_http)).collect(),
                random: random.fork(),
                shared: shared.clone(),
                writing: Writing::default(),
                made: 0,
            };
            threads.push(spawn(
                move || if over_http { writer.run_http() } else { writer.run_socket() },
            ));
        }
    }
    threads
}

fn readers(
    world: &World,
    markers: &[Marker],
    random: &mut Random,
    shared: &Arc<Shared>,
) -> Vec<JoinHandle<Reading>> {
    let steady = TRANSPORTS.iter().flat_map(|t| [Habit::Steady(*t); STEADY]);
    let slow = [Transport::Sse, Transport::WebSocket, Transport::LongPoll].map(Habit::Slow);
    let habits = steady.chain(slow).chain([Habit::Changing; CHANGING]);
    start(world, markers, random, shared, "", habits)
}

/// Readers who come when all is over, one over each transport.
fn auditors(
    world: &World,
    markers: &[Marker],
    random: &mut Random,
    shared: &Arc<Shared>,
) -> Vec<JoinHandle<Reading>> {
    let habits = TRANSPORTS.iter().map(|t| Habit::Steady(*t));
    start(world, markers, random, shared, "late ", habits)
}

fn start(
    world: &World,
    markers: &[Marker],
    random: &mut Random,
    shared: &Arc<Shared>,
    prefix: &str,
    habits: impl Iterator<Item = Habit>,
) -> Vec<JoinHandle<Reading>> {
    let mut threads = Vec::new();
    for (number, habit) in habits.enumerate() {
        let person = &world.people[number % world.people.len()];
        let expected: Vec<Stream> = streams_of(person);
        let ends = markers.iter().map(|m| (m.target.stream(), m.digest()));
        let reader = Reader {
            addr: world.addr,
            token: person.token.clone(),
            habit,
            cursor: person.cursor.clone(),
            channels: CHANNELS.join(","),
            markers: ends.filter(|(stream, _)| expected.contains(stream)).collect(),
            random: random.fork(),
            shared: shared.clone(),
            reading: Reading {
                name: format!("{prefix}reader {number} ({habit:?}, {})", person.id),
                start: person.heads.clone(),
                expected,
                ..Reading::default()
            },
        };
        threads.push(spawn(move || reader.run()));
    }
    threads
}

fn streams_of(person: &Person) -> Vec<Stream> {
    let conversations = person.conversations.iter().map(|id| Target::Conversation(id.clone()));
    let channels = CHANNELS.iter().map(|name| Target::Channel((*name).to_owned()));
    conversations.chain(channels).map(|target| target.stream()).collect()
}

/// The last event of a stream.
#[derive(Clone)]
struct Marker {
    target: Target,
    person: String,
    token: String,
}

const MARKER: &str = "the end";

impl Marker {
    fn key(&self) -> String {
        format!("end-{}", self.target.stream())
    }

    fn digest(&self) -> u64 {
        self.target.digest(&self.person, &self.key(), MARKER)
    }
}

fn markers(world: &World) -> Vec<Marker> {
    let marker = |(target, who): (Target, &Person)| Marker {
        target,
        person: who.id.clone(),
        token: who.token.clone(),
    };
    world.targets().into_iter().map(marker).collect()
}

fn write_markers(world: &World, markers: Vec<Marker>) -> Result<Vec<Send>> {
    let write = |marker: Marker| {
        let key = marker.key();
        let answer: Answer = world.send(&marker.target, &marker.token, &key, MARKER)?;
        let (stream, digest) = (marker.target.stream(), marker.digest());
        Ok(Send { stream, key, digest, outcome: Outcome::Ok(answer) })
    };
    markers.into_iter().map(write).collect()
}
