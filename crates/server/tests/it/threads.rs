//! Threads: who makes them, follows them and reads them, and what is unread in them.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Dice, Person, Server, Site, eventually};

impl Person {
    fn try_answer(&mut self, room: &str, seq: u64, body: &Value) -> Answer {
        self.client.post(&format!("/v1/conversations/{room}/messages/{seq}/thread"), body)
    }

    /// Answers a message in its thread. Returns the id of the thread.
    fn answer(&mut self, room: &str, seq: u64, text: &str) -> String {
        let sent = self.try_answer(room, seq, &json!({"text": text})).is(201).json();
        sent["thread"].as_str().unwrap().to_owned()
    }

    /// Says something that others answer. Returns its number.
    fn ask(&mut self, room: &str) -> u64 {
        self.say(room, "Who comes?")["seq"].as_u64().unwrap()
    }

    fn follow(&mut self, thread: &str, on: bool) -> Answer {
        let method = if on { "PUT" } else { "DELETE" };
        self.client.ask(method, &format!("/v1/conversations/{thread}/follow"), &[], None)
    }

    fn threads(&mut self, query: &str) -> Value {
        self.client.get(&format!("/v1/threads?{query}")).is(200).json()
    }

    fn thread_ids(&mut self, query: &str) -> Vec<String> {
        let page = self.threads(query);
        let threads = page["threads"].as_array().unwrap().iter();
        threads.map(|t| t["conversation"]["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The thread that a message shows, in a page of what was said.
    fn summary(&mut self, room: &str, seq: u64) -> Value {
        let path = format!("/v1/conversations/{room}/events?after={}&limit=1", seq - 1);
        self.client.get(&path).is(200).json()["amended"][0]["thread"].clone()
    }

    /// Unread threads that are followed, and what is unread in them.
    fn unread_threads(&mut self) -> Value {
        self.client.get("/v1/snapshot").is(200).json()["threads"].clone()
    }

    fn member_path(&self, room: &str) -> String {
        format!("/v1/conversations/{room}/members/{}", self.id)
    }

    fn mark_thread_read(&mut self, thread: &str, seq: u64) {
        let path = format!("/v1/conversations/{thread}/receipts");
        self.client.post(&path, &json!({"read": seq})).is(204);
    }
}

#[test]
fn a_message_has_one_thread_which_it_shows_to_all_and_which_counts_for_followers() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let seq = ann.ask(&room);
    let before = ann.conversation(&room);
    let mut feed = Feed::now(&site, Transport::WebSocket, &cem);
    let keyed = json!({"text": "I do", "key": "once"});
    let sent = ben.try_answer(&room, seq, &keyed).is(201).json();
    let thread = sent["thread"].as_str().unwrap().to_owned();
    assert_eq!(ben.try_answer(&room, seq, &keyed).is(200).json(), sent, "a retry is the same send");
    let told = feed.event_of(&room.replacen('c', "a", 1));
    assert_eq!((&told["kind"], &told["from"]), (&json!("answered"), &json!(ben.id)));
    let at = &sent["at"];
    let shown = json!({"answers": 1, "at": at, "people": [ben.id]});
    let with = |name: &str, value: Value| {
        let mut all = shown.clone();
        all[name] = value;
        all
    };
    let mut body = with("thread", json!(thread));
    (body["message"], body["head_seq"]) = (json!(seq), json!(2));
    assert_eq!(told["body"], body);
    assert_eq!(cem.summary(&room, seq), with("id", json!(thread)));
    // What is answered in the thread is nothing new in the room.
    let after = cem.conversation(&room);
    assert_eq!(after["head_seq"], before["head_seq"]);
    // The author of the message follows, and who answers; others look on.
    let seen = ann.conversation(&thread);
    assert_eq!(seen["kind"], "thread");
    assert_eq!(seen["parent"], json!({"conversation": room, "message": seq}));
    assert_eq!((&seen["followed"], &seen["unread"]), (&json!(true), &json!(1)));
    assert_eq!(seen["role"], "owner", "the rights are those in the room");
    let seen = cem.conversation(&thread);
    assert_eq!((&seen["followed"], &seen["unread"]), (&json!(false), &json!(0)));
    assert_eq!(ben.conversation(&thread)["unread"], 0);
    assert_eq!(cem.history(&thread).last().unwrap()["body"]["text"], "I do");
    let unread = json!({"conversations": 1, "messages": 1});
    assert_eq!(
        (ann.unread_threads(), cem.unread_threads()["messages"].clone()),
        (unread, json!(0))
    );
    let snapshot = ann.client.get("/v1/snapshot").is(200).json();
    let listed = snapshot["conversations"].as_array().unwrap().iter();
    assert!(listed.map(|c| &c["id"]).all(|id| id != thread.as_str()), "{snapshot}");
    // A mention makes somebody follow, and so does an ordinary send.
    ben.say(&thread, &format!("<@{}>, you too?", cem.id));
    assert_eq!(feed.event()["kind"], "thread_followed");
    assert_eq!(feed.event_of(&thread)["body"]["mentions"], json!([cem.id]));
    let seen = cem.conversation(&thread);
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(1), &json!([3])));
    assert_eq!(cem.follow(&thread, false).status, 204);
    cem.say(&thread, "Yes");
    assert_eq!(cem.conversation(&thread)["followed"], true);
    let now = ann.summary(&room, seq);
    assert_eq!((&now["answers"], &now["people"]), (&json!(3), &json!([ben.id, cem.id])));
}

