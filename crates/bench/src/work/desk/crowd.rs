//! `desk-crowd`: many visitors wait at their windows while the agents answer some of them. Each visitor and each agent holds a
//! WebSocket; every message is durable before it is delivered.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{Desk, START_WAIT, Visitor, visitors, wait_until_ready};
use crate::client::Client;
use crate::engine::{Engine, Id, Observer};
use crate::payload::{self, Payload};
use crate::procs::Server;
use crate::seed::token;
use crate::stats::{Latency, report, round};
use crate::sys::{self, Events};
use crate::target::{Role, Session, Target, Transport, post, upgrade};
use crate::work::{CpuMeter, merged, seconds, start};

/// The options of this workload on the command line.
#[derive(clap::Args, Clone)]
pub struct Args {
    /// Where the server listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub addr: SocketAddrV4,
    /// Command that starts the server; it is ended after the run
    #[arg(long)]
    pub server: Option<String>,
    /// Processes of a server that runs already (descendants are included)
    #[arg(long, value_delimiter = ',')]
    pub pid: Vec<u32>,
    /// Name of the row
    #[arg(long, default_value = "encke")]
    pub label: String,
    /// Visitors, each with one question
    #[arg(long, default_value_t = 5_000)]
    pub visitors: usize,
    /// Agents
    #[arg(long, default_value_t = 200)]
    pub agents: usize,
    /// Visitors that each agent talks to; the others wait in the queue
    #[arg(long, default_value_t = 5)]
    pub talks: usize,
    /// Messages of all together in a second; agents and visitors take turns
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
    /// Seconds of talking
    #[arg(long, default_value_t = 20.0)]
    pub duration: f64,
}

/// Bytes of a message.
const SIZE: usize = 128;
/// Connections that send.
const SENDERS: usize = 64;
/// The time that the last messages may take.
const LAST_S: f64 = 5.0;

/// Connections to the feed, whose channel is a token, and connections that send; a payload of these is a token, a
/// conversation, and the text.
struct Windows(SocketAddrV4);

impl Target for Windows {
    fn transports(&self) -> &[Transport] {
        &[Transport::Ws]
    }

    fn address(&self, _role: Role) -> SocketAddrV4 {
        self.0
    }

    fn request(&self, s: &Session, out: &mut Vec<u8>) {
        let headers = format!("Authorization: Bearer {}\r\n", s.channel);
        upgrade("/v1/feed", self.0, &headers, out);
    }

    fn publish(&self, _s: &mut Session, payload: &str, out: &mut Vec<u8>) {
        let (token, rest) = payload.split_once(' ').expect("a token");
        let (conversation, text) = rest.split_once(' ').expect("a conversation");
        let headers = format!(
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {}\r\n",
            payload::key(text)
        );
        let path = format!("/v1/conversations/{conversation}/messages");
        post(&path, self.0, &headers, &json!({"text": text}).to_string(), out);
    }
}

/// A conversation that goes on: the visitor and its agent take turns.
struct Talk {
    visitor: usize,
    agent: usize,
    /// What the visitor has sent, and what the agent has.
    sent: [u64; 2],
    received: [u64; 2],
    /// The agent's answer is next.
    agent_is_next: bool,
}

/// What has arrived.
#[derive(Default)]
struct Arrivals {
    talks: Vec<Talk>,
    /// The delays of answers to visitors, and of messages to agents.
    to_visitors: Latency,
    to_agents: Latency,
    confirmed: Vec<Id>,
    wrong: Vec<String>,
    visitors: usize,
}

