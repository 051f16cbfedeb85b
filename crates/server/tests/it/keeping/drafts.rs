//! Drafts: the last one counts, on every device, until it is sent.

use encke_engine::keep_limits::{DRAFTS_PER_PERSON_MAX, SNAPSHOT_DRAFTS_BYTES_MAX};
use encke_engine::limits::TEXT_BYTES_MAX;
use serde_json::{Value, json};

use super::{guest_in_a_room, refused, seq_of};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Dice, Person, Site, eventually, is_on_database};

/// A word that stands in drafts, and nowhere else.
const SECRET: &str = "lighthouse";

impl Person {
    fn try_draft(&mut self, room: &str, draft: &Value) -> Answer {
        self.client.send("PUT", &format!("/v1/conversations/{room}/draft"), draft)
    }

    fn draft(&mut self, room: &str, text: &str) -> u64 {
        let saved = self.try_draft(room, &json!({"text": text})).is(200).json();
        saved["at"].as_u64().unwrap()
    }

    fn read_draft(&mut self, room: &str) -> Answer {
        self.client.get(&format!("/v1/conversations/{room}/draft"))
    }

    fn delete_draft(&mut self, room: &str) -> Answer {
        self.client.delete(&format!("/v1/conversations/{room}/draft"))
    }

    /// Conversation and text of all drafts.
    fn drafts(&mut self, limit: usize) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let one = |draft: &Value| (text(&draft["conversation"]), text(&draft["text"]));
        self.kept("/v1/drafts", "drafts", limit).iter().map(one).collect()
    }
}

#[test]
fn the_last_draft_counts_on_every_device_and_no_event_says_its_text() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let start = ann.now();
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let seq = seq_of(&ben.say(&room, "question"));
    assert_eq!(device.event()["body"]["text"], "question");
    let mut newest = 0;
    for text in ["light", SECRET, "lighthouse \u{0} 你好"] {
        let at = ann.draft(&room, text);
        assert!(at > newest, "each draft has a time of its own");
        newest = at;
        let told = device.event();
        assert_eq!((&told["stream"], &told["kind"]), (&json!(ann.id), &json!("draft_changed")));
        assert_eq!(told["body"], json!({"conversation": room, "at": at}));
        let draft = ann.read_draft(&room).is(200).json();
        assert_eq!(draft, json!({"conversation": room, "text": text, "at": at}));
    }
    let with_answer = json!({"text": "to that", "reply_to": seq});
    let at = ann.try_draft(&room, &with_answer).is(200).json()["at"].clone();
    // To save the same again changes nothing.
    assert_eq!(ann.try_draft(&room, &with_answer).is(200).json()["at"], at);
    let expected = json!({"conversation": room, "text": "to that", "reply_to": seq, "at": at});
    assert_eq!(ann.read_draft(&room).json(), expected);
    let snapshot = ann.client.get("/v1/snapshot").is(200).json();
    assert_eq!(
        (&snapshot["drafts"], &snapshot["drafts_more"]),
        (&json!([expected]), &json!(false))
    );
    assert_eq!(device.event()["body"]["at"], at);
    for _ in 0..2 {
        ann.delete_draft(&room).is(204);
    }
    let told = device.event();
    assert_eq!(
        (&told["kind"], &told["body"]),
        (&json!("draft_removed"), &json!({"conversation": room}))
    );
    assert_eq!(refused(ann.read_draft(&room)), (404, "not_found".into()));
    ann.say(&room, "marker");
    assert_eq!(device.event()["body"]["text"], "marker", "nothing was told twice");
    // Nobody else has any of it, and the log neither.
    let mut late = Feed::at(&site, Transport::Ndjson, &ann, &start);
    assert!(!json!(late.ready()).to_string().contains(SECRET));
    assert_eq!(ben.drafts(50), []);
    assert_eq!(refused(ben.read_draft(&room)), (404, "not_found".into()));
}

