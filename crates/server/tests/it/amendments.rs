//! Edits, reactions and pins: what everybody sees of them, and who may do what.

use std::collections::BTreeMap;

use encke_engine::limits::{
    EDITS_PER_MESSAGE_MAX, PINS_PER_CONVERSATION_MAX, REACTIONS_PER_MESSAGE_MAX,
    REACTIONS_PER_PERSON_MAX, TEXT_BYTES_MAX,
};
use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Dice, Person, Site, encode};

const THUMB: &str = "\u{1F44D}";
const HEART: &str = "\u{2764}\u{FE0F}";
const ROCKET: &str = "\u{1F680}";

impl Person {
    fn edit(&mut self, room: &str, seq: u64, text: &str) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}");
        self.client.send("PATCH", &path, &json!({"text": text}))
    }

    fn react(&mut self, room: &str, seq: u64, emoji: &str, on: bool) -> Answer {
        let emoji = encode(emoji);
        let path = format!("/v1/conversations/{room}/messages/{seq}/reactions/{emoji}");
        self.client.ask(if on { "PUT" } else { "DELETE" }, &path, &[], None)
    }

    fn pin(&mut self, room: &str, seq: u64, on: bool) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/pin");
        self.client.ask(if on { "PUT" } else { "DELETE" }, &path, &[], None)
    }

    /// The newest page of a conversation.
    fn page(&mut self, room: &str) -> Value {
        self.client.get(&format!("/v1/conversations/{room}/events?limit=200")).is(200).json()
    }

    /// The number of the newest amendment of a conversation.
    fn amendments(&mut self, room: &str) -> u64 {
        self.page(room)["amendments_seq"].as_u64().unwrap()
    }

    /// The answer to a question about a message or a conversation.
    fn get(&mut self, room: &str, rest: &str) -> Answer {
        self.client.get(&format!("/v1/conversations/{room}{rest}"))
    }
}

fn seq_of(sent: &Value) -> u64 {
    sent["seq"].as_u64().unwrap()
}

#[test]
fn an_edited_message_shows_its_new_text_wherever_messages_are() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ben.say(&room, "Helo"));
    assert_eq!(ben.page(&room)["amended"], json!([]));
    ben.edit(&room, seq, "Hello").is(204);
    ben.edit(&room, seq, "Hello 你好").is(204);
    let page = ann.page(&room);
    let amended = &page["amended"][0];
    assert_eq!(amended["text"], "Hello 你好");
    assert_eq!((&amended["message"], &amended["edits"]), (&json!(seq), &json!(2)));
    assert!(amended["edited_at"].is_u64() && amended.get("reactions").is_none(), "{amended}");
    assert_eq!(page["amendments_seq"], 2);
    assert_eq!(page["events"].as_array().unwrap().last().unwrap()["body"]["text"], "Helo");
    let one = ann.get(&room, &format!("/messages/{seq}")).is(200).json();
    assert_eq!((&one["amended"], &one["event"]["seq"]), (&page["amended"], &json!(seq)));
    // The conversation's newest event has the text that it has now, however one asks.
    let listed = |answer: Value| {
        let all = answer["conversations"].as_array().unwrap().clone();
        all.into_iter().find(|c| c["id"] == room.as_str()).unwrap()["last"].clone()
    };
    let mut lasts = vec![ann.conversation(&room)["last"].clone()];
    lasts.push(listed(ann.client.get("/v1/snapshot").is(200).json()));
    lasts.push(listed(ann.client.get("/v1/conversations").is(200).json()));
    for last in lasts {
        assert_eq!((&last["body"]["text"], &last["seq"]), (&json!("Hello 你好"), &json!(seq)));
    }
    // What it was before, its author and the room's owner may see.
    for who in [&mut ann, &mut ben] {
        let edits = who.get(&room, &format!("/messages/{seq}/edits")).is(200).json();
        let texts: Vec<&Value> =
            edits["edits"].as_array().unwrap().iter().map(|e| &e["text"]).collect();
        assert_eq!(texts, ["Helo", "Hello", "Hello 你好"]);
    }
}

