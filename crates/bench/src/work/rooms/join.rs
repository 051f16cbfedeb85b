//! Filling rooms, one request for each member.

use std::net::SocketAddrV4;
use std::ops::Range;

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Args, People, SMALL_ROOMS, check_open, resident_mib, room};
use crate::client::Client;
use crate::engine::{Engine, Id};
use crate::procs::Server;
use crate::seed::token;
use crate::stats::{Latency, report, round};
use crate::stored;
use crate::sys::{self, Events};
use crate::target::{Role, Session, Target, Transport, post};
use crate::work::{Bench, Book, CpuMeter, seconds};

/// Connections that join; a payload is a token, a space, and a room.
struct Joins(SocketAddrV4);

impl Target for Joins {
    fn transports(&self) -> &[Transport] {
        &[Transport::Ws]
    }

    fn address(&self, _role: Role) -> SocketAddrV4 {
        self.0
    }

    fn request(&self, _s: &Session, _out: &mut Vec<u8>) {}

    fn publish(&self, _s: &mut Session, payload: &str, out: &mut Vec<u8>) {
        let (token, room) = payload.split_once(' ').expect("a token and a room");
        let path = format!("/v1/conversations/{room}/join");
        post(&path, self.0, &format!("Authorization: Bearer {token}\r\n"), "", out);
    }
}

/// The longest time without any answer.
const SILENCE_S: f64 = 15.0;

/// Fills the large room, and reports windows of equally many joins: into small rooms that have 1,000 members in the
/// middle of the window, into the large room at 10,000 members, into other small rooms when the large one is nearly
/// full, and the last joins of the large one. The second small rooms tell what a large store costs from what a large
/// room does. Returns the large room.
pub(super) fn run(args: &Args, server: &Server, people: &People) -> Result<String> {
    let mut client = Client::connect(args.addr)?;
    let target = Joins(args.addr);
    let mut engine = Engine::new(&target, 128)?;
    engine.burst = args.senders;
    let mut bench = Bench { engine, events: Events::with_capacity(1024), book: Book::default() };
    let ids: Vec<Id> =
        (0..args.senders).map(|_| bench.add(Role::Publisher, Transport::Ws, "", "")).collect();
    bench.open(&ids)?;
    let mut filling = Filling { args, server, bench, idle: ids };

    let large = room(&mut client, people.busy, "large")?;
    let room = std::slice::from_ref(&large);
    let window = args.window;
    filling.small_rooms(&mut client, people, 0, "")?;
    // So the middle of the window has 10,000 members, if it is as long.
    filling.fill(room, 0..window / 2)?;
    filling.measured(room, window / 2..window / 2 + window, window, "")?;
    filling.fill(room, window / 2 + window..people.members - window)?;
    filling.small_rooms(&mut client, people, 1, " of small rooms, store of the large one")?;
    filling.measured(room, people.members - window..people.members, args.members, "")?;
    filling.bench.engine.reset_all();
    Ok(large)
}

/// The connections that join, and the parts that measure them.
struct Filling<'a> {
    args: &'a Args,
    server: &'a Server,
    bench: Bench<'a>,
    /// Connections that wait for no answer.
    idle: Vec<Id>,
}

impl Filling<'_> {
    /// Fills new small rooms to 1,500 members each, and measures the window around 1,000.
    fn small_rooms(
        &mut self,
        client: &mut Client,
        people: &People,
        turn: usize,
        note: &str,
    ) -> Result<()> {
        let window = self.args.window;
        let rooms: Vec<String> = (0..SMALL_ROOMS)
            .map(|number| room(client, people.busy, &format!("small {turn}.{number}")))
            .collect::<Result<_>>()?;
        let joining = people.small_rooms(window, turn);
        let middle = joining.start + window / 2;
        self.fill(&rooms, joining.start..middle)?;
        self.measured(&rooms, middle..joining.end, window / SMALL_ROOMS, note)
    }

    /// Lets these people join, each the next of the rooms, and returns how long each waited for its answer.
    fn fill(&mut self, rooms: &[String], people: Range<usize>) -> Result<Latency> {
        let mut latency = Latency::default();
        let mut sent_ns = vec![0; self.args.senders];
        let (mut next, mut joined) = (people.start, 0);
        let mut last_answer = sys::now_ns();
        while joined < people.len() {
            while next < people.end
                && let Some(id) = self.idle.pop()
            {
                sent_ns[id] = sys::now_ns();
                let join = format!("{} {}", token(next), rooms[next % rooms.len()]);
                ensure!(self.bench.send(id, &join), "a connection is not open");
                next += 1;
            }
            self.bench.poll(100)?;
            check_open(&self.bench)?;
            for (id, _, at_ns) in self.bench.book.confirmed.drain(..) {
                latency.record(at_ns - sent_ns[id]);
                self.idle.push(id);
                joined += 1;
                last_answer = at_ns;
            }
            let silence = sys::now_ns().saturating_sub(last_answer);
            ensure!(silence < seconds(SILENCE_S), "no answer any more after {joined} joins");
        }
        Ok(latency)
    }

    /// The same, with a row about what each join cost at this number of members.
    fn measured(
        &mut self,
        rooms: &[String],
        people: Range<usize>,
        members: usize,
        note: &str,
    ) -> Result<()> {
        let (stored, start_ns) = (stored::bytes(&self.args.data)?, sys::now_ns());
        let cpu = CpuMeter::start(self.server);
        let joins = people.len();
        let latency = self.fill(rooms, people)?;
        let (cpu_s, took_ns) = (cpu.server_s(), sys::now_ns() - start_ns);
        let stored = stored::bytes(&self.args.data)? - stored;
        let each = |total: f64| total / joins as f64;
        let fields = json!({
            "members": members,
            "joins_per_s": round(1e9 / each(took_ns as f64), 0),
            "latency_ms": latency.summary(),
            "cpu_us": round(each(cpu_s * 1e6), 1),
            "stored_bytes": round(each(stored as f64), 0),
            "rss_mib": resident_mib(self.server),
        });
        report("join", &format!("{}/{members} members{note}", self.args.label), fields);
        Ok(())
    }
}
