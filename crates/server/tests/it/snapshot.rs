//! Snapshot plus all later events is a fresh snapshot: held against a small model that applies items.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Dice, Person, Site, WAIT};

#[derive(Clone, Debug, PartialEq, Default)]
struct Member {
    role: String,
    delivered: u64,
    read: u64,
    muted_until: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Conversation {
    kind: String,
    title: Option<String>,
    open: bool,
    topic: Option<String>,
    announcement: bool,
    member_count: u64,
    members: BTreeMap<String, Member>,
    joined_seq: u64,
    head_seq: u64,
    receipts_seq: u64,
    last: Value,
    /// The messages that mention the person; those that it has not seen count.
    mentions: Vec<u64>,
}

impl Conversation {
    fn of(json: &Value) -> Self {
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let number = |name: &str| json[name].as_u64().unwrap();
        let members = json["members"].as_array().unwrap().iter().map(|m| {
            let (delivered, read) = (m["delivered"].as_u64().unwrap(), m["read"].as_u64().unwrap());
            let muted_until = m["muted_until"].as_u64();
            let role = text(&m["role"]);
            (text(&m["person"]), Member { role, delivered, read, muted_until })
        });
        Conversation {
            kind: text(&json["kind"]),
            title: json["title"].as_str().map(str::to_owned),
            open: json["open"].as_bool().unwrap(),
            topic: json["topic"].as_str().map(str::to_owned),
            announcement: json["announcement"].as_bool().unwrap_or_default(),
            member_count: number("member_count"),
            members: members.collect(),
            joined_seq: number("joined_seq"),
            head_seq: number("head_seq"),
            receipts_seq: number("receipts_seq"),
            last: json["last"].clone(),
            mentions: json["mentions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| m.as_u64().unwrap())
                .collect(),
        }
    }

    fn mark(&mut self, person: &str, delivered: u64, read: u64) {
        if let Some(member) = self.members.get_mut(person) {
            member.delivered = member.delivered.max(delivered);
            member.read = member.read.max(read);
        }
    }

    fn unread(&self, me: &str) -> u64 {
        self.head_seq.saturating_sub(self.members[me].read.max(self.joined_seq))
    }

    /// The same with the mentions alone that count.
    fn counted(&self, me: &str) -> Self {
        let mut counted = self.clone();
        let unseen = self.head_seq - self.unread(me);
        counted.mentions.retain(|seq| *seq > unseen);
        counted
    }

    /// An event of the conversation's own stream.
    fn apply(&mut self, event: &Value, me: &str) {
        let (body, from) = (&event["body"], event["from"].as_str().unwrap_or_default());
        let seq = event["seq"].as_u64().unwrap();
        assert_eq!(seq, self.head_seq + 1, "the next event follows: {event}");
        (self.head_seq, self.last) = (seq, event.clone());
        let person = || body["person"].as_str().unwrap().to_owned();
        let role = || body["role"].as_str().unwrap().to_owned();
        match event["kind"].as_str().unwrap() {
            "created" => {}
            // The author of a message has read it.
            "message" => {
                self.mark(from, seq, seq);
                let named = body["mentions"].as_array().is_some_and(|all| all.contains(&json!(me)));
                if named || body["everyone"] == true {
                    self.mentions.push(seq);
                }
            }
            "member_joined" => {
                let id = body["person"]["id"].as_str().unwrap().to_owned();
                // A person that was brought in has been told so before.
                if let Entry::Vacant(place) = self.members.entry(id) {
                    let muted_until = body["muted_until"].as_u64();
                    place.insert(Member { role: role(), muted_until, ..Member::default() });
                    self.member_count += 1;
                }
            }
            "member_left" => {
                self.members.remove(&person());
                self.member_count -= 1;
            }
            "role_changed" => {
                let member = self.members.get_mut(&person()).unwrap();
                member.role = role();
                // Whoever keeps order is not muted.
                member.muted_until = member.muted_until.filter(|_| member.role == "member");
            }
            "member_muted" => {
                self.members.get_mut(&person()).unwrap().muted_until = body["until"].as_u64();
            }
            "changed" => {
                if let Some(title) = body["title"].as_str() {
                    self.title = Some(title.to_owned());
                }
                self.open = body["open"].as_bool().unwrap_or(self.open);
                self.announcement = body["announcement"].as_bool().unwrap_or(self.announcement);
                if let Some(topic) = body["topic"].as_str() {
                    self.topic = Some(topic.to_owned()).filter(|topic| !topic.is_empty());
                }
            }
            other => panic!("unknown kind {other}"),
        }
    }

    /// An event of the conversation's amendments.
    fn amended(&mut self, event: &Value) {
        let body = &event["body"];
        if event["kind"] == "edited" && self.last["seq"] == body["message"] {
            self.last["body"]["text"] = body["text"].clone();
        }
    }

    fn receipts(&mut self, event: &Value) {
        let seq = event["seq"].as_u64().unwrap();
        assert_eq!(seq, self.receipts_seq + 1, "the next receipts follow: {event}");
        self.receipts_seq = seq;
        for mark in event["body"]["marks"].as_array().unwrap() {
            let at = |name: &str| mark[name].as_u64().unwrap();
            self.mark(mark["person"].as_str().unwrap(), at("delivered"), at("read"));
        }
    }
}

/// The state that a client knows.
#[derive(Clone, Debug)]
struct Model {
    me: String,
    cursor: String,
    people: BTreeSet<String>,
    conversations: BTreeMap<String, Conversation>,
}

impl Model {
    fn of(snapshot: &Value) -> Self {
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let list = |name: &str| snapshot[name].as_array().unwrap().clone();
        let model = Model {
            me: text(&snapshot["me"]["id"]),
            cursor: text(&snapshot["cursor"]),
            people: list("people").iter().map(|p| text(&p["id"])).collect(),
            conversations: list("conversations")
                .iter()
                .map(|c| (text(&c["id"]), Conversation::of(c)))
                .collect(),
        };
        for c in &list("conversations") {
            let mine = &model.conversations[c["id"].as_str().unwrap()];
            let me = &mine.members[&model.me];
            assert_eq!((&c["role"], &c["read_seq"]), (&json!(me.role), &json!(me.read)), "{c}");
            assert_eq!(c["unread"], mine.unread(&model.me), "{c}");
            assert_eq!(mine, &mine.counted(&model.me), "{c}");
        }
        model
    }