#[test]
fn a_sent_draft_goes_with_its_message_and_only_with_that() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let (room, other) = (ann.room(&[&ben]), ann.room(&[&ben]));
    let path = format!("/v1/conversations/{room}/messages");
    ann.draft(&room, "Hello");
    ann.draft(&other, "elsewhere");
    // A message that has nothing to do with it, as from an outbox, leaves the draft.
    ann.say(&room, "from the outbox");
    assert_eq!(ann.drafts(50).len(), 2);
    // A refused message leaves it, too.
    ann.client.post(&path, &json!({"text": "", "clear_draft": true})).is(422);
    let mut device = Feed::now(&site, Transport::WebSocket, &ann);
    let send = json!({"text": "Hello!", "clear_draft": true, "key": "once"});
    let sent = ann.client.post(&path, &send).is(201).json();
    assert_eq!(ann.drafts(50), [(other.clone(), "elsewhere".into())]);
    assert_eq!(device.event()["body"], json!({"text": "Hello!"}));
    assert_eq!(device.event()["kind"], "draft_removed");
    // The retry of a send whose answer was lost does not delete what was begun since.
    ann.draft(&room, "next");
    assert_eq!(ann.client.post(&path, &send).is(200).json(), sent);
    assert_eq!(ann.drafts(50).len(), 2);
    let command = json!({"type": "send", "id": 1, "conversation": room, "text": "next!",
        "clear_draft": true});
    device.command(&command);
    assert_eq!(device.event()["kind"], "draft_changed");
    assert_eq!(device.texts(&room, 1), ["next!"]);
    assert_eq!(device.event()["kind"], "draft_removed");
    assert_eq!(ann.drafts(50).len(), 1);
    // Without a draft it is a message like others.
    ann.client.post(&path, &json!({"text": "plain", "clear_draft": true})).is(201);
}

#[test]
fn drafts_are_their_writers_alone_and_in_conversations_that_it_is_in() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let room = ann.room(&[&ben]);
    let not_member = (403, "not_member".to_owned());
    assert_eq!(refused(eve.try_draft(&room, &json!({"text": SECRET}))), not_member);
    assert_eq!(refused(eve.read_draft(&room)), not_member);
    eve.delete_draft(&room).is(204);
    assert_eq!(refused(ben.try_draft("c999999", &json!({"text": SECRET}))), not_member);
    ben.draft(&room, SECRET);
    ben.leave(&room);
    assert_eq!(refused(ben.try_draft(&room, &json!({"text": "again"}))), not_member);
    assert_eq!(refused(ben.read_draft(&room)), not_member);
    assert_eq!(ben.drafts(50), []);
    assert_eq!(ben.client.get("/v1/snapshot").json()["drafts"], json!([]));
    ben.delete_draft(&room).is(204);
    ann.bring_in(&room, &mut ben);
    assert_eq!(ben.drafts(50), []);
}

#[test]
fn a_draft_has_the_bounds_of_a_message() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let invalid = (422, "invalid".to_owned());
    assert_eq!(refused(ann.try_draft(&room, &json!({"text": ""}))), invalid);
    assert_eq!(refused(ann.try_draft(&room, &json!({}))), invalid);
    for reply_to in [json!(0), json!(99), json!(u64::MAX), json!(-1), json!("1")] {
        let draft = json!({"text": "text", "reply_to": reply_to});
        assert_eq!(refused(ann.try_draft(&room, &draft)), invalid, "{reply_to}");
    }
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    assert_eq!(ann.try_draft(&room, &json!({"text": long})).is(413).code(), "too_large");
    let extra = json!({"text": "text", "person": "p1"});
    assert_eq!(ann.try_draft(&room, &extra).is(422).code(), "unknown_field");
    assert_eq!(ann.drafts(50), []);
    ann.draft(&room, &long[1..]);
    assert_eq!(ann.drafts(50)[0].1.len(), TEXT_BYTES_MAX);
}

#[test]
fn a_person_has_a_bounded_number_of_drafts_and_a_snapshot_shows_what_fits() {
    let site = Site::shared();
    let mut ben = site.person("ben");
    let rooms: Vec<String> = (0..=DRAFTS_PER_PERSON_MAX).map(|_| ben.room(&[])).collect();
    let (last, rooms) = rooms.split_last().unwrap();
    for room in rooms {
        ben.draft(room, &"x".repeat(1_000));
    }
    assert_eq!(ben.try_draft(last, &json!({"text": "more"})).is(409).code(), "conflict");
    ben.draft(&rooms[0], "the newest");
    let drafts = ben.drafts(7);
    assert_eq!(drafts.len(), DRAFTS_PER_PERSON_MAX);
    assert_eq!(drafts[0], (rooms[0].clone(), "the newest".into()));
    let snapshot = ben.client.get("/v1/snapshot").is(200).json();
    let shown = snapshot["drafts"].as_array().unwrap();
    assert!((2..20).contains(&shown.len()), "{}", shown.len());
    assert!(snapshot["drafts"].to_string().len() <= SNAPSHOT_DRAFTS_BYTES_MAX);
    assert_eq!((&shown[0]["text"], &snapshot["drafts_more"]), (&json!("the newest"), &json!(true)));
    ben.leave(&rooms[1]);
    ben.draft(last, "more");
    assert_eq!(ben.drafts(50).len(), DRAFTS_PER_PERSON_MAX);
}

#[test]
fn guests_keep_drafts_too() {
    let site = Site::start();
    let (mut ann, mut guest, room) = guest_in_a_room(&site);
    guest.draft(&room, "shy");
    assert_eq!(guest.drafts(50), [(room.clone(), "shy".into())]);
    let elsewhere = ann.room(&[]);
    let other = guest.try_draft(&elsewhere, &json!({"text": "x"}));
    assert_eq!(other.is(403).code(), "not_member");
}

