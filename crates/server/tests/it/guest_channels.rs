//! Guests follow no channel unless the owner allows it, and only as long as the owner does.

use serde_json::{Value, json};

use crate::channel_names::guest;
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Client, Server, Site, eventually};

fn allow(site: &Site, allowed: &[&str]) {
    let settings = site.owner().send("PATCH", "/v1/settings", &json!({"guest_channels": allowed}));
    assert_eq!(settings.is(200).json()["guest_channels"], json!(allowed));
}

fn publish(site: &Site, name: &str, what: &str) {
    site.owner().post(&format!("/v1/channels/{name}/events"), &json!(what)).is(201);
}

/// The cursor from which everything in the log comes.
fn start(guest: &mut Client) -> String {
    let cursor = guest.get("/v1/feed").is(200).json()["cursor"].as_str().unwrap().to_owned();
    format!("{}.0", cursor.split_once('.').unwrap().0)
}

fn follow(guest: &Client, transport: Transport, cursor: &str, names: &str) -> Feed {
    let params = format!("channels={names}");
    Feed::begin(guest.address, transport, guest.auth.clone(), Some(cursor), &params)
}

fn refused(feed: &mut Feed) -> Value {
    let item = feed.rest().pop().unwrap();
    assert_eq!((&item["type"], &item["error"]["code"]), (&json!("refused"), &json!("forbidden")));
    item
}

mod run {
    use super::*;

    /// On the fast path too, where the same request was let in a moment before.
    pub fn a_guest_follows_what_the_owner_allows(transport: Transport) {
        let site = Site::on(Server::start());
        let mut guest = guest(&site);
        let cursor = start(&mut guest);
        for name in ["status", "news:a", "secret"] {
            publish(&site, name, name);
        }
        let try_follow = |names| follow(&guest, transport, &cursor, names);
        refused(&mut try_follow("news:a"));
        allow(&site, &["status", "news:*"]);
        let mut feed = try_follow("status,news:a");
        assert_eq!(feed.event_of("channel:status")["body"], "status");
        assert_eq!(feed.event_of("channel:news:a")["body"], "news:a");
        refused(&mut try_follow("status,secret"));
        allow(&site, &["*"]);
        let mut feed = try_follow("secret");
        assert_eq!(feed.event_of("channel:secret")["body"], "secret");
        // A member follows whatever it likes.
        allow(&site, &[]);
        let member = site.person("member");
        let mut feed = follow(&member.client, transport, &cursor, "secret");
        assert_eq!(feed.event_of("channel:secret")["body"], "secret");
    }

    /// P7: the open connection ends. When the guest comes back, the channel is forbidden.
    pub fn a_channel_that_is_no_longer_allowed_ends_open_connections(transport: Transport) {
        let site = Site::on(Server::start());
        let mut guest = guest(&site);
        let cursor = start(&mut guest);
        allow(&site, &["*"]);
        publish(&site, "secret", "before");
        let mut feed = follow(&guest, transport, &cursor, "secret");
        assert_eq!(feed.event_of("channel:secret")["body"], "before");
        feed.stall();
        allow(&site, &["news:*"]);
        publish(&site, "secret", "after");
        let rest = feed.rest();
        assert!(rest.iter().all(|item| item["body"] != "after"), "{rest:?}");
        let last = rest.last().unwrap();
        let told = last["reason"] == "changed" || last["error"]["code"] == "forbidden";
        assert!(told, "{last}");
        if last["reason"] == "changed" {
            assert_eq!(last["retry"], true);
        }
        refused(&mut follow(&guest, transport, &cursor, "secret"));
        // A guest without channels was not disturbed.
        guest.get("/v1/me").is(200);
    }

    pub fn a_channel_that_is_no_longer_allowed_ends_open_connections_on_other_nodes(
        transport: Transport,
    ) {
        let cluster = Cluster::with_bus(2);
        let (a, b) = cluster.two();
        let mut guest = guest(a);
        let cursor = start(&mut guest);
        allow(a, &["*"]);
        publish(a, "secret", "before");
        let mut there = Client::new(b.address(), guest.auth.clone());
        // To allow channels is a change, too: it ends feeds that were open before the change arrived here.
        let log = |client: &mut Client| client.get("/v1/feed").is(200).json()["cursor"].clone();
        let now = log(&mut guest);
        eventually("the other node has heard of it", || (log(&mut there) == now).then_some(()));
        let mut feed = follow(&there, transport, &cursor, "secret");
        assert_eq!(feed.event_of("channel:secret")["body"], "before");
        feed.stall();
        allow(a, &[]);
        publish(a, "secret", "after");
        let rest = feed.rest();
        assert!(rest.iter().all(|item| item["body"] != "after"), "{rest:?}");
        refused(&mut follow(&there, transport, &cursor, "secret"));
    }
}

over_every_transport! {
    a_guest_follows_what_the_owner_allows, a_channel_that_is_no_longer_allowed_ends_open_connections,
    a_channel_that_is_no_longer_allowed_ends_open_connections_on_other_nodes,
}

#[test]
fn a_session_of_a_guest_that_follows_no_channel_goes_on() {
    let site = Site::on(Server::start());
    let mut guest = guest(&site);
    let cursor = start(&mut guest);
    let mut feed =
        Feed::begin(site.address(), Transport::Sse, guest.auth.clone(), Some(&cursor), "");
    feed.ready();
    allow(&site, &["*"]);
    allow(&site, &[]);
    let guest = guest.get("/v1/me").is(200).json();
    let owner = site.owner();
    let room = json!({"kind": "direct", "person": guest["id"]});
    owner.clone().post("/v1/conversations", &room).is(201);
    assert_eq!(feed.event()["kind"], "conversation_added");
}

#[test]
fn a_list_that_can_not_be_meant_is_refused() {
    let site = Site::on(Server::start());
    for bad in [json!([""]), json!(["a b"]), json!(["**"]), json!("news"), json!([1])] {
        let answer = site.owner().send("PATCH", "/v1/settings", &json!({"guest_channels": bad}));
        assert!([400, 422].contains(&answer.status), "{bad}: {}", answer.text());
    }
}
