//! Messages that grow while a program writes them: what everybody sees of them, and what their author may do.

use encke_engine::growth_limits::{
    GROWING_PER_CONVERSATION_MAX, PIECE_BYTES_MAX, PIECES_UNFOLDED_MAX,
};
use encke_engine::limits::TEXT_BYTES_MAX;
use serde_json::{Value, json};

use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Answer, Person, Site};

impl Person {
    /// Opens a growing message and returns its number.
    fn open(&mut self, room: &str, text: &str) -> u64 {
        let path = format!("/v1/conversations/{room}/growing");
        self.client.post(&path, &json!({"text": text})).is(201).json()["seq"].as_u64().unwrap()
    }

    fn piece(&mut self, room: &str, seq: u64, n: u64, text: &str) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/pieces");
        self.client.post(&path, &json!({"n": n, "text": text}))
    }

    fn finish(&mut self, room: &str, seq: u64, pieces: u64, stopped: bool) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/whole");
        self.client.post(&path, &json!({"pieces": pieces, "stopped": stopped}))
    }

    fn ask_to_stop(&mut self, room: &str, seq: u64) -> Answer {
        self.client.post(&format!("/v1/conversations/{room}/messages/{seq}/stop"), &json!({}))
    }

    /// What the past says of a message.
    fn growth(&mut self, room: &str, seq: u64) -> Value {
        let path = format!("/v1/conversations/{room}/messages/{seq}");
        self.client.get(&path).is(200).json()["amended"][0].clone()
    }
}

/// A message as a client has it that knows the events alone, or that has begun with an answer.
#[derive(Default, Debug, PartialEq)]
struct Told {
    text: String,
    pieces: u64,
    state: String,
}

impl Told {
    fn of_answer(amended: &Value) -> Told {
        Told {
            text: amended["text"].as_str().unwrap().to_owned(),
            pieces: amended["growth"]["pieces"].as_u64().unwrap(),
            state: amended["growth"]["state"].as_str().unwrap().to_owned(),
        }
    }

    fn hear(&mut self, event: &Value) {
        let body = &event["body"];
        let text = || body["text"].as_str().unwrap();
        let n = body["n"].as_u64().unwrap_or_default();
        match event["kind"].as_str().unwrap() {
            "message" if body["growing"] == true => self.text = text().to_owned(),
            "piece" if n > self.pieces => {
                assert_eq!(n, self.pieces + 1, "a piece is missing: {event}");
                self.text.push_str(text());
                self.pieces = n;
            }
            "grown" if n > self.pieces => (self.text, self.pieces) = (text().to_owned(), n),
            "whole" => {
                self.text = text().to_owned();
                self.pieces = body["pieces"].as_u64().unwrap();
                self.state = body["state"].as_str().unwrap().to_owned();
            }
            _ => {}
        }
    }

    fn hear_to_the_end(mut self, feed: &mut Feed) -> Told {
        while self.state.is_empty() || self.state == "growing" {
            self.hear(&feed.event());
        }
        self
    }
}

fn word(n: u64) -> String {
    format!("wort{n} 字 ")
}

fn words(pieces: u64) -> String {
    (1..=pieces).map(word).collect()
}

/// More pieces than stand in the log beside each other, twice.
const PIECES: u64 = 2 * PIECES_UNFOLDED_MAX as u64 + 7;

over_every_transport![a_message_grows_before_everybody_whatever_the_transport_becomes];

mod run {
    use super::*;

    pub fn a_message_grows_before_everybody_whatever_the_transport_becomes(transport: Transport) {
        let site = Site::shared();
        let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
        let room = bot.room(&[&ann]);
        let before = ann.now();
        let mut feed = Feed::now(&site, transport, &ann);
        let mut told = Told::default();
        let seq = bot.open(&room, "");
        for n in 1..=PIECES {
            bot.piece(&room, seq, n, &word(n)).is(201);
            if n % 29 == 0 {
                while told.pieces < n {
                    told.hear(&feed.event());
                }
                assert_eq!(told.text, words(n));
                let at = Transport::ALL.iter().position(|t| *t == feed.transport).unwrap();
                feed.change(Transport::ALL[(at + 1) % Transport::ALL.len()]);
            }
        }
        bot.finish(&room, seq, PIECES, false).is(204);
        let whole = Told { text: words(PIECES), pieces: PIECES, state: "done".to_owned() };
        assert_eq!(told.hear_to_the_end(&mut feed), whole);
        // Who comes when it is over gets the text once.
        let mut late = Feed::at(&site, transport, &ann, &before);
        assert_eq!(Told::default().hear_to_the_end(&mut late), whole);
    }
}