fn answered_at_once(a: &Site, b: &Site) {
    let (mut ann, ben) = (a.person("ann"), a.person("ben"));
    let room = ann.room(&[&ben]);
    for _ in 0..5 {
        let seq = ann.ask(&room);
        let people = [ann.clone(), ben.at(b), ann.at(b), ben.clone()];
        let threads: BTreeSet<String> = thread::scope(|scope| {
            let one = |(n, mut who): (usize, Person)| {
                let room = &room;
                scope.spawn(move || who.answer(room, seq, &format!("answer {n}")))
            };
            let all: Vec<_> = people.into_iter().enumerate().map(one).collect();
            all.into_iter().map(|each| each.join().unwrap()).collect()
        });
        assert_eq!(threads.len(), 1, "{threads:?}");
        assert_eq!(ann.summary(&room, seq)["answers"], 4);
    }
}

#[test]
fn a_message_that_many_answer_at_once_has_one_thread() {
    let site = Site::shared();
    answered_at_once(&site, &site);
}

#[test]
fn a_message_that_is_answered_on_two_nodes_at_once_has_one_thread() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    answered_at_once(a, b);
}

#[test]
fn who_is_no_longer_in_the_room_is_no_longer_in_its_threads() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (mut eve, own) = (site.person("eve"), ben.room(&[]));
    let room = ann.room(&[&ben]);
    let seq = ann.ask(&room);
    let thread = ben.answer(&room, seq, "heron");
    let refused = |who: &mut Person| {
        let paths = ["", "/events", "/messages/2", "/pins", "/members"];
        let get = |path: &str| who.client.get(&format!("/v1/conversations/{thread}{path}"));
        let codes: BTreeSet<String> = paths.map(get).iter().map(Answer::code).collect();
        assert_eq!(codes, BTreeSet::from(["not_member".to_owned()]));
        assert_eq!(who.follow(&thread, true).code(), "not_member");
        assert_eq!(who.follow(&thread, false).code(), "not_member");
        assert_eq!(who.try_say(&thread, "Hello").code(), "not_member");
        assert_eq!(who.try_answer(&room, seq, &json!({"text": "Hello"})).code(), "not_member");
        assert!(who.thread_ids("").is_empty());
    };
    refused(&mut eve);
    let found = |who: &mut Person| {
        let page = who.client.get("/v1/search?q=heron").is(200).json();
        page["events"].as_array().unwrap().len()
    };
    eventually("the index", || (found(&mut ann) == 1).then_some(()));
    let page = ann.client.get("/v1/search?q=heron").is(200).json();
    let parent = json!({"conversation": room, "message": seq});
    assert_eq!(page["threads"], json!([{"thread": thread, "parent": parent}]));
    assert_eq!(found(&mut eve), 0);
    let mut feed = Feed::now(&site, Transport::Sse, &ben);
    ann.client.delete(&ben.member_path(&room)).is(204);
    refused(&mut ben);
    assert_eq!(
        (found(&mut ben), ben.unread_threads()),
        (0, json!({"conversations": 0, "messages": 0}))
    );
    ann.say(&thread, &format!("<@{}> is gone", ben.id));
    ben.say(&own, "marker");
    assert_eq!(feed.event()["kind"], "conversation_removed");
    assert_eq!(feed.event()["body"]["text"], "marker", "nothing of the thread came before it");
    // Who comes back may read it all again, and follows only what it asks for.
    ann.client
        .post(&format!("/v1/conversations/{room}/members"), &json!({"person": ben.id}))
        .is(204);
    assert_eq!(ben.conversation(&thread)["followed"], false);
    assert_eq!(found(&mut ben), 1);
    ben.follow(&thread, true).is(204);
    ann.say(&thread, "Welcome back");
    assert_eq!(ben.conversation(&thread)["unread"], 1);
    // A ban ends it as well.
    ann.client.ask("PUT", &format!("/v1/conversations/{room}/bans/{}", ben.id), &[], None).is(204);
    refused(&mut ben);
}

