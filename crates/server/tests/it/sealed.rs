//! Connections under TLS 1.3: parked with their keys, taken back by the HTTP server, parked again.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};

use serde_json::{Value, json};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::version::TLS13;

use crate::encrypted::{Tls, bearer, connect, encrypted, pair};
use crate::harness::{Person, Site};

/// One connection under TLS that speaks for somebody.
struct Sealed {
    stream: BufReader<Tls>,
    bearer: String,
}

impl Sealed {
    fn new(site: &Site, roots: &RootCertStore, who: &Person) -> Self {
        let stream = connect(site.server.tls.expect("an address for HTTPS"), roots, &TLS13);
        Sealed { stream: BufReader::new(stream), bearer: bearer(who) }
    }

    fn text(&self, method: &str, path: &str, body: Option<&Value>) -> String {
        let body = body.map(|b| b.to_string()).unwrap_or_default();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.bearer,
            body.len()
        )
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    fn get(&mut self, path: &str) {
        let text = self.text("GET", path, None);
        self.send(text);
    }

    /// The head of an answer.
    fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).unwrap() > 0, "an answer: {head}");
        }
        head
    }

    /// A whole answer: its status and its body.
    fn answer(&mut self) -> (u16, Value) {
        let head = self.head();
        let length = head.lines().find_map(|l| {
            let (name, value) = l.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        let mut body = vec![0; length.expect("a length")];
        self.stream.read_exact(&mut body).unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_slice(&body).unwrap())
    }

    fn item(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.stream.read_line(&mut line).unwrap() > 0, "the feed goes on");
            if let Ok(item) = serde_json::from_str(&line) {
                return item;
            }
        }
    }
}

fn message(events: &Value) -> Option<&str> {
    let mut all = events.as_array()?.iter();
    all.find(|e| e["kind"] == "message")?["body"]["text"].as_str()
}

#[test]
fn polls_sends_and_other_requests_take_turns_on_one_connection() {
    let (site, roots) = encrypted();
    let (mut mei, tom, room) = pair(&site);
    let mut wire = Sealed::new(&site, &roots, &tom);
    wire.get("/v1/feed");
    let (status, first) = wire.answer();
    assert_eq!(status, 200);
    let mut cursor = first["cursor"].as_str().unwrap().to_owned();
    for turn in 0..3 {
        let text = format!("turn {turn} 🦊");
        wire.get(&format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}"));
        mei.say(&room, &text);
        // Receipts come by themselves: ask until the message is here.
        let mut polled = wire.answer().1;
        while message(&polled["events"]) != Some(&text) {
            let at = polled["cursor"].as_str().unwrap();
            wire.get(&format!("/v1/feed?live=long-poll&wait=20&cursor={at}"));
            polled = wire.answer().1;
        }
        let path = format!("/v1/conversations/{room}/messages");
        let sent = wire.text("POST", &path, Some(&json!({ "text": "back" })));
        wire.send(sent);
        let (status, sent) = wire.answer();
        assert_eq!(status, 201, "{sent}");
        cursor = sent["cursor"].as_str().unwrap().to_owned();
        // This one is for the HTTP server, and so is the next poll at first.
        wire.get("/v1/me");
        assert_eq!(wire.answer().1["id"], tom.id);
    }
}

#[test]
fn a_request_right_behind_the_handshake_is_not_lost() {
    let (site, roots) = encrypted();
    let (_, tom, _) = pair(&site);
    let mut wire = Sealed::new(&site, &roots, &tom);
    let both = [wire.text("GET", "/v1/feed", None), wire.text("GET", "/v1/me", None)].concat();
    // rustls keeps it until the handshake is done and sends it together with the end of that.
    wire.stream.get_mut().conn.writer().write_all(both.as_bytes()).unwrap();
    assert!(wire.answer().1["cursor"].is_string());
    assert_eq!(wire.answer().1["id"], tom.id);
}

#[test]
fn a_stream_under_tls_catches_up_goes_on_and_ends_in_order() {
    let (mut site, roots) = encrypted();
    let (mut mei, tom, room) = pair(&site);
    let mut wire = Sealed::new(&site, &roots, &tom);
    wire.get("/v1/feed");
    let cursor = wire.answer().1["cursor"].as_str().unwrap().to_owned();
    // More than one record and more than a socket takes at once.
    let texts: Vec<String> = (0..300).map(|n| format!("{n} {}", "长".repeat(5_000))).collect();
    for text in &texts {
        mei.say(&room, text);
    }
    let mut wire = Sealed::new(&site, &roots, &tom);
    wire.get(&format!("/v1/feed?live=ndjson&cursor={cursor}"));
    assert!(wire.head().starts_with("HTTP/1.1 200"));
    let said = |item: &Value| (item["kind"] == "message").then(|| item["body"]["text"].clone());
    for text in &texts {
        let next = std::iter::repeat_with(|| wire.item()).find_map(|i| said(&i));
        assert_eq!(next.unwrap(), **text);
    }
    mei.say(&room, "live");
    let next = std::iter::repeat_with(|| wire.item()).find_map(|i| said(&i));
    assert_eq!(next.unwrap(), "live");
    site.server.terminate();
    let mut rest = String::new();
    // An unannounced end would be an error: somebody else may have cut the connection.
    wire.stream.read_to_string(&mut rest).expect("the end is announced");
    assert!(rest.contains("\"drain\""), "{rest}");
    assert_eq!(site.server.ended().code(), Some(0));
}

#[test]
fn a_record_that_was_changed_ends_its_connection_and_no_other() {
    let (site, roots) = encrypted();
    let (mut mei, tom, room) = pair(&site);
    let mut good = Sealed::new(&site, &roots, &tom);
    let mut bad = Sealed::new(&site, &roots, &tom);
    for wire in [&mut good, &mut bad] {
        wire.get("/v1/feed?live=ndjson");
        wire.head();
        while wire.item()["type"] != "ready" {}
    }
    let mut raw = &bad.stream.get_ref().sock;
    raw.write_all(&[23, 3, 3, 0, 32]).unwrap();
    raw.write_all(&[7; 32]).unwrap();
    let ended = bad.stream.read_to_end(&mut Vec::new()).map_err(|e| e.kind());
    let cut = [Err(ErrorKind::UnexpectedEof), Err(ErrorKind::ConnectionReset)];
    assert!(cut.contains(&ended), "{ended:?}");
    mei.say(&room, "still here");
    while good.item()["body"]["text"] != "still here" {}
}
