//! The writers and readers of a trial, and the last event of each stream.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{JoinHandle, spawn};

use anyhow::{Result, anyhow};

use crate::doors::Doors;
use crate::feed::TRANSPORTS;
use crate::journal::{Answer, Outcome, Reading, Send, Stream, Writing};
use crate::random::Random;
use crate::reader::{Habit, Reader};
use crate::run_state::RunState;
use crate::world::{CHANNELS, Person, World};
use crate::writer::{Target, Writer};

/// All writers and readers of one trial.
pub struct Cast<'a> {
    world: &'a World,
    markers: Vec<Marker>,
    random: Random,
    run: Arc<RunState>,
    /// Whether the writers plan some messages for later, and recall some.
    pub changes: bool,
}

/// The last event of a stream.
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

/// A reader that goes on by itself.
pub struct Following {
    pub thread: JoinHandle<Reading>,
    /// The position of the reader's cursor.
    pub reached: Arc<AtomicU64>,
}

/// Waits for threads to end.
pub fn joined<T>(threads: impl IntoIterator<Item = JoinHandle<T>>) -> Result<Vec<T>> {
    let join = |t: JoinHandle<T>| t.join().map_err(|_| anyhow!("a thread panicked"));
    threads.into_iter().map(join).collect()
}

impl<'a> Cast<'a> {
    pub fn of(world: &'a World, random: Random, run: Arc<RunState>) -> Self {
        let marker = |(target, who): (Target, &Person)| Marker {
            target,
            person: who.id.clone(),
            token: who.token.clone(),
        };
        let markers = world.targets().into_iter().map(marker).collect();
        Cast { world, markers, random, run, changes: false }
    }

    /// Starts the writers: each person writes by POST, every other one over a WebSocket, too. They take the doors in
    /// turn.
    pub fn writers(&mut self, doors: &[Doors], pause_ms_max: u64) -> Vec<JoinHandle<Writing>> {
        let mut threads = Vec::new();
        for (number, person) in self.world.people.iter().enumerate() {
            for over_http in [true, false] {
                if !over_http && number % 2 == 1 {
                    continue;
                }
                let conversations = person.conversations.iter().cloned().map(Target::Conversation);
                let channels = CHANNELS.iter().map(|name| Target::Channel((*name).to_owned()));
                let doors = doors[threads.len() % doors.len()].clone();
                let mut random = self.random.fork();
                let writer = Writer {
                    name: format!("{}{number}", if over_http { "post" } else { "ws" }),
                    door: doors.pick(&mut random),
                    doors,
                    person: person.id.clone(),
                    token: person.token.clone(),
                    targets: conversations.chain(channels.filter(|_| over_http)).collect(),
                    random,
                    run: self.run.clone(),
                    writing: Writing::default(),
                    made: 0,
                    pause_ms_max,
                    changes: self.changes,
                };
                threads.push(spawn(move || {
                    if over_http { writer.run_http() } else { writer.run_socket() }
                }));
            }
        }
        threads
    }

    /// Starts readers from the first cursor. They read to the end of each stream.
    pub fn readers(
        &mut self,
        prefix: &str,
        parts: impl IntoIterator<Item = (Habit, Doors)>,
    ) -> Vec<Following> {
        let mut all = Vec::new();
        for (number, (habit, doors)) in parts.into_iter().enumerate() {
            let person = &self.world.people[number % self.world.people.len()];
            let expected: Vec<Stream> = streams_of(person);
            let ends = self.markers.iter().map(|m| (m.target.stream(), m.digest()));
            let reached = Arc::new(AtomicU64::new(0));
            let reader = Reader {
                doors,
                token: person.token.clone(),
                habit,
                cursor: person.cursor.clone(),
                channels: CHANNELS.join(","),
                markers: ends.filter(|(stream, _)| expected.contains(stream)).collect(),
                random: self.random.fork(),
                run: self.run.clone(),
                reached: reached.clone(),
                reading: Reading {
                    name: format!("{prefix}reader {number} ({habit:?}, {})", person.id),
                    start: person.heads.clone(),
                    expected,
                    ..Reading::default()
                },
            };
            all.push(Following { thread: spawn(move || reader.run()), reached });
        }
        all
    }

    /// Starts readers when all is over, one over each transport. They read from the first cursor in one go.
    pub fn auditors(&mut self, doors: &[Doors]) -> Vec<Following> {
        let doors = doors.iter().cycle().cloned();
        self.readers("late ", TRANSPORTS.iter().map(|t| Habit::Steady(*t)).zip(doors))
    }

    /// Writes the last event of each stream.
    pub fn write_markers(&self) -> Result<Vec<Send>> {
        let write = |marker: &Marker| {
            let key = marker.key();
            let answer: Answer = self.world.send(&marker.target, &marker.token, &key, MARKER)?;
            let (stream, digest) = (marker.target.stream(), marker.digest());
            Ok(Send { stream, key, digest, outcome: Outcome::Ok(answer), answered: None })
        };
        self.markers.iter().map(write).collect()
    }
}

fn streams_of(person: &Person) -> Vec<Stream> {
    let conversations = person.conversations.iter().map(|id| Target::Conversation(id.clone()));
    let channels = CHANNELS.iter().map(|name| Target::Channel((*name).to_owned()));
    conversations.chain(channels).map(|target| target.stream()).collect()
}
