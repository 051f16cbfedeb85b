//! The workloads and their common parts.

pub mod connect;
pub mod desk;
pub mod fanout;
pub mod idle;
pub mod pairs;
pub mod rooms;
pub mod storm;
pub mod tls;

use std::collections::BTreeMap;
use std::net::{SocketAddrV4, TcpStream};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::engine::{Engine, Id, Observer};
use crate::payload::Payload;
use crate::procs::{Server, softirq_threads_ns};
use crate::stats::{Deliveries, Received, round};
use crate::sys::{self, Events};
use crate::target::{self, Addresses, Role, Target, Transport};

/// The arguments of every workload.
#[derive(clap::Args, Clone)]
pub struct Common {
    /// Adapter: nchan, pushpin, socketio, faye, mercure, nats, raw, template
    #[arg(long)]
    pub target: String,
    /// TOML file of the template adapter
    #[arg(long)]
    pub template: Option<PathBuf>,
    /// Where subscribers connect
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub addr: SocketAddrV4,
    /// Where publishers connect, if elsewhere
    #[arg(long)]
    pub pub_addr: Option<SocketAddrV4>,
    #[arg(long, value_enum, default_value = "ws")]
    pub transport: Transport,
    /// Command that starts the server; it is ended after the run
    #[arg(long)]
    pub server: Option<String>,
    /// Processes of a server that runs already (descendants are included)
    #[arg(long, value_delimiter = ',')]
    pub pid: Vec<u32>,
    /// Name of the row
    #[arg(long)]
    pub label: Option<String>,
    /// Connections being opened at one time
    #[arg(long, default_value_t = 256)]
    pub burst: usize,
    /// Bytes of a payload (39 or more)
    #[arg(long, default_value_t = 128)]
    pub size: usize,
    /// Seconds to wait after all have subscribed
    #[arg(long, default_value_t = 1.0)]
    pub settle: f64,
    /// Seconds to wait after the server listens
    #[arg(long, default_value_t = 0.2)]
    pub start_wait: f64,
    /// Third byte of the source addresses
    #[arg(long, default_value_t = 1)]
    pub source_net: u8,
}

pub fn seconds(s: f64) -> u64 {
    (s * 1e9) as u64
}

impl Common {
    pub fn target(&self) -> Result<Box<dyn Target>> {
        let at = Addresses { subscribe: self.addr, publish: self.pub_addr.unwrap_or(self.addr) };
        let target = target::by_name(&self.target, at, self.template.as_deref())?;
        ensure!(
            target.transports().contains(&self.transport),
            "{} has no transport {}",
            self.target,
            self.transport.name()
        );
        Ok(target)
    }

    pub fn label(&self) -> String {
        let default = || format!("{}/{}", self.target, self.transport.name());
        self.label.clone().unwrap_or_else(default)
    }

    /// Starts the server, or takes the running one, and waits until it answers.
    pub fn server(&self) -> Result<Server> {
        let mut addresses = vec![self.addr];
        addresses.extend(self.pub_addr);
        let server = start(self.server.as_deref(), &self.pid, &addresses, Duration::from_secs(20))?;
        if self.server.is_some() {
            sleep(Duration::from_secs_f64(self.start_wait));
        }
        Ok(server)
    }
}

/// Starts a server by this command, or takes the one that has these processes, and waits until it listens.
pub fn start(
    command: Option<&str>,
    pids: &[u32],
    addresses: &[SocketAddrV4],
    patience: Duration,
) -> Result<Server> {
    let server = match command {
        Some(command) => {
            let first = addresses[0];
            ensure!(TcpStream::connect(first).is_err(), "{first} is in use");
            Server::start(command)?
        }
        None => Server::of_pids(pids),
    };
    let until = Instant::now() + patience;
    for addr in addresses {
        while TcpStream::connect(addr).is_err() {
            if Instant::now() > until {
                bail!("no server at {addr}");
            }
            sleep(Duration::from_millis(5));
        }
    }
    Ok(server)
}

/// The record of all that happens to the connections. The workloads read it.
#[derive(Default)]
pub struct Book {
    pub deliveries: Deliveries,
    pub received: Vec<Received>,
    /// The number of subscribers that have each message, if the workload counts it.
    pub per_seq: Vec<u32>,
    pub last_delivery_ns: u64,
    pub confirmed: Vec<(Id, u32, u64)>,
    pub closed: Vec<Id>,
    pub errors: BTreeMap<String, u64>,
}

impl Observer for Book {
    fn delivered(&mut self, id: Id, p: Payload, now_ns: u64) {
        if self.deliveries.book(&mut self.received[id], p, now_ns) {
            self.last_delivery_ns = now_ns;
            if let Some(count) = self.per_seq.get_mut(p.seq as usize) {
                *count += 1;
            }
        }
    }

    fn confirmed(&mut self, id: Id, count: u32, now_ns: u64) {
        self.confirmed.push((id, count, now_ns));
    }