#[test]
fn who_comes_while_a_message_grows_misses_nothing_at_any_piece() {
    let site = Site::shared();
    let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
    let room = bot.room(&[&ann]);
    let seq = bot.open(&room, "So: ");
    let mut cuts = Vec::new();
    for n in 0..=PIECES {
        if n > 0 {
            bot.piece(&room, seq, n, &word(n)).is(201);
        }
        let cursor = ann.now();
        let told = Told::of_answer(&ann.growth(&room, seq));
        let text = format!("So: {}", words(n));
        assert_eq!(told, Told { text, pieces: n, state: "growing".to_owned() });
        cuts.push((cursor, told));
    }
    // All of those who have come since hear the rest, those from before a fold, too.
    let last = PIECES + 1;
    bot.piece(&room, seq, last, "end").is(201);
    for (cursor, mut told) in cuts {
        let mut feed = Feed::at(&site, Transport::LongPoll, &ann, &cursor);
        while told.pieces < last {
            told.hear(&feed.event());
        }
        assert_eq!(told.text, format!("So: {}end", words(PIECES)));
    }
}

#[test]
fn a_piece_counts_once_and_none_is_left_out() {
    let site = Site::shared();
    let (mut bot, mut ann, mut eve) = (site.person("bot"), site.person("ann"), site.person("eve"));
    let room = bot.room(&[&ann]);
    let seq = bot.open(&room, "");
    bot.piece(&room, seq, 1, "a").is(201);
    let again = bot.piece(&room, seq, 1, "a").is(200).json();
    assert_eq!(again, json!({"pieces": 1, "stop": false}));
    assert_eq!(bot.piece(&room, seq, 3, "c").is(409).code(), "conflict");
    assert_eq!(bot.piece(&room, seq, 2, "").is(422).code(), "invalid");
    assert_eq!(
        bot.piece(&room, seq, 2, &"x".repeat(PIECE_BYTES_MAX + 1)).is(413).code(),
        "too_large"
    );
    assert_eq!(ann.piece(&room, seq, 2, "b").is(403).code(), "not_yours");
    assert_eq!(ann.finish(&room, seq, 1, false).is(403).code(), "not_yours");
    assert_eq!(eve.piece(&room, seq, 2, "b").is(403).code(), "not_member");
    assert_eq!(eve.ask_to_stop(&room, seq).is(403).code(), "not_member");
    assert_eq!(bot.finish(&room, seq, 2, false).is(409).code(), "conflict");
    let plain = bot.say(&room, "plain")["seq"].as_u64().unwrap();
    assert_eq!(bot.piece(&room, plain, 1, "b").is(404).code(), "not_found");
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    assert_eq!(bot.client.send("PATCH", &path, &json!({"text": "x"})).is(409).code(), "conflict");
    let forward = json!({"conversation": room, "message": seq});
    let to = format!("/v1/conversations/{room}/forwards");
    assert_eq!(ann.client.post(&to, &forward).is(409).code(), "conflict");
    bot.finish(&room, seq, 1, false).is(204);
    bot.finish(&room, seq, 1, false).is(204);
    bot.piece(&room, seq, 1, "a").is(200);
    assert_eq!(bot.piece(&room, seq, 2, "b").is(409).code(), "conflict");
    assert_eq!(Told::of_answer(&ann.growth(&room, seq)).text, "a");
}

#[test]
fn an_opening_is_one_message_however_often_it_is_sent() {
    let site = Site::shared();
    let mut bot = site.person("bot");
    let room = bot.room(&[]);
    let path = format!("/v1/conversations/{room}/growing");
    let key = json!({"text": "a", "key": "opening-1"});
    let first = bot.client.post(&path, &key).is(201).json();
    assert_eq!(bot.client.post(&path, &key).is(200).json(), first);
    let other = json!({"text": "b", "key": "opening-1"});
    assert_eq!(bot.client.post(&path, &other).is(409).code(), "key_reused");
    for _ in 1..GROWING_PER_CONVERSATION_MAX {
        bot.open(&room, "");
    }
    assert_eq!(bot.client.post(&path, &json!({})).is(409).code(), "conflict");
    let seq = first["seq"].as_u64().unwrap();
    bot.finish(&room, seq, 0, false).is(204);
    let last = bot.open(&room, &"x".repeat(TEXT_BYTES_MAX));
    assert_eq!(bot.piece(&room, last, 1, "x").is(413).code(), "too_large");
}

