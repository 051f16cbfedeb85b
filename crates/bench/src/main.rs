use anyhow::Result;
use clap::{Parser, Subcommand};
use encke_bench::{sys, work};

/// Measures push servers: prints one JSON line (stdout) and one table row (stderr).
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    workload: Workload,
}

#[derive(Subcommand)]
enum Workload {
    /// Memory and CPU of connections that do nothing
    Idle(work::idle::Args),
    /// Memory of connections under TLS that do nothing
    IdleTls(work::tls::Args),
    /// CPU to let connections in and out
    Connect(work::connect::Args),
    /// One channel, many subscribers
    Fanout(work::fanout::Args),
    /// Conversations of two
    Pairs(work::pairs::Args),
    /// Long-poll turns: every delivery ends a request
    Churn(work::fanout::Args),
    /// kill -9 and restart: all reconnect
    Storm(work::storm::Args),
    /// A room of 100,000, and a person with 10,000 conversations (Encke only)
    Rooms(work::rooms::Args),
    /// A desk: visitors that wait, agents that work (Encke only)
    DeskCrowd(work::desk::crowd::Args),
    /// A desk: agents that claim the same tickets at once (Encke only)
    DeskClaims(work::desk::claims::Args),
    /// Holds connections for another generator process
    #[command(hide = true)]
    Hold(work::idle::Args),
}

fn main() -> Result<()> {
    sys::raise_nofile(200_000);
    match Cli::parse().workload {
        Workload::Idle(args) => work::idle::run(&args),
        Workload::IdleTls(args) => work::tls::run(&args),
        Workload::Connect(args) => work::connect::run(&args),
        Workload::Fanout(args) => work::fanout::run(&args, "fanout"),
        Workload::Pairs(args) => work::pairs::run(&args),
        Workload::Churn(args) => work::fanout::churn(&args),
        Workload::Storm(args) => work::storm::run(&args),
        Workload::Rooms(args) => work::rooms::run(&args),
        Workload::DeskCrowd(args) => work::desk::crowd::run(&args),
        Workload::DeskClaims(args) => work::desk::claims::run(&args),
        Workload::Hold(args) => work::idle::hold(&args),
    }
}