#[test]
fn a_message_is_edited_by_its_author_alone_and_within_bounds() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ann.say(&room, "mine"));
    let refused = |answer: Answer| (answer.status, answer.code());
    let not_yours = (403, "not_yours".to_owned());
    assert_eq!(refused(ben.edit(&room, seq, "his")), not_yours);
    assert_eq!(refused(ben.get(&room, &format!("/messages/{seq}/edits"))), not_yours);
    let not_member = (403, "not_member".to_owned());
    assert_eq!(refused(eve.edit(&room, seq, "hers")), not_member);
    for rest in ["", "/edits"] {
        assert_eq!(refused(eve.get(&room, &format!("/messages/{seq}{rest}"))), not_member);
    }
    assert_eq!(refused(eve.get(&room, "/pins")), not_member);
    assert_eq!(refused(eve.react(&room, seq, THUMB, true)), not_member);
    assert_eq!(refused(eve.pin(&room, seq, true)), not_member);
    assert_eq!(refused(ann.edit(&room, seq, "")), (422, "invalid".to_owned()));
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    assert_eq!(refused(ann.edit(&room, seq, &long)), (413, "too_large".to_owned()));
    let missing = (404, "not_found".to_owned());
    // The first event is not a message, and the others are not there.
    for seq in [1, 0, seq + 1, u64::MAX] {
        assert_eq!(refused(ann.edit(&room, seq, "text")), missing, "{seq}");
        assert_eq!(refused(ann.get(&room, &format!("/messages/{seq}"))), missing, "{seq}");
    }
    assert_eq!(refused(ann.get(&room, "/messages/x")), missing);
    assert_eq!(ann.amendments(&room), 0, "a refused amendment leaves nothing");
    for number in 0..EDITS_PER_MESSAGE_MAX {
        ann.edit(&room, seq, &format!("text {number}")).is(204);
    }
    assert_eq!(refused(ann.edit(&room, seq, "once more")), (409, "conflict".to_owned()));
}

#[test]
fn a_repeated_amendment_changes_nothing_and_is_told_once() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ann.say(&room, "first"));
    for _ in 0..2 {
        ann.edit(&room, seq, "first").is(204);
        ann.react(&room, seq, THUMB, false).is(204);
        ann.pin(&room, seq, false).is(204);
    }
    assert_eq!(ann.amendments(&room), 0);
    for _ in 0..2 {
        ann.edit(&room, seq, "second").is(204);
        ann.react(&room, seq, THUMB, true).is(204);
        // The same picture in other characters.
        ann.react(&room, seq, "\u{1F44D}\u{FE0F}", true).is(204);
        ann.pin(&room, seq, true).is(204);
    }
    assert_eq!(ann.amendments(&room), 3);
    // An answer that was lost: the same edit comes again, after another one.
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    let mut keyed = |text: &str| {
        let lines = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        let body = json!({"text": text}).to_string();
        ann.client.ask("PATCH", &path, &lines, Some(body.as_bytes()))
    };
    keyed("third").is(204);
    keyed("third").is(204);
    assert_eq!(keyed("other").is(409).code(), "key_reused");
    ann.edit(&room, seq, "fourth").is(204);
    let lines = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
    let body = json!({"text": "third"}).to_string();
    ann.client.ask("PATCH", &path, &lines, Some(body.as_bytes())).is(204);
    assert_eq!(ann.amendments(&room), 5);
    assert_eq!(ann.page(&room)["amended"][0]["text"], "fourth");
}

#[test]
fn reactions_are_emoji_and_bounded_for_a_message_and_a_person() {
    let site = Site::shared();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let seq = seq_of(&ann.say(&room, "Hello"));
    for text in ["a", "1", "<b>", "\u{1F44D}\u{1F44D}", "\u{202E}", ":thumb:"] {
        let refused = ann.react(&room, seq, text, true).is(422);
        assert_eq!(refused.code(), "invalid", "{text:?}");
    }
    let emoji = |number: usize| char::from_u32(0x1F600 + number as u32).unwrap().to_string();
    for number in 0..REACTIONS_PER_PERSON_MAX {
        ann.react(&room, seq, &emoji(number), true).is(204);
    }
    assert_eq!(ann.react(&room, seq, &emoji(60), true).is(409).code(), "conflict");
    for number in REACTIONS_PER_PERSON_MAX..REACTIONS_PER_MESSAGE_MAX {
        ben.react(&room, seq, &emoji(number), true).is(204);
    }
    assert_eq!(cem.react(&room, seq, &emoji(50), true).is(409).code(), "conflict");
    cem.react(&room, seq, &emoji(0), true).is(204);
    ann.react(&room, seq, &emoji(1), false).is(204);
    cem.react(&room, seq, &emoji(50), true).is(204);
    let page = ben.page(&room);
    let reactions = page["amended"][0]["reactions"].as_array().unwrap();
    assert_eq!(reactions.len(), REACTIONS_PER_MESSAGE_MAX);
    let first = json!({"emoji": emoji(0), "count": 2, "mine": false, "people": [ann.id, cem.id]});
    assert_eq!(reactions[0], first);
    assert_eq!(reactions.iter().filter(|r| r["mine"] == true).count(), 10);
    let named = |id: &str| page["people"].as_array().unwrap().iter().any(|p| p["id"] == id);
    assert!(named(&cem.id), "who reacted is named, though it wrote nothing");
}