/// A word that stands in one state of one draft and nowhere else.
fn word(number: u64) -> String {
    format!("word{number}of{}.", number * 7_919)
}

#[test]
fn nothing_of_a_draft_that_is_gone_is_left_in_the_files_of_the_store() {
    if is_on_database() {
        return;
    }
    let site = Site::start();
    let mut ann = site.person("ann");
    let rooms: Vec<String> = (0..30).map(|_| ann.room(&[])).collect();
    let mut dice = Dice::new(7);
    let mut live = std::collections::BTreeMap::new();
    for number in 1..=400 {
        let room = &rooms[dice.roll(30) as usize];
        if dice.roll(4) == 0 {
            ann.delete_draft(room).is(204);
            live.remove(room);
        } else {
            // Some share a page, some take several.
            let bytes = [20, 90, 300, 1_500, 3_900, 9_000][dice.roll(6) as usize];
            ann.draft(room, &word(number).repeat(bytes / word(number).len() + 1));
            live.insert(room, number);
        }
    }
    // The file of the last changes is emptied after a message was recalled.
    let path = format!("/v1/conversations/{}/messages", rooms[0]);
    let send = json!({"text": word(500), "clear_draft": true});
    live.remove(&rooms[0]);
    let seq = seq_of(&ann.client.post(&path, &send).is(201).json());
    let data = site.server.data();
    // The numbers of states that are gone and whose words stand in a file.
    let left = |name: &str| {
        let bytes = std::fs::read(data.join(name)).unwrap_or_default();
        let starts = bytes.windows(4).enumerate().filter(|(_, four)| four == b"word");
        let number = |at: usize| {
            let digits = bytes[at + 4..].iter().take_while(|b| b.is_ascii_digit());
            digits.fold(0, |n: u64, digit| n.wrapping_mul(10) + u64::from(digit - b'0'))
        };
        let numbers = starts.map(|(at, _)| (at, number(at)));
        let whole = numbers.filter(|(at, n)| bytes[*at..].starts_with(word(*n).as_bytes()));
        let gone = whole.map(|(_, number)| number).filter(|n| !live.values().any(|one| one == n));
        gone.collect::<std::collections::BTreeSet<u64>>()
    };
    assert!(left("space.db-wal").len() > 100, "they were there");
    ann.client.delete(&format!("{path}/{seq}")).is(204);
    eventually("the log was emptied", || left("space.db-wal").is_empty().then_some(()));
    let site = site.again();
    assert!(left("space.db").is_empty(), "{:?}", left("space.db"));
    assert!(left("space.db-wal").is_empty());
    assert_eq!(ann.at(&site).drafts(50).len(), live.len());
}

#[test]
fn drafts_from_several_devices_at_once_agree_everywhere_in_the_end() {
    let cluster = Cluster::start(2, None);
    let (a, b) = cluster.two();
    let mut ann = a.person("ann");
    let rooms = [ann.room(&[]), ann.room(&[])];
    let start = ann.now();
    std::thread::scope(|scope| {
        for (number, node) in [a, b, a].into_iter().enumerate() {
            let (mut device, rooms) = (ann.at(node), &rooms);
            scope.spawn(move || {
                let mut dice = Dice::new(number as u64 + 1);
                for step in 0..30 {
                    let room = &rooms[dice.roll(2) as usize];
                    if dice.roll(4) == 0 {
                        device.delete_draft(room).is(204);
                    } else {
                        device.draft(room, &format!("device {number}, step {step}"));
                    }
                }
            });
        }
    });
    // Who follows the feed knows which drafts there are, and of what time.
    ann.say(&rooms[0], "marker");
    let mut feed = Feed::at(b, Transport::Sse, &ann, &start);
    let mut followed = std::collections::BTreeMap::new();
    loop {
        let event = feed.event();
        let conversation = event["body"]["conversation"].as_str().unwrap_or_default().to_owned();
        match event["kind"].as_str().unwrap() {
            "draft_changed" => drop(followed.insert(conversation, event["body"]["at"].clone())),
            "draft_removed" => drop(followed.remove(&conversation)),
            "message" => break,
            other => panic!("unknown kind {other}"),
        }
    }
    for node in [a, b] {
        let snapshot = ann.at(node).client.get("/v1/snapshot").is(200).json();
        let drafts = snapshot["drafts"].as_array().unwrap();
        let shown = drafts
            .iter()
            .map(|d| (d["conversation"].as_str().unwrap().to_owned(), d["at"].clone()));
        assert_eq!(shown.collect::<std::collections::BTreeMap<_, _>>(), followed);
    }
}
