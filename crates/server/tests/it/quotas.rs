//! The quotas of one person, on every way in. Nobody else notices when they are used up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::channel_names::guest;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Auth, Client, Person, Server, Site, Wire, line_of};

/// A site on which members and guests may do little.
fn strict() -> Site {
    Site::on(Server::start_with(&["--quota-member", "1", "--quota-guest", "1"], &[]))
}

/// The number of messages that a member of this server may send at once.
const MESSAGES: usize = 20;
const SIGNALS: usize = 6;
const READS: usize = 6;
const TICKETS: usize = 2;
const CREATIONS: usize = 3;

fn is_told(answer: &Answer) {
    assert_eq!((answer.status, &*answer.code()), (429, "rate_limited"));
    let error = &answer.json()["error"];
    assert_eq!(error["retry"], true);
    let ms = error["retry_after_ms"].as_u64().unwrap();
    let seconds = ms.div_ceil(1_000).to_string();
    assert_eq!(answer.header("retry-after"), Some(&*seconds));
    assert_eq!(answer.header("ratelimit"), Some(&*format!("\"person\";r=0;t={seconds}")));
}

/// Asks until it is refused; returns how often it was not.
fn at_once(mut ask: impl FnMut() -> Answer) -> usize {
    for count in 0..10_000 {
        let answer = ask();
        if answer.status == 429 {
            is_told(&answer);
            return count;
        }
        assert!(answer.status < 300, "{}", answer.text());
    }
    panic!("nobody was refused");
}

/// Refills may add a little on a slow machine.
fn is_about(count: usize, limit: usize) {
    assert!((limit..limit + limit / 2 + 2).contains(&count), "{count} of {limit}");
}

fn pair(site: &Site) -> (Person, Person, String) {
    // The owner makes it, so the members' quotas stay untouched.
    let (mei, tom) = (site.person("mei"), site.person("tom"));
    let body = json!({"kind": "room", "title": "room", "members": [mei.id, tom.id]});
    let room = site.owner().post("/v1/conversations", &body).is(201).json();
    (mei, tom, room["id"].as_str().unwrap().to_owned())
}

/// Checks that a quota is used up, but for the part that was refilled meanwhile.
fn is_used_up(count: usize) {
    assert!(count < 3, "{count} more");
}

#[test]
fn messages_of_one_person_are_limited_over_http_and_websocket_together() {
    let site = strict();
    let (mut mei, mut tom, room) = pair(&site);
    let mut socket = Feed::now(&site, Transport::WebSocket, &mei);
    let mut taken = 0;
    let refused = loop {
        taken += 1;
        assert!(taken < 10 * MESSAGES, "nobody is refused");
        let command = json!({"type": "send", "id": taken, "conversation": room, "text": "flood"});
        socket.command(&command);
        let answer = loop {
            let item = socket.item().unwrap();
            if item["id"] == taken {
                break item;
            }
        };
        if answer["type"] == "error" {
            break answer;
        }
    };
    is_about(taken - 1, MESSAGES);
    assert_eq!(refused["error"]["code"], "rate_limited");
    assert!(refused["error"]["retry_after_ms"].as_u64().unwrap() > 0);
    // The same person on the shard's way and on hyper's, which takes requests in any other than the plain form.
    is_used_up(at_once(|| mei.try_say(&room, "over HTTP")));
    let path = format!("/v1/conversations/{room}/messages?by=hyper");
    is_used_up(at_once(|| mei.client.post(&path, &json!({"text": "over hyper"}))));
    tom.say(&room, "nobody else is refused");
}

#[test]
fn bytes_of_messages_are_limited_beside_their_number() {
    let site = strict();
    let (mut mei, _, room) = pair(&site);
    let large = "x".repeat(16 * 1024);
    // 1 % of 32 MiB.
    is_about(at_once(|| mei.try_say(&room, &large)), 20);
}

#[test]
fn signals_reads_passes_and_creations_are_limited() {
    let site = strict();
    let (mei, tom, room) = pair(&site);
    let ask = |method: &'static str, path: String, body: Value| {
        let mut client = mei.client.clone();
        move || match method {
            "GET" => client.get(&path),
            _ => client.post(&path, &body),
        }
    };
    let typing = format!("/v1/conversations/{room}/typing");
    is_about(at_once(ask("POST", typing, json!({"on": true}))), SIGNALS);
    is_used_up(at_once(ask("POST", "/v1/presence".into(), json!({"state": "away"}))));
    let marks = format!("/v1/conversations/{room}/receipts");
    is_used_up(at_once(ask("POST", marks, json!({"read": 1}))));
    is_about(at_once(ask("GET", "/v1/snapshot".into(), Value::Null)), READS);
    for path in ["/v1/rooms", "/v1/people?q=a", &format!("/v1/conversations/{room}/events")] {
        is_used_up(at_once(ask("GET", path.into(), Value::Null)));
    }
    is_about(at_once(ask("POST", "/v1/tickets".into(), json!({}))), TICKETS);
    let room = json!({"kind": "room", "title": "mine"});
    is_about(at_once(ask("POST", "/v1/conversations".into(), room)), CREATIONS);
    let direct = json!({"kind": "direct", "person": tom.id});
    is_used_up(at_once(ask("POST", "/v1/conversations".into(), direct)));
}

