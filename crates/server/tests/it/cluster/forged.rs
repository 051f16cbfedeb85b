//! A stranger on the bus: with the key of another space, with old messages of nodes, with the right key.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use bytes::Bytes;
use encke_bus::{Bus, Message, Nats};
use encke_engine::{
    Batch, Committed, ConversationId, Entry, Epoch, Event, Point, Position, Seq, Step, StreamId,
};
use encke_rig::Postgres;
use futures_util::StreamExt;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{Cluster, typing_until_heard};
use crate::feed::{Feed, Transport};
use crate::harness::{PASSWORD, Person, Site, eventually};

/// A stranger that reaches NATS and knows of the site what every client knows.
struct Stranger {
    runtime: Runtime,
    url: String,
    subject: String,
    epoch: Epoch,
    key: [u8; 32],
}

impl Stranger {
    fn of(cluster: &Cluster, postgres: &Postgres) -> Self {
        let space = &cluster.space;
        let row = postgres
            .sql(&format!("SELECT epoch, encode(bus_key, 'hex') FROM encke_{space}.space"))
            .concat();
        let (epoch, hex) = row.split_once('|').unwrap();
        let epoch = Epoch(epoch.parse().unwrap());
        let mut key = [0; 32];
        for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let subject = format!("{space}.{:x}", epoch.0);
        Stranger { runtime, url: cluster.nats.clone().unwrap(), subject, epoch, key }
    }

    /// A node of its own, with this key.
    fn node(&self, key: [u8; 32]) -> Nats {
        let connecting = Nats::connect(&self.url, &self.subject, key, Arc::new(|_| {}));
        self.runtime.block_on(connecting).unwrap()
    }

    fn commit(&self, room: u64, at: u64, text: &str) -> Message {
        let (position, stream) = (Position(at + 1), StreamId::conversation(ConversationId(room)));
        let event = Event {
            position,
            stream,
            seq: Seq(2),
            back: Position(at),
            at_ms: 1,
            from: None,
            kind: "message".into(),
            key: None,
            body: serde_json::to_vec(&json!({"text": text})).unwrap().into(),
            erases: Vec::new(),
            channel: None,
        };
        let steps = vec![Step::Event(Arc::new(Entry::new(event, self.epoch)))];
        let point = |position| Point { position, change: 3 };
        let (before, after) = (point(Position(at)), point(position));
        let batch = Arc::new(Batch { steps });
        Message::Commit(Committed { epoch: self.epoch, before, after, mark: 7, batch })
    }
}

fn number(id: &str) -> u64 {
    id[1..].parse().unwrap()
}

fn typing(room: &str, from: &str) -> Message {
    let stream = StreamId::conversation(ConversationId(number(room)));
    let item = json!({"type": "signal", "kind": "typing", "stream": room, "from": from, "body": {"on": true}});
    Message::Signal(stream, serde_json::to_vec(&item).unwrap().into())
}

fn note(product: &str, note: &serde_json::Value) -> Message {
    let note = json!({"product": product, "note": note});
    Message::Note(serde_json::to_vec(&note).unwrap().into())
}

/// How many messages a node has refused, for this reason.
fn refused(at: &Site, reason: &str) -> u64 {
    let name = format!("encke_bus_refused_total{{reason=\"{reason}\"}} ");
    let figures = at.server.figures();
    figures.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

#[test]
fn messages_forged_without_the_key_change_nothing() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    let stranger = Stranger::of(&cluster, Postgres::shared());
    let known = stranger.node(stranger.key);
    // With the right key it is heard, so it does reach the nodes.
    let (heard, hearing) = channel::<()>();
    std::thread::scope(|scope| {
        let (known, room) = (&known, &room);
        scope.spawn(move || {
            let pause = Duration::from_millis(20);
            while hearing.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                known.send(typing(room, "p77"));
            }
        });
        while feed.item().unwrap()["from"] != "p77" {}
        drop(heard);
    });
    drop(known);
    let forging = stranger.node([8; 32]);
    let at = crate::feed::position(mei.say(&room, "position")["cursor"].as_str().unwrap()).1;
    assert_eq!(feed.texts(&room, 1), ["position"]);
    // The stranger hears the nodes and refuses them, because its key is another. So it is connected.
    eventually("it is connected", || (forging.refused().forged > 0).then_some(()));
    for _ in 0..20 {
        forging.send(stranger.commit(number(&room), at, "forged"));
        let far = Point { position: Position(u64::MAX), change: u64::MAX };
        forging.send(Message::End(stranger.epoch, far));
        forging.send(typing(&room, "p88"));
        let stream = StreamId::conversation(ConversationId(number(&room)));
        let bye =
            b"{\"type\":\"bye\",\"reason\":\"drain\",\"retry\":true,\"after_ms\":0}\n\nid: 1.1";
        forging.send(Message::Signal(stream, Bytes::from_static(bye)));
        forging.send(note("account", &json!({"type": "tried", "name": tom.name, "address": null})));
        let id = &mei.id;
        forging.send(note(
            "talk",
            &json!({"type": "presence", "node": 1, "number": 1, "person": id, "state": "away"}),
        ));
    }
    assert_eq!(forging.dropped(), 0);
    // All of it arrives, and is refused.
    eventually("it is counted", || (refused(b, "forged") >= 120).then_some(()));
    mei.say(&room, "after");
    let mut items = Vec::new();
    loop {
        let item = feed.item().unwrap();
        let last = item["body"]["text"] == "after";
        items.push(item);
        if last {
            break;
        }
    }
    let forged = |i: &&serde_json::Value| {
        i["type"] == "bye" || i["from"] == "p88" || i["body"]["text"] == "forged"
    };
    assert_eq!(items.iter().filter(forged).count(), 0, "{items:?}");
    // Nobody is locked out by this.
    let body = json!({"name": tom.name, "password": PASSWORD});
    b.server.visitor().post("/v1/sign-in", &body).is(200);
}