#[test]
fn both_pin_in_a_direct_conversation_and_owners_in_a_room() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, direct) = (ann.room(&[&ben]), ann.direct(&ben));
    let first = seq_of(&ann.say(&direct, "first"));
    let second = seq_of(&ben.say(&direct, "second"));
    ben.pin(&direct, second, true).is(204);
    ann.pin(&direct, first, true).is(204);
    ann.react(&direct, first, HEART, true).is(204);
    let pins = ben.get(&direct, "/pins").is(200).json();
    let seqs: Vec<_> = pins["events"].as_array().unwrap().iter().map(|e| &e["seq"]).collect();
    assert_eq!(seqs, [&json!(first), &json!(second)], "the one that was pinned last comes first");
    assert_eq!(pins["amended"][0]["pinned_by"], ann.id);
    assert_eq!(pins["amended"][0]["reactions"][0]["emoji"], HEART);
    ann.pin(&direct, second, false).is(204);
    assert_eq!(ann.get(&direct, "/pins").json()["events"].as_array().unwrap().len(), 1);
    let seq = seq_of(&ben.say(&room, "Hello"));
    assert_eq!(ben.pin(&room, seq, true).is(403).code(), "forbidden");
    ann.pin(&room, seq, true).is(204);
    assert_eq!(ben.pin(&room, seq, false).is(403).code(), "forbidden");
    for _ in 1..PINS_PER_CONVERSATION_MAX {
        let seq = seq_of(&ann.say(&room, "Hello"));
        ann.pin(&room, seq, true).is(204);
    }
    let seq = seq_of(&ann.say(&room, "Hello"));
    assert_eq!(ann.pin(&room, seq, true).is(409).code(), "conflict");
}

#[test]
fn amendments_leave_read_marks_and_unread_counts_as_they_are() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ann.say(&room, "Hello"));
    ann.edit(&room, seq, "Hello again").is(204);
    ann.react(&room, seq, THUMB, true).is(204);
    ben.react(&room, seq, ROCKET, true).is(204);
    let conversation = ben.conversation(&room);
    assert_eq!((&conversation["unread"], &conversation["head_seq"]), (&json!(1), &json!(seq)));
}

/// What amendments have made of a message, as a client keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    text: Option<(String, u64, u64)>,
    pinned_by: Option<String>,
    /// The emoji, with the number of people, whether one is among them, and those that are named.
    reactions: Vec<(String, u64, bool, Vec<String>)>,
}

/// The amendments of a conversation as a client keeps them: a page, and the events of the feed that it lacks.
struct Model {
    me: String,
    seq: u64,
    shown: BTreeMap<u64, Shown>,
}

impl Model {
    fn of(me: &Person, page: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let number = |value: &Value| value.as_u64().unwrap();
        let one = |a: &Value| {
            let edit =
                a.get("text").map(|t| (text(t), number(&a["edits"]), number(&a["edited_at"])));
            let pinned_by = a["pinned_by"].as_str().map(str::to_owned);
            assert_eq!(pinned_by.is_some(), a["pinned"] == true);
            let reaction = |r: &Value| {
                let people = r["people"].as_array().unwrap().iter().map(text).collect();
                (text(&r["emoji"]), number(&r["count"]), r["mine"] == true, people)
            };
            let reactions = a["reactions"].as_array().map_or(&[][..], Vec::as_slice);
            let reactions = reactions.iter().map(reaction).collect();
            (number(&a["message"]), Shown { text: edit, pinned_by, reactions })
        };
        let shown = page["amended"].as_array().unwrap().iter().map(one).collect();
        Model { me: me.id.clone(), seq: number(&page["amendments_seq"]), shown }
    }

