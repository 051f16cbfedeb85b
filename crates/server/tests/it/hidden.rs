//! Messages that a person hides from itself: who still sees them, and where they are left out.

use encke_engine::limits::HIDDEN_PER_PERSON_MAX;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Server, Site, eventually};

impl Person {
    fn hide(&mut self, room: &str, seq: u64, on: bool) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/hide");
        self.client.ask(if on { "PUT" } else { "DELETE" }, &path, &[], None)
    }

    fn say_at(&mut self, room: &str, text: &str) -> u64 {
        self.say(room, text)["seq"].as_u64().unwrap()
    }

    /// The numbers that pages of history say are hidden.
    fn hidden(&mut self, room: &str, query: &str) -> Value {
        let page = self.client.get(&format!("/v1/conversations/{room}/events?{query}"));
        page.is(200).json()["hidden"].clone()
    }

    /// All that the person gets in answers made for it alone, as text.
    fn made_for_it(&mut self, room: &str, seq: u64) -> String {
        let paths = [
            format!("/v1/conversations/{room}/messages/{seq}"),
            format!("/v1/conversations/{room}/pins"),
            "/v1/search?q=lighthouse".to_owned(),
            "/v1/stars".to_owned(),
        ];
        paths.map(|path| self.client.get(&path).text().to_owned()).concat()
    }

    /// A conversation as one asks for it alone, in a page, and with the snapshot; each of them is the same.
    fn everywhere(&mut self, room: &str) -> Value {
        let mut one = self.conversation(room);
        for path in ["/v1/snapshot", "/v1/conversations"] {
            let answer = self.client.get(path).is(200).json();
            let all = answer["conversations"].as_array().unwrap();
            let mut listed = all.iter().find(|c| c["id"] == room).unwrap().clone();
            for each in [&mut one, &mut listed] {
                // Marks of reading reach the store a little later.
                each.as_object_mut().unwrap().remove("members");
                each.as_object_mut().unwrap().remove("receipts_seq");
            }
            assert_eq!(listed, one, "{path}");
        }
        one
    }
}

/// The status and the code of a refusal.
fn refused(answer: Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[test]
fn a_hidden_message_is_left_out_for_its_person_and_stays_for_all_others() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let text = format!("lighthouse <@{}>", ben.id);
    let seq = ann.say_at(&room, &text);
    let message = format!("/v1/conversations/{room}/messages/{seq}");
    ann.client.ask("PUT", &format!("{message}/pin"), &[], None).is(204);
    for who in [&mut ann, &mut ben] {
        who.client.ask("PUT", &format!("{message}/star"), &[], None).is(204);
        let found =
            || who.client.get("/v1/search?q=lighthouse").text().contains(&text).then_some(());
        eventually("the index has it", found);
        assert_eq!(who.made_for_it(&room, seq).matches(&text).count(), 4, "before");
    }
    assert_eq!(ben.everywhere(&room)["mentions"], json!([seq]));
    ben.hide(&room, seq, true).is(204);
    assert_eq!(ben.made_for_it(&room, seq).matches(&text).count(), 0);
    assert_eq!(ann.made_for_it(&room, seq).matches(&text).count(), 4);
    let seen = ben.everywhere(&room);
    assert_eq!((&seen["mentions"], &seen["last_hidden"]), (&json!([]), &json!(true)));
    assert_eq!(ann.everywhere(&room)["last_hidden"], Value::Null);
    assert_eq!((ben.hidden(&room, ""), ann.hidden(&room, "")), (json!([seq]), Value::Null));
    // It is told for the events of the page alone.
    let later = ann.say_at(&room, "later");
    for query in [format!("after={seq}"), format!("before={seq}")] {
        assert_eq!(ben.hidden(&room, &query), Value::Null, "{query}");
    }
    assert_eq!(ben.hidden(&room, &format!("before={later}&limit=1")), json!([seq]));
    assert_eq!(ben.everywhere(&room)["last_hidden"], Value::Null);
    // An edit does not bring it back. To show it again does.
    ann.client.send("PATCH", &message, &json!({"text": "the lighthouse"})).is(204);
    assert!(!ben.made_for_it(&room, seq).contains("lighthouse\""));
    ben.hide(&room, seq, false).is(204);
    assert!(ben.made_for_it(&room, seq).contains("the lighthouse"));
    assert_eq!(
        (ben.hidden(&room, ""), ben.everywhere(&room)["mentions"].clone()),
        (Value::Null, json!([seq]))
    );
}

