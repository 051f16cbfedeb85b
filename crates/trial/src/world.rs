//! The people, conversations and channels of a trial, made over the HTTP API.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use encke_bench::seed;
use serde_json::{Value, json};

use crate::http::Http;
use crate::item;
use crate::journal::{Answer, Seen, Stream};
use crate::writer::{Target, post};

/// The number of people. Each two neighbours have a direct conversation.
pub const PEOPLE: usize = 6;
const ROOMS: usize = 2;
pub const CHANNELS: [&str; 2] = ["crash-news", "crash-status"];
/// How long after the end of all writers a planned message may come.
const PLANS_MAX: Duration = Duration::from_secs(30);
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// One person: its token, the streams that it may read and write, and its first cursor.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    pub conversations: Vec<String>,
    pub cursor: String,
    /// The newest seq of each stream at that cursor.
    pub heads: HashMap<Stream, u64>,
}

pub struct World {
    pub addr: SocketAddrV4,
    pub people: Vec<Person>,
}

fn call(addr: SocketAddrV4, method: &str, path: &str, token: &str, body: &str) -> Result<Value> {
    let headers: &[&str] = if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
    let answer = Http::open(addr)?.call(method, path, token, headers, body, ANSWER_MAX)?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status < 300, "{method} {path}: {} {text}", answer.status);
    answer.json()
}

impl World {
    /// Makes the conversations and takes everybody's snapshot.
    pub fn make(addr: SocketAddrV4) -> Result<Self> {
        let tokens: Vec<String> = (0..PEOPLE).map(seed::token).collect();
        let id = |token: &String| -> Result<String> {
            let me = call(addr, "GET", "/v1/me", token, "")?;
            Ok(me["id"].as_str().context("no id")?.to_owned())
        };
        let ids = tokens.iter().map(id).collect::<Result<Vec<_>>>()?;
        for room in 0..ROOMS {
            let body =
                json!({"kind": "room", "title": format!("Room {room}"), "members": ids[1..]});
            call(addr, "POST", "/v1/conversations", &tokens[0], &body.to_string())?;
        }
        for pair in (0..PEOPLE).step_by(2) {
            let body = json!({"kind": "direct", "person": ids[pair + 1]});
            call(addr, "POST", "/v1/conversations", &tokens[pair], &body.to_string())?;
        }
        let people = ids.into_iter().zip(tokens).map(|(id, token)| person(addr, id, token));
        Ok(World { addr, people: people.collect::<Result<_>>()? })
    }

    /// All streams that are written to, each with a person that may write.
    pub fn targets(&self) -> Vec<(Target, &Person)> {
        let mut all: Vec<(String, &Person)> = Vec::new();
        for person in &self.people {
            for id in &person.conversations {
                if !all.iter().any(|(known, _)| known == id) {
                    all.push((id.clone(), person));
                }
            }
        }
        let channels = CHANNELS.map(|name| (Target::Channel(name.into()), &self.people[0]));
        let conversations = all.into_iter().map(|(id, who)| (Target::Conversation(id), who));
        conversations.chain(channels).collect()
    }

    /// Sends once and reads the answer.
    pub fn send(&self, to: &Target, token: &str, key: &str, text: &str) -> Result<Answer> {
        let answer = post(&mut Http::open(self.addr)?, to, token, key, text)?;
        ensure!(answer.status < 300, "{key}: {}", String::from_utf8_lossy(&answer.body));
        item::answer(&answer.json()?)
    }

    /// Waits until all messages that were planned are sent.
    pub fn wait_for_plans(&self) -> Result<()> {
        let end = Instant::now() + PLANS_MAX;
        for person in &self.people {
            loop {
                let page = call(self.addr, "GET", "/v1/scheduled?limit=1", &person.token, "")?;
                let Some(first) = page["scheduled"].as_array().context("no plans")?.first() else {
                    break;
                };
                ensure!(first["failed"].is_null(), "a planned message failed: {first}");
                ensure!(Instant::now() < end, "a planned message was not sent in time: {first}");
                sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// The whole history of all conversations, once forwards and once backwards.
    pub fn histories(&self) -> Result<[Vec<Seen>; 2]> {
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        for (target, who) in self.targets() {
            if let Target::Conversation(id) = target {
                forwards.extend(self.pages(&id, who, "after")?);
                backwards.extend(self.pages(&id, who, "before")?);
            }
        }
        Ok([forwards, backwards])
    }

    fn pages(&self, id: &str, who: &Person, direction: &str) -> Result<Vec<Seen>> {
        let mut all: Vec<Seen> = Vec::new();
        let mut edge = if direction == "after" { 0 } else { u32::MAX.into() };
        loop {
            let path = format!("/v1/conversations/{id}/events?{direction}={edge}&limit=200");
            let page = call(self.addr, "GET", &path, &who.token, "")?;
            let events = page["events"].as_array().context("no events")?;
            let events = events.iter().map(item::seen).collect::<Result<Vec<_>>>()?;
            match (direction, events.first(), events.last()) {
                ("after", _, Some(last)) => edge = last.seq,
                (_, Some(first), _) => edge = first.seq,
                _ => {}
            }
            let more = page["more"] == true && !events.is_empty();
            if direction == "after" {
                all.extend(events);
            } else {
                all.splice(0..0, events);
            }
            if !more {
                return Ok(all);
            }
        }
    }
}

fn person(addr: SocketAddrV4, id: String, token: String) -> Result<Person> {
    let snapshot = call(addr, "GET", "/v1/snapshot", &token, "")?;
    let cursor = snapshot["cursor"].as_str().context("no cursor")?.to_owned();
    let mut person = Person { id, token, conversations: vec![], cursor, heads: HashMap::new() };
    let mut page = snapshot["conversations"].clone();
    let mut before = snapshot["conversations_before"].clone();
    loop {
        for found in page.as_array().context("no conversations")? {
            let id = found["id"].as_str().context("no id")?.to_owned();
            let head = |field: &str| found[field].as_u64().with_context(|| format!("no {field}"));
            person.heads.insert(id.as_str().into(), head("head_seq")?);
            person.heads.insert(id.replace('c', "r").into(), head("receipts_seq")?);
            person.conversations.push(id);
        }
        let Some(behind) = before.as_str() else { break };
        let path = format!("/v1/conversations?before={behind}");
        let next = call(addr, "GET", &path, &person.token, "")?;
        (page, before) = (next["conversations"].clone(), next["before"].clone());
    }
    for channel in CHANNELS {
        person.heads.insert(format!("channel:{channel}").into(), 0);
    }
    Ok(person)
}
