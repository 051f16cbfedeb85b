//! The course of a test: start, let writers and readers go on, strike, recover, end, compare.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use encke_trial::cast::{Cast, Following, joined};
use encke_trial::desk::{Desk, DeskPlayed};
use encke_trial::doors::Doors;
use encke_trial::feed::{TRANSPORTS, Transport};
use encke_trial::random::Random;
use encke_trial::reader::Habit;
use encke_trial::report::{Brought, Judgement};
use encke_trial::run_state::RunState;
use encke_trial::world::World;

use crate::Cli;
use crate::at::At;
use crate::delay::{self, Delays, Phase};
use crate::fault::Fault;
use crate::forger::{Forger, Published};
use crate::recovery;
use crate::refusals::Refusals;
use crate::report;
use crate::revocation::Revocations;
use crate::site::{NODES, Site};
use crate::stage::Stage;

/// The number of readers that change between all transports and all ways to the site.
const CHANGING: usize = 4;
/// The longest pause of a writer between two sends. Three nodes and a database share two cores with the writers.
const PAUSE_MS_MAX: u64 = 150;
/// How long an answer over a WebSocket may take. A node may be stopped and then be cut off.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The time for all but the faults: start, catching up, checking.
const REST_MAX: Duration = Duration::from_secs(300);
/// The time for a fault and all waits that follow.
const FAULT_MAX: Duration = Duration::from_secs(180);

/// The results of a test.
#[derive(Default)]
pub struct Played {
    pub brought: Brought,
    pub desk: DeskPlayed,
    pub phases: Vec<Phase>,
    pub delays: Delays,
    /// How often each fault struck, and the longest time from its end until all was as before.
    pub back: std::collections::BTreeMap<Fault, (u64, Duration)>,
    pub revoked: Vec<Duration>,
    pub looked: Vec<Duration>,
    pub noticed: Vec<Duration>,
    pub dropped: u64,
    /// The messages of the forger, and the nodes' counts of refusals.
    pub published: Published,
    pub refusals: Refusals,
    pub took: Duration,
}

/// Plays a test and prints its results.
pub fn play(cli: &Cli, seed: u64, stage: &Stage) -> Result<Judgement> {
    let temporary = tempfile::Builder::new().prefix("encke-cluster-").tempdir()?;
    let folder = cli.data.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let mut random = Random::new(seed);
    let mut site = Site::start(&cli.server, folder, stage)?;
    let world = World::make(site.nodes[0].address)?;
    let revocations = Revocations::prepare(&site.nodes[0])?;
    let faults = Fault::ALL.len() as u32 * u32::try_from(cli.rounds)?;
    let run = Arc::new(RunState::new(REST_MAX + FAULT_MAX * faults, ANSWER_MAX));
    let mut cast = Cast::of(&world, random.fork(), run.clone());
    cast.changes = true;
    let writers = cast.writers(&site.doors(), PAUSE_MS_MAX);
    let readers = cast.readers("", parts(&site));
    let desk = Desk::open(site.nodes[0].address, &site.doors(), &mut random, &run)?;
    let mut played = Played::default();
    let forger = Forger::start(site.nats.port(), random.fork());
    let mut course =
        Course { cli, site: &mut site, world: &world, stage, revocations, run: &run, lossy: false };
    let ended = course.torture(&readers, &mut random, &mut played);
    (played.revoked, played.dropped) = (course.revocations.took, site.relay.dropped());
    let ended = ended.and_then(|()| {
        run.writers_end.store(true, Ordering::SeqCst);
        let writings = joined(writers)?;
        let evidence = &mut played.brought.evidence;
        for writing in &writings {
            evidence.sends.extend(writing.sends.iter().cloned());
            evidence.recalls.extend(writing.recalls.iter().cloned());
        }
        played.brought.writings = writings;
        played.desk = desk.end(site.nodes[0].address)?;
        played.brought.faults.extend(played.desk.faults.iter().cloned());
        world.wait_for_plans()?;
        evidence.sends.extend(cast.write_markers()?);
        let readings = joined(readers.into_iter().map(|reader| reader.thread))?;
        let watching: Vec<_> = site.addresses().into_iter().zip(&readings).collect();
        played.delays = delay::measure(&evidence.sends, &watching, &played.phases);
        played.brought.faults.extend(delay::violations(&played.delays));
        evidence.readings = readings;
        if cli.plant {
            plant(&mut site, stage)?;
        }
        played.refusals.look(&site.nodes);
        played.published = forger.published();
        let refused = played.refusals.of("forged").min(played.refusals.of("stale"));
        ensure!(refused > 0, "nothing forged or said again was refused: nothing was tried");
        let auditors = cast.auditors(&site.doors());
        evidence.late = joined(auditors.into_iter().map(|reader| reader.thread))?;
        evidence.histories = world.histories()?.into();
        site.nodes.iter_mut().try_for_each(|node| node.terminate(stage))
    });
    run.all_end.store(true, Ordering::SeqCst);
    stage.still_on()?;
    if let Err(e) = ended {
        played.brought.faults.push(format!("{e:#}"));
    }
    played.brought.faults.extend(site.faults());
    played.took = run.took();
    Ok(report::print(&played))
}

