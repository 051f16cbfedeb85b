//! Starred messages: whose they are, what they show, and what they never keep.

use encke_engine::keep_limits::STARS_PER_PERSON_MAX;
use serde_json::{Value, json};

use super::{guest_in_a_room, refused, seq_of};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn star(&mut self, room: &str, seq: u64, on: bool) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/star");
        self.client.ask(if on { "PUT" } else { "DELETE" }, &path, &[], None)
    }

    fn stars_in(&mut self, room: &str) -> Value {
        let stars = self.client.get(&format!("/v1/conversations/{room}/stars"));
        stars.is(200).json()["messages"].clone()
    }

    /// Conversation, number and text of each starred message.
    fn stars(&mut self, limit: usize) -> Vec<(String, u64, Option<String>)> {
        let one = |star: &Value| {
            let conversation = star["conversation"].as_str().unwrap().to_owned();
            let event = &star["event"];
            assert_eq!(
                (&event["stream"], &event["seq"]),
                (&star["conversation"], &star["message"])
            );
            assert!(star["at"].is_u64(), "{star}");
            let text = event["body"]["text"].as_str().map(str::to_owned);
            (conversation, seq_of(event), text)
        };
        self.kept("/v1/stars", "stars", limit).iter().map(one).collect()
    }
}

#[test]
fn starred_messages_are_listed_with_their_present_texts_the_last_one_first() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, other) = (ann.room(&[&ben]), ben.room(&[&ann]));
    let first = seq_of(&ben.say(&room, "Helo"));
    let second = seq_of(&ann.say(&other, "second"));
    let third = seq_of(&ben.say(&room, "third"));
    for (room, seq) in [(&room, first), (&other, second), (&room, third)] {
        ann.star(room, seq, true).is(204);
    }
    let path = format!("/v1/conversations/{room}/messages/{first}");
    ben.client.send("PATCH", &path, &json!({"text": "Hello 你好"})).is(204);
    let listed = |room: &str, seq, text: &str| (room.to_owned(), seq, Some(text.to_owned()));
    let expected = [
        listed(&room, third, "third"),
        listed(&other, second, "second"),
        listed(&room, first, "Hello 你好"),
    ];
    for limit in [1, 2, 50] {
        assert_eq!(ann.stars(limit), expected, "pages of {limit}");
    }
    let page = ann.client.get("/v1/stars").is(200).json();
    assert_eq!(page["people"].as_array().unwrap().len(), 2, "the authors are named once");
    assert_eq!(ann.stars_in(&room), json!([first, third]));
    assert_eq!(ann.stars_in(&other), json!([second]));
    // They are ann's alone.
    assert_eq!((ben.stars(50), ben.stars_in(&room)), (Vec::new(), json!([])));
}

#[test]
fn a_star_is_told_to_the_devices_of_its_person_alone_and_once() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ben.say(&room, "mine and yours"));
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let mut others = Feed::now(&site, Transport::WebSocket, &ben);
    for on in [false, true, true, false, false] {
        ann.star(&room, seq, on).is(204);
    }
    for on in [true, false] {
        let told = device.event_of(&ann.id);
        assert_eq!((&told["kind"], &told["from"]), (&json!("starred"), &json!(ann.id)));
        assert_eq!(told["body"], json!({"conversation": room, "message": seq, "on": on}));
    }
    ann.say(&room, "marker");
    for feed in [&mut device, &mut others] {
        assert_eq!(feed.event()["body"]["text"], "marker", "nothing else was told");
    }
    assert_eq!(ann.stars_in(&room), json!([]));
}

#[test]
fn strangers_and_people_who_left_read_and_star_nothing() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (room, own) = (ann.room(&[&ben]), ben.room(&[]));
    let seq = seq_of(&ann.say(&room, "lighthouse"));
    let not_member = (403, "not_member".to_owned());
    assert_eq!(refused(eve.star(&room, seq, true)), not_member);
    assert_eq!(refused(eve.client.get(&format!("/v1/conversations/{room}/stars"))), not_member);
    eve.star(&room, seq, false).is(204);
    let kept = seq_of(&ben.say(&own, "kept"));
    ben.star(&own, kept, true).is(204);
    ben.star(&room, seq, true).is(204);
    ben.leave(&room);
    let listed = ben.client.get("/v1/stars").is(200);
    assert!(!listed.text().contains("lighthouse"), "{}", listed.text());
    assert_eq!(ben.stars(1).len(), 1, "what is left out does not end the list");
    assert_eq!(refused(ben.client.get(&format!("/v1/conversations/{room}/stars"))), not_member);
    assert_eq!(refused(ben.star(&room, seq + 1, true)), not_member);
    // Back in the room, the star is there. Who has left takes it away nevertheless.
    ann.bring_in(&room, &mut ben);
    assert_eq!(ben.stars_in(&room), json!([seq]));
    ben.leave(&room);
    ben.star(&room, seq, false).is(204);
    ann.bring_in(&room, &mut ben);
    assert_eq!(ben.stars_in(&room), json!([]));
}

