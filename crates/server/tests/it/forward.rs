//! Forwarding messages: what goes with them, who may do it, and what nobody learns by it.

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::files::{send, upload, url_of};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn forward(&mut self, of: &str, seq: u64, to: &str, key: Option<&str>) -> Answer {
        let body = json!({"conversation": of, "message": seq, "key": key});
        self.client.post(&format!("/v1/conversations/{to}/forwards"), &body)
    }

    /// Forwards a message; returns the body of the copy's event.
    fn forwarded(&mut self, of: &str, seq: u64, to: &str) -> Value {
        let sent = self.forward(of, seq, to, None).is(201).json();
        let copy = self.message(to, seq_of(&sent));
        assert_eq!(copy["from"], json!(self.id));
        copy["body"].clone()
    }

    fn message(&mut self, room: &str, seq: u64) -> Value {
        let one = self.client.get(&format!("/v1/conversations/{room}/messages/{seq}"));
        one.is(200).json()["event"].clone()
    }

    fn recall_one(&mut self, room: &str, seq: u64) {
        self.client.delete(&format!("/v1/conversations/{room}/messages/{seq}")).is(204);
    }
}

/// The status and the code of a refusal.
fn refused(answer: Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn seq_of(sent: &Value) -> u64 {
    sent["seq"].as_u64().unwrap()
}

#[test]
fn a_copy_has_the_newest_text_and_the_first_author_and_calls_nobody() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let secret = ann.room(&[&ben]);
    let (other, last) = (ben.room(&[&cem, &ann]), cem.room(&[&ann]));
    let seq = seq_of(&ann.say(&secret, "Helo"));
    let text = format!("Hello <@{}> and <@all>, 你好", cem.id);
    let path = format!("/v1/conversations/{secret}/messages/{seq}");
    ann.client.send("PATCH", &path, &json!({"text": text})).is(204);
    let at = ann.message(&secret, seq)["at"].clone();
    let mut feed = Feed::now(&site, Transport::Sse, &cem);
    let copy = ben.forwarded(&secret, seq, &other);
    let named = format!("Hello @{} and @all, 你好", cem.name);
    let first = json!({"from": ann.id, "name": ann.name, "at": at});
    assert_eq!(copy, json!({"text": named, "forwarded": first}));
    let told = feed.event_of(&other);
    assert_eq!((&told["kind"], &told["body"]), (&json!("message"), &copy));
    assert_eq!(cem.conversation(&other)["mentions"], json!([]));
    // A copy of the copy says the same, and nothing tells where it comes from.
    let page = cem.client.get(&format!("/v1/conversations/{other}/events")).is(200).json();
    let copied = page["events"].as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap();
    assert_eq!(cem.forwarded(&other, copied, &last), copy);
    assert!(!page.to_string().contains(&format!("\"{secret}\"")), "{page}");
    // It stays when the first message is recalled, and is recalled by itself.
    ann.recall_one(&secret, seq);
    assert_eq!(cem.message(&other, copied)["body"], copy);
    ben.recall_one(&other, copied);
    assert_eq!(cem.message(&other, copied)["kind"], "erased");
}

#[test]
fn files_go_with_a_copy_and_stay_as_long_as_a_message_holds_them() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let (room, other) = (ann.room(&[&ben]), ben.room(&[&cem]));
    let file = upload(&mut ann.client, "plan.txt", b"tomorrow at ten");
    let seq = seq_of(&send(&mut ann, &room, &[&file]).is(201).json());
    assert_eq!(cem.client.get(&url_of(&file)).status, 404, "it is not hers yet");
    let sent = ben.forward(&room, seq, &other, None).is(201).json();
    assert_eq!(cem.message(&other, seq_of(&sent))["body"]["files"], json!([file]));
    ann.recall_one(&room, seq);
    assert_eq!(cem.client.get(&url_of(&file)).is(200).text(), "tomorrow at ten");
    assert_eq!(ann.client.get(&url_of(&file)).status, 404, "no message shows it to her now");
    ben.recall_one(&other, seq_of(&sent));
    assert_eq!(cem.client.get(&url_of(&file)).status, 404);
}

