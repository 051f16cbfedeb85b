//! The log: what Encke says at the level that was asked for, and what its libraries say down to `info`.
//!
//! At `debug` and `trace` libraries write down what passes through them: parameters of statements, headers, frames. In
//! these stand passwords, sessions and what people say, so no filter brings them into the log.

use std::io::IsTerminal;

use anyhow::Result;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Has everything that a filter lets through, and that may be told, written to the standard error output.
pub fn to_stderr(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(filter_fn(may_be_told)).with(lines).init();
    Ok(())
}

/// Our own lines are written with care for what stands in them; those of others only down to `info`.
fn may_be_told(line: &Metadata<'_>) -> bool {
    let of = line.target().split("::").next().unwrap_or_default();
    let ours = of == "encke" || of.starts_with("encke_");
    ours || *line.level() <= Level::INFO
}
