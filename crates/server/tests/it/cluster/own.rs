//! What a person settles for itself on one node: it holds on all of them.

use serde_json::json;

use super::{Cluster, typing_until_heard};
use crate::feed::{Feed, Transport};

#[test]
fn a_persons_own_settings_are_the_same_on_every_node() {
    let cluster = Cluster::start(2, None);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    let room = mei.room(&[&tom]);
    let mut other = Feed::now(b, Transport::Sse, &mei);
    let chosen = json!({"notify": "nothing", "archived": true, "folder": "旅行"});
    let path = format!("/v1/conversations/{room}/choices");
    let answer = mei.client.send("PATCH", &path, &chosen).is(200).json();
    // This node may not have heard of the room yet when the feed began.
    let mut event = other.event_of(&mei.id);
    if event["kind"] == "conversation_added" {
        event = other.event_of(&mei.id);
    }
    assert_eq!(event["kind"], "choices_changed", "{event}");
    assert_eq!(event["body"]["choices"], answer);
    assert_eq!(mei.clone().at(b).conversation(&room)["choices"], answer);
}

#[test]
fn a_block_holds_on_every_node_for_messages_typing_and_presence() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let (direct, room) = (mei.direct(&tom), mei.room(&[&tom]));
    let mut tom = tom.at(b);
    let mut hears = Feed::now(a, Transport::WebSocket, &mei);
    let typing = typing_until_heard(&tom, &direct, &mut hears);
    assert_eq!(typing["from"], tom.id.as_str());

    mei.client.ask("PUT", &format!("/v1/blocks/{}", tom.id), &[], None).is(204);
    while hears.event_of(&mei.id)["kind"] != "blocked" {}
    assert_eq!(tom.try_say(&direct, "hello?").is(403).code(), "blocked");
    let path = format!("/v1/conversations/{direct}/typing");
    for _ in 0..20 {
        let status = tom.client.post(&path, &json!({"on": true})).status;
        assert!(status == 204 || status == 403, "{status}");
    }
    // A message in a room of both comes after all that, so the signals would have come before it.
    tom.say(&room, "in the room");
    let (mut before, mut item) = (Vec::new(), hears.item().unwrap());
    while item["body"]["text"] != "in the room" {
        before.push(item);
        item = hears.item().unwrap();
    }
    assert!(!before.iter().any(|i| i["kind"] == "typing"), "{before:?}");
    // Tom looks, from the other node, whether Mei is there.
    let people = tom.client.get("/v1/snapshot").is(200).json()["people"].clone();
    let mei_as_seen = people.as_array().unwrap().iter().find(|p| p["id"] == mei.id.as_str());
    assert_eq!(mei_as_seen.unwrap()["presence"], "offline", "{people}");

    mei.client.delete(&format!("/v1/blocks/{}", tom.id)).is(204);
    tom.say(&direct, "again");
}
