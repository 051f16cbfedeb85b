//! Messages from one node reach clients of another, over every transport.

use std::thread;

use serde_json::json;

use super::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};

mod run {
    use super::*;

    /// Messages from both nodes arrive in one order.
    pub fn a_message_reaches_the_other_node(transport: Transport) {
        let cluster = Cluster::with_bus(2);
        let (a, b) = cluster.two();
        let (mut mei, tom) = (a.person("mei"), b.person("tom"));
        let room = mei.room(&[&tom]);
        let mut there = Feed::now(b, transport, &tom);
        let mut here = Feed::now(a, transport, &mei);
        let mut tom = tom.at(b);
        for round in 0..5 {
            mei.say(&room, &format!("{round} from a"));
            tom.say(&room, &format!("{round} from b"));
        }
        let all: Vec<String> =
            (0..5).flat_map(|n| ["a", "b"].map(|node| format!("{n} from {node}"))).collect();
        assert_eq!(there.texts(&room, 10), all);
        assert_eq!(here.texts(&room, 10), all);
    }

    /// Messages arrive without a bus, too, because nodes look.
    pub fn a_message_reaches_the_other_node_by_looking(transport: Transport) {
        let cluster = Cluster::start(2, None);
        let (a, b) = cluster.two();
        let (mut mei, tom) = (a.person("mei"), a.person("tom"));
        let room = mei.room(&[&tom]);
        let mut feed = Feed::now(b, transport, &tom);
        mei.say(&room, "over there?");
        assert_eq!(feed.texts(&room, 1), ["over there?"]);
    }
}

over_every_transport! {
    a_message_reaches_the_other_node, a_message_reaches_the_other_node_by_looking,
}

#[test]
fn a_client_changes_node_and_transport_in_the_middle_of_everything() {
    const MESSAGES: usize = 60;
    let cluster = Cluster::with_bus(3);
    let (mut mei, tom) = (cluster.nodes[0].person("mei"), cluster.nodes[1].person("tom"));
    let room = mei.room(&[&tom]);
    let start = tom.clone().now();
    let writing: Vec<_> = (0..3)
        .map(|node| {
            let (mut mei, room) = (mei.at(&cluster.nodes[node]), room.clone());
            thread::spawn(move || (0..MESSAGES).for_each(|n| drop(mei.say(&room, &n.to_string()))))
        })
        .collect();
    // The feed itself checks that positions rise and that numbers have no gap.
    let mut feed = Feed::at(&cluster.nodes[0], Transport::LongPoll, &tom, &start);
    let mut got = Vec::new();
    let hops = [Transport::WebSocket, Transport::LongPoll, Transport::Sse, Transport::ShortPoll];
    let hops = hops.into_iter().chain([Transport::Ndjson, Transport::Iframe]).cycle();
    for (hop, transport) in (0..MESSAGES * 3 / 10).zip(hops) {
        feed.move_to(&cluster.nodes[hop % 3], transport);
        got.extend(feed.texts(&room, 10));
    }
    writing.into_iter().for_each(|w| w.join().unwrap());
    for n in 0..MESSAGES {
        assert_eq!(got.iter().filter(|text| **text == n.to_string()).count(), 3);
    }
    assert_eq!(tom.at(&cluster.nodes[2]).history(&room).len(), MESSAGES * 3 + 1);
}

#[test]
fn a_cursor_of_another_node_is_good_before_this_one_has_heard_of_it() {
    // Without a bus, a node hears of the other's commits up to a second later.
    let cluster = Cluster::start(2, None);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    let room = mei.room(&[&tom]);
    for transport in Transport::ALL {
        let cursor = mei.say(&room, "read this")["cursor"].as_str().unwrap().to_owned();
        let mut feed = Feed::at(b, transport, &tom, &cursor);
        let mut at_b = tom.at(b);
        at_b.client.post("/v1/acks", &json!({"cursor": cursor})).is(204);
        mei.say(&room, "and this");
        assert_eq!(feed.texts(&room, 1), ["and this"], "{transport:?}");
        if transport == Transport::WebSocket {
            let cursor = mei.say(&room, "acked")["cursor"].as_str().unwrap().to_owned();
            feed.command(&json!({"type": "ack", "cursor": cursor}));
            feed.command(&json!({"type": "ping", "id": 7}));
            // An ack that was refused would be answered before.
            let answer = std::iter::from_fn(|| feed.item()).find(|i| i["type"] != "event");
            assert_eq!(answer.unwrap()["type"], "ok");
        }
    }
    let ahead = format!("{}ffff", tom.clone().now());
    let refused = tom.at(b).client.post("/v1/acks", &json!({"cursor": ahead}));
    assert_eq!(refused.is(400).code(), "bad_cursor");
}

#[test]
fn a_retry_on_another_node_gets_the_first_result() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    let room = mei.room(&[&tom]);
    let path = format!("/v1/conversations/{room}/messages");
    let first = mei.client.post(&path, &json!({"text": "once", "key": "k"})).is(201).json();
    let mut there = mei.at(b);
    assert_eq!(
        there.client.post(&path, &json!({"text": "once", "key": "k"})).is(200).json(),
        first
    );
    let other = there.client.post(&path, &json!({"text": "twice", "key": "k"}));
    assert_eq!(other.is(409).code(), "key_reused");
    assert_eq!(there.history(&room).len(), 2);
}

#[test]
fn receipts_of_one_node_are_seen_on_the_other() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut watching = Feed::now(a, Transport::Sse, &mei);
    let mut tom = tom.at(b);
    let sent = mei.say(&room, "read me");
    let seq = sent["seq"].as_u64().unwrap();
    tom.client.post(&format!("/v1/conversations/{room}/receipts"), &json!({"read": seq})).is(204);
    let told = watching.event_of(&room.replacen('c', "r", 1));
    assert_eq!(told["body"]["marks"], json!([{"person": tom.id, "delivered": seq, "read": seq}]));
    assert_eq!(tom.marks(&room, &tom.clone()), (seq, seq));
    assert_eq!(tom.conversation(&room)["unread"], 0);
}