    fn closed(&mut self, id: Id, why: &str) {
        self.closed.push(id);
        *self.errors.entry(why.to_owned()).or_default() += 1;
    }
}

/// An engine with its book.
pub struct Bench<'t> {
    pub engine: Engine<'t>,
    pub events: Events,
    pub book: Book,
}

impl<'t> Bench<'t> {
    pub fn new(target: &'t dyn Target, common: &Common) -> Result<Self> {
        let mut engine = Engine::new(target, common.size)?;
        engine.burst = common.burst;
        engine.source_net = common.source_net;
        Ok(Bench { engine, events: Events::with_capacity(1024), book: Book::default() })
    }

    pub fn add(&mut self, role: Role, transport: Transport, channel: &str, outlet: &str) -> Id {
        self.book.received.push(Received::default());
        self.engine.add(role, transport, channel, outlet)
    }

    /// Opens connections and waits until each is ready. It is an error if one fails.
    pub fn open(&mut self, ids: &[Id]) -> Result<()> {
        ids.iter().for_each(|&id| self.engine.open(id, 0));
        let patience = sys::now_ns() + seconds(60.0);
        let mut waiting: Vec<Id> = ids.to_vec();
        while !waiting.is_empty() {
            self.poll(50)?;
            waiting.retain(|&id| !self.engine.is_ready(id));
            ensure!(self.book.closed.is_empty(), "connections failed: {:?}", self.book.errors);
            ensure!(sys::now_ns() < patience, "{} connections are not ready", waiting.len());
        }
        Ok(())
    }

    pub fn poll(&mut self, timeout_ms: i32) -> Result<()> {
        self.engine.poll(&mut self.events, timeout_ms, &mut self.book)
    }

    /// Handles events for some time and nothing else.
    pub fn rest(&mut self, secs: f64) -> Result<()> {
        let until = sys::now_ns() + seconds(secs);
        while sys::now_ns() < until {
            self.poll(10)?;
        }
        Ok(())
    }

    pub fn send(&mut self, id: Id, payload: &str) -> bool {
        self.engine.publish(id, payload, &mut self.book)
    }

    /// Reopens publishers' connections that the server has closed; some servers do that after each request. Closed
    /// connections of subscribers stay in the book.
    pub fn reopen_publishers(&mut self) -> Vec<Id> {
        let (publishers, others) =
            self.book.closed.drain(..).partition(|&id| self.engine.role(id) == Role::Publisher);
        self.book.closed = others;
        for &id in &publishers {
            self.engine.open(id, 0);
        }
        publishers
    }

    pub fn lost(&self, subscribers: &[Id], sent: impl Fn(Id) -> u64) -> u64 {
        subscribers.iter().map(|&id| self.book.received[id].lost(sent(id))).sum()
    }
}

/// The CPU used since the meter was made by the server, the generator and soft interrupts.
pub struct CpuMeter<'s> {
    server: &'s Server,
    at_ns: u64,
    server_ns: u64,
    own_ns: u64,
    softirq_ns: u64,
}

impl<'s> CpuMeter<'s> {
    pub fn start(server: &'s Server) -> Self {
        CpuMeter {
            server,
            at_ns: sys::now_ns(),
            server_ns: server.cpu_ns(),
            own_ns: sys::own_cpu_ns(),
            softirq_ns: softirq_threads_ns(),
        }
    }

    /// CPU seconds of the server so far.
    pub fn server_s(&self) -> f64 {
        self.server.cpu_ns().saturating_sub(self.server_ns) as f64 / 1e9
    }

    /// The fields every throughput result has, for this many units of work.
    pub fn fields(&self, units: u64) -> Value {
        let wall = (sys::now_ns() - self.at_ns) as f64 / 1e9;
        let own = (sys::own_cpu_ns() - self.own_ns) as f64 / 1e9;
        let server = self.server_s();
        json!({
            "cpu_s_per_million": round(server * 1e6 / units.max(1) as f64, 3),
            "server_busy": round(server / wall, 3),
            "generator_busy": round(own / wall, 3),
            "ksoftirqd_s": round(softirq_threads_ns().saturating_sub(self.softirq_ns) as f64 / 1e9, 2),
        })
    }
}

/// Adds the fields of one object to another.
pub fn merged(mut a: Value, b: Value) -> Value {
    if let (Value::Object(a), Value::Object(b)) = (&mut a, b) {
        a.extend(b);
    }
    a
}

/// A channel name no other run uses.
pub fn channel() -> String {
    format!("b{}", std::process::id())
}

/// The fields for lost deliveries and other faults of a run.
pub fn loss_fields(book: &Book, lost: u64) -> Value {
    let fields = json!({
        "lost": lost,
        "dup": book.deliveries.duplicates,
        "reorder": book.deliveries.reordered,
        "closed": book.closed.len(),
    });
    if book.closed.is_empty() { fields } else { merged(fields, json!({"errors": book.errors})) }
}
