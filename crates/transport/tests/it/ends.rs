//! The ends of feeds: drain, revocation, too many connections, panics, hang-ups, no room.

use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use encke_engine::PersonId;
use encke_engine::reach::Reach;
use encke_transport::{
    ConnectionKind, CredentialTime, FeedRequest, Parked, Sealed, Timing, Transport,
};
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets};
use serde_json::json;

use crate::client::{Feed, Wire, get, header};
use crate::world::{Setup, World};

#[test]
fn a_drain_tells_everybody_when_to_come_back() {
    let world = World::new();
    let mut feeds: Vec<Feed> = Transport::ALL[1..]
        .iter()
        .map(|transport| {
            let mut feed = Feed::open(world.address, *transport, 5, None);
            feed.ready();
            feed
        })
        .collect();
    let poll = &mut feeds[0];
    poll.wire.send(get("live=long-poll", 5));
    // A poll waits after the gate has admitted it a second time, for other parameters than the first.
    world.until(|w| w.shards.stats().sessions[1] == 1);
    let mut busy = Feed::open(world.address, Transport::WebSocket, 6, None);
    busy.ready();
    busy.command(&json!({"type": "hold", "id": 1}));
    world.until(|w| w.gate.held.lock().unwrap().len() == 1);
    let mut idle = Wire::connect(world.address);
    idle.send(get("", 7));
    idle.answer().unwrap();

    world.shards.drain(Duration::from_secs(20));
    let body = feeds[0].wire.answer().unwrap().1;
    let mut after = vec![body["bye"].clone()];
    for feed in &mut feeds[1..] {
        after.push(feed.next_of("bye"));
        assert_eq!(feed.next(), None);
    }
    assert_eq!(feeds[4].closed, Some(1001));
    for bye in &after {
        assert_eq!((&bye["reason"], &bye["retry"]), (&"drain".into(), &true.into()));
        assert!(bye["after_ms"].as_u64().unwrap() < 5000);
    }
    idle.send(get("", 7));
    let (head, body) = idle.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert!(header(&head, "retry-after").is_some());
    assert_eq!(body["error"]["code"], "draining");
    // Accepted work is finished.
    busy.command(&json!({"type": "ping", "id": 2}));
    assert_eq!(busy.next().unwrap()["error"]["code"], "draining");
    world.gate.held.lock().unwrap().pop().unwrap().answer(Some("{\"id\":1}".into()));
    assert_eq!(busy.next().unwrap()["id"], 1);
    assert_eq!(busy.next().unwrap()["reason"], "drain");
    drop((feeds, busy, idle));
    world.shards.join();
}

#[test]
fn a_revoked_credential_ends_its_connections_and_no_others() {
    for transport in &Transport::ALL[1..] {
        let world = World::new();
        let mut mine = Feed::open(world.address, *transport, 5, None);
        let mut other = Feed::open(world.address, *transport, 6, None);
        mine.ready();
        other.ready();
        if transport.is_poll() {
            mine.wire.send(get("live=long-poll", 5));
            world.until(|w| w.shards.stats().sessions[1] == 1);
        }
        world.shards.revoke(PersonId(5), Some(8));
        world.shards.revoke(PersonId(5), Some(7));
        if transport.is_poll() {
            assert_eq!(mine.wire.answer().unwrap().1["bye"]["reason"], "revoked");
        } else {
            let bye = mine.next_of("bye");
            assert_eq!((&bye["reason"], &bye["retry"]), (&"revoked".into(), &false.into()));
            assert_eq!(mine.next(), None);
        }
        if *transport == Transport::WebSocket {
            assert_eq!(mine.closed, Some(1008));
        }
        world.say(&["x"]);
        assert_eq!(other.event().1, "x");
    }
}

