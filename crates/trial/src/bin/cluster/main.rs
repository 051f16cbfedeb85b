//! The cluster test: three nodes on a real PostgreSQL, with a real NATS server between them, behind a real nginx. Each
//! node is on a machine of its own with cables that can be cut. One after the other fails, and the checker sees
//! everything.
//!
//! Writers and readers over all transports go to the nodes through nginx and straight, and change between them at any
//! time. Their journals are compared with the promises as in the crash test (`trial::check`). Beyond that, [`recovery`]
//! checks after each fault that every node takes sends and every reader has caught up, [`revocation`] that a sign-out
//! reaches all nodes, and [`delay`] how long events take from node to node. All the time, [`forger`] writes forged and
//! old messages on the bus. They must change nothing.

mod at;
mod delay;
mod fault;
mod forger;
mod node;
mod play;
mod recovery;
mod refusals;
mod report;
mod revocation;
mod site;
mod stage;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Tortures three nodes on one database, and checks that nothing is lost, doubled, out of order or stuck.
#[derive(Parser)]
pub struct Cli {
    /// The server, such as target/debug/encke
    #[arg(long)]
    server: PathBuf,
    /// How often each kind of fault strikes
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// How long a fault lasts, in seconds; what has to be waited for may take longer
    #[arg(long, default_value_t = 10)]
    fault_s: u64,
    /// The calm before each fault, in seconds
    #[arg(long, default_value_t = 4)]
    calm_s: u64,
    /// Seed of all that is random; taken from the clock if absent
    #[arg(long)]
    seed: Option<u64>,
    /// Folder for the nodes' logs, which is kept; a temporary one if absent
    #[arg(long)]
    data: Option<PathBuf>,
    /// Replaces an acknowledged message in the database before the end: the checker has to find it, so this run fails
    #[arg(long)]
    plant: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let server = cli.server.canonicalize()?;
    if let Err(e) = encke_rig::alone() {
        eprintln!("cluster test: {e}");
        std::process::exit(2);
    }
    let stage = stage::Stage::listening()?;
    let seed = cli.seed.unwrap_or_else(encke_bench::sys::now_ns);
    println!("cluster test: seed {seed}, every fault {} times", cli.rounds);
    let judgement = play::play(&Cli { server, ..cli }, seed, &stage)?;
    std::process::exit(judgement.status());
}
