//! Classic pages under load: the cost of a waiting page, and the delay of a message.
//!
//! `classic idle` holds many waiting pages that poll again when their wait ends. `classic delay` measures messages to
//! some. Both speak as the pages do, over plain sockets, to a server that believes their claims (`--classic-identity
//! trust`).

mod delay;
mod idle;
mod page;

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use encke_bench::procs::Server;

use page::System;

#[derive(Parser)]
#[command(about = "Classic pages under load")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Cost of waiting pages
    Idle(idle::Args),
    /// Delay of messages
    Delay(delay::Args),
}

/// The arguments of both commands.
#[derive(clap::Args, Clone)]
struct Common {
    /// Pages to test
    #[arg(long, value_enum)]
    system: System,
    /// Where the server is to listen
    #[arg(long, default_value = "127.0.0.1:19081")]
    addr: SocketAddr,
    /// Command that starts the server; it is ended after the run
    #[arg(long)]
    server: String,
}

impl Common {
    /// Starts the server and waits until it answers.
    fn start(&self) -> Result<Server> {
        let server = Server::start(&self.server)?;
        let patience = Instant::now() + Duration::from_secs(20);
        while page::get(self.addr, "/healthz").is_err() {
            if Instant::now() > patience {
                bail!("no server at {}", self.addr);
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Idle(args) => idle::run(&args),
        Command::Delay(args) => delay::run(&args),
    }
}
