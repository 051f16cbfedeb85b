//! The binary `encke`: command line, configuration, wiring, operation, the embedded web chat.
//!
//! Entry point: [`boot::serve::run`]. Nothing here decides what people may do: the apps do. Nothing here touches a
//! waiting connection: the transports do.

mod boot;
mod cli;
mod config;
mod http;
mod wire;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    boot::allocator::keep_large_blocks_apart();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("encke: {e:#}");
            ExitCode::FAILURE
        }
    }
}