#[test]
fn a_session_that_ends_by_itself_ends_its_connection() {
    for transport in &Transport::ALL[1..] {
        let setup = |left| {
            let timing = Timing { tick_ms: 20, ..Timing::default() };
            World::with(Setup { timing, ends_in_ms: 100, left, ..Setup::default() })
        };
        // An extended session goes on, although the gate did not know of it at first. The other session ends.
        let (extended, over) = (
            setup(vec![CredentialTime::Ms(7, u64::MAX), CredentialTime::Unknown]),
            setup(Vec::new()),
        );
        let open = |world: &World| {
            let mut feed = Feed::open(world.address, *transport, 5, None);
            feed.ready();
            if transport.is_poll() {
                feed.wire.send(get("live=long-poll", 5));
            }
            feed
        };
        let (mut lives, mut ends) = (open(&extended), open(&over));
        if transport.is_poll() {
            assert_eq!(ends.wire.answer().unwrap().1["bye"]["reason"], "revoked");
        } else {
            let bye = ends.next_of("bye");
            assert_eq!((&bye["reason"], &bye["retry"]), (&"revoked".into(), &false.into()));
            assert_eq!(ends.next(), None);
        }
        over.until(|w| w.shards.stats().sessions == [0; 6]);
        extended.until(|w| w.gate.left.lock().unwrap().is_empty());
        extended.say(&["x"]);
        if transport.is_poll() {
            let body = lives.wire.answer().unwrap().1;
            assert_eq!(body["events"][0]["body"]["text"], "x");
        } else {
            assert_eq!(lives.event().1, "x");
        }
    }
}

#[test]
fn a_poll_that_comes_again_after_its_session_has_ended_is_admitted_anew() {
    let timing = Timing { tick_ms: 20, ..Timing::default() };
    let world = World::with(Setup { timing, ends_in_ms: 0, ..Setup::default() });
    let mut wire = Wire::connect(world.address);
    for _ in 0..3 {
        wire.send(get("cursor=e.0", 5));
        wire.answer().unwrap();
    }
    assert_eq!(world.gate.seen.lock().unwrap().admitted, 3);
}

#[test]
fn a_revocation_is_not_outrun_by_an_admission() {
    let world = World::with(Setup { shards: 1, ..Setup::default() });
    for (revoked, status) in [(6, "200"), (5, "401")] {
        let door = world.gate.door.lock().unwrap();
        let before = world.gate.seen.lock().unwrap().admitted;
        let mut wire = Wire::connect(world.address);
        wire.send(get("live=sse", 5));
        // The credential was found good, but it is revoked before the shard has heard of the admission.
        world.until(|w| w.gate.seen.lock().unwrap().admitted > before);
        world.shards.revoke(PersonId(revoked), None);
        drop(door);
        assert_eq!(wire.head().unwrap().split(' ').nth(1), Some(status));
    }
}

#[test]
fn the_oldest_of_too_many_connections_ends() {
    let world = World::with(Setup { shards: 1, ..Setup::default() });
    let mut feeds: Vec<Feed> = (0..64)
        .map(|_| {
            let mut feed = Feed::open(world.address, Transport::Ndjson, 5, None);
            feed.ready();
            feed
        })
        .collect();
    let mut last = Feed::open(world.address, Transport::Ndjson, 5, None);
    last.ready();
    assert_eq!(feeds[0].next_of("bye")["reason"], "too_many");
    world.say(&["x"]);
    assert_eq!(feeds[1].event().1, "x");
    assert_eq!(last.event().1, "x");
}

#[test]
fn a_panic_takes_one_connection() {
    let world = World::with(Setup { shards: 1, ..Setup::default() });
    let mut other = Feed::open(world.address, Transport::WebSocket, 6, None);
    other.ready();
    let mut wire = Wire::connect(world.address);
    wire.send(get("live=sse&client=panic", 5));
    assert!(wire.is_at_end());
    let mut feed = Feed::open(world.address, Transport::WebSocket, 5, None);
    feed.ready();
    feed.command(&json!({"type": "panic", "id": 1}));
    assert_eq!(feed.next(), None);
    world.until(|w| w.shards.stats().panics == 2);
    world.say(&["x"]);
    assert_eq!(other.event().1, "x");
    other.command(&json!({"type": "ping", "id": 3}));
    assert_eq!(other.next().unwrap()["id"], 3);
    assert_eq!(world.gate.seen.lock().unwrap().closed, 1);
}

