//! Sends over plain HTTP, read by the shard itself.

use std::time::Duration;

use serde_json::json;

use crate::client::{Wire, get, header};
use crate::world::World;

fn post(path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{lines}\r\n{body}")
}

#[test]
fn a_send_is_answered_on_the_connection_it_came_on() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for n in 0..3 {
        let lines = format!("Content-Type: text/plain\r\nIdempotency-Key: k{n}\r\n");
        wire.send(post("/v1/channels/news/events", &lines, "早上好"));
        let (head, body) = wire.answer().unwrap();
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
        assert_eq!(header(&head, "Cache-Control"), Some("no-store"));
        assert_eq!(body, json!({"seq": 3, "cursor": "e.7", "at": 9}));
        let seen = world.gate.seen.lock().unwrap().sends.pop().unwrap();
        let seen = seen.request();
        assert_eq!(seen.path, "/v1/channels/news/events");
        assert_eq!(seen.key, Some(&*format!("k{n}")));
        assert_eq!((seen.content_type, seen.body), ("text/plain", "早上好".as_bytes()));
    }
    wire.send(post("/v1/channels/news/events", "Idempotency-Key: again\r\n", "x"));
    assert!(wire.answer().unwrap().0.starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_send_may_come_in_any_pieces() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for byte in post("/v1/conversations/c1/messages", "", "{\"text\":\"x\"}").bytes() {
        wire.send([byte]);
    }
    assert_eq!(wire.answer().unwrap().1["at"], 12);
}

#[test]
fn sends_and_polls_take_turns_on_one_connection() {
    let world = World::new();
    world.say(&["one"]);
    let mut wire = Wire::connect(world.address);
    let send = post("/v1/channels/n/events", "", "hi");
    // All requests come at once, and each is answered in its turn.
    wire.send([get("cursor=e.0", 1), send.clone(), get("cursor=e.1", 1), send].concat());
    assert_eq!(wire.answer().unwrap().1["events"][0]["seq"], 1);
    assert_eq!(wire.answer().unwrap().1["at"], 2);
    assert_eq!(wire.answer().unwrap().1["events"], json!([]));
    assert_eq!(wire.answer().unwrap().1["at"], 2);
}

#[test]
fn a_send_that_is_unusual_goes_to_the_http_server_whole() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    let chunked = "POST /v1/channels/n/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    wire.send(chunked);
    let (_stream, read) = world.handed_off();
    assert!(chunked.as_bytes().starts_with(&read) && !read.is_empty());
}

#[test]
fn a_send_whose_handling_fails_is_answered_or_ends_and_others_notice_nothing() {
    let world = World::new();
    let mut bystander = Wire::connect(world.address);
    let mut lost = Wire::connect(world.address);
    lost.send(post("/v1/channels/n/events", "", "lose"));
    let (head, body) = lost.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
    assert_eq!(body["error"]["retry"], true);
    let mut panics = Wire::connect(world.address);
    panics.send(post("/v1/channels/n/events", "", "panic"));
    assert!(panics.is_at_end() || panics.more());
    bystander.send(post("/v1/channels/n/events", "", "hi"));
    assert_eq!(bystander.answer().unwrap().1["at"], 2);
}

#[test]
fn a_body_that_never_comes_is_cut() {
    let mut setup = crate::world::Setup::default();
    setup.timing.head_ms = 300;
    let world = World::with(setup);
    let mut wire = Wire::connect(world.address);
    wire.send("POST /v1/channels/n/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
    let start = std::time::Instant::now();
    assert!(wire.is_at_end());
    assert!(start.elapsed() < Duration::from_secs(5));
}
