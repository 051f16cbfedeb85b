//! The files in `deploy/`: the real proxies with these configurations, changed only in names, addresses and files.

mod files;
mod front;

use std::net::SocketAddr;
use std::path::PathBuf;

use encke_rig::{Nats, Postgres};
use serde_json::json;

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Client, Person, Server, Site, eventually};
pub use front::Front;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy"))
}

fn behind(front: &Front, who: &Person) -> Person {
    Person { client: Client::new(front.address, who.auth()), ..who.clone() }
}

/// Events that are sent while a feed is open arrive at once. A proxy that buffers would keep them until there are more.
fn is_not_held_back(transport: Transport, start: impl Fn(&[SocketAddr]) -> Front) {
    let site = Site::shared();
    let front = start(&[site.address()]);
    let (mei, tom) = (site.person("mei"), site.person("tom"));
    let (mut mei, mut tom) = (behind(&front, &mei), behind(&front, &tom));
    let room = mei.room(&[&tom]);
    let cursor = tom.now();
    let mut feed = Feed::begin(front.address, transport, tom.auth(), Some(&cursor), "");
    for n in 0..5 {
        mei.say(&room, &n.to_string());
        assert_eq!(feed.texts(&room, 1), [n.to_string()]);
    }
    // Over the next connection it goes on where it was.
    mei.say(&room, "meanwhile");
    feed.again();
    assert_eq!(feed.texts(&room, 1), ["meanwhile"]);
}

/// Behind the same address, another node takes over.
fn passes_over_a_node(start: impl Fn(&[SocketAddr]) -> Front) {
    let mut cluster = Cluster::with_bus(2);
    let front = start(&[cluster.nodes[0].address(), cluster.nodes[1].address()]);
    let (mei, tom) = (cluster.nodes[0].person("mei"), cluster.nodes[1].person("tom"));
    let (mut mei, mut tom) = (behind(&front, &mei), behind(&front, &tom));
    let room = mei.room(&[&tom]);
    let cursor = tom.now();
    let mut feed = Feed::begin(front.address, Transport::LongPoll, tom.auth(), Some(&cursor), "");
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    cluster.nodes[0].server.kill();
    for n in 0..4 {
        // The send that finds the node gone may be answered by the proxy; repeated with its key it counts once.
        let body = json!({"text": n.to_string(), "key": n.to_string()});
        let path = format!("/v1/conversations/{room}/messages");
        eventually("a send is taken", || {
            let status = mei.client.post(&path, &body).status;
            assert!(matches!(status, 200 | 201 | 502 | 503 | 504), "{status}");
            (status < 300).then_some(())
        });
    }
    eventually("the node is passed over", || {
        (0..20).all(|_| mei.client.get("/readyz").status == 200).then_some(())
    });
    feed.again();
    assert_eq!(feed.texts(&room, 4), ["0", "1", "2", "3"]);
}

/// Clients notice nothing while a node goes down in order: reads, and sends with a key, that it refuses go to another
/// node.
fn is_not_noticed(start: impl Fn(&[SocketAddr]) -> Front) {
    const SENDS: usize = 60;
    let mut cluster = Cluster::with_bus(2);
    let front = start(&[cluster.nodes[0].address(), cluster.nodes[1].address()]);
    let mei = cluster.nodes[0].person("mei");
    let room = mei.clone().room(&[]);
    let (reached, reach) = std::sync::mpsc::channel();
    let sends = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..3)
            .map(|sender| {
                let (mut client, reached) = (behind(&front, &mei).client, reached.clone());
                let room = &room;
                scope.spawn(move || {
                    for n in 0..SENDS {
                        let key = format!("{sender}-{n}");
                        let lines =
                            [("Content-Type", "application/json"), ("Idempotency-Key", &*key)];
                        let path = format!("/v1/conversations/{room}/messages");
                        let body = json!({"text": key}).to_string();
                        let status =
                            client.ask("POST", &path, &lines, Some(body.as_bytes())).status;
                        assert!(matches!(status, 200 | 201), "send {n}: {status}");
                        let read = client.ask("GET", "/v1/me", &[], None).status;
                        assert_eq!(read, 200, "read {n}");
                        let _ = reached.send(());
                    }
                })
            })
            .collect();
        drop(reached);
        // This happens in the middle of the sends.
        reach.iter().take(SENDS).for_each(drop);
        assert_eq!(cluster.nodes[0].server.stop(), Some(0));
        senders.into_iter().map(|s| s.join().map(|()| SENDS).unwrap_or(0)).sum::<usize>()
    });
    assert_eq!(sends, 3 * SENDS);
    // Each is there once.
    let mut reader = mei.at(&cluster.nodes[1]);
    let last = reader.say(&room, "last")["seq"].as_u64().unwrap();
    assert_eq!(last, 1 + sends as u64 + 1, "the room's first event, the sends, this one");
}