/// The readers of a test. Those that stay at one node each come first; they are watched for delays.
fn parts(site: &Site) -> Vec<(Habit, Doors)> {
    let watching = site.addresses().into_iter().map(Doors::one);
    let mut parts: Vec<_> = watching.map(|at| (Habit::Steady(Transport::Sse), at)).collect();
    debug_assert_eq!(parts.len(), NODES);
    let doors = site.doors();
    // Each transport is read through nginx and straight.
    for doors in &doors[..2] {
        parts.extend(TRANSPORTS.map(|transport| (Habit::Steady(transport), doors.clone())));
    }
    let slow = [Transport::Sse, Transport::WebSocket, Transport::LongPoll].map(Habit::Slow);
    parts.extend(slow.into_iter().zip(doors.iter().cloned()));
    parts.extend((0..CHANGING).map(|_| (Habit::Changing, doors[2].clone())));
    parts
}

/// Replaces an acknowledged message in the database, and makes the nodes read the log anew.
fn plant(site: &mut Site, stage: &Stage) -> Result<()> {
    site.postgres.sql(
        "UPDATE encke_main.log SET body = convert_to('{\"text\":\"planted\"}', 'UTF8') WHERE position =
            (SELECT max(l.position) FROM encke_main.log l, encke_main.space s
             WHERE l.kind = 'message' AND l.position < s.position - 20)",
    );
    for node in &mut site.nodes {
        node.kill()?;
        node.start()?;
    }
    site.nodes.iter_mut().try_for_each(|node| node.wait_ready(stage))
}

struct Course<'a> {
    cli: &'a Cli,
    site: &'a mut Site,
    world: &'a World,
    stage: &'a Stage,
    revocations: Revocations,
    run: &'a RunState,
    lossy: bool,
}

impl Course<'_> {
    /// Plays each fault once a round, in an order that the seed decides.
    fn torture(
        &mut self,
        readers: &[Following],
        random: &mut Random,
        played: &mut Played,
    ) -> Result<()> {
        for round in 0..self.cli.rounds {
            // In every second round half of the hints are lost throughout.
            self.lossy = round % 2 == 1;
            self.site.relay.drop_half(self.lossy);
            let mut left = Fault::ALL.to_vec();
            while !left.is_empty() {
                let fault = left.swap_remove(random.below(left.len() as u64) as usize);
                let victim = random.below(NODES as u64) as usize;
                self.calm(random, played)?;
                let began = Instant::now();
                eprintln!("round {}: {}, node {}", round + 1, fault.name(), victim + 1);
                let most = self.cli.fault_s * 1_000;
                let length = match fault {
                    // This is longer than the database waits for a node in the middle of its turn.
                    Fault::Stop => Duration::from_millis(most),
                    _ => random.millis(most / 2, most),
                };
                let back = self.strike(fault, victim, length, readers, played)?;
                let disabled = fault.disables_its_node();
                let disabled = disabled.then(|| self.site.nodes[victim].address);
                let ended = Instant::now();
                played.phases.push(Phase { fault: Some(fault), began, ended, disabled });
                let (times, longest) = played.back.entry(fault).or_default();
                (*times, *longest) = (*times + 1, back.max(*longest));
            }
        }
        self.lossy = false;
        self.site.relay.drop_half(false);
        self.calm(random, played)
    }

    fn calm(&mut self, random: &mut Random, played: &mut Played) -> Result<()> {
        let began = Instant::now();
        let most = self.cli.calm_s * 1_000;
        self.stage.rest(random.millis(most / 2, most))?;
        played.refusals.look(&self.site.nodes);
        let ended = Instant::now();
        let fault = self.lossy.then_some(Fault::HalfOfHints);
        played.phases.push(Phase { fault, began, ended, disabled: None });
        Ok(())
    }

    /// Plays a fault and waits until all is as before. Returns how long that took after the fault was over.
    fn strike(
        &mut self,
        fault: Fault,
        victim: usize,
        length: Duration,
        readers: &[Following],
        played: &mut Played,
    ) -> Result<Duration> {
        let mut at = At {
            site: self.site,
            stage: self.stage,
            world: self.world,
            revocations: &mut self.revocations,
            victim,
            lossy: self.lossy,
            watching: &readers[..NODES],
            run: self.run,
            sends: &mut played.brought.evidence.sends,
            looked: &mut played.looked,
            noticed: &mut played.noticed,
        };
        let while_ = || format!("while {}", fault.name());
        fault.strike(&mut at, length).with_context(while_)?;
        let number = played.phases.len();
        let recovered = recovery::wait(at.site, self.world, readers, number, self.stage);
        let (sends, back) = recovered.with_context(|| format!("after {}", fault.name()))?;
        played.brought.evidence.sends.extend(sends);
        Ok(back)
    }
}
