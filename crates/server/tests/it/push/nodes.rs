//! Several nodes: one of them tells a browser, and another one if that dies.

use super::service::{Browser, PushService};
use super::{REACH, key};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};

#[test]
fn exactly_one_of_two_nodes_tells_a_browser() {
    let cluster = Cluster::with_bus_and(2, &REACH);
    let (a, b) = cluster.two();
    let (mut mei, mut tom, mut eve) = (a.person("mei"), b.person("tom"), b.person("eve"));
    let room = mei.room(&[&tom, &eve]);
    assert_eq!(key(&mut mei.client), key(&mut tom.client), "nodes share the key");
    let service = PushService::start();
    let (of_tom, of_eve) = (Browser::new(&service), Browser::new(&service));
    of_tom.subscribe(&mut tom.client);
    of_eve.subscribe(&mut eve.client);
    let mut said = Vec::new();
    for number in 0..6 {
        let text = format!("message {number}");
        let mut writer = if number % 2 == 0 { mei.clone() } else { tom.at(a) };
        writer.say(&room, &text);
        service.wait(&of_eve, number + 1);
        said.push(text);
    }
    assert_eq!(of_eve.texts(&service), said, "each once");
    // The page of a person at one node counts at the other.
    let page = Feed::now(b, Transport::Sse, &tom);
    let before = of_tom.texts(&service);
    eve.at(a).say(&room, "while it is open");
    mei.say(&room, "and more");
    service.wait(&of_eve, said.len() + 1);
    drop(page);
    let all = service.wait(&of_tom, before.len() + 1);
    assert_eq!(of_tom.read(&all[before.len()])["count"], 2);
}

#[test]
fn what_a_dead_node_was_to_tell_is_told_by_another_one() {
    let mut cluster = Cluster::with_bus_and(2, &REACH);
    let service = PushService::start();
    let browser = Browser::new(&service);
    let (mut mei, mut tom) = (cluster.nodes[0].person("mei"), cluster.nodes[1].person("tom"));
    let room = mei.room(&[&tom]);
    browser.subscribe(&mut tom.client);
    mei.say(&room, "hello");
    cluster.nodes[0].server.kill();
    service.wait(&browser, 1);
    assert_eq!(browser.texts(&service), ["hello"]);
}
