//! Ends of rights: each holds on all nodes.

use serde_json::{Value, json};

use super::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{PASSWORD, Person, Server, SetupCode, Site, eventually};

mod run {
    use super::*;

    /// P7, over two nodes that hear of each other by looking alone.
    pub fn a_sign_out_ends_the_stream_on_another_node(transport: Transport) {
        let cluster = Cluster::start(2, None);
        let (a, b) = cluster.two();
        let (mut mei, tom) = (a.person("mei"), a.person("tom"));
        let room = mei.room(&[&tom]);
        let mut browser = a.sign_in(&tom.name);
        let start = tom.clone().now();
        let cookie = browser.auth.clone();
        let mut feed = Feed::begin(b.address(), transport, cookie, Some(&start), "client=tab");
        mei.say(&room, "before");
        assert_eq!(feed.texts(&room, 1), ["before"]);
        feed.stall();
        browser.poke("/v1/sign-out").is(204);
        mei.say(&room, "after");
        let items = feed.rest();
        let last = items.last().unwrap_or_else(|| panic!("{transport:?} ended without a word"));
        match last["type"].as_str() {
            Some("bye") => assert_eq!(last["reason"], "revoked"),
            Some("refused") if transport.is_poll() => assert_eq!(last["status"], 401),
            _ => panic!("{transport:?}: {items:?}"),
        }
        let later: Vec<&Value> = items.iter().filter(|i| i["kind"] == "message").collect();
        assert!(later.is_empty(), "after the sign-out: {later:?}");
        feed.again();
        let refused = feed.item().unwrap();
        assert_eq!(refused["error"]["code"], "not_signed_in", "{refused}");
    }
}

over_every_transport! { a_sign_out_ends_the_stream_on_another_node }

/// The status of a request that needs a right, once it is this.
fn becomes(status: u16, mut ask: impl FnMut() -> u16) {
    eventually("the right is gone", || (ask() == status).then_some(()));
}

#[test]
fn a_removal_or_disabling_holds_on_every_node() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(b, Transport::WebSocket, &tom);
    let mut tom = tom.at(b);
    tom.say(&room, "here");
    mei.client.delete(&format!("/v1/conversations/{room}/members/{}", tom.id)).is(204);
    // This node may not have heard of the room yet when the feed began.
    while feed.event_of(&tom.id)["kind"] != "conversation_removed" {}
    // The store has the change at once, so sends are refused at once.
    assert_eq!(tom.try_say(&room, "still here").is(403).code(), "not_member");
    a.owner().delete(&format!("/v1/people/{}", tom.id)).is(204);
    let bye = feed.rest().into_iter().find(|i| i["type"] == "bye").unwrap();
    assert_eq!(bye["reason"], "revoked");
    becomes(401, || tom.client.get("/v1/me").status);
}

#[test]
fn a_pass_is_used_once_on_any_node() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let mut tom = a.person("tom");
    let ticket = |tom: &mut crate::harness::Person| {
        let made = tom.client.poke("/v1/tickets").is(201).json();
        made["ticket"].as_str().unwrap().to_owned()
    };
    let used = |site: &Site, ticket: &str| {
        site.server.visitor().get(&format!("/v1/feed?ticket={ticket}")).status
    };
    let first = ticket(&mut tom);
    assert_eq!(used(b, &first), 200);
    assert_eq!((used(a, &first), used(b, &first)), (401, 401));
    let second = ticket(&mut tom);
    assert_eq!((used(a, &second), used(a, &second)), (200, 401));
    // It rests on a credential: with that it goes.
    let mut browser = a.sign_in(&tom.name);
    let third = browser.poke("/v1/tickets").is(201).json()["ticket"].as_str().unwrap().to_owned();
    browser.poke("/v1/sign-out").is(204);
    assert_eq!(used(b, &third), 401);
}

#[test]
fn tries_to_sign_in_count_on_all_nodes_together() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let tom = a.person("tom");
    let wrong = json!({"name": tom.name, "password": "not the password"});
    let status = |site: &Site| site.server.visitor().post("/v1/sign-in", &wrong).status;
    let first = eventually("tries are told", || {
        // Ten in a minute on either node alone; so with the eleventh, of both together, one is refused.
        let tried: Vec<u16> = (0..6).flat_map(|_| [status(a), status(b)]).collect();
        tried.contains(&429).then_some(tried)
    });
    assert!(first.iter().take(6).all(|s| *s == 401), "{first:?}");
}