#[test]
fn a_recalled_message_can_not_be_starred_and_shows_as_erased_where_it_was() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ben.say(&room, "lighthouse"));
    let later = seq_of(&ben.say(&room, "lighthouse, too"));
    ann.star(&room, seq, true).is(204);
    for seq in [seq, later] {
        ben.client.delete(&format!("/v1/conversations/{room}/messages/{seq}")).is(204);
    }
    assert_eq!(refused(ann.star(&room, later, true)), (410, "erased".into()));
    let listed = ann.client.get("/v1/stars").is(200);
    assert!(!listed.text().contains("lighthouse"), "{}", listed.text());
    let event = &listed.json()["stars"][0]["event"];
    assert_eq!((&event["kind"], &event["body"]), (&json!("erased"), &json!({})));
    ann.star(&room, seq, false).is(204);
    assert_eq!(ann.stars(50), []);
    // Only messages can be starred.
    for seq in [0, 1, later + 1, u64::MAX] {
        assert_eq!(refused(ann.star(&room, seq, true)), (404, "not_found".into()), "{seq}");
    }
    ann.star(&room, u64::MAX, false).is(204);
    assert_eq!(refused(ann.client.get("/v1/stars?next=x")), (400, "bad_request".into()));
}

#[test]
fn a_person_has_a_bounded_number_of_stars_and_those_it_can_not_see_make_room() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, left) = (ann.room(&[&ben]), ann.room(&[&ben]));
    let gone = seq_of(&ann.say(&left, "gone"));
    ben.star(&left, gone, true).is(204);
    let mut seqs = Vec::new();
    for number in 1..STARS_PER_PERSON_MAX {
        let seq = seq_of(&ann.say(&room, &format!("{number}")));
        ben.star(&room, seq, true).is(204);
        seqs.push(seq);
    }
    let more = seq_of(&ann.say(&room, "more"));
    assert_eq!(refused(ben.star(&room, more, true)), (409, "conflict".into()));
    ben.leave(&left);
    ben.star(&room, more, true).is(204);
    let last = seq_of(&ann.say(&room, "last"));
    assert_eq!(refused(ben.star(&room, last, true)), (409, "conflict".into()));
    ben.star(&room, more, true).is(204);
    ben.star(&room, seqs[0], false).is(204);
    ben.star(&room, last, true).is(204);
    assert_eq!(ben.stars(50).len(), STARS_PER_PERSON_MAX);
}

#[test]
fn guests_star_within_the_rooms_that_they_are_in() {
    let site = Site::start();
    let (mut ann, mut guest, room) = guest_in_a_room(&site);
    let elsewhere = ann.room(&[]);
    let (seq, hidden) = (ann.say(&room, "seen"), ann.say(&elsewhere, "hidden"));
    guest.star(&room, seq_of(&seq), true).is(204);
    assert_eq!(guest.star(&elsewhere, seq_of(&hidden), true).is(403).code(), "not_member");
    assert_eq!(guest.stars(50).len(), 1);
    assert_eq!(site.server.visitor().get("/v1/stars").is(401).code(), "not_signed_in");
}

#[test]
fn stars_are_the_same_on_every_node() {
    let cluster = Cluster::start(2, None);
    let (a, b) = cluster.two();
    let (mut ann, mut ben) = (a.person("ann"), a.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ben.say(&room, "Helo"));
    ann.star(&room, seq, true).is(204);
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    ben.client.send("PATCH", &path, &json!({"text": "Hello"})).is(204);
    let mut there = ann.at(b);
    assert_eq!(there.stars(50), [(room.clone(), seq, Some("Hello".into()))]);
    // The event reaches a device at the other node.
    let mut device = Feed::now(b, Transport::Sse, &there);
    ann.star(&room, seq, false).is(204);
    // The node may still be on its way to the first event.
    let off = json!({"conversation": room, "message": seq, "on": false});
    while device.event_of(&ann.id)["body"] != off {}
    assert_eq!(there.stars_in(&room), json!([]));
}
