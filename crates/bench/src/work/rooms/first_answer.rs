//! The first answer of a person with many conversations.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Args, People, id_of, resident_mib};
use crate::client::Client;
use crate::procs::Server;
use crate::stats::{Latency, report, round};
use crate::work::CpuMeter;

/// One in this many conversations is a room. The others are direct.
const ROOM_EVERY: usize = 10;
/// Members of such a room. It shows all of them without being asked.
const ROOM_MEMBERS: usize = 20;
/// Rooms that are made last, so that they fill the first page alone.
const ROOMS_LAST: usize = 50;
/// The text of each message.
const TEXT: &str =
    "See you at the station at a quarter to nine, platform four, as always under the clock.";

/// Conversations that one person gets, each with a message of somebody else.
struct Conversations<'a> {
    client: &'a mut Client,
    /// The person that is in all of them.
    busy: usize,
    /// The number that the server gave to the person with the number 0.
    first_id: u64,
    /// The person that is brought into the next one.
    next: usize,
    /// How many people there are to be brought in.
    others: usize,
}

impl Conversations<'_> {
    /// The next person.
    fn other(&mut self) -> usize {
        self.next = (self.next + 1) % self.others;
        self.next
    }

    fn id(&self, person: usize) -> String {
        format!("p{}", self.first_id + person as u64)
    }

    fn direct(&mut self) -> Result<()> {
        let other = self.other();
        let body = json!({"kind": "direct", "person": self.id(other)});
        self.begin(&body, other)
    }

    fn room(&mut self, title: &str) -> Result<()> {
        let others: Vec<usize> = (1..ROOM_MEMBERS).map(|_| self.other()).collect();
        let ids: Vec<String> = others.iter().map(|other| self.id(*other)).collect();
        let body = json!({"kind": "room", "title": title, "members": ids, "open": false});
        self.begin(&body, others[0])
    }

    fn begin(&mut self, body: &Value, writer: usize) -> Result<()> {
        let id = id_of(&self.client.post(self.busy, "/v1/conversations", body)?)?;
        let path = format!("/v1/conversations/{id}/messages");
        self.client.post(writer, &path, &json!({"text": TEXT, "key": id}))?;
        Ok(())
    }
}

/// Makes the conversations and reports the snapshot: with direct conversations and rooms among the newest, and with the
/// newest being rooms that show all the members they can.
pub(super) fn run(args: &Args, server: &Server, people: &People) -> Result<()> {
    let mut client = Client::connect(args.addr)?;
    let first_id = number(&mut client, 0)?;
    let last_id = number(&mut client, people.busy)?;
    ensure!(last_id == first_id + people.busy as u64, "people don't follow one another");
    // It is in the rooms that it made, so the rest is made.
    let (busy, others) = (people.busy, people.members);
    let mut made = Conversations { client: &mut client, busy, first_id, next: 0, others };
    for number in super::SMALL_TURNS * super::SMALL_ROOMS + 1..args.conversations - ROOMS_LAST {
        if number % ROOM_EVERY == 0 {
            made.room(&format!("room {number}"))?;
        } else {
            made.direct()?;
        }
    }
    let mixed = args.conversations - ROOMS_LAST;
    answers(args, server, made.client, busy, &format!("{mixed} conversations"))?;
    for number in 0..ROOMS_LAST {
        made.room(&format!("newest room {number}"))?;
    }
    let rooms = format!("{}, newest {ROOMS_LAST} rooms of {ROOM_MEMBERS}", args.conversations);
    answers(args, server, made.client, busy, &rooms)?;
    let shown = pages(args, server, made.client, busy)?;
    ensure!(shown == args.conversations, "the pages hold {shown} of {}", args.conversations);
    Ok(())
}

/// The number that the server gave to a person.
fn number(client: &mut Client, person: usize) -> Result<u64> {
    let me = client.get_json(person, "/v1/me")?;
    let id = me["id"].as_str().or(me["person"]["id"].as_str());
    let id = id.and_then(|id| id.strip_prefix('p')).with_context(|| format!("no id in {me}"))?;
    Ok(id.parse()?)
}

fn answers(
    args: &Args,
    server: &Server,
    client: &mut Client,
    person: usize,
    what: &str,
) -> Result<()> {
    let cpu = CpuMeter::start(server);
    let (mut latency, mut bytes) = (Latency::default(), 0);
    for _ in 0..args.answers {
        let asked = Instant::now();
        bytes = client.get(person, "/v1/snapshot")?.len().max(bytes);
        latency.record(asked.elapsed().as_nanos() as u64);
    }
    let fields = json!({
        "bytes": bytes,
        "latency_ms": latency.summary(),
        "cpu_us": round(cpu.server_s() * 1e6 / args.answers as f64, 0),
        "rss_mib": resident_mib(server),
    });
    report("first-answer", &format!("{}/{what}", args.label), fields);
    Ok(())
}

/// Reads all pages of a person's conversations, the snapshot first, and reports those after it. Returns how many
/// conversations they hold.
fn pages(args: &Args, server: &Server, client: &mut Client, person: usize) -> Result<usize> {
    let cpu = CpuMeter::start(server);
    let (mut latency, mut bytes, mut count) = (Latency::default(), 0, 0usize);
    let mut page: Value = client.get_json(person, "/v1/snapshot")?;
    let mut before = page["conversations_before"].take();
    let mut shown = conversations(&page)?;
    while let Some(at) = before.as_str() {
        let asked = Instant::now();
        let answer = client.get(person, &format!("/v1/conversations?before={at}"))?;
        latency.record(asked.elapsed().as_nanos() as u64);
        bytes = answer.len().max(bytes);
        page = serde_json::from_slice(&answer)?;
        before = page["before"].take();
        shown += conversations(&page)?;
        count += 1;
        ensure!(count <= args.conversations, "the pages come to no end");
    }
    let fields = json!({
        "pages": count,
        "bytes": bytes,
        "latency_ms": latency.summary(),
        "cpu_us": round(cpu.server_s() * 1e6 / count.max(1) as f64, 0),
        "rss_mib": resident_mib(server),
    });
    report("conversations", &format!("{}/a page of {shown}", args.label), fields);
    Ok(shown)
}

/// How many conversations a page holds.
fn conversations(page: &Value) -> Result<usize> {
    Ok(page["conversations"].as_array().context("a page has no conversations")?.len())
}
