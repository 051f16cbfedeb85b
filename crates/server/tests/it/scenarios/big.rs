//! Much at once: a reader that stops, and a history too long for memory.

use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use serde_json::json;

use crate::feed::ws::Socket;
use crate::feed::{Feed, Transport};
use crate::harness::{Person, Server, Site, WAIT, Wire};

/// Bytes of a message here.
const SIZE: usize = 16_000;
/// More than the tail holds (`limits::TAIL_BYTES_MAX` is 32 MiB).
const PAST: usize = 46 * 1024 * 1024 / SIZE;
/// The number of messages while a reader does not read.
const MEANWHILE: usize = 21 * 1024 * 1024 / SIZE;
/// Readers of one transport that stop at the same time.
const STOPPED: usize = 20;
/// Bytes that the server may hold with all of this: the tail in each of its encodings (six times its 32 MiB), and
/// room. A queue for each of those that stopped would hold [`STOPPED`] times 21 MiB more.
const MEMORY_MAX: u64 = 512 * 1024 * 1024;

/// A site with a log that is longer than its tail.
struct Big {
    site: Site,
    reader: Person,
    room: String,
    start: String,
}

fn big() -> Arc<Big> {
    static SHARED: Mutex<Weak<Big>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(big) = shared.upgrade() {
        return big;
    }
    // More than a member may send in so short a time.
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (mut mei, mut reader) = (site.person("mei"), site.person("reader"));
    let room = mei.room(&[&reader]);
    let start = reader.now();
    flood(&site, &mei, &room, PAST);
    let big = Arc::new(Big { site, reader, room, start });
    *shared = Arc::downgrade(&big);
    big
}

fn text(n: usize) -> String {
    format!("{n:08} {}", "x".repeat(SIZE - 9))
}

/// Sends as fast as a WebSocket takes it: 16 commands under way.
fn flood(site: &Site, who: &Person, room: &str, count: usize) {
    let wire = Wire::connect(site.address());
    let path = "/v1/feed?conversations=none";
    let mut socket = Socket::open(wire, site.address(), &who.auth(), path).expect("a WebSocket");
    let mut sent = 0;
    let mut done = 0;
    while done < count {
        while sent < count && sent - done < 16 {
            let id = sent + 1;
            let command =
                json!({"type": "send", "id": id, "conversation": room, "text": text(sent)});
            socket.say(&command.to_string());
            sent += 1;
        }
        let item = socket.item(Instant::now() + WAIT).expect("the socket stays");
        match item["type"].as_str() {
            Some("ok") => done += 1,
            Some("ready") => {}
            _ => panic!("{item}"),
        }
    }
}

/// Reads messages that count from 0, coming back if the server has cut us for being slow (P6).
fn read_all(feed: &mut Feed, room: &str, count: usize) {
    let mut next = 0;
    while next < count {
        let Some(item) = feed.item() else {
            feed.again();
            continue;
        };
        match item["type"].as_str() {
            Some("event") if item["stream"] == room && item["kind"] == "message" => {
                assert!(item["body"]["text"] == text(next), "{:?} at {next}", feed.transport);
                next += 1;
            }
            Some("event" | "ready" | "signal") => {}
            Some("bye") => {
                assert_eq!((&item["reason"], &item["retry"]), (&json!("slow"), &json!(true)))
            }
            _ => panic!("{item}"),
        }
    }
}

/// P6: a reader that stops costs little; when it reads on, everything is there.
pub fn slow_reader(transport: Transport) {
    // One transport at a time: the memory of the others would blur the figure.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    let big = big();
    let site = &big.site;
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut stopped: Vec<Feed> = (0..STOPPED)
        .map(|_| {
            let mut feed = Feed::now(site, transport, &tom);
            feed.stall();
            feed
        })
        .collect();
    flood(site, &mei, &room, MEANWHILE);
    let memory = site.server.memory();
    assert!(memory < MEMORY_MAX, "the server holds {} MiB", memory >> 20);
    read_all(&mut stopped.pop().unwrap(), &room, MEANWHILE);
    // Readers that go on do not notice the others.
    let mut feed = Feed::now(site, transport, &tom);
    mei.say(&room, "and now");
    assert_eq!(feed.texts(&room, 1), ["and now"]);
}

/// P4: an old cursor brings all that followed, tens of megabytes, most of it no longer in memory.
pub fn history(transport: Transport) {
    let big = big();
    let mut feed = Feed::at(&big.site, transport, &big.reader, &big.start);
    read_all(&mut feed, &big.room, PAST);
    // The replay turns live without a seam.
    let mut reader = big.reader.clone();
    let other = reader.room(&[]);
    let path = format!("/v1/conversations/{other}/messages");
    reader.client.post(&path, &json!({"text": "live"})).is(201);
    assert_eq!(feed.texts(&other, 1), ["live"]);
}
