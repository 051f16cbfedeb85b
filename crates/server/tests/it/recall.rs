//! Recalling a message: whoever asks afterwards, by whichever way, gets nothing of it (P10).

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Answer, Person, Site, eventually, is_on_database};

/// A word that stands in the message and its edits, and nowhere else.
const SECRET: &str = "lighthouse";

impl Person {
    fn recall(&mut self, room: &str, seq: u64) -> Answer {
        self.client.delete(&format!("/v1/conversations/{room}/messages/{seq}"))
    }

    fn amend(&mut self, method: &str, room: &str, seq: u64, rest: &str) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}{rest}");
        match method {
            "PATCH" => self.client.send(method, &path, &json!({"text": format!("{SECRET} again")})),
            _ => self.client.ask(method, &path, &[], None),
        }
    }

    /// Says a message with the word, and edits it. Returns its number.
    fn say_secret(&mut self, room: &str) -> u64 {
        let seq = self.say(room, SECRET)["seq"].as_u64().unwrap();
        self.amend("PATCH", room, seq, "").is(204);
        seq
    }

    /// All that the person gets over HTTP about the conversation, as text.
    fn everything(&mut self, room: &str, seq: u64) -> String {
        let one = format!("/v1/conversations/{room}");
        let paths = [
            format!("{one}/events?limit=200"),
            format!("{one}/events?after=0&limit=200"),
            format!("{one}/messages/{seq}"),
            format!("{one}/messages/{seq}/edits"),
            format!("{one}/pins"),
            one,
            "/v1/conversations".to_owned(),
            "/v1/snapshot".to_owned(),
        ];
        paths.map(|path| self.client.get(&path).text().to_owned()).concat()
    }
}

/// The events of a feed from a cursor up to the recall of a message.
fn feed_to_recall(feed: &mut Feed, room: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = feed.event();
        let last = event["kind"] == "recalled" && event["stream"] == room.replacen('c', "a", 1);
        events.push(event);
        if last {
            return events;
        }
    }
}

mod run {
    use super::*;

    pub fn a_recalled_message_is_gone_by_every_way_and_its_place_stays(transport: Transport) {
        let site = Site::shared();
        let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
        let room = ann.room(&[&ben]);
        let start = ann.now();
        let seq = ben.say_secret(&room);
        ann.amend("PUT", &room, seq, "/reactions/%F0%9F%91%8D").is(204);
        ann.amend("PUT", &room, seq, "/pin").is(204);
        let before = ann.conversation(&room);
        assert!(ann.everything(&room, seq).contains(SECRET));
        let mut live = Feed::now(&site, transport, &ann);
        ben.recall(&room, seq).is(204);
        // A client that was there learns of it by the event.
        let told = live.event_of(&room.replacen('c', "a", 1));
        assert_eq!((&told["kind"], &told["from"]), (&json!("recalled"), &json!(ben.id)));
        assert_eq!(told["body"], json!({"message": seq}));
        let author = json!(ben.id);
        for who in [&mut ann, &mut ben] {
            let all = who.everything(&room, seq);
            assert!(!all.contains(SECRET), "{all}");
            let mut late = Feed::at(&site, transport, who, &start);
            let events = feed_to_recall(&mut late, &room);
            assert!(!json!(events).to_string().contains(SECRET), "{events:?}");
            let place = events.iter().find(|e| e["stream"] == room.as_str()).unwrap();
            assert_eq!((&place["kind"], &place["body"]), (&json!("erased"), &json!({})));
            assert_eq!((&place["seq"], &place["from"]), (&json!(seq), &author));
        }
        let page = ann.client.get(&format!("/v1/conversations/{room}/events")).is(200).json();
        assert_eq!(page["amended"], json!([]), "nothing is left of edits, reactions and pins");
        let after = ann.conversation(&room);
        assert_eq!(after["last"]["kind"], "erased");
        assert_eq!(
            (&after["unread"], &after["head_seq"]),
            (&before["unread"], &before["head_seq"])
        );
        // Nothing can be done with it any more, and to recall it again changes nothing.
        for (method, rest) in [("PATCH", ""), ("PUT", "/pin"), ("PUT", "/reactions/%F0%9F%91%8D")] {
            assert_eq!(ben.amend(method, &room, seq, rest).code(), "erased", "{method} {rest}");
        }
        ben.recall(&room, seq).is(204);
        ann.recall(&room, seq).is(204);
        let marker = ann.say_secret(&room);
        ann.recall(&room, marker).is(204);
        let next = feed_to_recall(&mut live, &room);
        assert_eq!(next.last().unwrap()["body"]["message"], marker, "it was told once");
    }
}
over_every_transport!(a_recalled_message_is_gone_by_every_way_and_its_place_stays);