#[test]
fn a_whole_message_is_one_message_that_is_found_edited_and_recalled_like_any_other() {
    let site = Site::shared();
    let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
    let room = bot.room(&[&ann]);
    let before = ann.now();
    let seq = bot.open(&room, "");
    bot.piece(&room, seq, 1, "Zeppelin").is(201);
    bot.piece(&room, seq, 2, "geheimnis").is(201);
    bot.finish(&room, seq, 2, false).is(204);
    let messages = |ann: &mut Person| {
        ann.history(&room).iter().filter(|event| event["kind"] == "message").count()
    };
    assert_eq!(messages(&mut ann), 1);
    let amended = ann.growth(&room, seq);
    assert_eq!((&amended["text"], amended.get("edits")), (&json!("Zeppelingeheimnis"), None));
    crate::search::indexed(&mut ann, "Zeppelingeheimnis");
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    bot.client.send("PATCH", &path, &json!({"text": "Ballon"})).is(204);
    let amended = ann.growth(&room, seq);
    assert_eq!((&amended["text"], &amended["edits"]), (&json!("Ballon"), &json!(1)));
    bot.client.delete(&path).is(204);
    // Nothing of it comes to anybody any more (P10).
    let mut feed = Feed::at(&site, Transport::LongPoll, &ann, &before);
    let events = feed.ready();
    assert!(events.iter().any(|event| event["kind"] == "recalled"));
    let text = Value::from(events).to_string();
    assert!(!text.contains("Zeppelin") && !text.contains("geheimnis"), "{text}");
}

#[test]
fn a_message_that_is_recalled_while_it_grows_is_gone_with_its_pieces() {
    let site = Site::shared();
    let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
    let room = ann.room(&[&bot]);
    let before = ann.now();
    let seq = bot.open(&room, "Kohle");
    bot.piece(&room, seq, 1, "papier").is(201);
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    ann.client.delete(&path).is(204);
    assert_eq!(bot.piece(&room, seq, 2, "x").is(404).code(), "not_found");
    let mut feed = Feed::at(&site, Transport::LongPoll, &ann, &before);
    let text = Value::from(feed.ready()).to_string();
    assert!(!text.contains("Kohle") && !text.contains("papier"), "{text}");
}

#[test]
fn whoever_reads_a_growing_message_may_ask_its_author_to_stop() {
    let site = Site::shared();
    let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
    let room = bot.room(&[&ann]);
    let seq = bot.open(&room, "Well");
    let mut feed = Feed::now(&site, Transport::WebSocket, &bot);
    ann.ask_to_stop(&room, seq).is(204);
    ann.ask_to_stop(&room, seq).is(204);
    let growth = room.replacen('c', "g", 1);
    let asked = feed.event_of(&growth);
    assert_eq!((&asked["kind"], &asked["from"]), (&json!("stop_asked"), &json!(ann.id)));
    assert_eq!(asked["body"]["message"], seq);
    let added = bot.piece(&room, seq, 1, ", no").is(201).json();
    assert_eq!(added, json!({"pieces": 1, "stop": true}));
    assert_eq!(feed.event_of(&growth)["kind"], "piece", "it is asked once");
    assert_eq!(ann.growth(&room, seq)["growth"]["stop_by"], json!(ann.id));
    bot.finish(&room, seq, 1, true).is(204);
    ann.ask_to_stop(&room, seq).is(204);
    let told = Told::of_answer(&ann.growth(&room, seq));
    assert_eq!((&*told.text, &*told.state), ("Well, no", "stopped"));
}

#[test]
fn a_message_whose_author_is_not_heard_of_is_broken_off_once() {
    let site = Site::shared();
    let (mut bot, mut ann) = (site.person("bot"), site.person("ann"));
    let room = bot.room(&[&ann]);
    let path = format!("/v1/conversations/{room}/growing");
    assert_eq!(bot.client.post(&path, &json!({"silence_s": 0})).is(422).code(), "invalid");
    let mut feed = Feed::now(&site, Transport::Sse, &ann);
    let opened = bot.client.post(&path, &json!({"silence_s": 1})).is(201).json();
    let seq = opened["seq"].as_u64().unwrap();
    bot.piece(&room, seq, 1, "I was").is(201);
    let told = Told::default().hear_to_the_end(&mut feed);
    let broken = Told { text: "I was".to_owned(), pieces: 1, state: "broken".to_owned() };
    assert_eq!(told, broken);
    assert_eq!(Told::of_answer(&ann.growth(&room, seq)), broken);
    assert_eq!(bot.piece(&room, seq, 2, "x").is(409).code(), "conflict");
    assert_eq!(bot.finish(&room, seq, 1, false).is(409).code(), "conflict");
    ann.say(&room, "next");
    assert_eq!(feed.event()["kind"], "message", "nothing else came of it");
}
