//! Runs worlds by their seeds: `encke-sim --seeds 1000`, or `encke-sim --seed 7` for one with all that happens in it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use encke_sim::desk::{self, DeskReport, DeskVariant};
use encke_sim::later::{self, LaterReport, LaterVariant};
use encke_sim::{Figures, Report, Variant, run};

/// Runs worlds by their seeds; ends with an error if a promise is broken in one of them.
#[derive(Parser)]
struct Cli {
    /// One seed, with all that happens in it
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// The number of seeds, from 1 on
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The way in which the cluster is built; all but the sound one have a fault
    #[arg(long, value_enum, default_value_t)]
    variant: Variant,
    /// Worlds of a desk, with visitors and agents
    #[arg(long)]
    desk: bool,
    /// The way in which the desk is built
    #[arg(long, value_enum, default_value_t, requires = "desk")]
    desk_variant: DeskVariant,
    /// Worlds of messages that are sent later
    #[arg(long, conflicts_with = "desk")]
    later: bool,
    /// The way in which these are sent
    #[arg(long, value_enum, default_value_t, requires = "later")]
    later_variant: LaterVariant,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let kept = match cli.seed {
        seed if cli.desk => desks(seed.map_or(1..=cli.seeds, |seed| seed..=seed), cli.desk_variant),
        seed if cli.later => {
            plans(seed.map_or(1..=cli.seeds, |seed| seed..=seed), cli.later_variant)
        }
        Some(seed) => one(seed, cli.variant),
        None => many(1..=cli.seeds, cli.variant),
    };
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, variant: Variant) -> bool {
    let report = run(seed, variant, true);
    report.trace.iter().for_each(|line| println!("{line}"));
    print!("{}", report.figures);
    println!("seed {seed}, fingerprint {:016x}", report.fingerprint);
    tell(seed, &report);
    report.violation.is_none()
}

fn many(seeds: RangeInclusive<u64>, variant: Variant) -> bool {
    let start = Instant::now();
    let mut figures = Figures::default();
    let mut broken: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in seeds.clone() {
        let report = run(seed, variant, false);
        figures += report.figures;
        if let Some(violation) = &report.violation {
            if broken.is_empty() {
                tell(seed, &report);
                println!("run it again with --seed {seed} to see what happened");
            }
            *broken.entry(violation.promise).or_default() += 1;
        }
    }
    let (count, took) = (seeds.count(), start.elapsed().as_secs_f64());
    print!("{figures}");
    println!("{count:>12} seeds in {took:.1} s, {:.0} a second", count as f64 / took);
    broken.iter().for_each(|(promise, times)| println!("{times:>12} of them break {promise}"));
    broken.is_empty()
}

fn desks(seeds: RangeInclusive<u64>, variant: DeskVariant) -> bool {
    let (start, mut all, mut broken) = (Instant::now(), DeskReport::default(), 0);
    for seed in seeds.clone() {
        let report = desk::run(seed, variant);
        all.counts.iter_mut().zip(report.counts).for_each(|(sum, count)| *sum += count);
        if let Some(violation) = report.violation {
            println!("seed {seed}: {} is broken: {}", violation.promise, violation.what);
            broken += 1;
        }
    }
    let (count, took) = (seeds.count(), start.elapsed().as_secs_f64());
    println!("{all}{count:>12} desks in {took:.1} s, {broken} of them broken");
    broken == 0
}

fn plans(seeds: RangeInclusive<u64>, variant: LaterVariant) -> bool {
    let (start, mut all, mut broken) = (Instant::now(), LaterReport::default(), 0);
    for seed in seeds.clone() {
        let report = later::run(seed, variant);
        all.counts.iter_mut().zip(report.counts).for_each(|(sum, count)| *sum += count);
        if let Some(violation) = report.violation {
            println!("seed {seed}: {} is broken: {}", violation.promise, violation.what);
            broken += 1;
        }
    }
    let (count, took) = (seeds.count(), start.elapsed().as_secs_f64());
    println!("{all}{count:>12} worlds in {took:.1} s, {broken} of them broken");
    broken == 0
}

fn tell(seed: u64, report: &Report) {
    if let Some(broken) = &report.violation {
        println!("seed {seed}: {} is broken: {}", broken.promise, broken.what);
    }
}