/// Guesses passwords of unknown names, as a visitor with this `X-Forwarded-For`, until the server refuses.
fn is_told_to_wait(server: &Server, forwarded: &str) -> bool {
    let body = json!({"name": crate::harness::name("nobody"), "password": "guess"}).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", forwarded)];
    let answer =
        server.visitor().ask("POST", "/v1/sign-in", &headers, Some(body.as_bytes())).status;
    assert!(matches!(answer, 401 | 429), "{answer}");
    answer == 429
}

/// Whether the visitor has to wait soon. One with no tries left gets one back every two seconds; a fresh one has
/// thirty.
fn soon_waits(server: &Server, forwarded: &str) -> bool {
    (0..10).any(|_| is_told_to_wait(server, forwarded))
}

#[test]
fn tries_to_sign_in_count_for_the_visitor_that_a_trusted_proxy_names() {
    let trusting = Server::start_with(&["--trusted-proxies", "127.0.0.0/8"], &[]);
    eventually("a guesser waits", || is_told_to_wait(&trusting, "192.0.2.1").then_some(()));
    assert!(!is_told_to_wait(&trusting, "192.0.2.2"));
    // The visitor itself can have written the addresses before the last one.
    assert!(soon_waits(&trusting, "192.0.2.3, 192.0.2.1"));
    // Without a trusted proxy nobody's word counts.
    let alone = Server::start();
    eventually("a guesser waits", || is_told_to_wait(&alone, "192.0.2.1").then_some(()));
    assert!(soon_waits(&alone, "192.0.2.2"));
}

/// Says this to a NATS server, and returns its answer without the greeting.
fn asks_nats(port: u16, connect: &serde_json::Value) -> String {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(format!("CONNECT {connect}\r\nPING\r\n").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.find(|line| !line.starts_with("INFO")).unwrap_or_default()
}

#[test]
fn composes_bus_lets_nobody_in_without_the_password() {
    let file = folder().join("compose/nats.conf");
    let password = "p0123456789abcdef";
    let nats = Nats::configured(&file, &[("NATS_PASSWORD", password)]);
    let refused = asks_nats(nats.port(), &json!({"verbose": false}));
    assert!(refused.contains("Authorization Violation"), "{refused}");
    let wrong = json!({"verbose": false, "user": "encke", "pass": "wrong"});
    let refused = asks_nats(nats.port(), &wrong);
    assert!(refused.contains("Authorization Violation"), "{refused}");
    // Nodes with the URL that compose.yaml gives them do speak.
    let url = format!("nats://encke:{password}@127.0.0.1:{}", nats.port());
    let cluster = Cluster::on(Postgres::shared(), 1, Some(url));
    let server = &cluster.nodes[0].server;
    eventually("the node is on the bus", || server.log().contains("NATS is there").then_some(()));
    assert!(!server.log().contains(password));
}

mod nginx {
    use super::*;

    mod run {
        use super::*;

        pub fn passes_events_on_at_once(transport: Transport) {
            is_not_held_back(transport, Front::nginx);
        }
    }

    over_every_transport! { passes_events_on_at_once }

    #[test]
    fn passes_over_a_node_that_is_gone() {
        passes_over_a_node(Front::nginx);
    }

    #[test]
    fn nobody_notices_a_node_that_goes_down() {
        is_not_noticed(Front::nginx);
    }
}

mod caddy {
    use super::*;

    mod run {
        use super::*;

        pub fn passes_events_on_at_once(transport: Transport) {
            is_not_held_back(transport, Front::caddy);
        }
    }

    over_every_transport! { passes_events_on_at_once }

    #[test]
    fn passes_over_a_node_that_is_gone() {
        passes_over_a_node(Front::caddy);
    }
}
