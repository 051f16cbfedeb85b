//! Invitations: nobody can fill another's conversations, and rooms are found however many there are.

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Person, Server, Site, encode};

/// Rooms that others bring somebody into without asking.
const BY_OTHERS: usize = 100;

/// Quotas would slow the attack down; here they are off.
fn site() -> Site {
    Site::on(Server::start_with(&["--quota-member", "off"], &[]))
}

/// Brings a person into a new room; returns the room and the status.
fn bring(by: &mut Person, whom: &Person) -> (String, u16) {
    let room = by.room(&[]);
    let answer =
        by.client.post(&format!("/v1/conversations/{room}/members"), &json!({"person": whom.id}));
    (room, answer.status)
}

fn snapshot(who: &mut Person) -> Value {
    who.client.get("/v1/snapshot").is(200).json()
}

fn invited(who: &mut Person) -> Vec<String> {
    let list = who.client.get("/v1/invitations").is(200).json();
    assert_eq!(snapshot(who)["invitations"], list["invitations"]);
    let rooms = list["invitations"].as_array().unwrap().iter();
    rooms.map(|i| i["conversation"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn others_never_use_up_somebodys_conversations() {
    let site = site();
    let (mut mallory, mut victim) = (site.person("mallory"), site.person("victim"));
    for number in 0..BY_OTHERS + 30 {
        let (room, status) = bring(&mut mallory, &victim);
        assert_eq!(status, if number < BY_OTHERS { 204 } else { 202 }, "{number}");
        mallory.client.delete(&format!("/v1/conversations/{room}/members/{}", mallory.id)).is(204);
    }
    // A room that is made with the person asks it, too.
    let made = mallory.room(&[&victim]);
    assert_eq!(mallory.conversation(&made)["members"].as_array().unwrap().len(), 1);
    assert_eq!(snapshot(&mut victim)["unread"]["conversations"], BY_OTHERS);
    assert_eq!(invited(&mut victim).len(), 10, "of one inviter");
    // The person itself may do as much as before, and so may a friend with a direct conversation.
    let mut friend = site.person("friend");
    friend.direct(&victim);
    victim.room(&[&friend]);
    // Looking at a room, or leaving it, makes room for others.
    let rooms = snapshot(&mut victim);
    // The two newest are its own room and the friend's conversation; the others are those that it was brought into.
    let brought = |n: usize| &rooms["conversations"][2 + n];
    let id = |n: usize| brought(n)["id"].as_str().unwrap().to_owned();
    victim.client.delete(&format!("/v1/conversations/{}/members/{}", id(0), victim.id)).is(204);
    assert_eq!(bring(&mut friend, &victim).1, 204);
    assert_eq!(bring(&mut friend, &victim).1, 202);
    let mark = json!({"read": brought(1)["head_seq"]});
    victim.client.post(&format!("/v1/conversations/{}/receipts", id(1)), &mark).is(204);
    crate::harness::eventually("the mark is stored", || {
        (bring(&mut friend, &victim).1 == 204).then_some(())
    });
}

#[test]
fn an_invitation_is_accepted_or_declined() {
    let site = site();
    let (mut ann, mut busy) = (site.person("ann"), site.person("busy"));
    for _ in 0..BY_OTHERS {
        assert_eq!(bring(&mut ann, &busy).1, 204);
    }
    let mut feed = Feed::now(&site, Transport::Sse, &busy);
    let mut ask = |ann: &mut Person| {
        let (room, status) = bring(ann, &busy);
        assert_eq!(status, 202);
        let event = feed.event();
        assert_eq!((&event["kind"], &event["from"]), (&json!("invited"), &json!(ann.id)));
        let invitation = &event["body"]["invitation"];
        assert_eq!(invitation["conversation"], room.as_str());
        assert_eq!(
            (&invitation["title"], &invitation["by"]["id"]),
            (&json!("room"), &json!(ann.id))
        );
        room
    };
    let (good, bad, dead) = (ask(&mut ann), ask(&mut ann), ask(&mut ann));
    assert_eq!(invited(&mut busy), [good.as_str(), &bad, &dead]);
    // An invitation alone does not let a person read a room, and nobody can accept another's.
    busy.client.get(&format!("/v1/conversations/{good}")).is(403);
    let mut eve = site.person("eve");
    eve.client.poke(&format!("/v1/invitations/{good}/accept")).is(404);

    let joined = busy.client.poke(&format!("/v1/invitations/{good}/accept")).is(200).json();
    assert_eq!(joined["id"], good.as_str());
    busy.client.delete(&format!("/v1/invitations/{bad}")).is(204);
    busy.client.delete(&format!("/v1/invitations/{bad}")).is(404);
    busy.client.poke(&format!("/v1/invitations/{bad}/accept")).is(404);
    ann.client.delete(&format!("/v1/conversations/{dead}/members/{}", ann.id)).is(204);
    busy.client.poke(&format!("/v1/invitations/{dead}/accept")).is(404);
    assert_eq!(invited(&mut busy), [] as [String; 0]);
    let mut gone = Vec::new();
    while gone.len() < 3 {
        let event = feed.event();
        if event["kind"] == "invitation_gone" {
            gone.push(event["body"]["conversation"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(gone, [good.as_str(), &bad, &dead]);
    ann.say(&good, "welcome");
    assert_eq!(feed.texts(&good, 1), ["welcome"]);
}

#[test]
fn open_rooms_come_in_pages_and_are_searched() {
    let site = site();
    let mut ann = site.person("ann");
    let mut make = |title: &str| {
        let room = json!({"kind": "room", "title": title, "open": true});
        ann.client.post("/v1/conversations", &room).is(201);
    };
    for number in 0..250 {
        make(&format!("AAA spam {}", number / 2));
    }
    make("Real 彗星 room");
    let mut reader = site.person("reader").client;
    let mut get = |query: &str| reader.get(&format!("/v1/rooms?{query}"));
    let (mut seen, mut query) = (Vec::new(), "limit=100".to_owned());
    loop {
        let page = get(&query).is(200).json();
        let rooms = page["rooms"].as_array().unwrap();
        assert!(rooms.len() <= 100);
        seen.extend(rooms.iter().map(|room| room["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=100&after={}", encode(next));
    }
    assert_eq!(seen.len(), 251);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 251, "none twice");
    for query in ["q=real", "q=%E5%BD%97", "q=REAL"] {
        let page = get(query).is(200).json();
        assert_eq!(page["rooms"].as_array().unwrap().len(), 1, "{query}");
        assert_eq!(page["rooms"][0]["title"], "Real 彗星 room");
        assert_eq!((&page["rooms"][0]["members"], &page["next"]), (&json!(1), &Value::Null));
    }
    assert_eq!(get("after=nonsense").is(400).code(), "bad_request");
    assert_eq!(get("q=%25").is(200).json()["rooms"], json!([]));
}