#[test]
fn hiding_is_told_to_the_devices_of_the_person_alone_and_once() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = ben.say_at(&room, "mine and yours");
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let mut others = Feed::now(&site, Transport::WebSocket, &ben);
    for on in [false, true, true, false, false] {
        ann.hide(&room, seq, on).is(204);
    }
    for on in [true, false] {
        let told = device.event_of(&ann.id);
        assert_eq!((&told["kind"], &told["from"]), (&json!("hidden"), &json!(ann.id)));
        assert_eq!(told["body"], json!({"conversation": room, "message": seq, "on": on}));
    }
    ann.say(&room, "marker");
    for feed in [&mut device, &mut others] {
        assert_eq!(feed.event()["body"]["text"], "marker", "nothing else was told");
    }
}

#[test]
fn members_hide_messages_and_what_is_left_of_recalled_ones_and_nothing_else() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let room = ann.room(&[&ben]);
    let (first, recalled) = (ann.say_at(&room, "first"), ann.say_at(&room, "oops"));
    for on in [true, false] {
        assert_eq!(refused(eve.hide(&room, first, on)), (403, "not_member".into()));
        assert_eq!(refused(eve.hide("c999999", first, on)), (403, "not_member".into()));
        for seq in [0, 1, recalled + 1, u64::MAX] {
            assert_eq!(refused(ben.hide(&room, seq, on)), (404, "not_found".into()), "{seq}");
        }
    }
    ben.hide(&room, first, true).is(204);
    ann.client.delete(&format!("/v1/conversations/{room}/messages/{recalled}")).is(204);
    ben.hide(&room, recalled, true).is(204);
    assert_eq!(ben.hidden(&room, ""), json!([first, recalled]));
    let leave = format!("/v1/conversations/{room}/members/{}", ben.id);
    ben.client.delete(&leave).is(204);
    assert_eq!(refused(ben.hide(&room, first, false)), (403, "not_member".into()));
}

#[test]
fn what_is_hidden_is_the_same_on_every_node() {
    let cluster = Cluster::start(2, None);
    let (a, b) = cluster.two();
    let (mut ann, mut ben) = (a.person("ann"), a.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = ben.say_at(&room, "hello");
    let mut there = ann.at(b);
    let mut device = Feed::now(b, Transport::Sse, &there);
    ann.hide(&room, seq, true).is(204);
    // The node may still be on its way to the first events.
    let on = json!({"conversation": room, "message": seq, "on": true});
    while device.event_of(&ann.id)["body"] != on {}
    assert_eq!(there.hidden(&room, ""), json!([seq]));
    assert_eq!(there.everywhere(&room)["last_hidden"], json!(true));
}

#[test]
fn a_person_hides_a_bounded_number_of_messages() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.at(&site).room(&[&ben]);
    // Several devices at once get there sooner.
    let devices = 8;
    std::thread::scope(|scope| {
        for _ in 0..devices {
            let mut device = ann.at(&site);
            let room = &room;
            scope.spawn(move || {
                for number in 0..HIDDEN_PER_PERSON_MAX / devices {
                    let seq = device.say_at(room, &format!("{number}"));
                    device.hide(room, seq, true).is(204);
                }
            });
        }
    });
    let mut ann = ann;
    let (last, more) = (ann.say_at(&room, "last"), ann.say_at(&room, "more"));
    assert_eq!(refused(ann.hide(&room, last, true)), (409, "conflict".into()));
    // Those that are hidden stay so, and each that is shown again makes room for one.
    let first = last - HIDDEN_PER_PERSON_MAX as u64;
    ann.hide(&room, first, true).is(204);
    ann.hide(&room, first, false).is(204);
    ann.hide(&room, last, true).is(204);
    assert_eq!(refused(ann.hide(&room, more, true)), (409, "conflict".into()));
    // It is the bound of one person, and not of the site.
    ben.at(&site).hide(&room, more, true).is(204);
}
