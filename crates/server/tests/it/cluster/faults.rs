//! Nodes, the bus and the database die and come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use encke_rig::{Fault, Nats, Postgres, Wire, free_port};
use serde_json::json;

use super::{Cluster, typing_until_heard};
use crate::feed::{Feed, Transport};
use crate::harness::{Person, Site, eventually};

/// Sends until it is taken, on one node after the other; the key makes all tries one send.
fn insist(person: &Person, nodes: &[&Site], room: &str, text: &str) {
    let path = format!("/v1/conversations/{room}/messages");
    let body = json!({"text": text, "key": text.replace(' ', "-")}).to_string();
    let kind = [("Content-Type", "application/json")];
    let mut turn = nodes.iter().cycle();
    eventually("a send is taken", || {
        let mut client = person.at(turn.next()?).client;
        let answer = client.try_ask("POST", &path, &kind, Some(body.as_bytes()))?;
        assert!(matches!(answer.status, 200 | 201 | 500 | 503), "{answer:?}");
        (answer.status < 500).then_some(())
    });
}

#[test]
fn everything_goes_on_while_the_bus_is_away_and_when_it_is_back() {
    let nats = Nats::start();
    let cluster = Cluster::start(2, Some(&nats));
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    let mut tom = tom.at(b);
    for round in 0..3 {
        mei.say(&room, &format!("{round}: with it"));
        tom.say(&room, &format!("{round}: from there"));
        nats.kill();
        mei.say(&room, &format!("{round}: without"));
        tom.say(&room, &format!("{round}: from there, without"));
        let expected = ["with it", "from there", "without", "from there, without"];
        let expected = expected.map(|what| format!("{round}: {what}"));
        assert_eq!(feed.texts(&room, 4), expected);
        nats.start_again();
    }
}

#[test]
fn a_node_that_is_killed_takes_nothing_with_it() {
    const MESSAGES: usize = 150;
    let mut cluster = Cluster::with_bus(3);
    let (mei, tom) = (cluster.nodes[0].person("mei"), cluster.nodes[1].person("tom"));
    let room = mei.clone().room(&[&tom]);
    let start = tom.clone().now();
    let mut feed = Feed::at(&cluster.nodes[1], Transport::WebSocket, &tom, &start);
    let killed = Arc::new(AtomicBool::new(false));
    let dying = cluster.nodes.remove(0);
    let (b, c) = cluster.two();
    thread::scope(|scope| {
        for writer in 0..3 {
            let (room, mei, dying) = (&room, &mei, &dying);
            let nodes = [dying, b, c];
            scope.spawn(move || {
                for n in 0..MESSAGES / 3 {
                    insist(mei, &nodes, room, &format!("{writer} {n}"));
                }
            });
        }
        let killed = &killed;
        let child = &dying;
        scope.spawn(move || {
            child.server.signal(rustix::process::Signal::KILL);
            killed.store(true, Ordering::Relaxed);
        });
        let mut got = feed.texts(&room, MESSAGES / 2);
        feed.move_to(c, Transport::LongPoll);
        got.extend(feed.texts(&room, MESSAGES - MESSAGES / 2));
        got.sort();
        let mut all: Vec<String> = (0..3)
            .flat_map(|writer| (0..MESSAGES / 3).map(move |n| format!("{writer} {n}")))
            .collect();
        all.sort();
        assert_eq!(got, all);
    });
    assert!(killed.load(Ordering::Relaxed));
}

#[test]
fn a_database_that_restarts_is_waited_for() {
    let postgres = Postgres::start();
    let cluster = Cluster::on(&postgres, 2, Some(Nats::shared().url()));
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    let cursor = feed.cursor.clone().unwrap_or_default();
    mei.say(&room, "before");
    // The other node may have to read an earlier event before it can give out this one.
    assert_eq!(feed.texts(&room, 1), ["before"]);
    postgres.kill();
    // A message that can't be stored is refused for now.
    let refused = mei.try_say(&room, "not now").is(503);
    assert_eq!(refused.json()["error"]["retry"], true);
    let mut late = Feed::at(a, Transport::Ndjson, &mei, &cursor);
    postgres.start_again();
    insist(&mei, &[a, b], &room, "after");
    assert_eq!(feed.texts(&room, 1), ["after"]);
    late.again();
    let texts = late.texts(&room, 2);
    assert_eq!(texts, ["before", "after"]);
}

#[test]
fn a_node_that_does_not_reach_its_database_says_so_and_still_delivers() {
    let postgres = Postgres::shared();
    let mut cluster = Cluster::with_bus(1);
    let wire = Wire::to(postgres.port());
    cluster.database = postgres.url_by(wire.port());
    let node = cluster.nodes[0].beside(cluster.node("127.0.0.1:0"));
    cluster.nodes.push(node);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    typing_until_heard(&mei, &room, &mut feed);
    let mut balancer = b.server.visitor();
    for (fault, text) in [(Fault::Cut, "while it is cut"), (Fault::Silent, "while it is silent")] {
        balancer.get("/readyz").is(200);
        wire.set(fault);
        let refused = eventually("it is not ready", || {
            let answer = balancer.get("/readyz");
            (answer.status == 503).then(|| answer.json())
        });
        assert_eq!(refused["error"]["code"], "overloaded");
        // The node still passes on messages of the other node.
        mei.say(&room, text);
        assert_eq!(feed.texts(&room, 1), [text]);
        wire.set(Fault::None);
        eventually("it is ready", || (balancer.get("/readyz").status == 200).then_some(()));
    }
    insist(&tom, &[b], &room, "after");
    assert_eq!(feed.texts(&room, 1), ["after"]);
}

#[test]
fn a_database_that_was_put_back_resets_the_clients() {
    let postgres = Postgres::start();
    let mut cluster = Cluster::on(&postgres, 0, None);
    // A server that begins anew does so on the same port.
    let server = cluster.node(&format!("127.0.0.1:{}", free_port()));
    cluster.nodes.push(Site::on(server));
    let site = &cluster.nodes[0];
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    postgres.stop();
    postgres.snapshot();
    postgres.start_again();
    insist(&mei, &[site], &room, "will be lost");
    let lost = tom.clone().now();
    postgres.stop();
    postgres.put_back();
    postgres.start_again();
    let reset = eventually("the cursor is told to reset", || {
        let path = format!("/v1/feed?cursor={lost}");
        let answer = tom.clone().client.try_ask("GET", &path, &[], None)?;
        let json = (answer.status == 200).then(|| answer.json())?;
        (!json["reset"].is_null()).then_some(json)
    });
    assert_eq!(reset["reset"], "unknown_epoch");
    insist(&mei, &[site], &room, "from here on");
    let history = tom.clone().history(&room);
    assert_eq!(history.last().unwrap()["body"]["text"], "from here on");
    assert_eq!(history.len(), 2);
}
