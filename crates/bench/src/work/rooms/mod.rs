//! `rooms`: the costs of a room of 100,000 and of a person with 10,000 conversations. For Encke only.
//!
//! Each person is a bot with a token of its own, made by `seed`. It joins by `POST /v1/conversations/ID/join`, so every
//! join is a request, an authentication and a durable commit like anybody else's.

mod first_answer;
mod join;
mod message;

use std::net::SocketAddrV4;
use std::ops::Range;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Bench, start};
use crate::client::Client;
use crate::procs::Server;
use crate::stats::round;

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
    /// The server's data folder, where the bytes of the store are read
    #[arg(long)]
    pub data: PathBuf,
    /// Name of the rows
    #[arg(long, default_value = "encke")]
    pub label: String,
    /// Members of the large room
    #[arg(long, default_value_t = 100_000)]
    pub members: usize,
    /// Joins in each of the windows that are compared
    #[arg(long, default_value_t = 10_000)]
    pub window: usize,
    /// Members that are connected when a message is sent
    #[arg(long, default_value_t = 10_000)]
    pub connected: usize,
    /// Messages to them, one after another
    #[arg(long, default_value_t = 20)]
    pub messages: usize,
    /// Conversations of the person whose first answer is measured
    #[arg(long, default_value_t = 10_000)]
    pub conversations: usize,
    /// First answers
    #[arg(long, default_value_t = 300)]
    pub answers: usize,
    /// Requests on their way at one time
    #[arg(long, default_value_t = 64)]
    pub senders: usize,
}

/// The longest wait for the server. It includes the time in which `seed` makes the people.
const START_WAIT: Duration = Duration::from_secs(60);
/// Small rooms that are filled side by side, so that a window of joins into rooms of 1,000 is as long as the others.
const SMALL_ROOMS: usize = 10;
/// How often small rooms are filled: with the store new, and with the large room in it.
const SMALL_TURNS: usize = 2;

/// The people of a run by their numbers. All must have been made by `seed`.
struct People {
    /// Members of the large room besides its owner are the numbers up to here, members of small rooms those from here on.
    members: usize,
    /// The owner of all rooms, who gets many conversations.
    busy: usize,
    /// All people.
    count: usize,
}

impl People {
    fn of(args: &Args) -> Self {
        let members = args.members - 1;
        let busy = members + SMALL_TURNS * small_members(args.window);
        People { members, busy, count: busy + 1 }
    }

    /// The people that join the small rooms in this turn.
    fn small_rooms(&self, window: usize, turn: usize) -> Range<usize> {
        let first = self.members + turn * small_members(window);
        first..first + small_members(window)
    }
}

/// Joins into the small rooms of one turn: half a window before the one that is measured.
fn small_members(window: usize) -> usize {
    window + window / 2
}

pub fn run(args: &Args) -> Result<()> {
    ensure!(args.window.is_multiple_of(2 * SMALL_ROOMS), "--window is divided among small rooms");
    ensure!(args.members > 3 * args.window, "--members is more than three windows");
    ensure!(args.connected < args.members, "only members are connected");
    let people = People::of(args);
    let server = start(args.server.as_deref(), &args.pid, &[args.addr], START_WAIT)?;
    wait_until_ready(args.addr)?;
    Client::connect(args.addr)?.get(people.count - 1, "/v1/me").context("the last person")?;

    let large = join::run(args, &server, &people)?;
    message::run(args, &server, &large)?;
    first_answer::run(args, &server, &people)
}

/// Waits until the server has opened its store.
fn wait_until_ready(addr: SocketAddrV4) -> Result<()> {
    let until = Instant::now() + START_WAIT;
    while let Err(e) = Client::connect(addr).and_then(|mut client| client.get(0, "/readyz")) {
        ensure!(Instant::now() < until, "the server is not ready: {e:#}");
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A new open room, which is the work of this person.
fn room(client: &mut Client, owner: usize, title: &str) -> Result<String> {
    let body = json!({"kind": "room", "title": title, "members": [], "open": true});
    id_of(&client.post(owner, "/v1/conversations", &body)?)
}

fn id_of(conversation: &Value) -> Result<String> {
    let id = conversation["id"].as_str();
    Ok(id.with_context(|| format!("no id in {conversation}"))?.to_owned())
}

/// MiB that the server's processes hold in memory.
fn resident_mib(server: &Server) -> f64 {
    round(server.memory().rss as f64 / (1024.0 * 1024.0), 1)
}

/// Refuses to go on when connections were closed.
fn check_open(bench: &Bench) -> Result<()> {
    ensure!(bench.book.closed.is_empty(), "connections failed: {:?}", bench.book.errors);
    Ok(())
}