#[test]
fn a_client_that_leaves_is_noticed_at_once() {
    for transport in Transport::ALL {
        let world = World::new();
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        world.until(|w| w.gate.seen.lock().unwrap().opened == 1);
        // The next write to the connection is answered with a reset.
        drop(feed);
        world.until(|w| w.shards.stats().connections == 0);
        assert_eq!(world.gate.seen.lock().unwrap().closed, 1);
        assert_eq!(world.shards.stats().sessions, [0; 6]);
    }
}

#[test]
fn a_stream_whose_client_only_ends_its_side_goes_on_until_it_leaves() {
    for transport in [Transport::Sse, Transport::Ndjson, Transport::Iframe] {
        let world = World::new();
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        feed.wire.stream.shutdown(Shutdown::Write).unwrap();
        for text in ["one", "two"] {
            world.say(&[text]);
            assert_eq!(feed.event().1, text);
        }
        drop(feed);
        world.say(&["three"]);
        world.until(|w| w.shards.stats().connections == 0);
        assert_eq!(world.gate.seen.lock().unwrap().closed, 1);
    }
}

#[test]
fn nothing_stays_open_for_a_client_that_ended_its_side_and_is_due_nothing() {
    let ended = |wire: &Wire| wire.stream.shutdown(Shutdown::Write).unwrap();
    // The client has asked for nothing, has sent half a request, has got all its answers, or can't speak any more.
    let world = World::new();
    let silent = Wire::connect(world.address);
    let mut half = Wire::connect(world.address);
    half.send("GET /v1/feed HTTP/1.1\r\nHost: x");
    let mut answered = Feed::open(world.address, Transport::LongPoll, 5, None);
    answered.ready();
    let mut socket = Feed::open(world.address, Transport::WebSocket, 5, None);
    socket.ready();
    world.until(|w| w.shards.stats().connections == 4);
    for mut wire in [silent, half, answered.wire, socket.wire] {
        ended(&wire);
        assert!(wire.is_at_end());
    }
    world.until(|w| w.shards.stats().connections == 0);
    assert_eq!(world.shards.stats().sessions, [0; 6]);
}

#[test]
fn a_request_whose_client_then_ends_its_side_is_answered() {
    let world = World::new();
    let all = |requests: &str| {
        let mut wire = Wire::connect(world.address);
        wire.send(requests);
        wire.stream.shutdown(Shutdown::Write).unwrap();
        wire
    };
    let poll = get("live=long-poll&wait=20", 5);
    let send = "POST /v1/channels/n/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
    // A waiting poll gets its event, and the person counts as away meanwhile.
    let mut waits = all(&poll);
    world.until(|w| w.gate.seen.lock().unwrap().closed == 1);
    assert_eq!(world.shards.stats().sessions[1], 1);
    world.say(&["an event"]);
    let (head, body) = waits.answer().expect("an answer");
    assert_eq!(body["events"][0]["body"]["text"], "an event");
    assert_eq!(header(&head, "connection"), Some("close"));
    assert!(waits.is_at_end());
    // A poll whose wait is over is answered, too. So are all of several requests, and the last answer says that it is
    // the end.
    let mut over = all(&get("live=long-poll&wait=1", 5));
    let mut several = all(&format!("{}{send}{}", get("cursor=e.0", 5), get("", 5)));
    assert_eq!(over.answer().expect("an answer").1["events"], json!([]));
    assert!(over.is_at_end());
    // A poll that would wait long is answered soon, because most such clients have left.
    let mut soon = all(&get("live=long-poll&wait=60", 5));
    assert_eq!(soon.answer().expect("an answer").1["events"], json!([]));
    assert!(soon.is_at_end());
    let closes = |wire: &mut Wire| {
        let (head, _) = wire.answer().expect("an answer");
        header(&head, "connection") == Some("close")
    };
    assert_eq!([(); 3].map(|()| closes(&mut several)), [false, false, true]);
    assert!(several.is_at_end());
    let mut sent = all(send);
    let (head, _) = sent.answer().expect("an answer");
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    assert!(sent.is_at_end());
    world.until(|w| w.shards.stats().connections == 0);
    let seen = world.gate.seen.lock().unwrap();
    assert_eq!((seen.opened, world.shards.stats().sessions), (seen.closed, [0; 6]));
}

