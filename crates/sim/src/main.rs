//! Runs worlds by their seeds: `cargo run -p encke-sim -- --seeds 1..1000`, or `--seed 7` for one with its trace.

use std::ops::Range;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use encke_sim::{Figures, Report, Variant, run};

/// Runs worlds by their seeds; ends with an error at the first in which a promise is broken.
#[derive(Parser)]
struct Cli {
    /// One seed
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// From one seed to before another
    #[arg(long, value_parser = range, default_value = "1..1000")]
    seeds: Range<u64>,
    /// How the cluster is built
    #[arg(long, value_enum, default_value_t)]
    variant: Variant,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").ok_or("give it as A..B")?;
    let number = |text: &str| text.parse::<u64>().map_err(|e| e.to_string());
    Ok(number(ends.0)?..number(ends.1)?)
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let start = Instant::now();
    let seeds = cli.seed.map_or(cli.seeds, |seed| seed..seed + 1);
    let mut figures = Figures::default();
    for seed in seeds.clone() {
        let report = run(seed, cli.variant, false);
        figures += report.figures;
        if report.violation.is_some() {
            tell(seed, &run(seed, cli.variant, true));
            bail!("seed {seed} fails; run it again with --seed {seed}");
        }
    }
    let count = seeds.end.saturating_sub(seeds.start);
    println!("{figures}{count:>12} seeds in {:.1} s, all promises kept", start.elapsed().as_secs_f64());
    Ok(())
}

fn tell(seed: u64, report: &Report) {
    if let Some(trace) = &report.trace {
        eprint!("{trace}");
    }
    if let Some(broken) = &report.violation {
        eprintln!("seed {seed}: {} is broken: {}", broken.promise, broken.what);
    }
}
