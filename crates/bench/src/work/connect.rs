//! `connect`: the cost of opening and closing a connection.

use anyhow::Result;
use serde_json::json;

use super::{Bench, Common, CpuMeter, channel, seconds};
use crate::stats::{report, round};
use crate::sys;
use crate::target::Role;

#[derive(clap::Args, Clone)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    /// Subscribers that come together, each on a channel of its own
    #[arg(long, default_value_t = 2_000)]
    pub n: usize,
    /// Seconds
    #[arg(long, default_value_t = 8.0)]
    pub duration: f64,
}

pub fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let target = common.target()?;
    let server = common.server()?;
    let name = channel();
    // The first wave warms up.
    wave(args, &*target, &name)?;
    let cpu = CpuMeter::start(&server);
    let start = sys::now_ns();
    let mut connections = 0;
    while sys::now_ns() < start + seconds(args.duration) {
        wave(args, &*target, &name)?;
        connections += args.n;
    }
    let took = (sys::now_ns() - start) as f64 / 1e9;
    let fields = json!({
        "n": args.n,
        "connections": connections,
        "connections_per_s": round(connections as f64 / took, 0),
        "connect_cpu_us": round(cpu.server_s() * 1e6 / connections as f64, 1),
        "server_busy": round(cpu.server_s() / took, 3),
    });
    report("connect", &common.label(), fields);
    Ok(())
}

/// Opens all connections, and closes them when the last one is open.
fn wave(args: &Args, target: &dyn crate::target::Target, name: &str) -> Result<()> {
    let mut bench = Bench::new(target, &args.common)?;
    let ids: Vec<_> = (0..args.n)
        .map(|i| bench.add(Role::Subscriber, args.common.transport, &format!("{name}-{i}"), ""))
        .collect();
    bench.open(&ids)?;
    bench.engine.reset_all();
    Ok(())
}
