//! `desk-claims`: agents click the same tickets at once, at one node or at several. Each ticket must get exactly one owner.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};

use super::{Desk, START_WAIT, visitors, wait_until_ready};
use crate::client::Client;
use crate::seed::token;
use crate::stats::{Latency, report, round};
use crate::sys;
use crate::work::{CpuMeter, merged, start};

/// The options of this workload on the command line.
#[derive(clap::Args, Clone)]
pub struct Args {
    /// Where the nodes listen
    #[arg(long, value_delimiter = ',', default_value = "127.0.0.1:8080")]
    pub addr: Vec<SocketAddrV4>,
    /// Command that starts the server; it is ended after the run
    #[arg(long)]
    pub server: Option<String>,
    /// Processes of servers that run already (descendants are included)
    #[arg(long, value_delimiter = ',')]
    pub pid: Vec<u32>,
    /// Name of the row
    #[arg(long, default_value = "encke")]
    pub label: String,
    /// Agents that click
    #[arg(long, default_value_t = 200)]
    pub agents: usize,
    /// Tickets in the queue
    #[arg(long, default_value_t = 10_000)]
    pub tickets: usize,
    /// Agents that click each ticket at once
    #[arg(long, default_value_t = 3)]
    pub clicks: usize,
}

/// Questions of one visitor. The server allows five open ones.
const EACH: usize = 5;

/// A click that was answered with success.
struct Won {
    ticket: usize,
    agent: usize,
}

/// What one agent's clicks came to.
#[derive(Default)]
struct Clicks {
    won: Vec<Won>,
    refused: usize,
    /// Nanoseconds until each answer.
    waited_ns: Vec<u64>,
}

pub fn run(args: &Args) -> Result<()> {
    ensure!(args.tickets.is_multiple_of(EACH), "--tickets is a multiple of {EACH}");
    let server = start(args.server.as_deref(), &args.pid, &args.addr, START_WAIT)?;
    args.addr.iter().try_for_each(|addr| wait_until_ready(*addr))?;
    let desk = Desk::make(args.addr[0], args.agents)?;
    let asked = visitors(args.addr[0], &desk, args.tickets / EACH, EACH)?;
    let tickets: Vec<String> = asked.into_iter().flat_map(|visitor| visitor.tickets).collect();

    let cpu = CpuMeter::start(&server);
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let clicked: Vec<Clicks> = thread::scope(|scope| {
        let (tickets, next) = (&tickets, &next);
        let agents: Vec<_> = (0..args.agents)
            .map(|agent| scope.spawn(move || click(args, agent, tickets, next)))
            .collect();
        let join = |one: thread::ScopedJoinHandle<'_, Result<Clicks>>| {
            one.join().map_err(|_| anyhow!("an agent failed"))?
        };
        agents.into_iter().map(join).collect::<Result<_>>()
    })?;
    let took_s = began.elapsed().as_secs_f64();

    let mut owners: HashMap<usize, usize> = HashMap::new();
    let (mut latency, mut refused) = (Latency::default(), 0);
    for clicks in &clicked {
        refused += clicks.refused;
        clicks.waited_ns.iter().for_each(|ns| latency.record(*ns));
        for Won { ticket, agent } in &clicks.won {
            let owner = *owners.entry(*ticket).or_insert(*agent);
            ensure!(owner == *agent, "{} has two owners", tickets[*ticket]);
        }
    }
    ensure!(owners.len() == tickets.len(), "{} of the tickets have an owner", owners.len());
    let fields = json!({
        "agents": args.agents,
        "nodes": args.addr.len(),
        "claims": owners.len(),
        "refused": refused,
        "claims_per_s": round(owners.len() as f64 / took_s, 0),
        "requests_per_s": round((owners.len() + refused) as f64 / took_s, 0),
        "latency_ms": latency.summary(),
        "cpu_us_each": round(cpu.server_s() * 1e6 / owners.len() as f64, 1),
    });
    report("desk-claims", &args.label, merged(fields, cpu.fields(owners.len() as u64)));
    Ok(())
}

/// Clicks, as one agent, the next ticket of the queue, until all were clicked.
fn click(args: &Args, agent: usize, tickets: &[String], next: &AtomicUsize) -> Result<Clicks> {
    let mut client = Client::connect(args.addr[agent % args.addr.len()])?;
    let mut clicks = Clicks::default();
    loop {
        let ticket = next.fetch_add(1, Ordering::Relaxed) / args.clicks;
        let Some(id) = tickets.get(ticket) else { return Ok(clicks) };
        let sent_ns = sys::now_ns();
        let path = format!("/v1/tickets/{id}/claim");
        let (status, body) = client.send("POST", &token(agent), &path, &Value::Null)?;
        clicks.waited_ns.push(sys::now_ns() - sent_ns);
        match status {
            200 => clicks.won.push(Won { ticket, agent }),
            409 => clicks.refused += 1,
            _ => ensure!(false, "a claim: {status} {}", String::from_utf8_lossy(&body)),
        }
    }
}