#[test]
fn an_author_recalls_its_own_message_and_an_owner_of_a_room_any() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (room, direct) = (ann.room(&[&ben]), ann.direct(&ben));
    let refused = |answer: Answer| (answer.status, answer.code());
    let owners = ann.say_secret(&room);
    assert_eq!(refused(ben.recall(&room, owners)), (403, "not_yours".into()));
    assert_eq!(refused(eve.recall(&room, owners)), (403, "not_member".into()));
    let members = ben.say_secret(&room);
    ann.recall(&room, members).is(204);
    let mine = ann.say_secret(&direct);
    assert_eq!(refused(ben.recall(&direct, mine)), (403, "not_yours".into()));
    ann.recall(&direct, mine).is(204);
    for seq in [0, 1, members + 1, u64::MAX] {
        assert_eq!(refused(ann.recall(&room, seq)), (404, "not_found".into()), "{seq}");
    }
    assert!(ben.everything(&room, owners).contains(SECRET), "what was refused changed nothing");
}

#[test]
fn a_retry_of_a_send_that_was_recalled_gets_its_first_answer() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let path = format!("/v1/conversations/{room}/messages");
    let send = |ann: &mut Person| ann.client.post(&path, &json!({"text": SECRET, "key": "once"}));
    let first = send(&mut ann).is(201).json();
    let seq = first["seq"].as_u64().unwrap();
    ann.recall(&room, seq).is(204);
    assert_eq!(send(&mut ann).is(200).json(), first);
    assert!(!ann.everything(&room, seq).contains(SECRET), "it did not come back");
}

#[test]
fn nothing_of_a_recalled_message_is_left_in_the_files_of_the_store() {
    if is_on_database() {
        return;
    }
    let site = Site::start();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = ann.say_secret(&room);
    let data = site.server.data();
    let holds = |name: &str| {
        let bytes = std::fs::read(data.join(name)).unwrap_or_default();
        bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
    };
    assert!(holds("space.db-wal"));
    ann.recall(&room, seq).is(204);
    eventually("the log was emptied", || (!holds("space.db-wal")).then_some(()));
    let site = site.again();
    assert!(!holds("space.db") && !holds("space.db-wal"));
    assert!(!ann.at(&site).everything(&room, seq).contains(SECRET));
}

/// What one node has recalled, another one gives to nobody, by a feed or by HTTP.
fn check_on_the_other_node(cluster: &Cluster) {
    let (a, b) = cluster.two();
    let (mut ann, ben) = (a.person("ann"), a.person("ben"));
    let room = ann.room(&[&ben]);
    let (start, mut there) = (ann.now(), ben.at(b));
    let seq = ann.say_secret(&room);
    let mut live = Feed::at(b, Transport::Sse, &ben, &start);
    assert_eq!(live.event_of(&room)["body"]["text"], SECRET, "it was in that node's memory");
    ann.recall(&room, seq).is(204);
    // What is read from the store is right at once, whatever the node has heard.
    let all = there.everything(&room, seq);
    assert!(!all.contains(SECRET), "{all}");
    feed_to_recall(&mut live, &room);
    for transport in Transport::ALL {
        // Each shard comes to it by itself.
        eventually("the node's shards have followed", || {
            let events = feed_to_recall(&mut Feed::at(b, transport, &ben, &start), &room);
            (!json!(events).to_string().contains(SECRET)).then_some(())
        });
    }
}

#[test]
fn what_one_node_has_recalled_is_gone_on_another_that_hears_of_it() {
    check_on_the_other_node(&Cluster::with_bus(2));
}

#[test]
fn what_one_node_has_recalled_is_gone_on_another_that_has_to_look() {
    check_on_the_other_node(&Cluster::start(2, None));
}
