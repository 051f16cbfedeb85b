//! The binary `encke`: command line, configuration, wiring, operation, the embedded web chat.
//!
//! Entry point: [`serve::run`]. Nothing in here decides what people may do; that is in the apps. Nothing in here
//! touches a waiting connection; that is in the transports.

mod admin;
mod assets;
mod bridge;
mod budget;
mod classic_options;
mod cli;
mod cluster;
mod connections;
mod demo;
mod door;
mod gate;
mod head_wait;
mod hosts;
mod logging;
mod metrics;
mod openapi;
mod operation;
mod ops;
mod options;
mod places;
mod proxies;
mod quota_options;
mod records;
mod rewind;
mod router;
mod schemes;
mod sealed_stream;
mod seats;
mod serve;
mod setup_code;
mod socket;
mod space;
mod space_options;
mod spaces;
mod streams;
mod tls;
mod wire;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("encke: {e:#}");
            ExitCode::FAILURE
        }
    }
}