impl Observer for Arrivals {
    fn delivered(&mut self, id: Id, p: Payload, now_ns: u64) {
        // Two streams for each talk: what the visitor says, and what the agent does.
        let (talk, by_agent) = (p.stream as usize / 2, p.stream as usize % 2);
        let Some(talk) = self.talks.get_mut(talk) else {
            return self.wrong.push(format!("a message of talk {talk}"));
        };
        let (is_visitor, is_agent) = (id == talk.visitor, id == self.visitors + talk.agent);
        if !is_visitor && !is_agent {
            return self.wrong.push(format!("a message of talk {} at {id}", p.stream / 2));
        }
        // Everybody gets its own message, too.
        if is_agent == (by_agent == 1) {
            return;
        }
        if p.seq != talk.received[by_agent] {
            self.wrong.push(format!("message {} after {}", p.seq, talk.received[by_agent]));
        }
        talk.received[by_agent] = p.seq + 1;
        let latency = if is_visitor { &mut self.to_visitors } else { &mut self.to_agents };
        latency.record(now_ns.saturating_sub(p.sent_ns));
    }

    fn confirmed(&mut self, id: Id, _count: u32, _now_ns: u64) {
        self.confirmed.push(id);
    }

    fn closed(&mut self, id: Id, why: &str) {
        self.wrong.push(format!("connection {id}: {why}"));
    }
}

pub fn run(args: &Args) -> Result<()> {
    ensure!(args.agents * args.talks <= args.visitors, "there are fewer visitors than talks");
    let server = start(args.server.as_deref(), &args.pid, &[args.addr], START_WAIT)?;
    wait_until_ready(args.addr)?;
    let empty = memory_mib(&server);
    let desk = Desk::make(args.addr, args.agents)?;
    let everybody = visitors(args.addr, &desk, args.visitors, 1)?;
    let talks = claimed(args, &everybody)?;

    let target = Windows(args.addr);
    let mut engine = Engine::new(&target, SIZE)?;
    let mut events = Events::with_capacity(1024);
    let mut arrivals = Arrivals { talks, visitors: args.visitors, ..Arrivals::default() };
    let agents: Vec<String> = (0..args.agents).map(token).collect();
    let tokens = everybody.iter().map(|visitor| &visitor.token).chain(&agents);
    let windows: Vec<Id> =
        tokens.map(|token| engine.add(Role::Subscriber, Transport::Ws, token, "")).collect();
    open(&mut engine, &mut events, &mut arrivals, &windows)?;
    rest(&mut engine, &mut events, &mut arrivals, 3.0)?;
    let waiting = memory_mib(&server);

    let resting = CpuMeter::start(&server);
    rest(&mut engine, &mut events, &mut arrivals, 10.0)?;
    let resting_s = resting.server_s();
    // The server closes those that have sent nothing for long, so they come last.
    let senders: Vec<Id> =
        (0..SENDERS).map(|_| engine.add(Role::Publisher, Transport::Ws, "", "")).collect();
    open(&mut engine, &mut events, &mut arrivals, &senders)?;
    let cpu = CpuMeter::start(&server);
    let mut talking = Talking { engine, events, arrivals, everybody: &everybody, agents: &agents };
    let sent = talking.run(args, senders)?;
    let arrivals = &talking.arrivals;
    let received: u64 = arrivals.talks.iter().map(|talk| talk.received.iter().sum::<u64>()).sum();
    ensure!(arrivals.wrong.is_empty(), "{:?}", &arrivals.wrong[..arrivals.wrong.len().min(5)]);
    ensure!(received == sent, "{received} of {sent} messages have arrived");
    let fields = json!({
        "visitors": args.visitors,
        "agents": args.agents,
        "messages": sent,
        "rate": args.rate,
        "to_visitors_ms": arrivals.to_visitors.summary(),
        "to_agents_ms": arrivals.to_agents.summary(),
        "empty_mib": empty,
        "waiting_mib": waiting,
        "talking_mib": memory_mib(&server),
        "resting_cpu": round(resting_s / 10.0, 4),
        "cpu_us_each": round(cpu.server_s() * 1e6 / sent as f64, 1),
    });
    report("desk-crowd", &args.label, merged(fields, cpu.fields(sent)));
    talking.engine.reset_all();
    Ok(())
}