#[test]
fn signals_over_a_websocket_are_limited_and_the_others_are_not_told() {
    let site = strict();
    let (mei, tom, room) = pair(&site);
    let mut hears = Feed::now(&site, Transport::WebSocket, &tom);
    let mut says = Feed::now(&site, Transport::WebSocket, &mei);
    // Each refusal pauses the connection for a moment.
    let all = 6 * SIGNALS;
    let mut refused = 0;
    for id in 0..all {
        says.command(&json!({"type": "typing", "conversation": room, "on": true}));
        says.command(&json!({"type": "ping", "id": id}));
        loop {
            let item = says.item().unwrap();
            if item["type"] == "error" {
                assert_eq!(item["error"]["code"], "rate_limited");
                refused += 1;
            }
            if item["type"] == "ok" {
                break;
            }
        }
    }
    assert!(refused > all / 2, "{refused} of {all} were refused");
    let mut heard = 0;
    // It comes after everything that was let through.
    tom.clone().say(&room, "end");
    loop {
        let item = hears.item().unwrap();
        heard += usize::from(item["kind"] == "typing");
        if item["kind"] == "message" {
            break;
        }
    }
    assert!(heard < all / 2, "{heard} of {all} were relayed");
}

#[test]
fn a_guest_may_do_less_and_the_operator_decides_how_much() {
    let site = Site::on(Server::start_with(&["--quota-guest", "1", "--quota-member", "off"], &[]));
    let mut guest = guest(&site);
    is_about(at_once(|| guest.poke("/v1/tickets")), TICKETS);
    let mut member = site.person("member").client;
    for _ in 0..400 {
        member.poke("/v1/tickets").is(201);
    }
    let text = "[quotas]\nguest = 0\n";
    let folder = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let file = folder.path().join("encke.toml");
    std::fs::write(&file, text).unwrap();
    let output = crate::harness::encke(&["serve", "--config", file.to_str().unwrap()], None, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("percentage"), "{said}");
}

#[test]
fn passes_of_one_person_never_keep_another_from_getting_one() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (mut greedy, mut other) = (site.person("greedy").client, site.person("other").client);
    let ticket = |client: &mut Client| {
        client.poke("/v1/tickets").is(201).json()["ticket"].as_str().unwrap().to_owned()
    };
    let (first, others) = (ticket(&mut greedy), ticket(&mut other));
    (0..150).for_each(|_| drop(ticket(&mut greedy)));
    let last = ticket(&mut greedy);
    let use_up = |ticket: &str| {
        let mut visitor = Client::new(site.address(), Auth::None);
        visitor.get(&format!("/v1/feed?ticket={ticket}")).status
    };
    assert_eq!(use_up(&first), 401, "its own oldest has gone");
    assert_eq!((use_up(&last), use_up(&others)), (200, 200));
}

/// A send as bytes, so that it can go over a connection that stays.
fn send_of(who: &Person, room: &str, text: &str) -> Vec<u8> {
    let mut headers = who.auth().lines(who.client.address);
    headers.push(("Content-Type", "application/json".into()));
    let path = format!("/v1/conversations/{room}/messages");
    let body = json!({"text": text}).to_string();
    line_of("POST", &path, who.client.address, &headers, Some(body.as_bytes()))
}

#[test]
fn a_connection_on_which_sends_are_refused_over_and_over_is_read_less_often() {
    let args = ["--quota-member", "1", "--shards", "1"];
    let site = Site::on(Server::start_with(&args, &[]));
    let (mei, mut tom, room) = pair(&site);
    let ask = send_of(&mei, &room, "flood");
    let mut wire = Wire::connect(site.address());
    let mut next = || {
        wire.send(&ask);
        wire.answer().unwrap().status
    };
    while next() != 429 {}
    // The shard counts time in ticks of 250 ms, and each further refusal is in another one: at least so much lies
    // between the first and the last, and far more sends than that could have been refused.
    let begun = Instant::now();
    let mut refused = 0;
    while refused < 6 {
        refused += usize::from(next() == 429);
    }
    assert!(begun.elapsed() >= Duration::from_millis(750), "{:?}", begun.elapsed());
    tom.say(&room, "another connection of the same shard goes on");
    // Sends that came at once are all answered, also for a client that has ended its side.
    wire.send(ask.repeat(3));
    wire.finish_sending();
    for _ in 0..3 {
        assert!(matches!(wire.answer().unwrap().status, 201 | 429));
    }
}

#[test]
fn a_websocket_with_refused_sends_is_read_less_often_and_hears_everything() {
    let site = strict();
    let (mei, mut tom, room) = pair(&site);
    let mut socket = Feed::now(&site, Transport::WebSocket, &mei);
    // Far more than may wait at once; the answers say how it went, none is missing.
    let all = 120;
    for id in 1..=all {
        let command = json!({"type": "send", "id": id, "conversation": room, "text": "flood"});
        socket.command(&command);
    }
    socket.command(&json!({"type": "ping", "id": all + 1}));
    tom.say(&room, "heard");
    let (mut answered, mut heard) = (0, false);
    while answered <= all || !heard {
        let item = socket.item().unwrap();
        heard |= item["body"]["text"] == "heard";
        answered += usize::from(item["type"] == "ok" || item["type"] == "error");
    }
    // The connection is read less often, as over HTTP.
    let begun = Instant::now();
    let mut refused = 0;
    while refused < 6 {
        socket.command(&json!({"type": "send", "id": 1, "conversation": room, "text": "flood"}));
        let answer = std::iter::repeat_with(|| socket.item().unwrap()).find(|item| item["id"] == 1);
        refused += usize::from(answer.unwrap()["type"] == "error");
    }
    assert!(begun.elapsed() >= Duration::from_millis(750), "{:?}", begun.elapsed());
}
