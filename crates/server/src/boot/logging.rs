//! The log: lines of Encke at the level that was asked for, lines of its libraries at `info` and above.
//!
//! At `debug` and `trace`, libraries log what passes through them: parameters of statements, headers, frames. These
//! hold passwords, sessions and messages, so no filter brings them into the log.

use std::io::IsTerminal;

use anyhow::Result;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes log lines to the standard error output, if the filter lets them through and [`may_be_told`] allows them.
pub fn to_stderr(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(filter_fn(may_be_told)).with(lines).init();
    Ok(())
}

/// Whether a line may be logged. Encke's own lines never hold secrets; lines of libraries may below `info`.
fn may_be_told(line: &Metadata<'_>) -> bool {
    let of = line.target().split("::").next().unwrap_or_default();
    let ours = of == "encke" || of.starts_with("encke_");
    ours || *line.level() <= Level::INFO
}