#[test]
fn the_order_of_a_room_holds_in_its_threads() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let seq = ann.ask(&room);
    let thread = ben.answer(&room, seq, "one");
    let path = |rest: &str| format!("/v1/conversations/{thread}{rest}");
    let mute = format!("{}/mute", ben.member_path(&room));
    ann.client.send("PUT", &mute, &json!({"seconds": 600})).is(204);
    assert_eq!(ben.try_say(&thread, "two").code(), "muted");
    assert_eq!(ben.try_answer(&room, seq, &json!({"text": "two"})).code(), "muted");
    let react = path("/messages/2/reactions/%F0%9F%91%8D");
    assert_eq!(ben.client.ask("PUT", &react, &[], None).code(), "muted");
    ann.client.delete(&mute).is(204);
    ben.say(&thread, "two");
    let announcement = |on: bool| json!({"announcement": on});
    ann.client.send("PATCH", &format!("/v1/conversations/{room}"), &announcement(true)).is(200);
    assert_eq!(ben.try_say(&thread, "three").code(), "read_only");
    ben.client.ask("PUT", &react, &[], None).is(204);
    ann.say(&thread, "three");
    ann.client.send("PATCH", &format!("/v1/conversations/{room}"), &announcement(false)).is(200);
    // Who keeps order in the room does so in its threads.
    assert_eq!(cem.client.delete(&path("/messages/3")).code(), "not_yours");
    assert_eq!(cem.client.ask("PUT", &path("/messages/2/pin"), &[], None).code(), "forbidden");
    ann.client.ask("PUT", &path("/messages/2/pin"), &[], None).is(204);
    ann.client.delete(&path("/messages/3")).is(204);
    assert_eq!(cem.summary(&room, seq)["answers"], 2, "a recalled answer does not count");
    assert_eq!(cem.history(&thread)[2]["kind"], "erased");
    let trail = ann.client.get(&format!("/v1/conversations/{room}/audit")).is(200).json();
    let newest = &trail["entries"][0];
    assert_eq!((&newest["act"], &newest["message"]), (&json!("recalled"), &json!(seq)));
    for (method, rest) in [("POST", "/members"), ("PATCH", ""), ("POST", "/links")] {
        let body = if rest == "/members" { json!({"person": cem.id}) } else { json!({}) };
        assert_eq!(ann.client.send(method, &path(rest), &body).status, 403, "{method} {rest}");
    }
    assert_eq!(cem.client.poke(&path("/join")).status, 403);
}

#[test]
fn a_thread_outlives_its_message_and_has_no_threads() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let direct = ann.direct(&ben);
    let (seq, other) = (ann.ask(&direct), ann.ask(&direct));
    let thread = ben.answer(&direct, seq, "one");
    let hello = json!({"text": "Hello"});
    assert_eq!(ann.try_answer(&thread, 2, &hello).is(422).code(), "invalid");
    assert_eq!(ann.follow(&direct, true).is(422).code(), "invalid");
    for wrong in [0, 1, 99, u64::MAX] {
        assert_eq!(ann.try_answer(&direct, wrong, &hello).is(404).code(), "not_found");
    }
    assert_eq!(ann.try_answer(&direct, other, &json!({"text": ""})).is(422).code(), "invalid");
    assert!(ann.summary(&direct, other).is_null(), "a refused answer makes no thread");
    for seq in [seq, other] {
        ann.client.delete(&format!("/v1/conversations/{direct}/messages/{seq}")).is(204);
    }
    assert_eq!(ben.try_answer(&direct, other, &hello).is(410).code(), "erased");
    assert_eq!(ben.answer(&direct, seq, "two"), thread);
    assert_eq!(ben.summary(&direct, seq)["answers"], 2);
    let listed = ben.threads("");
    assert_eq!(listed["threads"][0]["parent"]["kind"], "erased");
    assert_eq!(listed["threads"][0]["conversation"]["last"]["body"]["text"], "two");
}

