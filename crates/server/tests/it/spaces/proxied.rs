//! Behind the real nginx, which keeps its connections and sends requests for any host over any of them.

use std::thread;

use serde_json::json;

use super::{Two, at, message};
use crate::deploy::Front;
use crate::harness::{Auth, Person, Wire, figures_at};

/// One request through the proxy; the JSON of its answer.
fn ask(
    wire: &mut Wire,
    host: &str,
    who: &Person,
    path: &str,
    text: Option<&str>,
) -> serde_json::Value {
    let Auth::Bearer(token) = who.auth() else { panic!("a token") };
    let method = if text.is_some() { "POST" } else { "GET" };
    let body = text.map(|text| json!({"text": text}).to_string()).unwrap_or_default();
    wire.send(format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let answer = wire.answer().expect("an answer");
    assert!(answer.status < 300, "{host} {path}: {} {}", answer.head, answer.text());
    answer.json()
}

#[test]
fn a_proxy_may_mix_hosts_on_its_connections() {
    const READERS: usize = 4;
    const TRIES_MAX: usize = 8;
    let mut two = Two::start();
    let sides = two.pairs();
    let front = Front::nginx(&[at(&two.server, 1)]);
    let address = front.address;
    let mut figures = [0; 2];
    // Which connection the proxy takes is its own choice, so they all ask until it has mixed them.
    for _ in 0..TRIES_MAX {
        thread::scope(|scope| {
            for (side, host) in sides.iter().zip(["left.example", "Right.example"]) {
                for _ in 0..READERS {
                    scope.spawn(move || {
                        let (mei, tom, room) = side;
                        let mut wire = Wire::connect(address);
                        let path = format!("/v1/conversations/{room}/messages");
                        for round in 0..30 {
                            // The ids are the same in both spaces; the credentials and texts are not.
                            let me = ask(&mut wire, host, mei, "/v1/me", None);
                            assert_eq!(me["name"], mei.name.as_str());
                            let now = ask(&mut wire, host, tom, "/v1/feed", None);
                            let cursor = now["cursor"].as_str().unwrap();
                            ask(&mut wire, host, mei, &path, Some(&format!("{host} {round}")));
                            let poll = format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}");
                            let text = loop {
                                let polled = ask(&mut wire, host, tom, &poll, None);
                                if let Some(text) = message(&polled) {
                                    break text.to_owned();
                                }
                            };
                            assert!(text.starts_with(host), "{text}");
                        }
                    });
                }
            }
        });
        // It has mixed them if connections have come again from the other space, beyond those that there ever were.
        figures = [&mut two.left, &mut two.right].map(|owner| {
            let text = figures_at(owner.address);
            let name = "encke_connections_accepted_total{";
            let line = text.lines().find(|l| l.starts_with(name)).unwrap();
            line.split_once(' ').unwrap().1.parse::<u64>().unwrap()
        });
        if figures.iter().all(|n| *n > 4 * READERS as u64) {
            return;
        }
    }
    panic!("it mixed nothing: {figures:?}");
}