#[test]
fn a_long_answer_is_written_to_its_end_for_a_client_that_ended_its_side() {
    let history = (0..100).map(|_| "x".repeat(100_000)).collect();
    let world = World::with(Setup { history, ..Setup::default() });
    let mut wire = Wire::connect(world.address);
    // Ten of these answers are more than a socket takes at one time.
    wire.send(get("cursor=e.0", 5).repeat(10));
    wire.stream.shutdown(Shutdown::Write).unwrap();
    for _ in 0..10 {
        let (_, body) = wire.answer().expect("an answer");
        assert!(!body["events"].as_array().unwrap().is_empty());
    }
    assert!(wire.is_at_end());
}

#[test]
fn an_idle_kept_alive_connection_is_closed() {
    let timing = Timing { tick_ms: 20, keep_alive_ms: 100, ..Timing::default() };
    let world = World::with(Setup { timing, ..Setup::default() });
    let mut wire = Wire::connect(world.address);
    wire.send(get("", 5));
    wire.answer().unwrap();
    assert!(wire.is_at_end());
}

#[test]
fn a_client_that_finds_no_room_is_told_so_and_others_stay() {
    let world = World::with(Setup { shards: 1, connections_max: 3, ..Setup::default() });
    let mut feeds: Vec<Feed> = (0..3)
        .map(|_| {
            let mut feed = Feed::open(world.address, Transport::Ndjson, 5, None);
            feed.ready();
            feed
        })
        .collect();
    let mut late = Wire::connect(world.address);
    let (head, body) = late.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 503"));
    assert_eq!(body["error"]["code"], "overloaded");
    world.say(&["x"]);
    assert!(feeds.iter_mut().all(|f| f.event().1 == "x"));
    drop(feeds.pop());
    world.until(|w| w.shards.stats().connections == 2);
    let mut again = Feed::open(world.address, Transport::Ndjson, 5, None);
    again.ready();
}

/// Both ends of a connection under TLS, after its handshake.
fn sealed() -> (Sealed, Sealed) {
    let secrets = |n: u8| {
        let (key, iv) = (AeadKey::from([n; 32]), Iv::copy(&[n; 12]));
        (0, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv })
    };
    let end = |tx, rx| {
        let secrets = ExtractedSecrets { tx: secrets(tx), rx: secrets(rx) };
        Sealed::new(secrets).unwrap()
    };
    (end(1, 2), end(2, 1))
}

#[test]
fn a_client_handed_over_during_a_drain_is_told_so_also_under_tls() {
    let world = World::new();
    world.shards.drain(Duration::from_secs(20));
    let peer = "192.0.2.1:1".parse().unwrap();
    let (parts, ()) =
        http::Request::get("/v1/feed").header("host", "x").body(()).unwrap().into_parts();
    let request = FeedRequest::from_parts(&parts, peer).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (server, mut client) = sealed();
    let kind = ConnectionKind::Sealed(Box::new(server));
    let (io, leftover) = (theirs.into(), Default::default());
    let request = request.into();
    world.shards.park(Parked { io, peer, request, admission: None, leftover, kind });
    let (mut wire, mut plain) = (Vec::new(), Vec::new());
    (&ours).read_to_end(&mut wire).unwrap();
    client.open(&mut wire, &mut plain).unwrap();
    let answer = String::from_utf8(plain).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"draining\""), "{answer}");
}
