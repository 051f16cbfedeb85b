//! Names of channels: asking for a name allots nothing, and a client that asks before the first event gets that event.

use std::time::Instant;

use serde_json::json;

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Answer, Auth, Client, Person, Server, Site, WAIT, Wire, eventually, line_of};

/// A guest, as a browser is one.
pub fn guest(site: &Site) -> Client {
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let body = json!({"display_name": "Visitor"});
    let session = site.server.visitor().post("/v1/guest", &body).is(201).session();
    Client::new(site.address(), Auth::Cookie(session))
}

/// A figure of `/metrics`.
pub fn figure(site: &Site, name: &str) -> f64 {
    let text = site.server.figures();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap();
    line.parse().unwrap()
}

fn publish(site: &Site, name: &str, what: &str) {
    site.owner().post(&format!("/v1/channels/{name}/events"), &json!(what)).is(201);
}

fn feed(site: &Site, transport: Transport, who: &Person, cursor: &str, name: &str) -> Feed {
    let channels = format!("channels={name}");
    Feed::begin(site.address(), transport, who.auth(), Some(cursor), &channels)
}

#[test]
fn asking_for_names_stores_none_of_them() {
    let site = Site::on(Server::start());
    publish(&site, "news", "there");
    let mut guest = guest(&site);
    site.owner().send("PATCH", "/v1/settings", &json!({"guest_channels": ["*"]})).is(200);
    let mut ask = |number: usize| {
        let names = (0..100).map(|name| format!("{:x<110}{:08}", "", number * 100 + name));
        let names = names.collect::<Vec<_>>().join(",");
        guest.get(&format!("/v1/feed?conversations=none&channels={names}")).is(200);
    };
    // The first ones cause the allocations that happen only once.
    (0..20).for_each(&mut ask);
    let before = site.server.memory();
    (20..220).for_each(&mut ask);
    let grown = site.server.memory().saturating_sub(before);
    assert_eq!(figure(&site, "encke_channels"), 1.0);
    assert!(grown < 3 << 20, "20,000 names took {grown} bytes");
    publish(&site, "weather", "new");
    assert_eq!(figure(&site, "encke_channels"), 2.0);
}

#[test]
fn one_person_that_follows_many_names_over_and_over_ends_its_oldest_session() {
    let site = Site::on(Server::start_with(&["--shards", "1"], &[]));
    let person = site.person("collector");
    let open = |number: usize| {
        let names = (0..100).map(|name| format!("n{number}-{name}")).collect::<Vec<_>>().join(",");
        let params = format!("conversations=none&channels={names}");
        let mut feed = Feed::begin(site.address(), Transport::Ndjson, person.auth(), None, &params);
        feed.ready();
        feed
    };
    let mut feeds: Vec<Feed> = (0..11).map(open).collect();
    let ended = feeds[0].rest();
    assert_eq!(ended.last().unwrap()["reason"], "too_many");
    publish(&site, "n1-0", "still here");
    assert_eq!(feeds[1].event_of("channel:n1-0")["body"], "still here");
    // A person that follows a few names has as many sessions as before.
    let few = |_| Feed::begin(site.address(), Transport::Ndjson, person.auth(), None, "channels=a");
    let mut few: Vec<Feed> = (0..20).map(few).collect();
    few.iter_mut().for_each(|feed| drop(feed.ready()));
    publish(&site, "a", "to all");
    for feed in &mut few {
        assert_eq!(feed.event_of("channel:a")["body"], "to all");
    }
}

/// A stream that follows a few names, or how it was refused.
fn follow(site: &Site, who: &Person, first: usize, count: usize) -> Result<Wire, Answer> {
    let names = (first..first + count).map(|name| format!("n{name}")).collect::<Vec<_>>().join(",");
    let path = format!("/v1/feed?live=ndjson&conversations=none&channels={names}");
    let mut wire = Wire::connect(site.address());
    wire.send(line_of("GET", &path, site.address(), &who.auth().lines(site.address()), None));
    let head = wire.head().unwrap();
    if head.starts_with("HTTP/1.1 200 ") { Ok(wire) } else { Err(wire.body_of(head).unwrap()) }
}

