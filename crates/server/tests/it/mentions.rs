//! Messages that mention people or answer others.

use encke_engine::limits::{MENTIONS_PER_MESSAGE_MAX, MENTIONS_SHOWN_MAX};
use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Person, Site, eventually};

impl Person {
    /// The unread mentions of a conversation, as one asks for it alone, in a page, and with the snapshot.
    fn mentions(&mut self, room: &str) -> Value {
        let one = self.conversation(room)["mentions"].clone();
        for path in ["/v1/snapshot", "/v1/conversations"] {
            let answer = self.client.get(path).is(200).json();
            let all = answer["conversations"].as_array().unwrap();
            let listed = all.iter().find(|c| c["id"] == room).unwrap();
            assert_eq!(listed["mentions"], one, "{path}");
        }
        one
    }

    fn say_seq(&mut self, room: &str, text: &str) -> u64 {
        self.say(room, text)["seq"].as_u64().unwrap()
    }

    /// The body of an event of a conversation.
    fn body(&mut self, room: &str, seq: u64) -> Value {
        let one = self.client.get(&format!("/v1/conversations/{room}/messages/{seq}"));
        one.is(200).json()["event"]["body"].clone()
    }

    fn mark_read(&mut self, room: &str, seq: u64) {
        let path = format!("/v1/conversations/{room}/receipts");
        self.client.post(&path, &json!({"read": seq})).is(204);
    }
}

#[test]
fn a_mention_counts_for_whom_it_names_until_it_is_read() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let text = format!("<@{}>, 你好 <@{}>!", ben.id, ben.id);
    let first = ann.say_seq(&room, &text);
    ann.say_seq(&room, "nobody");
    let third = ann.say_seq(&room, "<@all> come");
    assert_eq!(ben.body(&room, first), json!({"text": text, "mentions": [ben.id]}));
    assert_eq!(ben.body(&room, third), json!({"text": "<@all> come", "everyone": true}));
    assert_eq!(ben.mentions(&room), json!([first, third]));
    assert_eq!(cem.mentions(&room), json!([third]));
    assert_eq!(ann.mentions(&room), json!([]), "one's own message mentions nobody to oneself");
    ben.mark_read(&room, first);
    // Marks are stored a little later, so three questions in a row may see two states until then.
    let left = json!([third]);
    eventually("the mark", || (ben.conversation(&room)["mentions"] == left).then_some(()));
    assert_eq!(ben.mentions(&room), left);
    // Whoever writes has read what was before.
    cem.say(&room, "here");
    assert_eq!(cem.mentions(&room), json!([]));
    assert_eq!(ben.conversation(&room)["unread"], 3);
}

#[test]
fn members_alone_are_mentioned_and_owners_alone_mention_all() {
    let site = Site::shared();
    let (mut ann, mut ben, eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (room, direct) = (ann.room(&[&ben]), ann.direct(&ben));
    let text = format!("<@{}> <@p999999999> <@x> <@all>", eve.id);
    let seq = ben.say_seq(&room, &text);
    assert_eq!(ann.body(&room, seq), json!({"text": text}));
    let seq = ann.say_seq(&direct, "<@all>");
    assert_eq!(ben.body(&direct, seq), json!({"text": "<@all>"}));
    assert_eq!((ann.mentions(&room), ben.mentions(&direct)), (json!([]), json!([])));
}

#[test]
fn mentions_are_bounded_in_a_message_and_in_what_is_told_of_them() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let many = |count: usize| (1..=count).map(|n| format!("<@p{n}>")).collect::<String>();
    assert_eq!(ann.try_say(&room, &many(MENTIONS_PER_MESSAGE_MAX + 1)).is(422).code(), "invalid");
    ann.say(&room, &many(MENTIONS_PER_MESSAGE_MAX));
    let one = format!("<@{}>", ben.id);
    ann.say(&room, &one.repeat(16 * 1024 / one.len()));
    let seqs: Vec<u64> = (0..MENTIONS_SHOWN_MAX + 5)
        .map(|n| ann.say_seq(&room, if n % 2 == 0 { &one } else { "<@all>" }))
        .collect();
    assert_eq!(ben.mentions(&room), json!(seqs[5..]));
}

#[test]
fn an_answer_names_an_event_of_the_same_conversation() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let first = ann.say_seq(&room, "Hello");
    let path = format!("/v1/conversations/{room}/messages");
    let answer = json!({"text": "Yes", "reply_to": first, "key": "once"});
    let sent = ann.client.post(&path, &answer).is(201).json();
    assert_eq!(ann.client.post(&path, &answer).is(200).json(), sent, "a retry is the same send");
    let seq = sent["seq"].as_u64().unwrap();
    assert_eq!(ann.body(&room, seq), json!({"text": "Yes", "reply_to": first}));
    for other in [
        json!({"text": "Yes", "key": "once"}),
        json!({"text": "No", "reply_to": first, "key": "once"}),
    ] {
        assert_eq!(ann.client.post(&path, &other).is(409).code(), "key_reused");
    }
    for wrong in [0, seq + 1, u64::MAX] {
        let answer = json!({"text": "Yes", "reply_to": wrong});
        assert_eq!(ann.client.post(&path, &answer).is(422).code(), "invalid");
    }
    let mut feed = Feed::now(&site, Transport::WebSocket, &ann);
    let command = json!({"type": "send", "id": 1, "conversation": room, "text": "Over the wire", "reply_to": seq});
    feed.command(&command);
    let event = feed.event();
    assert_eq!(event["body"], json!({"text": "Over the wire", "reply_to": seq}));
}

#[test]
fn a_retry_is_the_same_send_whoever_has_left_meanwhile() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let path = format!("/v1/conversations/{room}/messages");
    let message = json!({"text": format!("<@{}>", ben.id), "key": "once"});
    let sent = cem.client.post(&path, &message).is(201).json();
    ann.client.delete(&format!("/v1/conversations/{room}/members/{}", ben.id)).is(204);
    assert_eq!(cem.client.post(&path, &message).is(200).json(), sent);
    // Also when the sender has been removed since.
    ann.client.delete(&format!("/v1/conversations/{room}/members/{}", cem.id)).is(204);
    assert_eq!(cem.client.post(&path, &message).is(200).json(), sent);
    let other = json!({"text": format!("<@{}>", ann.id)});
    assert_eq!(cem.client.post(&path, &other).is(403).code(), "not_member");
    assert_eq!(ben.client.post(&path, &other).is(403).code(), "not_member");
}