    fn apply(&mut self, event: &Value) {
        let seq = event["seq"].as_u64().unwrap();
        if seq <= self.seq {
            return;
        }
        assert_eq!(seq, self.seq + 1, "the next amendment follows: {event}");
        self.seq = seq;
        let (body, from) = (&event["body"], event["from"].as_str().unwrap().to_owned());
        let message = body["message"].as_u64().unwrap();
        let shown = self.shown.entry(message).or_default();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        match event["kind"].as_str().unwrap() {
            "edited" => {
                let (edits, at) = (body["edits"].as_u64().unwrap(), event["at"].as_u64().unwrap());
                shown.text = Some((text("text"), edits, at));
            }
            "pinned" => shown.pinned_by = (body["on"] == true).then_some(from),
            "reacted" if body["on"] == true => {
                let emoji = text("emoji");
                let at = shown.reactions.iter().position(|r| r.0 == emoji);
                let at = at.unwrap_or_else(|| {
                    shown.reactions.push((emoji, 0, false, Vec::new()));
                    shown.reactions.len() - 1
                });
                let reaction = &mut shown.reactions[at];
                reaction.1 += 1;
                reaction.2 |= from == self.me;
                if reaction.3.len() < encke_engine::limits::REACTION_PEOPLE_SHOWN_MAX {
                    reaction.3.push(from);
                }
            }
            "reacted" => {
                let emoji = text("emoji");
                let reaction = shown.reactions.iter_mut().find(|r| r.0 == emoji).unwrap();
                reaction.1 -= 1;
                reaction.2 &= from != self.me;
                reaction.3.retain(|person| *person != from);
                shown.reactions.retain(|r| r.1 > 0);
            }
            other => panic!("unknown kind {other}"),
        }
        if *shown == Shown::default() {
            self.shown.remove(&message);
        }
    }
}

/// Amends a message of the room at random, or writes one.
fn act(who: &mut Person, room: &str, dice: &mut Dice) {
    let page = who.page(room);
    let events = page["events"].as_array().unwrap();
    let event = &events[dice.roll(events.len() as u64) as usize];
    let seq = event["seq"].as_u64().unwrap();
    let emoji = [THUMB, HEART, ROCKET][dice.roll(3) as usize];
    let answer = match dice.roll(10) {
        0..=1 => who.try_say(room, "Hello"),
        2..=3 => who.edit(room, seq, &format!("text {}", dice.roll(9))),
        4..=6 => who.react(room, seq, emoji, true),
        7 => who.react(room, seq, emoji, false),
        8 => who.pin(room, seq, true),
        _ => who.pin(room, seq, false),
    };
    assert!(answer.status < 500, "{}", answer.text());
}

#[test]
fn a_page_and_the_events_after_it_are_a_newer_page() {
    const ROUNDS: u64 = 4;
    const ACTIONS: u64 = 80;
    let site = Site::shared();
    let mut people: Vec<Person> = ["ann", "ben", "cem"].map(|n| site.person(n)).into();
    for seed in 0..ROUNDS {
        let mut dice = Dice::new(seed + 1);
        let (first, others) = people.split_first_mut().unwrap();
        let room = first.room(&others.iter().collect::<Vec<_>>());
        let mut taken = Vec::new();
        let starts: Vec<u64> = people.iter().map(|_| dice.roll(ACTIONS)).collect();
        for action in 0..ACTIONS {
            for (n, start) in starts.iter().enumerate() {
                if *start == action {
                    let transport = Transport::ALL[((seed + 2 * n as u64) % 6) as usize];
                    let cursor = people[n].now();
                    // What happens between the two is in the page, and comes with the feed again.
                    act(&mut people[0], &room, &mut dice);
                    let page = people[n].page(&room);
                    let feed = Feed::at(&site, transport, &people[n], &cursor);
                    taken.push((n, Model::of(&people[n], &page), feed));
                }
            }
            let n = dice.roll(people.len() as u64) as usize;
            act(&mut people[n], &room, &mut dice);
        }
        let end = seq_of(&people[0].say(&room, "end"));
        let companion = room.replacen('c', "a", 1);
        for (n, mut model, mut feed) in taken {
            loop {
                let event = feed.event();
                if event["stream"] == companion.as_str() {
                    model.apply(&event);
                }
                if event["stream"] == room.as_str() && event["seq"] == end {
                    break;
                }
            }
            let who = &mut people[n];
            let page = who.page(&room);
            let fresh = Model::of(who, &page);
            assert_eq!(model.seq, fresh.seq, "seed {seed}");
            assert_eq!(model.shown, fresh.shown, "seed {seed}, {:?}", feed.transport);
            for (seq, shown) in &fresh.shown {
                let one = who.get(&room, &format!("/messages/{seq}")).is(200).json();
                assert_eq!(Model::of(who, &one).shown[seq], *shown);
            }
            let pins = who.get(&room, "/pins").is(200).json();
            let pinned = fresh.shown.values().filter(|shown| shown.pinned_by.is_some()).count();
            assert_eq!(pins["events"].as_array().unwrap().len(), pinned);
        }
    }
}