#[test]
fn one_person_follows_a_bounded_number_of_names_and_others_theirs() {
    // The bound holds for all shards together, and for sessions of a few names as for those of many.
    let site = Site::on(Server::start_with(&["--shards", "2"], &[]));
    let (mei, tom) = (site.person("mei"), site.person("tom"));
    let mut open: Vec<Wire> = Vec::new();
    let refused = loop {
        match follow(&site, &mei, open.len() * 10, 10) {
            Ok(wire) => open.push(wire),
            Err(refused) => break refused,
        }
        assert!(open.len() <= 110, "nobody refuses {} names", open.len() * 10);
    };
    assert!(open.len() >= 100, "refused after {} names", open.len() * 10);
    assert_eq!((refused.status, &*refused.code()), (429, "too_many_channels"));
    assert_eq!(refused.json()["error"]["retry"], true);
    assert_eq!(refused.json()["error"]["retry_after_ms"], 5_000);
    assert_eq!(refused.header("retry-after"), Some("5"));
    // Names that she follows already are nothing new, for a client that comes back.
    let last = (open.len() - 1) * 10;
    drop(follow(&site, &mei, last, 10).expect("the same names again"));
    // Another person follows as many names in wide sessions and ends none of hers.
    let toms: Vec<Wire> = (1..11)
        .map(|n| follow(&site, &tom, last + 10 - n * 100, 100).expect("his own quota"))
        .collect();
    publish(&site, &format!("n{last}"), "to both");
    let mut hers = open.pop().unwrap();
    let mut his = toms.into_iter().next().unwrap();
    for wire in [&mut hers, &mut his] {
        let mut line = || String::from_utf8(wire.line(Instant::now() + WAIT).unwrap()).unwrap();
        while !line().contains("to both") {}
    }
    // A person that follows fewer names may follow others.
    drop(hers);
    eventually("room for other names", || follow(&site, &mei, 5_000, 10).ok());
}

mod run {
    use super::*;

    /// Live, and with the cursor from before the name had an event.
    pub fn the_first_event_of_a_name_reaches_earlier_followers(transport: Transport) {
        let site = Site::on(Server::start());
        let person = site.person("early");
        let cursor = person.clone().now();
        let mut early = feed(&site, transport, &person, &cursor, "unborn");
        early.stall();
        publish(&site, "unborn", "first");
        publish(&site, "unborn", "second");
        assert_eq!(early.event_of("channel:unborn")["body"], "first");
        assert_eq!(early.event_of("channel:unborn")["body"], "second");
        let mut again = feed(&site, transport, &person, &cursor, "unborn");
        assert_eq!(again.event_of("channel:unborn")["body"], "first");
        let (site, _) = site.stop_and_restart();
        let mut late = feed(&site, transport, &person, &cursor, "unborn");
        assert_eq!(late.event_of("channel:unborn")["body"], "first");
        assert_eq!(late.event_of("channel:unborn")["body"], "second");
    }

    /// The same where the name gets its first event on another node.
    pub fn the_first_event_of_a_name_reaches_followers_on_another_node(transport: Transport) {
        let cluster = Cluster::with_bus(2);
        let (a, b) = cluster.two();
        let person = a.person("early");
        let cursor = person.clone().now();
        let mut early = feed(b, transport, &person, &cursor, "unborn");
        early.stall();
        publish(a, "unborn", "first");
        assert_eq!(early.event_of("channel:unborn")["body"], "first");
        publish(b, "unborn", "second");
        assert_eq!(early.event_of("channel:unborn")["body"], "second");
        eventually("the name is known on both", || {
            let known = [a, b].map(|node| figure(node, "encke_channels"));
            (known == [1.0, 1.0]).then_some(())
        });
        let mut again = feed(a, transport, &person, &cursor, "unborn");
        assert_eq!(again.event_of("channel:unborn")["body"], "first");
    }
}

over_every_transport! {
    the_first_event_of_a_name_reaches_earlier_followers,
    the_first_event_of_a_name_reaches_followers_on_another_node,
}