    fn apply(&mut self, event: &Value) {
        self.cursor = event["cursor"].as_str().unwrap().to_owned();
        let (stream, body) = (event["stream"].as_str().unwrap(), &event["body"]);
        if stream == self.me {
            match event["kind"].as_str().unwrap() {
                "conversation_added" => {
                    let added = &body["conversation"];
                    let id = added["id"].as_str().unwrap().to_owned();
                    self.conversations.insert(id, Conversation::of(added));
                    let ids = body["people"].as_array().unwrap().iter();
                    self.people.extend(ids.map(|p| p["id"].as_str().unwrap().to_owned()));
                }
                "conversation_removed" => {
                    let id = body["conversation"].as_str().unwrap();
                    assert!(self.conversations.remove(id).is_some(), "{event}");
                }
                other => panic!("unknown kind {other}"),
            }
            return;
        }
        if event["kind"] == "member_joined" {
            self.people.insert(body["person"]["id"].as_str().unwrap().to_owned());
        }
        let id = stream.replacen(['r', 'a'], "c", 1);
        let conversation =
            self.conversations.get_mut(&id).unwrap_or_else(|| panic!("not mine: {event}"));
        match &stream[..1] {
            "r" => conversation.receipts(event),
            "a" => conversation.amended(event),
            _ => conversation.apply(event, &self.me),
        }
    }