/// Opens connections, and waits until each is ready.
fn open(
    engine: &mut Engine<'_>,
    events: &mut Events,
    arrivals: &mut Arrivals,
    ids: &[Id],
) -> Result<()> {
    ids.iter().for_each(|id| engine.open(*id, 0));
    while !ids.iter().all(|id| engine.is_ready(*id)) {
        engine.poll(events, 50, arrivals)?;
        ensure!(arrivals.wrong.is_empty(), "connections failed: {:?}", arrivals.wrong);
    }
    Ok(())
}

/// Handles events for some time and nothing else.
fn rest(
    engine: &mut Engine<'_>,
    events: &mut Events,
    arrivals: &mut Arrivals,
    secs: f64,
) -> Result<()> {
    let until = sys::now_ns() + seconds(secs);
    while sys::now_ns() < until {
        engine.poll(events, 10, arrivals)?;
    }
    Ok(())
}

/// The server's own memory, in MiB.
fn memory_mib(server: &Server) -> f64 {
    round(server.memory().pss as f64 / (1024.0 * 1024.0), 1)
}

/// Every agent claims its tickets.
fn claimed(args: &Args, everybody: &[Visitor]) -> Result<Vec<Talk>> {
    let mut client = Client::connect(args.addr)?;
    let mut talks = Vec::new();
    for (visitor, asked) in everybody.iter().take(args.agents * args.talks).enumerate() {
        let agent = visitor % args.agents;
        let path = format!("/v1/tickets/{}/claim", asked.tickets[0]);
        client.send_json("POST", &token(agent), &path, &Value::Null)?;
        let (sent, received) = ([0; 2], [0; 2]);
        talks.push(Talk { visitor, agent, sent, received, agent_is_next: true });
    }
    Ok(talks)
}

/// The talks while they go on.
struct Talking<'t> {
    engine: Engine<'t>,
    events: Events,
    arrivals: Arrivals,
    everybody: &'t [Visitor],
    agents: &'t [String],
}

impl Talking<'_> {
    /// Sends at an even rate, and waits until all has arrived. Returns the number of messages.
    fn run(&mut self, args: &Args, senders: Vec<Id>) -> Result<u64> {
        let (began, mut idle) = (sys::now_ns(), VecDeque::from(senders));
        let end = began + seconds(args.duration);
        let interval = 1e9 / args.rate;
        let (mut scheduled, mut sent, mut due) = (0_u64, 0_u64, VecDeque::new());
        loop {
            let now = sys::now_ns();
            while now < end && scheduled as f64 * interval <= (now - began) as f64 {
                due.push_back(began + (scheduled as f64 * interval) as u64);
                scheduled += 1;
            }
            idle.extend(self.arrivals.confirmed.drain(..));
            while let Some(sender) = idle.pop_front() {
                let Some(at_ns) = due.pop_front() else {
                    idle.push_front(sender);
                    break;
                };
                self.say(sender, sent as usize % self.arrivals.talks.len(), at_ns)?;
                sent += 1;
            }
            let received: u64 = self.arrivals.talks.iter().flat_map(|talk| talk.received).sum();
            let is_over = now >= end && due.is_empty() && received == sent;
            if is_over || now > end + seconds(LAST_S) {
                return Ok(sent);
            }
            self.engine.poll(&mut self.events, 1, &mut self.arrivals)?;
        }
    }

    /// Sends the next message of a talk.
    fn say(&mut self, sender: Id, number: usize, at_ns: u64) -> Result<()> {
        let talk = &mut self.arrivals.talks[number];
        let by_agent = usize::from(talk.agent_is_next);
        let (visitor, seq) = (&self.everybody[talk.visitor], talk.sent[by_agent]);
        let token = if talk.agent_is_next { &self.agents[talk.agent] } else { &visitor.token };
        let mut text = String::new();
        Payload { stream: (number * 2 + by_agent) as u32, seq, sent_ns: at_ns }
            .encode(SIZE, &mut text);
        let message = format!("{token} {} {text}", visitor.tickets[0]);
        talk.sent[by_agent] += 1;
        talk.agent_is_next = !talk.agent_is_next;
        ensure!(
            self.engine.publish(sender, &message, &mut self.arrivals),
            "a sender is not connected"
        );
        Ok(())
    }
}