#[test]
fn followed_threads_are_listed_by_pages_the_newest_answer_first() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let direct = ann.direct(&ben);
    let asked: Vec<u64> = (0..5).map(|_| ann.ask(&direct)).collect();
    let mut ids: Vec<String> = asked.iter().map(|seq| ben.answer(&direct, *seq, "yes")).collect();
    ben.say(&ids[1], "again");
    let first = ids.remove(1);
    ids.push(first);
    ids.reverse();
    assert_eq!(ann.thread_ids(""), ids);
    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let page = ann.threads(&format!("limit=2{before}"));
        let threads = page["threads"].as_array().unwrap().iter();
        paged.extend(threads.map(|t| t["conversation"]["id"].as_str().unwrap().to_owned()));
        match page["before"].as_str() {
            Some(behind) => before = format!("&before={behind}"),
            None => break,
        }
    }
    assert_eq!(paged, ids);
    let people = ann.threads("limit=1")["people"].clone();
    assert_eq!(people.as_array().unwrap().len(), 2, "{people}");
    assert!(ben.thread_ids("unread=true").is_empty());
    ann.mark_thread_read(&ids[0], 3);
    let rest = &ids[1..];
    eventually("the mark", || (ann.thread_ids("unread=true") == rest).then_some(()));
    ann.client.get("/v1/threads?before=x").is(400);
}

/// What a person should see of a thread.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    head: u64,
    /// `None` while it is not followed.
    seen: Option<u64>,
}

impl Known {
    fn unread(&self) -> u64 {
        self.seen.map_or(0, |seen| self.head - seen)
    }
}

/// Holds what a device is told against what should be.
fn agrees(device: &mut Person, known: &[Known]) -> bool {
    let each = known.iter().all(|thread| {
        let seen = device.conversation(&thread.id);
        seen["unread"] == thread.unread() && seen["followed"] == thread.seen.is_some()
    });
    let unread: Vec<&Known> = known.iter().filter(|thread| thread.unread() > 0).collect();
    let sum: u64 = unread.iter().map(|thread| thread.unread()).sum();
    let sums = json!({"conversations": unread.len(), "messages": sum});
    let ids: BTreeSet<String> = unread.iter().map(|thread| thread.id.clone()).collect();
    let listed: BTreeSet<String> = device.thread_ids("unread=true").into_iter().collect();
    each && device.unread_threads() == sums && listed == ids
}

#[test]
fn unread_counts_of_threads_agree_on_all_devices_after_any_sequence() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    for seed in 1..=4 {
        let mut dice = Dice::new(seed);
        let room = ann.room(&[&ben]);
        let mut devices = [ben.clone(), ben.at(&site)];
        let mut known: Vec<Known> = Vec::new();
        for _ in 0..3 {
            let seq = ann.ask(&room);
            known.push(Known { id: ann.answer(&room, seq, "first"), head: 2, seen: None });
        }
        for _ in 0..40 {
            let device = &mut devices[dice.roll(2) as usize];
            let thread = &mut known[dice.roll(3) as usize];
            match dice.roll(9) {
                0..=2 => {
                    ann.say(&thread.id, "more");
                    thread.head += 1;
                }
                3 => {
                    let seen = thread.head;
                    ann.say(&thread.id, &format!("<@{}>", device.id));
                    thread.head += 1;
                    thread.seen.get_or_insert(seen);
                }
                4 => {
                    device.say(&thread.id, "mine");
                    thread.head += 1;
                    thread.seen = Some(thread.head);
                }
                5 => {
                    let seq = dice.roll(thread.head + 1);
                    device.mark_thread_read(&thread.id, seq);
                    thread.seen = thread.seen.map(|seen| seen.max(seq));
                    // A mark that is on its way must not meet another membership.
                    let thread = thread.clone();
                    eventually("the mark", || {
                        (device.conversation(&thread.id)["unread"] == thread.unread()).then_some(())
                    });
                }
                6 => {
                    device.follow(&thread.id, true).is(204);
                    thread.seen.get_or_insert(thread.head);
                }
                7 => {
                    device.follow(&thread.id, false).is(204);
                    thread.seen = None;
                }
                _ => {
                    device.client.delete(&device.member_path(&room)).is(204);
                    let back = json!({"person": device.id});
                    ann.client.post(&format!("/v1/conversations/{room}/members"), &back).is(204);
                    known.iter_mut().for_each(|thread| thread.seen = None);
                }
            }
        }
        for device in &mut devices {
            eventually("both devices", || agrees(device, &known).then_some(()));
        }
        for thread in &known {
            devices[0].follow(&thread.id, false).is(204);
        }
    }
}