#[test]
fn replayed_messages_of_nodes_change_nothing() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    let stranger = Stranger::of(&cluster, Postgres::shared());
    let subject = format!("encke.{}", stranger.subject);
    let (client, mut all) = stranger.runtime.block_on(async {
        let client = async_nats::connect(&stranger.url).await.unwrap();
        let all = client.subscribe(subject.clone()).await.unwrap();
        client.flush().await.unwrap();
        (client, all)
    });
    typing_until_heard(&mei, &room, &mut feed);
    for text in ["one", "two", "three"] {
        mei.say(&room, text);
    }
    assert_eq!(feed.texts(&room, 3), ["one", "two", "three"]);
    // All of it again, and once more from the end.
    stranger.runtime.block_on(async {
        let mut recorded = Vec::new();
        while let Ok(Some(message)) =
            tokio::time::timeout(Duration::from_millis(50), all.next()).await
        {
            recorded.push(message.payload);
        }
        assert!(recorded.len() >= 4);
        for payload in recorded.iter().chain(recorded.iter().rev()) {
            client.publish(subject.clone(), payload.clone()).await.unwrap();
        }
        client.flush().await.unwrap();
    });
    eventually("it is counted", || (refused(b, "stale") >= 8).then_some(()));
    mei.say(&room, "after");
    // Signals of the past would come before it.
    let next = feed.item().unwrap();
    assert_eq!(next["body"]["text"], "after", "{next}");
}

/// The transactions that a server has ended; a read ends with a rollback.
fn transactions(postgres: &Postgres) -> u64 {
    let sql = "SELECT sum(xact_commit + xact_rollback)::bigint FROM pg_stat_database";
    postgres.sql(sql).concat().parse().unwrap()
}

#[test]
fn lists_of_people_cost_a_read_each() {
    const LISTS: u64 = 20;
    const PEOPLE: u64 = 1_000;
    let (postgres, nats) = (Postgres::start(), encke_rig::Nats::start());
    let cluster = Cluster::on(&postgres, 1, Some(nats.url()));
    let a = &cluster.nodes[0];
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    mei.room(&[&tom]);
    let stranger = Stranger::of(&cluster, &postgres);
    let node = stranger.node(stranger.key);
    let presence = |by: &mut Person| {
        let snapshot = by.client.get("/v1/snapshot").is(200).json();
        let people = snapshot["people"].as_array().unwrap().clone();
        let found = people.into_iter().find(|p| p["id"] == tom.id.as_str()).unwrap();
        found["presence"].as_str().unwrap().to_owned()
    };
    let list = |number: u64, states: &[&str]| {
        let person = |id: u64| (format!("p{id}"), states[id as usize % states.len()]);
        let mut people: Vec<_> = (10_000..10_000 + PEOPLE).map(person).collect();
        people.push((tom.id.clone(), states[0]));
        note(
            "talk",
            &json!({"type": "list", "node": 1, "number": number, "part": 0, "parts": 1, "people": people}),
        )
    };
    eventually("a list is heard", || {
        node.send(list(1, &["online"]));
        (presence(&mut mei) == "online").then_some(())
    });
    let before = transactions(&postgres);
    for number in 0..LISTS {
        node.send(list(number + 2, if number % 2 == 0 { &["away"] } else { &["online"] }));
    }
    node.send(list(LISTS + 2, &["away"]));
    eventually("the last list is heard", || (presence(&mut mei) == "away").then_some(()));
    // Sessions tell their figures late, with a later transaction.
    std::thread::sleep(Duration::from_millis(1_500));
    for _ in 0..8 {
        presence(&mut mei);
    }
    let cost = transactions(&postgres) - before;
    assert!(cost < LISTS * PEOPLE / 10, "{cost} transactions");
}