#[test]
fn one_forwards_what_one_may_read_to_where_one_may_write() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (room, own) = (ann.room(&[&ben]), eve.room(&[]));
    let seq = seq_of(&ann.say(&room, "lighthouse"));
    let not_member = (403, "not_member".to_owned());
    assert_eq!(refused(eve.forward(&room, seq, &own, None)), not_member);
    assert_eq!(refused(eve.forward(&room, seq + 9, &own, None)), not_member, "it tells nothing");
    assert_eq!(refused(eve.forward("c999999", seq, &own, None)), not_member);
    assert_eq!(refused(ben.forward(&room, seq, &own, None)), not_member);
    for number in [0, 1, seq + 1, u64::MAX] {
        let answer = ben.forward(&room, number, &room, None);
        assert_eq!(refused(answer), (404, "not_found".into()), "{number}");
    }
    let quiet = ann.room(&[&ben]);
    let announcement = json!({"announcement": true});
    ann.client.send("PATCH", &format!("/v1/conversations/{quiet}"), &announcement).is(200);
    assert_eq!(refused(ben.forward(&room, seq, &quiet, None)), (403, "read_only".into()));
    let mute = format!("/v1/conversations/{room}/members/{}/mute", ben.id);
    ann.client.send("PUT", &mute, &json!({"seconds": 60})).is(204);
    assert_eq!(refused(ben.forward(&room, seq, &room, None)), (403, "muted".into()));
    let mine = ben.room(&[]);
    ben.forward(&room, seq, &mine, None).is(201);
    ann.recall_one(&room, seq);
    assert_eq!(refused(ben.forward(&room, seq, &mine, None)), (410, "erased".into()));
    let leave = format!("/v1/conversations/{room}/members/{}", ben.id);
    ben.client.delete(&leave).is(204);
    assert_eq!(refused(ben.forward(&room, seq, &mine, None)), not_member);
}

#[test]
fn a_repeated_forward_is_one_whatever_became_of_the_message() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, own) = (ann.room(&[&ben]), ben.room(&[]));
    let seq = seq_of(&ann.say(&room, "once"));
    // Most of these have the millisecond of the one before.
    let others: Vec<_> = (0..8).map(|n| seq_of(&ann.say(&room, &format!("later {n}")))).collect();
    let first = ben.forward(&room, seq, &own, Some("k1")).is(201).json();
    assert_eq!(ben.forward(&room, seq, &own, Some("k1")).is(200).json(), first);
    let key_reused = (409, "key_reused".to_owned());
    for other in others {
        assert_eq!(refused(ben.forward(&room, other, &own, Some("k1"))), key_reused);
    }
    assert_eq!(refused(ben.forward(&room, seq, &room, Some("k1"))), key_reused);
    let plain = format!("/v1/conversations/{own}/messages");
    let send = |text: &str| json!({"text": text, "key": "k1", "reply_to": 1});
    assert_eq!(refused(ben.client.post(&plain, &send("once"))), key_reused);
    ann.recall_one(&room, seq);
    assert_eq!(ben.forward(&room, seq, &own, Some("k1")).is(200).json(), first);
    let leave = format!("/v1/conversations/{room}/members/{}", ben.id);
    ben.client.delete(&leave).is(204);
    assert_eq!(ben.forward(&room, seq, &own, Some("k1")).is(200).json(), first);
    assert_eq!(ben.history(&own).len(), 2, "the beginning of the room, and one copy");
}

#[test]
fn nobody_changes_the_words_of_a_forwarded_message() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ann.say(&room, "I said this"));
    let copy = seq_of(&ben.forward(&room, seq, &room, None).is(201).json());
    let path = format!("/v1/conversations/{room}/messages/{copy}");
    let words = json!({"text": "I said that"});
    assert_eq!(refused(ben.client.send("PATCH", &path, &words)), (403, "not_yours".into()));
    // Nor does anybody send a message that says it was forwarded.
    let body = json!({"text": "x", "forwarded": {"from": ann.id, "name": "ann", "at": 1}});
    let sent = ben.client.post(&format!("/v1/conversations/{room}/messages"), &body);
    assert_eq!(refused(sent), (422, "unknown_field".into()));
}
