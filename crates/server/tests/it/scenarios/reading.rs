//! Reading: order, replay, the live seam, acks, resets, texts.

use std::thread;

use serde_json::{Value, json};

use crate::feed::{Feed, Transport, position};
use crate::harness::{Dice, Person, Site, eventually};

/// Two people in a room.
fn two(site: &Site) -> (Person, Person, String) {
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    (mei, tom, room)
}

/// P2: 200 messages of three writers come in the order of the log.
pub fn order(transport: Transport) {
    const EACH: usize = 67;
    let site = Site::shared();
    let (mut writers, reader) = ([(); 3].map(|()| site.person("writer")), site.person("reader"));
    let [first, second, third] = &mut writers;
    let room = first.room(&[second, third, &reader]);
    let mut feed = Feed::now(&site, transport, &reader);
    let sent: Vec<Value> = thread::scope(|scope| {
        let write = |writer: &mut Person| {
            let mut writer = writer.clone();
            let room = room.clone();
            scope.spawn(move || {
                let say = |n| writer.say(&room, &format!("{} {n}", writer.name.clone()));
                (0..EACH).map(say).collect::<Vec<_>>()
            })
        };
        let threads = writers.each_mut().map(write);
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let got: Vec<Value> = (0..3 * EACH).map(|_| feed.event_of(&room)).collect();
    // The feed has checked that positions rise and numbers have no gap. The events are those that were acknowledged.
    for answer in &sent {
        let seq = answer["seq"].as_u64().unwrap() as usize;
        let event = &got[seq - got[0]["seq"].as_u64().unwrap() as usize];
        assert_eq!((&event["cursor"], &event["at"]), (&answer["cursor"], &answer["at"]));
    }
    let times: Vec<u64> = got.iter().map(|e| e["at"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "times go back");
    // Each writer's own order is kept, and history says the same as the feed.
    for writer in &writers {
        let mine = got.iter().filter(|e| e["from"] == writer.id.as_str());
        let texts: Vec<&str> = mine.map(|e| e["body"]["text"].as_str().unwrap()).collect();
        let expected: Vec<String> = (0..EACH).map(|n| format!("{} {n}", writer.name)).collect();
        assert_eq!(texts, expected);
    }
    let history = reader.clone().history(&room);
    assert_eq!(history[history.len() - got.len()..], got);
}

/// P4, P5: a cursor gives every later event, as often as it is asked.
pub fn replay(transport: Transport) {
    let site = Site::shared();
    let (mut mei, tom, room) = two(&site);
    let start = tom.clone().now();
    for n in 0..50 {
        mei.say(&room, &n.to_string());
    }
    let mut feed = Feed::at(&site, transport, &tom, &start);
    let all: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    assert_eq!(feed.texts(&room, 50), all);
    // Reading does not consume: from the same cursor everything comes again, from one in the middle the rest.
    let mut again = Feed::at(&site, transport, &tom, &start);
    assert_eq!(again.texts(&room, 20), all[..20]);
    let middle = again.cursor.clone().unwrap();
    let mut rest = Feed::at(&site, transport, &tom, &middle);
    let texts: Vec<String> =
        rest.ready().iter().filter_map(|e| e["body"]["text"].as_str().map(str::to_owned)).collect();
    assert_eq!(texts, all[20..]);
    mei.say(&room, "after");
    assert_eq!(rest.texts(&room, 1), ["after"]);
}

/// P4: a client that connects while others write misses nothing and gets nothing twice.
pub fn live_seam(transport: Transport) {
    const MESSAGES: usize = 250;
    let site = Site::shared();
    let (mut mei, tom, room) = two(&site);
    let mut feed = Feed::now(&site, transport, &tom);
    let writing = {
        let room = room.clone();
        thread::spawn(move || {
            for n in 0..MESSAGES {
                mei.say(&room, &n.to_string());
            }
        })
    };
    let mut dice = Dice::new(transport as u64 + 1);
    let mut got = 0;
    while got < MESSAGES {
        let some = (dice.roll(12) as usize).min(MESSAGES - got);
        for text in feed.texts(&room, some) {
            assert_eq!(text, got.to_string());
            got += 1;
        }
        feed.again();
    }
    writing.join().unwrap();
}

/// Presenting a cursor, an ack frame, or `POST /v1/acks`: the sender learns that it was delivered.
pub fn ack(transport: Transport) {
    let site = Site::shared();
    let (mut mei, mut tom, room) = two(&site);
    let mut sender = Feed::now(&site, Transport::Sse, &mei);
    let mut feed = Feed::now(&site, transport, &tom);
    let seq = mei.say(&room, "did you get this?")["seq"].as_u64().unwrap();
    assert_eq!(feed.texts(&room, 1), ["did you get this?"]);
    // Having been sent it is not having it (P5).
    assert!(mei.marks(&room, &tom).0 < seq, "delivered without an ack");
    let cursor = feed.cursor.clone().unwrap();
    match transport {
        Transport::WebSocket => feed.command(&json!({"type": "ack", "cursor": cursor})),
        Transport::ShortPoll | Transport::LongPoll => feed.stall(),
        _ => drop(tom.client.post("/v1/acks", &json!({"cursor": cursor})).is(204)),
    }
    let receipts = format!("r{}", &room[1..]);
    let mark = loop {
        let event = sender.event_of(&receipts);
        assert_eq!(
            (&event["kind"], &event["body"]["conversation"]),
            (&json!("receipts"), &json!(room))
        );
        let marks = event["body"]["marks"].as_array().unwrap().clone();
        let toms = marks.into_iter().find(|m| m["person"] == tom.id.as_str());
        if let Some(mark) = toms.filter(|m| m["delivered"].as_u64() >= Some(seq)) {
            break mark;
        }
    };
    assert_eq!(mark["delivered"], seq);
    assert!(mark["read"].as_u64().unwrap() < seq, "delivered is not read");
    assert_eq!(mei.marks(&room, &tom).0, seq);
    // An older cursor, presented later, moves nothing back.
    tom.client.post("/v1/acks", &json!({"cursor": feed.cursor})).is(204);
    let path = format!("/v1/conversations/{room}/receipts");
    tom.client.post(&path, &json!({"delivered": 1, "read": seq})).is(204);
    eventually("the read mark", || (mei.marks(&room, &tom) == (seq, seq)).then_some(()));
}

fn reset(transport: Transport, cursor: &str, reason: &str) {
    let site = Site::shared();
    let (mut mei, tom, room) = two(&site);
    let mut feed = Feed::at(&site, transport, &tom, cursor);
    let item = feed.item().unwrap();
    assert_eq!((&item["type"], &item["reason"]), (&json!("reset"), &json!(reason)), "{item}");
    // The connection then ends; from the cursor that came along it goes on.
    assert_eq!(feed.item(), None);
    feed.cursor = item["cursor"].as_str().map(str::to_owned);
    feed.again();
    mei.say(&room, "after the reset");
    assert_eq!(feed.texts(&room, 1), ["after the reset"]);
}

pub fn unknown_epoch(transport: Transport) {
    reset(transport, "1234abcd.5", "unknown_epoch");
}

pub fn ahead(transport: Transport) {
    // Held until the end: the next shared site has another log.
    let site = Site::shared();
    let (epoch, _) = position(&site.person("tom").now());
    reset(transport, &format!("{epoch:x}.{:x}", u64::MAX), "ahead");
}

/// The very first cursor of a log that was never trimmed is good: it replays what the person may see.
pub fn never_trimmed(transport: Transport) {
    let site = Site::shared();
    let (mut mei, mut tom, room) = two(&site);
    mei.say(&room, "first");
    let (epoch, _) = position(&tom.now());
    let mut feed = Feed::at(&site, transport, &tom, &format!("{epoch:x}.0"));
    let added = feed.event();
    assert_eq!((&added["stream"], &added["seq"]), (&json!(tom.id), &json!(1)), "{added}");
    assert_eq!(added["kind"], "conversation_added");
    assert_eq!(feed.event_of(&room)["kind"], "created");
    assert_eq!(feed.texts(&room, 1), ["first"]);
}

/// A message that is sent while the connection breaks and is made again comes once.
pub fn broken_connection(transport: Transport) {
    let site = Site::shared();
    let (mei, tom, room) = two(&site);
    let mut feed = Feed::now(&site, transport, &tom);
    for n in 0..15 {
        let (mut writer, there) = (mei.clone(), room.clone());
        let sending = thread::spawn(move || writer.say(&there, &n.to_string()));
        // A request that is under way, a stream that is open: both break here.
        feed.stall();
        feed.again();
        assert_eq!(feed.texts(&room, 1), [n.to_string()]);
        sending.join().unwrap();
    }
}

/// Texts that break careless framings.
fn texts() -> Vec<String> {
    let planes: String = (0..=16u32)
        .flat_map(|plane| {
            [0x0041, 0x0100, 0x4E2D, 0xFDF0, 0xFFFD, 0xFFFE, 0xFFFF].map(|c| plane << 16 | c)
        })
        .filter_map(char::from_u32)
        .collect();
    let controls: String = (0..0x20).chain(0x7F..=0x9F).filter_map(char::from_u32).collect();
    let mut texts: Vec<String> = [
        "\0",
        "\r\n",
        "\n\ndata: {\"type\":\"event\"}\n\nid: 1.1\n\n",
        " leading and trailing \t",
        "\u{2028}\u{2029}\u{85}\u{FEFF}",
        "</script><script>parent.encke({})</script>",
        "</SCRIPT\t><!--<script>-->]]>",
        "\"\\\\\"/\\u0000\\n'`${x}",
        "\u{301}\u{308}\u{20DD}",
        "e\u{301} is not \u{E9}",
        "\u{202E}right to left\u{202C}\u{200B}\u{200D}",
        "👩‍👩‍👧‍👦🏳️‍🌈🇨🇳",
        "林美：你好！",
        "\u{10FFFF}\u{FFFE}",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([planes, controls]);
    // The longest: of one, two, three and four bytes, and of characters that each framing makes longer.
    for c in ["a", "é", "中", "𝄞", "<", "\u{2028}", "\"", "\n"] {
        texts.push(c.repeat(16_384 / c.len()));
    }
    texts.push("\0".repeat(10_000));
    texts
}

/// Any Unicode comes back byte for byte, with the key that its sender gave it.
pub fn utf8(transport: Transport) {
    let site = Site::shared();
    let (mut mei, tom, room) = two(&site);
    let mut feed = Feed::now(&site, transport, &tom);
    let path = format!("/v1/conversations/{room}/messages");
    for (n, text) in texts().into_iter().enumerate() {
        let key = format!("{n}~!<>\"'&");
        mei.client.post(&path, &json!({"text": text, "key": key})).is(201);
        let event = feed.event_of(&room);
        assert!(event["body"] == json!({"text": text}), "{:?}", &text.chars().next());
        assert_eq!((&event["key"], &event["from"]), (&json!(key), &json!(mei.id)));
    }
}
