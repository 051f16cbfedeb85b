//! RFC 6455, the part of it that is supported.

use encke_transport::{Timing, Transport};
use serde_json::json;

use crate::client::{Feed, KEY, Wire, masked};
use crate::world::{Setup, World};

fn open(world: &World) -> Feed {
    let mut feed = Feed::open(world.address, Transport::WebSocket, 5, None);
    feed.ready();
    feed
}

#[test]
fn the_handshake_is_answered_by_the_book() {
    let world = World::new();
    let feed = open(&world);
    assert!(feed.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    assert!(feed.head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
}

#[test]
fn a_bad_handshake_is_refused() {
    let world = World::new();
    let good = format!(
        "GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer 5\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    for (from, to, status) in [
        ("Version: 13", "Version: 8", 426),
        ("Sec-WebSocket-Version: 13\r\n", "", 426),
        (KEY, "dG9vIHNob3J0", 400),
        (KEY, "not base64!", 400),
        ("Connection: Upgrade\r\n", "", 400),
        ("HTTP/1.1", "HTTP/1.0", 400),
    ] {
        let mut wire = Wire::connect(world.address);
        wire.send(good.replace(from, to));
        let (head, body) = wire.answer().unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(head.contains("Sec-WebSocket-Version: 13"), status == 426);
        assert_eq!(body["error"]["code"], "bad_request");
    }
}

#[test]
fn a_breach_of_the_protocol_closes_with_its_code_and_others_notice_nothing() {
    let world = World::new();
    let mut other = open(&world);
    let mut said = 0;
    for (frame, code) in [
        (vec![0x81, 1, b'x'], 1002),
        (masked(0xC1, b"x"), 1002),
        (masked(0x82, b"x"), 1003),
        (masked(0x83, b"x"), 1002),
        (masked(0x09, b"x"), 1002),
        (masked(0x89, &[0; 126]), 1002),
        (masked(0x80, b"x"), 1002),
        (masked(0x81, b"\xff"), 1007),
        (masked(0x81, &[b'x'; 65537]), 1009),
        (vec![0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
        (masked(0x88, &[3]), 1002),
    ] {
        let mut feed = open(&world);
        feed.wire.send(&frame);
        let bye = feed.next_of("bye");
        assert_eq!((&bye["reason"], &bye["retry"]), (&"protocol".into(), &false.into()));
        assert_eq!(feed.next(), None);
        assert_eq!(feed.closed, Some(code), "{:?}", &frame[..2]);
        said += 1;
        world.say(&["on"]);
        assert_eq!(other.event().0, said);
    }
}

#[test]
fn closing_is_echoed_and_pings_are_answered() {
    let world = World::new();
    let mut feed = open(&world);
    feed.say_frame(0x89, b"are you there");
    assert_eq!(feed.next().unwrap()["bytes"], json!(b"are you there"));
    feed.say_frame(0x88, &[0x0F, 0xA0, b'b', b'y', b'e']);
    assert_eq!(feed.next(), None);
    assert_eq!(feed.closed, Some(4000));
    world.until(|w| w.gate.seen.lock().unwrap().closed == 1);
}

#[test]
fn commands_are_answered_whole_or_in_fragments() {
    let world = World::new();
    let mut feed = open(&world);
    feed.command(&json!({"type": "ping", "id": 1}));
    assert_eq!(feed.next().unwrap()["id"], 1);
    feed.say_frame(0x01, b"{\"type\":\"ping\",");
    feed.say_frame(0x89, b"between");
    feed.say_frame(0x80, b"\"id\":2}");
    assert_eq!(feed.next().unwrap()["type"], "pong");
    assert_eq!(feed.next().unwrap()["id"], 2);
    feed.say_frame(0x81, b"not json");
    assert_eq!(feed.next().unwrap()["error"]["code"], "bad_json");
    feed.say_frame(0x81, &[b"{\"id\":3,\"text\":\"".as_slice(), &[b'x'; 60_000], b"\"}"].concat());
    assert_eq!(feed.next().unwrap()["id"], 3);
}

#[test]
fn frames_sent_with_the_handshake_are_not_lost() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    let head = format!(
        "GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer 5\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    let early = masked(0x81, b"{\"type\":\"ping\",\"id\":9}");
    wire.send([head.as_bytes(), &early].concat());
    wire.head().unwrap();
    let mut feed = Feed::open(world.address, Transport::ShortPoll, 5, None);
    (feed.wire, feed.transport) = (wire, Transport::WebSocket);
    assert_eq!(feed.next_of("ok")["id"], 9);
}

#[test]
fn sixteen_commands_may_wait_and_one_more_is_refused() {
    let world = World::new();
    let mut feed = open(&world);
    for id in 1..=17 {
        feed.command(&json!({"type": "hold", "id": id}));
    }
    let refused = feed.next().unwrap();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&17.into(), &"overloaded".into()));
    let held = std::mem::take(&mut *world.gate.held.lock().unwrap());
    assert_eq!(held.len(), 16);
    for (n, reply) in held.into_iter().enumerate() {
        if n == 0 {
            drop(reply);
        } else {
            reply.answer(None);
        }
    }
    assert_eq!(feed.next().unwrap()["error"]["code"], "internal", "a lost reply is an answer too");
    feed.command(&json!({"type": "ping", "id": 18}));
    assert_eq!(feed.next().unwrap()["id"], 18);
}

#[test]
fn a_silent_websocket_is_ended_and_a_pong_keeps_it() {
    let timing = Timing { tick_ms: 20, heartbeat_ms: 100, silence_ms: 600, ..Timing::default() };
    let world = World::with(Setup { timing, ..Setup::default() });
    let mut mute = open(&world);
    let mut alive = open(&world);
    // Nobody reads for `mute`, so its pings are not answered. `alive` answers its own while it waits for the event.
    let (done, over) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let event = alive.event();
        done.send(()).unwrap();
        event
    });
    world.until(|w| w.gate.seen.lock().unwrap().closed == 1);
    assert_eq!(mute.next_of("bye")["reason"], "idle");
    assert!(over.try_recv().is_err());
    world.say(&["still here"]);
    assert_eq!(reader.join().unwrap().1, "still here");
}
