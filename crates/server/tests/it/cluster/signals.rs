//! Typing and presence. They are never stored.

use serde_json::json;

use super::{Cluster, typing_until_heard};
use crate::feed::{Feed, Transport};
use crate::harness::{Person, eventually};

/// The presence of a person that another person sees.
fn seen(by: &mut Person, of: &Person) -> String {
    let snapshot = by.client.get("/v1/snapshot").is(200).json();
    let people = snapshot["people"].as_array().unwrap();
    let found = people.iter().find(|p| p["id"] == of.id.as_str()).unwrap();
    found["presence"].as_str().unwrap().to_owned()
}

fn becomes(what: &str, by: &mut Person, of: &Person) {
    eventually(&format!("{} is {what}", of.name), || (seen(by, of) == what).then_some(()));
}

#[test]
fn typing_on_one_node_is_seen_on_the_other() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::WebSocket, &tom);
    let typing = typing_until_heard(&mei, &room, &mut feed);
    assert_eq!((&typing["stream"], &typing["from"]), (&json!(room), &json!(mei.id)));
}

#[test]
fn presence_is_of_all_nodes_together_and_heals_when_one_dies() {
    let mut cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut watching = Feed::now(a, Transport::Sse, &mei);
    assert_eq!(seen(&mut mei, &tom), "offline");
    let there = Feed::now(b, Transport::WebSocket, &tom);
    let told = std::iter::from_fn(|| watching.item())
        .find(|i| i["kind"] == "presence" && i["from"] == tom.id.as_str());
    assert_eq!(told.unwrap()["body"]["state"], "online");
    becomes("online", &mut mei, &tom);
    becomes("online", &mut tom.at(b), &mei);
    // A node that comes later learns of everybody.
    let third = cluster.nodes[0].beside(cluster.node("127.0.0.1:0"));
    becomes("online", &mut mei.at(&third), &tom);
    // The node dies, and with it the only connection.
    drop(there);
    cluster.nodes[1].server.kill();
    becomes("offline", &mut mei, &tom);
    becomes("offline", &mut mei.at(&third), &tom);
    mei.say(&room, "gone?");
}
