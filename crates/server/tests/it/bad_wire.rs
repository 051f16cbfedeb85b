//! Malformed HTTP, requests without an end, and malformed WebSocket frames.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bystander::Bystander;
use crate::feed::ws::{frame, handshake};
use crate::harness::{Person, Site, Wire, line_of};

/// The head of a send with this measure of its body.
fn send_head(site: &Site, who: &Person, room: &str, measure: &[(&'static str, &str)]) -> Vec<u8> {
    let mut lines = who.auth().lines(site.address());
    lines.push(("Content-Type", "application/json".into()));
    lines.extend(measure.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let path = format!("/v1/conversations/{room}/messages");
    line_of("POST", &path, site.address(), &lines, None)
}

fn setting() -> (std::sync::Arc<Site>, Bystander, Person, String) {
    let site = Site::shared();
    let bystander = Bystander::new(&site);
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    (site, bystander, mei, room)
}

#[test]
fn a_length_that_lies_sends_nothing() {
    let (site, mut bystander, mut mei, room) = setting();
    let body = json!({"text": "hello"}).to_string();
    // Too short: the rest is read as another request, and it is none.
    let mut wire = Wire::connect(site.address());
    wire.send(send_head(&site, &mei, &room, &[("Content-Length", "5")]));
    wire.send(&body);
    let answer = wire.answer().expect("an answer").is(400);
    assert_eq!(answer.code(), "bad_json");
    wire.finish_sending();
    let rest = String::from_utf8_lossy(&wire.rest()).into_owned();
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 400"), "{rest}");
    // Too long, and then the end.
    let mut wire = Wire::connect(site.address());
    wire.send(send_head(&site, &mei, &room, &[("Content-Length", "500")]));
    wire.send(&body);
    wire.finish_sending();
    if let Some(answer) = wire.answer() {
        answer.is(400);
    }
    // The sizes of these chunks are wrong or invalid.
    for chunks in [
        "5\r\n{\"text\":\"hello\"}\r\n0\r\n\r\n",
        "zz\r\n",
        "-1\r\n",
        "ffffffffffffffff1\r\n{}\r\n",
    ] {
        let mut wire = Wire::connect(site.address());
        wire.send(send_head(&site, &mei, &room, &[("Transfer-Encoding", "chunked")]));
        wire.try_send(chunks);
        wire.finish_sending();
        if let Some(answer) = wire.answer() {
            answer.is(400);
        }
    }
    assert_eq!(mei.history(&room).len(), 1, "nothing was sent");
    bystander.is_undisturbed();
}

#[test]
fn no_request_hides_in_another() {
    let (site, mut bystander, mut mei, room) = setting();
    let body = json!({"text": "smuggled"}).to_string();
    let hidden = [
        send_head(&site, &mei, &room, &[("Content-Length", &body.len().to_string())]),
        body.into_bytes(),
    ]
    .concat();
    let behind = |measure: &[(&'static str, &str)], start: &str| {
        let mut bytes = send_head(&site, &mei, &room, measure);
        bytes.extend_from_slice(start.as_bytes());
        bytes.extend_from_slice(&hidden);
        bytes
    };
    let length = (hidden.len() + 5).to_string();
    // Any request before this one is answered before it.
    let last = b"GET /v1/setup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let table: Vec<(&str, Vec<u8>)> = vec![
        (
            "both measures",
            behind(&[("Content-Length", &length), ("Transfer-Encoding", "chunked")], "0\r\n\r\n"),
        ),
        (
            "the other way round",
            behind(&[("Transfer-Encoding", "chunked"), ("Content-Length", &length)], "0\r\n\r\n"),
        ),
        ("two lengths", behind(&[("Content-Length", "0"), ("Content-Length", &length)], "")),
        ("two in one", behind(&[("Content-Length", &format!("0, {length}"))], "")),
        ("a sign", behind(&[("Content-Length", "+0")], "")),
        ("not chunked after all", behind(&[("Transfer-Encoding", "xchunked")], "0\r\n\r\n")),
        ("chunked is not last", behind(&[("Transfer-Encoding", "chunked, identity")], "0\r\n\r\n")),
        ("a space before the colon", behind(&[("Transfer-Encoding ", "chunked")], "0\r\n\r\n")),
        ("a folded line", behind(&[("X-Folded", "a\r\n Content-Length: 0")], "")),
    ];
    for (what, bytes) in table {
        let mut wire = Wire::connect(site.address());
        wire.try_send(&bytes);
        wire.try_send(last);
        // Refused, or the connection ends after the first answer: nothing behind it is ever a request.
        let text = String::from_utf8_lossy(&wire.rest()).into_owned();
        assert!(!text.contains("HTTP/1.1 201") && !text.contains("HTTP/1.1 5"), "{what}: {text}");
    }
    // The feed takes no body at all, so nothing can hide in one.
    for measure in [
        "Content-Length: 50",
        "Transfer-Encoding: chunked",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
    ] {
        let mut lines = mei.auth().lines(site.address());
        lines.push(("X", format!("y\r\n{measure}")));
        let mut wire = Wire::connect(site.address());
        wire.try_send(line_of("GET", "/v1/feed", site.address(), &lines, None));
        wire.try_send(&hidden);
        wire.try_send(last);
        let text = String::from_utf8_lossy(&wire.rest()).into_owned();
        assert!(
            text.starts_with("HTTP/1.1 400") && !text.contains("HTTP/1.1 201"),
            "{measure}: {text}"
        );
    }
    assert_eq!(mei.history(&room).len(), 1, "nothing was sent");
    bystander.is_undisturbed();
}

#[test]
fn bytes_that_are_no_request_end_the_connection() {
    let (site, mut bystander, ..) = setting();
    let many: String = (0..101).map(|n| format!("X-{n}: y\r\n")).collect();
    let long = "x".repeat(17 * 1024);
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20)),
        ("noise", (0..=255u8).cycle().take(4_000).collect()),
        ("zeros", vec![0; 1_000]),
        ("a version that is not", b"GET /v1/feed HTTP/9.9\r\nHost: localhost\r\n\r\n".into()),
        ("no version", b"GET /v1/feed\r\n\r\n".into()),
        ("a NUL in a header", b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n".into()),
        (
            "a NUL in the feed's header",
            b"GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n".into(),
        ),
        ("many headers", format!("GET /v1/me HTTP/1.1\r\n{many}\r\n").into()),
        ("many headers to the feed", format!("GET /v1/feed HTTP/1.1\r\n{many}\r\n").into()),
        ("a long head", format!("GET /v1/me HTTP/1.1\r\nX: {long}\r\n\r\n").into()),
        ("a long head to the feed", format!("GET /v1/feed HTTP/1.1\r\nX: {long}\r\n\r\n").into()),
        ("a long address", format!("GET /v1/feed?cursor={long} HTTP/1.1\r\n\r\n").into()),
        ("half a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".into()),
        (
            "frames of HTTP/2 that are none",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff".into(),
        ),
    ];
    for (what, bytes) in table {
        let mut wire = Wire::connect(site.address());
        wire.try_send(&bytes);
        let text = String::from_utf8_lossy(&wire.rest()).into_owned();
        let fine = !text.starts_with("HTTP/1.1") || text.starts_with("HTTP/1.1 4");
        assert!(fine && !text.contains("HTTP/1.1 5"), "{what}: {text}");
        if what.contains("long") || what.contains("many") {
            assert!(
                text.starts_with("HTTP/1.1 413") || text.starts_with("HTTP/1.1 431"),
                "{what}: {text}"
            );
        }
    }
    bystander.is_undisturbed();
}

/// An empty frame of settings.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// A frame of headers without the flag that they are all.
const HALF_A_HEAD: &[u8] = &[0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82];
/// A ping of HTTP/2.
const PING: &str = "\0\0\u{8}\u{6}\0\0\0\0\u{0}12345678";

/// Half a request is cut after `limits::HEAD_WAIT_MS_MAX` or `BODY_WAIT_MS_MAX`, both 10 seconds, in shards and in
/// hyper. Bytes that drip do not help.
#[test]
fn half_a_request_that_never_ends_is_cut() {
    let (site, mut bystander, mei, room) = setting();
    let body = send_head(&site, &mei, &room, &[("Content-Length", "100")]);
    let chunked = send_head(&site, &mei, &room, &[("Transfer-Encoding", "chunked")]);
    let after = |first: &str| {
        let get = format!("GET {first} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        get.into_bytes()
    };
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("silence", Vec::new(), ""),
        (
            "half a head of the feed",
            b"GET /v1/feed HTTP/1.1\r\nHost: localhost\r\n".into(),
            "X: y\r\n",
        ),
        ("half a word", b"GET /v1/fe".into(), ""),
        (
            "half a head of the API",
            b"POST /v1/acks HTTP/1.1\r\nHost: localhost\r\n".into(),
            "X: y\r\n",
        ),
        ("half a head after a whole one", after("/v1/setup"), "X"),
        ("half a head after a feed", after("/v1/feed"), "X"),
        ("half a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\n".into(), ""),
        ("a preface of HTTP/2 and nothing", preface.into(), ""),
        ("pings instead of a request", [preface, SETTINGS].concat(), PING),
        ("half a head over HTTP/2", [preface, SETTINGS, HALF_A_HEAD].concat(), ""),
        ("half a body", body, " "),
        ("half a body in chunks", chunked, "1\r\n \r\n"),
    ];
    thread::scope(|scope| {
        for (what, start, drip) in &table {
            let site = &site;
            scope.spawn(move || {
                let mut wire = Wire::connect(site.address());
                wire.send(start);
                if what.contains("after") {
                    wire.answer().expect("the first is answered");
                }
                let since = Instant::now();
                let took = cut_after(&mut wire, drip, since);
                let fair = Duration::from_secs(8)..Duration::from_secs(15);
                assert!(fair.contains(&took), "{what}: cut after {took:?}");
            });
        }
    });
    bystander.is_undisturbed();
}

/// Sends a little each second until the other side ends the connection.
fn cut_after(wire: &mut Wire, drip: &str, since: Instant) -> Duration {
    loop {
        if wire.ends_by(Instant::now() + Duration::from_secs(1)) {
            return since.elapsed();
        }
        if !wire.try_send(drip) {
            return since.elapsed();
        }
        assert!(since.elapsed() < Duration::from_secs(25), "not cut");
    }
}

/// Opens a WebSocket by hand; `early` goes along with the handshake.
fn socket(site: &Site, who: &Person, early: &[u8]) -> Wire {
    let mut lines = who.auth().lines(site.address());
    lines.extend(handshake(&crate::harness::Auth::None, site.address()));
    let mut wire = Wire::connect(site.address());
    let request = line_of("GET", "/v1/feed?conversations=none", site.address(), &lines, None);
    wire.send([request.as_slice(), early].concat());
    assert!(wire.head().unwrap().starts_with("HTTP/1.1 101"));
    wire
}

/// The next frame: opcode and payload.
fn next(wire: &mut Wire) -> Option<(u8, Vec<u8>)> {
    let head = wire.take(2)?;
    assert_eq!(head[0] & 0xF0, 0x80, "whole frames without reserved bits");
    assert_eq!(head[1] & 0x80, 0, "a server's frames have no mask");
    let length = match head[1] {
        126 => wire.take(2)?.iter().fold(0, |n, b| n << 8 | usize::from(*b)),
        127 => wire.take(8)?.iter().fold(0, |n, b| n << 8 | usize::from(*b)),
        short => usize::from(short),
    };
    Some((head[0] & 15, wire.take(length)?))
}

#[test]
fn frames_that_break_the_protocol_close_with_a_code() {
    let (site, mut bystander, mei, room) = setting();
    let masked = |first, payload: &[u8]| frame(first, payload);
    let send = json!({"type": "send", "id": 1, "conversation": room, "text": "x"}).to_string();
    let mut unmasked = vec![0x81, send.len() as u8];
    unmasked.extend_from_slice(send.as_bytes());
    let mut lying = vec![0x81, 0xFF];
    lying.extend(u64::MAX.to_be_bytes());
    let mut endless = masked(0x01, &[b'x'; 60_000]);
    endless.extend(masked(0x00, &[b'x'; 10_000]));
    let table: Vec<(&str, Vec<u8>, u16)> = vec![
        ("binary", masked(0x82, send.as_bytes()), 1003),
        ("no mask", unmasked, 1002),
        ("too large", masked(0x81, &[b' '; 65_537]), 1009),
        ("too large by its head alone", lying, 1009),
        ("too large in pieces", endless, 1009),
        ("bad UTF-8", masked(0x81, b"{\"type\":\"\xC3\x28\"}"), 1007),
        ("a surrogate", masked(0x81, &[0xED, 0xA0, 0x80]), 1007),
        ("reserved bits", masked(0xC1, b"{}"), 1002),
        ("an opcode that is none", masked(0x83, b"{}"), 1002),
        ("nothing to continue", masked(0x80, b"{}"), 1002),
        ("a fragmented ping", masked(0x09, b""), 1002),
        ("a bad close", masked(0x88, &[1]), 1002),
    ];
    for (what, bytes, code) in table {
        let mut wire = socket(&site, &mei, &[]);
        wire.try_send(&bytes);
        let mut byes = Vec::new();
        let closed = loop {
            match next(&mut wire) {
                Some((1, text)) => {
                    let item: serde_json::Value = serde_json::from_slice(&text).unwrap();
                    byes.extend((item["type"] == "bye").then_some(item));
                }
                Some((8, payload)) => break payload,
                Some((opcode, _)) => panic!("{what}: opcode {opcode}"),
                None => panic!("{what}: closed without a word"),
            }
        };
        assert_eq!(u16::from_be_bytes([closed[0], closed[1]]), code, "{what}");
        assert!(closed.len() > 2, "{what}: no reason");
        assert_eq!(byes.len(), 1, "{what}");
        assert_eq!(
            (&byes[0]["reason"], &byes[0]["retry"]),
            (&json!("protocol"), &json!(false)),
            "{what}"
        );
        assert!(next(&mut wire).is_none(), "{what}: the connection goes on");
    }
    assert_eq!(mei.clone().history(&room).len(), 1, "nothing was sent");
    bystander.is_undisturbed();
}

#[test]
fn seventeen_commands_at_once_are_one_too_many() {
    let (site, mut bystander, mut mei, room) = setting();
    let command = |id: usize| {
        let text = json!({"type": "send", "id": id, "conversation": room, "text": id.to_string()});
        frame(0x81, text.to_string().as_bytes())
    };
    let all: Vec<u8> = (1..=17).flat_map(command).collect();
    // Before the handshake is answered: frames that come early wait for it.
    for mut wire in [socket(&site, &mei, &all), {
        let mut wire = socket(&site, &mei, &[]);
        wire.send(&all);
        wire
    }] {
        let mut answers = Vec::new();
        while answers.len() < 17 {
            let (opcode, payload) = next(&mut wire).expect("the socket stays");
            assert_eq!(opcode, 1);
            let item: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            answers.extend((item["type"] != "ready").then_some(item));
        }
        let (refused, done): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a["type"] == "error");
        assert_eq!((refused.len(), done.len()), (1, 16), "{answers:?}");
        assert_eq!(
            (&refused[0]["id"], &refused[0]["error"]["code"]),
            (&json!(17), &json!("overloaded"))
        );
        assert_eq!(refused[0]["error"]["retry"], true);
        let mut ids: Vec<u64> = done.iter().map(|a| a["id"].as_u64().unwrap()).collect();
        ids.sort();
        assert_eq!(ids, (1..=16).collect::<Vec<_>>());
        wire.send(command(18));
        let (_, payload) = next(&mut wire).expect("the socket stays");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["type"], "ok");
    }
    assert_eq!(mei.history(&room).len(), 1 + 2 * 17);
    bystander.is_undisturbed();
}
