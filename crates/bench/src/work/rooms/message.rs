//! One message to all members of a room that are connected.

use std::net::SocketAddrV4;

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Args, check_open, resident_mib};
use crate::engine::{Engine, Id};
use crate::payload::{self, Payload};
use crate::procs::Server;
use crate::seed::token;
use crate::stats::{Latency, report, round};
use crate::sys::{self, Events};
use crate::target::{Role, Session, Target, Transport, post, upgrade};
use crate::work::{Bench, Book, CpuMeter, merged, seconds};

/// Bytes of a message.
const SIZE: usize = 128;
/// The longest time until the last member has a message.
const DELIVERY_S: f64 = 15.0;

/// Members at a WebSocket, and the first of them who writes.
struct Members(SocketAddrV4);

impl Target for Members {
    fn transports(&self) -> &[Transport] {
        &[Transport::Ws]
    }

    fn address(&self, _role: Role) -> SocketAddrV4 {
        self.0
    }

    fn request(&self, s: &Session, out: &mut Vec<u8>) {
        let headers = format!("Authorization: Bearer {}\r\n", token(s.client as usize));
        upgrade("/v1/feed", self.0, &headers, out);
    }

    fn publish(&self, s: &mut Session, payload: &str, out: &mut Vec<u8>) {
        let headers = format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: {}\r\n",
            token(0),
            payload::key(payload)
        );
        let path = format!("/v1/conversations/{}/messages", s.outlet);
        post(&path, self.0, &headers, &json!({"text": payload}).to_string(), out);
    }
}

/// Connects members of the large room, sends messages one after another, and reports how long each took to the last of
/// them.
pub(super) fn run(args: &Args, server: &Server, room: &str) -> Result<()> {
    let target = Members(args.addr);
    let engine = Engine::new(&target, SIZE)?;
    let mut bench = Bench { engine, events: Events::with_capacity(1024), book: Book::default() };
    let ids: Vec<Id> =
        (0..args.connected).map(|_| bench.add(Role::Subscriber, Transport::Ws, "", "")).collect();
    bench.open(&ids)?;
    let publisher = bench.add(Role::Publisher, Transport::Ws, "", room);
    bench.open(&[publisher])?;
    bench.rest(1.0)?;

    let cpu = CpuMeter::start(server);
    let (mut last, mut text) = (Latency::default(), String::new());
    for seq in 0..args.messages as u64 {
        let sent_ns = sys::now_ns();
        Payload { stream: 0, seq, sent_ns }.encode(SIZE, &mut text);
        bench.book.per_seq.push(0);
        ensure!(bench.send(publisher, &text), "the sender's connection is not open");
        while (bench.book.per_seq[seq as usize] as usize) < args.connected {
            bench.poll(100)?;
            check_open(&bench)?;
            let have = bench.book.per_seq[seq as usize];
            let waited = sys::now_ns() - sent_ns;
            ensure!(waited < seconds(DELIVERY_S), "message {seq} has reached only {have} members");
        }
        last.record(bench.book.last_delivery_ns - sent_ns);
        bench.rest(0.05)?;
    }
    let deliveries = bench.book.deliveries.total;
    let fields = json!({
        "n": args.connected,
        "members": args.members,
        "messages": args.messages,
        "last_ms": last.summary(),
        "rss_mib": resident_mib(server),
        "lost": bench.lost(&ids, |_| args.messages as u64),
        "dup": bench.book.deliveries.duplicates,
    });
    let usage = json!({"cpu_us": round(cpu.server_s() * 1e6 / deliveries.max(1) as f64, 2)});
    report("room-message", &args.label, merged(fields, usage));
    bench.engine.reset_all();
    Ok(())
}