#[test]
fn the_setup_code_that_one_node_prints_is_good_on_another_and_only_once() {
    let cluster = Cluster::with_bus(0);
    let (a, b) = (cluster.node("127.0.0.1:0"), cluster.node("127.0.0.1:0"));
    let (of_a, of_b) = (SetupCode::of(a.address), SetupCode::of(b.address));
    assert_ne!(of_a, of_b);
    let set_up = |at: &Server, code: &str| {
        at.visitor()
            .post("/v1/setup", &json!({"name": "mei", "password": PASSWORD, "setup_code": code}))
    };
    assert_eq!(set_up(&a, "7K3M-QX0V-7K3M-QX0V-7K3M").is(403).code(), "wrong_setup_code");
    set_up(&b, &of_a).is(201);
    assert_eq!(set_up(&a, &of_b).is(409).code(), "already_set_up");
}

/// P11: each person asks two nodes at once.
#[test]
fn a_link_lets_in_as_many_as_it_says_whichever_nodes_they_come_to() {
    const USES: usize = 4;
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let mut mei = a.person("mei");
    let room = mei.room(&[]);
    let links = format!("/v1/conversations/{room}/links");
    let link = mei.client.post(&links, &json!({"uses": USES})).is(201).json();
    let secret = json!({"secret": link["secret"]});
    let people: Vec<Person> = (0..2 * USES).map(|_| a.person("guest")).collect();
    let tries = people.iter().flat_map(|person| [person.at(a), person.at(b)]);
    let mut answers: Vec<u16> = std::thread::scope(|scope| {
        let secret = &secret;
        let join =
            |mut who: Person| scope.spawn(move || who.client.post("/v1/links/join", secret).status);
        let all: Vec<_> = tries.map(join).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    answers.sort_unstable();
    let (inside, refused) = answers.split_at(2 * USES);
    assert!(inside.iter().all(|s| *s == 200) && refused.iter().all(|s| *s == 404), "{answers:?}");
    assert_eq!(mei.conversation(&room)["member_count"], 1 + USES);
    let list = mei.client.get(&links).is(200).json();
    assert_eq!(list["links"][0]["used"], USES);
}

#[test]
fn a_mute_a_ban_and_an_announcement_room_hold_on_every_node_at_once() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut mei, tom) = (a.person("mei"), a.person("tom"));
    let room = mei.room(&[&tom]);
    let mut tom = tom.at(b);
    let at = |rest: &str| format!("/v1/conversations/{room}{rest}");
    let mut feed = Feed::now(b, Transport::WebSocket, &tom);
    tom.say(&room, "here");
    let mute = at(&format!("/members/{}/mute", tom.id));
    mei.client.send("PUT", &mute, &json!({"seconds": 60})).is(204);
    // The store has each change at once, so the next send is looked at.
    assert_eq!(tom.try_say(&room, "muted").is(403).code(), "muted");
    let send = json!({"type": "send", "id": 7, "conversation": room, "text": "muted"});
    feed.command(&send);
    let answer = loop {
        let item = feed.item().unwrap();
        if item["id"] == 7 {
            break item;
        }
    };
    assert_eq!(answer["error"]["code"], "muted", "{answer}");
    mei.client.delete(&mute).is(204);
    tom.say(&room, "back");
    mei.client.send("PATCH", &at(""), &json!({"announcement": true})).is(200);
    assert_eq!(tom.try_say(&room, "hello").is(403).code(), "read_only");
    mei.say(&room, "news");
    mei.client.send("PATCH", &at(""), &json!({"announcement": false})).is(200);
    tom.say(&room, "thanks");
    mei.client.ask("PUT", &at(&format!("/bans/{}", tom.id)), &[], None).is(204);
    assert_eq!(tom.try_say(&room, "hello").is(403).code(), "not_member");
    while feed.event_of(&tom.id)["kind"] != "conversation_removed" {}
}
