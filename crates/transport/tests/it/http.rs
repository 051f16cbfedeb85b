//! Requests: kept alive, pipelined, handed off, malformed, endless.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use encke_transport::{ConnectionKind, FeedRequest, Parked, Timing, Transport};

use crate::client::{Feed, Wire, get, header};
use crate::world::{Setup, World, cursor};

#[test]
fn a_kept_alive_poll_is_admitted_once_and_goes_on() {
    let world = World::new();
    let mut feed = Feed::open(world.address, Transport::LongPoll, 5, Some(cursor(0)));
    for n in 1..=20 {
        world.say(&["x"]);
        assert_eq!(feed.event().0, n);
    }
    let seen = world.gate.seen.lock().unwrap();
    assert_eq!((seen.admitted, seen.opened, seen.closed), (1, 1, 0));
}

#[test]
fn somebody_elses_poll_on_the_same_connection_is_admitted_anew() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for person in [5, 6, 6, 5] {
        wire.send(get("cursor=e.0", person));
        wire.answer().unwrap();
    }
    let seen = world.gate.seen.lock().unwrap();
    assert_eq!((seen.admitted, seen.opened, seen.closed), (3, 3, 2));
}

#[test]
fn a_pass_is_shown_to_the_gate_each_time() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for _ in 0..2 {
        wire.send("GET /v1/feed?ticket=5 HTTP/1.1\r\nHost: x\r\n\r\n");
        wire.answer().unwrap();
    }
    assert_eq!(world.gate.seen.lock().unwrap().admitted, 2);
}

#[test]
fn an_admission_is_not_good_for_ever() {
    let world = World::with(Setup { good_for_ms: 0, ..Setup::default() });
    let mut wire = Wire::connect(world.address);
    for _ in 0..3 {
        wire.send(get("cursor=e.0", 5));
        wire.answer().unwrap();
    }
    assert_eq!(world.gate.seen.lock().unwrap().admitted, 3);
}

#[test]
fn a_wait_that_is_over_is_answered_empty() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    wire.send(get("live=long-poll&wait=1", 5));
    let (head, body) = wire.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(body, serde_json::json!({"events": [], "cursor": cursor(0), "more": false}));
    wire.send(get("live=long-poll&wait=0", 5));
    assert_eq!(wire.answer().unwrap().1, body);
}

#[test]
fn a_poll_says_when_there_is_more() {
    let history = (0..1500).map(|n| n.to_string()).collect();
    let world = World::with(Setup { history, ..Setup::default() });
    let mut wire = Wire::connect(world.address);
    wire.send(get(&format!("cursor={}", cursor(0)), 5));
    let body = wire.answer().unwrap().1;
    assert_eq!((body["events"].as_array().unwrap().len(), &body["more"]), (1000, &true.into()));
    wire.send(get(&format!("cursor={}", body["cursor"].as_str().unwrap()), 5));
    let body = wire.answer().unwrap().1;
    assert_eq!((body["events"].as_array().unwrap().len(), &body["more"]), (500, &false.into()));
}

#[test]
fn one_commit_that_fills_more_than_an_answer_is_read_in_parts() {
    let world = World::new();
    let mut feed = Feed::open(world.address, Transport::LongPoll, 5, None);
    feed.ready();
    feed.wire.send(get(&format!("live=long-poll&cursor={}", cursor(0)), 5));
    // The poll goes on with the session of `ready`, so it waits once it counts as a long poll.
    world.until(|w| w.shards.stats().sessions[1] == 1);
    let texts: Vec<String> = (0..1500).map(|n| n.to_string()).collect();
    world.say(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, body) = feed.wire.answer().unwrap();
    assert!(body["events"].as_array().unwrap().len() <= 1000);
    feed.cursor = body["cursor"].as_str().map(str::to_owned);
    let mut next = body["events"].as_array().unwrap().len() as u64 + 1;
    while next <= 1500 {
        assert_eq!(feed.event().0, next);
        next += 1;
    }
}

#[test]
fn pipelined_requests_are_answered_in_turn_and_a_foreign_one_is_handed_off_whole() {
    let world = World::new();
    world.say(&["a", "b"]);
    let mut wire = Wire::connect(world.address);
    let rest = "POST /v1/acks HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET /tail";
    let first = get(&format!("cursor={}", cursor(0)), 5);
    let second = get(&format!("cursor={}", cursor(1)), 5);
    wire.send(format!("{first}{second}{rest}"));
    assert_eq!(wire.answer().unwrap().1["events"].as_array().unwrap().len(), 2);
    assert_eq!(wire.answer().unwrap().1["events"].as_array().unwrap().len(), 1);
    let (mut stream, read) = world.handed_off();
    assert_eq!(String::from_utf8(read).unwrap(), rest);
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    assert!(wire.head().unwrap().starts_with("HTTP/1.1 204"));
    let seen = world.gate.seen.lock().unwrap();
    assert_eq!((seen.opened, seen.closed), (1, 1));
}