    /// The differences from a fresh snapshot at the same cursor.
    fn differs(&self, fresh: &Model) -> Option<String> {
        let mut ids: Vec<&String> = self.conversations.keys().collect();
        ids.extend(fresh.conversations.keys());
        for id in ids {
            let of = |model: &Model| model.conversations.get(id).map(|c| c.counted(&self.me));
            let (mine, theirs) = (of(self), of(fresh));
            if mine != theirs {
                let at = [&self.cursor, &fresh.cursor];
                return Some(format!("{id} {at:?}:\n mine {mine:?}\nfresh {theirs:?}"));
            }
        }
        let unknown: Vec<&String> = fresh.people.difference(&self.people).collect();
        (!unknown.is_empty()).then(|| format!("unknown people {unknown:?}"))
    }
}

/// Does something at random. A forbidden act is refused and changes nothing.
fn act(who: &mut Person, everyone: &[String], dice: &mut Dice) {
    let snapshot = who.client.get("/v1/snapshot").is(200).json();
    let mine = snapshot["conversations"].as_array().unwrap();
    let other = &everyone[dice.roll(everyone.len() as u64) as usize];
    let room = || json!({"kind": "room", "title": "new", "members": [other], "open": true});
    let (what, Some(c)) = (dice.roll(29), mine.get(dice.roll(mine.len().max(1) as u64) as usize))
    else {
        who.client.post("/v1/conversations", &room());
        return;
    };
    let at = |rest: &str| format!("/v1/conversations/{}{rest}", c["id"].as_str().unwrap());
    let head = c["head_seq"].as_u64().unwrap();
    let member = at(&format!("/members/{other}"));
    let role = ["owner", "moderator", "member"][dice.roll(3) as usize];
    let answer = match what {
        0 => who.client.post("/v1/conversations", &room()),
        1 => who.client.post("/v1/conversations", &json!({"kind": "direct", "person": other})),
        2..=4 => who.client.post(&at("/members"), &json!({"person": other})),
        5 => who.client.delete(&member),
        6 => who.client.delete(&at(&format!("/members/{}", who.id))),
        7 => {
            who.client.send("PATCH", &at(""), &json!({"title": format!("title {}", dice.roll(99))}))
        }
        8 => who.client.send("PATCH", &at(""), &json!({"open": dice.roll(2) == 0})),
        9 => who.client.send("PATCH", &member, &json!({"role": role})),
        10..=11 => who.client.post(&at("/receipts"), &json!({"delivered": dice.roll(head + 1)})),
        12..=14 => who.client.post(&at("/receipts"), &json!({"read": dice.roll(head + 1)})),
        24 => who.client.send("PUT", &format!("{member}/mute"), &json!({"seconds": 9_000})),
        25 => who.client.delete(&format!("{member}/mute")),
        26 => who.client.send("PATCH", &at(""), &json!({"announcement": dice.roll(2) == 0})),
        27 => {
            let topic = ["", "one", "two"][dice.roll(3) as usize];
            who.client.send("PATCH", &at(""), &json!({"topic": topic}))
        }
        28 => {
            let ban = at(&format!("/bans/{other}"));
            who.client.ask("PUT", &ban, &[], None);
            who.client.delete(&ban)
        }
        // Of messages by others, and of what is not a message, it is refused.
        15..=18 => {
            let text = json!({"text": format!("edit {}", dice.roll(999))});
            who.client.send("PATCH", &at(&format!("/messages/{head}")), &text)
        }
        _ => {
            let text = match dice.roll(4) {
                0 => format!("<@{other}>"),
                1 => "<@all>".to_owned(),
                _ => format!("text {}", dice.roll(999)),
            };
            who.client.post(&at("/messages"), &json!({"text": text}))
        }
    };
    assert!(answer.status < 500, "{}", answer.text());
}

/// Applies what follows until the model stands where a fresh snapshot does.
fn held_against_a_fresh_one(mut model: Model, mut feed: Feed, who: &mut Person) {
    let deadline = std::time::Instant::now() + WAIT;
    loop {
        let fresh = Model::of(&who.client.get("/v1/snapshot").is(200).json());
        // The fresh one may stand behind events for other people. A marker of its own is for this person.
        let room = who.room(&[]);
        let mut before = model.clone();
        loop {
            let event = feed.event();
            let mark = event["body"]["conversation"]["id"] == room.as_str();
            model.apply(&event);
            let at = |m: &Model| crate::feed::position(&m.cursor);
            if at(&model) <= at(&fresh) {
                before = model.clone();
            }
            if mark {
                break;
            }
        }
        let Some(difference) = before.differs(&fresh) else { return };
        // A mark that a person's own send moves may be seen a moment earlier or later. Nothing else may differ, and
        // this not for long.
        assert!(std::time::Instant::now() < deadline, "{:?}: {difference}", feed.transport);
        let mut lagging = before.clone();
        for (id, conversation) in &mut lagging.conversations {
            let theirs = fresh.conversations.get(id).unwrap_or_else(|| panic!("{difference}"));
            for (person, member) in &mut conversation.members {
                let theirs = theirs.members.get(person).unwrap_or_else(|| panic!("{difference}"));
                (member.delivered, member.read) = (theirs.delivered, theirs.read);
            }
        }
        assert_eq!(lagging.differs(&fresh), None);
        thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn snapshot_plus_events_is_a_fresh_snapshot() {
    const ROUNDS: u64 = 6;
    const ACTIONS: usize = 60;
    let site = Site::start();
    for seed in 0..ROUNDS {
        // A cursor tells nothing of a room for the time in which one was no member; so a model is held against a fresh
        // snapshot when everybody is done.
        let done = Barrier::new(3);
        let people: Vec<Person> = ["ann", "ben", "cem"].map(|n| site.person(n)).into();
        let everyone: Vec<String> = people.iter().map(|p| p.id.clone()).collect();
        thread::scope(|scope| {
            for (n, person) in people.iter().enumerate() {
                let (mut actor, mut reader, everyone) = (person.clone(), person.clone(), &everyone);
                let mut dice = Dice::new(seed * 100 + n as u64 + 1);
                let start = dice.roll(ACTIONS as u64) as usize;
                let transport = Transport::ALL[((seed + 2 * n as u64) % 6) as usize];
                let (site, done) = (&site, &done);
                scope.spawn(move || {
                    let mut taken = None;
                    for action in 0..ACTIONS {
                        if action == start {
                            // The others go on meanwhile: this is a random moment for them.
                            let model =
                                Model::of(&reader.client.get("/v1/snapshot").is(200).json());
                            let feed = Feed::at(site, transport, &reader, &model.cursor);
                            taken = Some((model, feed));
                        }
                        act(&mut actor, everyone, &mut dice);
                    }
                    done.wait();
                    let (model, feed) = taken.unwrap();
                    held_against_a_fresh_one(model, feed, &mut reader);
                });
            }
        });
    }
}
