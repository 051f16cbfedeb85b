//! The crash test: real processes, SIGKILL at random moments, and a checker that sees everything.
//!
//! Writers and readers over all transports go on while the server is killed and started again. Every send and every
//! observation is written to a journal (`trial::journal`). The test ends when all readers have seen the last event of
//! each of their streams. Then `trial::check` compares the journals with the promises P1 to P4 (and P8, for the
//! SIGTERMs between the kills).
//!
//! After SIGKILL the kernel still has all that the server wrote, synced or not. On a late disk ([`disk`]) it has not:
//! most kills are a loss of power, too, and each unsynced write is gone, torn or there.
//!
//! The process ends with 0 if every promise held, with 3 if acknowledged messages are lost, and otherwise with 1.

mod disk;
mod play;
mod report;
mod server;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use disk::DiskKind;
use encke_trial::report::Judgement;

/// Kills the server again and again under load, and checks that nothing is lost, doubled or out of order.
#[derive(Parser)]
pub struct Cli {
    /// The server, such as target/debug/encke
    #[arg(long)]
    server: PathBuf,
    /// How often it is killed; after every fifth time there is a SIGTERM, too
    #[arg(long, default_value_t = 60)]
    kills: u64,
    /// The disk under the server
    #[arg(long, value_enum, default_value_t = DiskKind::Real)]
    disk: DiskKind,
    /// Seed of all that is random; taken from the clock if absent
    #[arg(long)]
    seed: Option<u64>,
    /// Folder for the store and the server's log; a temporary one if absent, removed if all went well
    #[arg(long)]
    data: Option<PathBuf>,
    /// The shortest life of the server after it is ready, in milliseconds
    #[arg(long, default_value_t = 50)]
    life_ms_min: u64,
    /// The longest
    #[arg(long, default_value_t = 1_500)]
    life_ms_max: u64,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let seed = cli.seed.unwrap_or_else(encke_bench::sys::now_ns);
    let dir = match &cli.data {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("encke-crash-{}", std::process::id())),
    };
    std::fs::create_dir_all(&dir)?;
    println!(
        "crash test: seed {seed}, {} kills, {:?} disk, folder {}",
        cli.kills,
        cli.disk,
        dir.display()
    );
    let played = play::play(&cli, seed, &dir)?;
    let judgement = report::print(&played);
    // A disk that lies has to be found.
    let is_lying = cli.disk == DiskKind::Lying;
    let wanted = if is_lying { Judgement::Lost } else { Judgement::Good };
    if judgement == wanted && cli.data.is_none() {
        std::fs::remove_dir_all(&dir)?;
    } else {
        println!("store and log are in {}", dir.display());
    }
    std::process::exit(judgement.status());
}