#[test]
fn requests_that_are_not_for_the_feed_are_handed_off() {
    let world = World::new();
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "POST /v1/feed HTTP/1.1\r\n\r\n",
        "OPTIONS /v1/feed HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /v1/feedback HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}",
        "GET /v1/feed nonsense\r\n\r\n",
    ] {
        let mut wire = Wire::connect(world.address);
        wire.send(request);
        assert_eq!(String::from_utf8(world.handed_off().1).unwrap(), request);
    }
}

#[test]
fn a_request_in_single_bytes_is_read() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for byte in get("", 5).bytes() {
        wire.send([byte]);
    }
    assert!(wire.answer().unwrap().0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_bad_request_is_refused_and_the_connection_goes_on() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    for (query, code) in [
        ("cursor=zz", "bad_cursor"),
        ("live=iframe&callback=alert(1)", "bad_request"),
        ("live=iframe&callback=a%22b", "bad_request"),
        ("wait=61", "bad_request"),
        ("cursor=1.1&cursor=1.1", "bad_cursor"),
    ] {
        wire.send(get(query, 5));
        let (head, body) = wire.answer().unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request"), "{head}");
        let code = if query.starts_with("cursor=1.1") { "bad_request" } else { code };
        assert_eq!(body["error"]["code"], code, "{query}");
    }
    wire.send(get("", 5));
    assert!(wire.answer().unwrap().0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_head_that_never_ends_is_cut_and_one_too_large_refused() {
    let timing = Timing { tick_ms: 20, head_ms: 200, linger_ms: 200, ..Timing::default() };
    let world = World::with(Setup { timing, ..Setup::default() });
    let mut silent = Wire::connect(world.address);
    let mut half = Wire::connect(world.address);
    half.send("GET /v1/feed HTTP/1.1\r\nHost:");
    assert!(half.is_at_end() && half.buffer.is_empty());
    assert!(silent.is_at_end());
    let mut large = Wire::connect(world.address);
    large.send(format!("GET /v1/feed HTTP/1.1\r\nX: {}", "x".repeat(20_000)));
    let (head, body) = large.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    assert_eq!(body["error"]["code"], "too_large");
    assert!(large.is_at_end());
}

#[test]
fn a_body_that_lies_about_its_length_smuggles_nothing() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    wire.send("GET /v1/feed HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nGET /v1/feed HTTP/1.1\r\n\r\n");
    assert!(wire.answer().unwrap().0.contains("\r\nConnection: close\r\n"));
    assert!(wire.is_at_end() && wire.buffer.is_empty());
}

#[test]
fn a_foreign_origin_may_read_what_the_gate_allows() {
    let world = World::new();
    let mut wire = Wire::connect(world.address);
    let foreign = get("", 5).replace("Host: x", "Host: x\r\nOrigin: https://a.example");
    wire.send(&foreign);
    let (head, _) = wire.answer().unwrap();
    assert_eq!(header(&head, "access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(header(&head, "vary"), Some("Origin"));
    wire.send(foreign.replace("feed?", "feed?live=sse"));
    let head = wire.head().unwrap();
    assert_eq!(header(&head, "access-control-allow-origin"), Some("https://a.example"));
}

#[test]
fn the_heads_of_streams_keep_proxies_from_holding_them_back() {
    let world = World::new();
    for (transport, kind) in [
        (Transport::Sse, "text/event-stream"),
        (Transport::Ndjson, "application/x-ndjson"),
        (Transport::Iframe, "text/html; charset=utf-8"),
    ] {
        let feed = Feed::open(world.address, transport, 5, None);
        assert_eq!(header(&feed.head, "content-type"), Some(kind));
        assert_eq!(header(&feed.head, "cache-control"), Some("no-store"));
        assert_eq!(header(&feed.head, "x-accel-buffering"), Some("no"));
    }
}

#[test]
fn silent_streams_get_heartbeats() {
    let timing = Timing { tick_ms: 20, heartbeat_ms: 60, ..Timing::default() };
    let world = World::with(Setup { timing, ..Setup::default() });
    for (transport, beat) in [
        (Transport::Sse, b":\n\n".as_slice()),
        (Transport::Ndjson, b"\n"),
        (Transport::Iframe, b"<script>e('{\"type\":\"beat\"}')</script>\n"),
        // An unsolicited pong. The client leaves it unanswered.
        (Transport::WebSocket, &[0x8A, 0]),
    ] {
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        for _ in 0..3 {
            assert_eq!(feed.wire.take(beat.len()).unwrap(), beat);
        }
    }
}

#[test]
fn a_parked_connection_is_served_like_any_other() {
    let world = World::new();
    world.say(&["a"]);
    for transport in Transport::ALL {
        for kind in [ConnectionKind::Direct, ConnectionKind::Bridged] {
            let bridged = matches!(kind, ConnectionKind::Bridged);
            let (ours, theirs) = UnixStream::pair().unwrap();
            ours.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut builder = http::Request::get(match transport {
                Transport::ShortPoll | Transport::WebSocket => {
                    format!("https://site/v1/feed?cursor={}", cursor(0))
                }
                other => format!("/v1/feed?live={}&cursor={}", other.name(), cursor(0)),
            });
            builder = builder.header("authorization", "Bearer 5").header("host", "x");
            if transport == Transport::WebSocket {
                builder = builder
                    .header("connection", "Upgrade")
                    .header("upgrade", "websocket")
                    .header("sec-websocket-version", "13")
                    .header("sec-websocket-key", crate::client::KEY);
            }
            let (parts, ()) = builder.body(()).unwrap().into_parts();
            let peer = "192.0.2.1:1".parse().unwrap();
            let request = FeedRequest::from_parts(&parts, peer).unwrap();
            let io = OwnedFd::from(theirs);
            let (request, leftover) = (Arc::new(request), Default::default());
            // A request that waits on a bridge is admitted before there is a bridge.
            let (tell, told) = mpsc::channel();
            let admission = bridged.then(|| {
                world.shards.admit(request.clone(), move |answer| tell.send(answer).unwrap());
                told.recv_timeout(Duration::from_secs(10)).unwrap().expect("it is let in")
            });
            let before = world.gate.seen.lock().unwrap().admitted;
            world.shards.park(Parked { io, peer, request, admission, leftover, kind });
            let stream = std::net::TcpStream::from(OwnedFd::from(ours));
            let mut wire = Wire { stream, buffer: Vec::new() };
            let asked = || world.gate.seen.lock().unwrap().admitted - before;
            if transport.is_poll() {
                let (head, body) = wire.answer().unwrap();
                assert_eq!(asked(), usize::from(!bridged));
                assert_eq!(body["events"][0]["body"]["text"], "a");
                assert_eq!(head.contains("Connection: close"), bridged);
                if bridged {
                    assert!(wire.is_at_end());
                }
                continue;
            }
            let status = wire.head().unwrap();
            assert_eq!(asked(), usize::from(!bridged));
            let expected = if transport == Transport::WebSocket { "101" } else { "200" };
            assert_eq!(status.split(' ').nth(1), Some(expected));
            if transport == Transport::Ndjson {
                let line = wire.until(b"\n").unwrap();
                assert!(String::from_utf8(line).unwrap().contains("\"text\":\"a\""));
            }
        }
    }
}

#[test]
fn only_the_page_that_a_frame_calls_may_hold_it() {
    let world = World::new();
    for (query, ancestors) in
        [("", "'self'"), ("&parent=https://www.example.com", "https://www.example.com")]
    {
        let mut wire = Wire::connect(world.address);
        wire.send(get(&format!("live=iframe{query}"), 5));
        let head = wire.head().unwrap();
        let policy = format!("frame-ancestors {ancestors}");
        assert_eq!(header(&head, "Content-Security-Policy"), Some(&*policy), "{head}");
        assert_eq!(header(&head, "Cross-Origin-Opener-Policy"), Some("same-origin"), "{head}");
    }
}

#[test]
fn a_frame_that_is_opened_as_a_page_is_refused_and_in_one_it_calls_nobody() {
    let world = World::new();
    let asked = |dest: &str| {
        let mut wire = Wire::connect(world.address);
        let line = format!("Sec-Fetch-Dest: {dest}\r\n\r\n");
        wire.send(get("live=iframe", 5).replace("\r\n\r\n", &format!("\r\n{line}")));
        wire
    };
    let (status, refused) = asked("document").answer().unwrap();
    assert!(status.starts_with("HTTP/1.1 403"), "{status}");
    assert_eq!(refused["error"]["code"], "forbidden");
    let mut framed = asked("iframe");
    framed.head().unwrap();
    let page = String::from_utf8(framed.until(b"</script>").unwrap()).unwrap();
    assert!(page.ends_with("function e(s){document.currentScript.remove();if(parent!==self)parent.encke(JSON.parse(s))}</script>"));
}

#[test]
fn any_signal_stays_in_a_string_of_the_frame() {
    use encke_engine::StreamId;
    use encke_engine::reach::Reach;
    let world = World::new();
    let mut feed = Feed::open(world.address, Transport::Iframe, 5, None);
    feed.ready();
    let room = StreamId::conversation(crate::world::ROOM);
    let hostile = "');alert(1)</script>\n<script>alert(2)//\u{2028}";
    world.shards.signal(room, hostile.into());
    let line = String::from_utf8(feed.wire.until(b"\n").unwrap()).unwrap();
    let kept = r"\');alert(1)\x3c/script\x3e\n\x3cscript\x3ealert(2)//\u2028";
    assert_eq!(line, format!("<script>e('{kept}')</script>\n"));
}
