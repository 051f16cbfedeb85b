//! Search: what it finds, who finds it, and what nobody finds.

use encke_engine::limits::SEARCH_CONVERSATIONS_MAX;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::harness::{Person, Server, Site, encode, eventually};

fn site() -> Site {
    Site::on(Server::start_with(&["--quota-member", "off"], &[]))
}

fn page(who: &mut Person, query: &str) -> Value {
    who.client.get(&format!("/v1/search?{query}")).is(200).json()
}

/// The texts of the messages that a search finds, the newest first, over all its pages.
fn found(who: &mut Person, query: &str) -> Vec<String> {
    let (mut texts, mut next) = (Vec::new(), String::new());
    loop {
        let page = page(who, &format!("{query}{next}"));
        let events = page["events"].as_array().unwrap();
        texts.extend(events.iter().map(|e| e["body"]["text"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(behind) => next = format!("&next={behind}"),
            None => return texts,
        }
    }
}

fn texts(who: &mut Person, words: &str) -> Vec<String> {
    found(who, &format!("q={}", encode(words)))
}

/// Waits until a message with this text is in the index, and so everything before it.
pub fn indexed(who: &mut Person, text: &str) {
    eventually("the index has it", || {
        texts(who, text).iter().any(|found| found == text).then_some(())
    });
}

#[test]
fn words_are_found_in_both_languages_the_newest_first() {
    let site = site();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let said = [
        "The meeting is tomorrow",
        "明天下午开会议，请准时",
        "Café at 10:30?",
        "会面之后再议",
        "明天meeting改到后天",
        "zuletzt",
    ];
    said.iter().for_each(|text| drop(ann.say(&room, text)));
    indexed(&mut ann, "zuletzt");
    assert_eq!(texts(&mut ann, "MEETING"), [said[4], said[0]]);
    assert_eq!(texts(&mut ann, "会议"), [said[1]]);
    assert_eq!(texts(&mut ann, "开会议"), [said[1]]);
    assert_eq!(texts(&mut ann, "会"), [said[3], said[1]]);
    assert_eq!(texts(&mut ann, "议"), [said[3], said[1]]);
    assert_eq!(texts(&mut ann, "明天 meeting"), [said[4]]);
    assert_eq!(texts(&mut ann, "ＣＡＦＥ 30"), [said[2]]);
    assert_eq!(texts(&mut ann, "tomo"), [said[0]], "the beginning of a word that nobody wrote");
    assert!(texts(&mut ann, "会明").is_empty());
    let page = page(&mut ann, "q=zuletzt");
    assert_eq!(page["people"][0]["id"], ann.id.as_str());
    assert_eq!(page["events"][0]["stream"], room.as_str());
}

#[test]
fn only_members_find_what_was_said_and_no_longer_once_they_have_left() {
    let site = site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (room, own) = (ann.room(&[&ben]), eve.room(&[]));
    ann.say(&room, "the password is heron");
    eve.say(&own, "heron");
    indexed(&mut eve, "heron");
    assert_eq!(texts(&mut eve, "heron"), ["heron"]);
    assert_eq!(texts(&mut eve, "password"), [""; 0]);
    eve.client.get(&format!("/v1/search?q=heron&conversation={room}")).is(403);
    // A mark of the index is no word.
    assert_eq!(texts(&mut eve, &format!("heron ~{room}")), [""; 0]);
    assert_eq!(texts(&mut ben, "heron password"), ["the password is heron"]);
    ben.client.delete(&format!("/v1/conversations/{room}/members/{}", ben.id)).is(204);
    assert_eq!(texts(&mut ben, "heron"), [""; 0]);
}

#[test]
fn a_person_in_many_conversations_finds_those_of_its_own() {
    let site = site();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let mut expected = Vec::new();
    for number in 0..70 {
        let (room, other) = (ann.room(&[]), eve.room(&[]));
        ann.say(&room, &format!("heron {number}"));
        eve.say(&other, "heron of eve");
        expected.insert(0, format!("heron {number}"));
    }
    indexed(&mut ann, "heron 69");
    assert_eq!(texts(&mut ann, "heron"), expected);
    assert_eq!(found(&mut ann, "q=heron&limit=7"), expected, "in pages of seven");
}

#[test]
fn filters_narrow_a_search() {
    let site = site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, other) = (ann.room(&[&ben]), ann.room(&[&ben]));
    ann.say(&room, "egret one");
    let two = ben.say(&room, "egret two, see https://example.org/egret");
    ann.say(&other, "egret three");
    indexed(&mut ann, "egret three");
    let (ann_id, ben_id) = (ann.id.clone(), ben.id.clone());
    let mut of = |query: &str| found(&mut ann, query);
    assert_eq!(of(&format!("q=egret&from={ann_id}")), ["egret three", "egret one"]);
    assert_eq!(of(&format!("from={ben_id}")).len(), 1);
    assert_eq!(of(&format!("q=egret&conversation={other}")), ["egret three"]);
    assert_eq!(of("has=link").len(), 1);
    assert_eq!(of("q=egret&has=file"), [""; 0]);
    assert_eq!(of("q=egr&has=file"), [""; 0], "nor by a beginning");
    assert_eq!(of("q=egr&has=link"), ["egret two, see https://example.org/egret"]);
    assert_eq!(of("q=three%20egr").len(), 1, "a word beside the beginning");
    let at = two["at"].as_u64().unwrap();
    assert!(!of(&format!("q=egret&before={at}")).contains(&"egret nine".to_owned()));
    assert_eq!(of(&format!("q=egret&before={}", at - 60_000)), [""; 0]);
    assert_eq!(of(&format!("q=egret&after={}", at - 60_000)).len(), 3);
    assert_eq!(of(&format!("q=egret&after={}", at + 60_000)), [""; 0]);
}

#[test]
fn bad_searches_are_refused_and_operators_are_only_text() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    ann.say(&room, "a AND b: \"kestrel\" (or not)");
    indexed(&mut ann, "a AND b: \"kestrel\" (or not)");
    for (query, status, code) in [
        ("q=", 422, "invalid"),
        ("q=%20-%22", 422, "invalid"),
        ("has=link&q=%2A", 422, "invalid"),
        (&*format!("q={}", "x".repeat(201)), 422, "invalid"),
        ("q=a&next=x", 400, "bad_request"),
        ("q=a&has=everything", 400, "bad_request"),
        ("q=a&conversation=p1", 400, "bad_request"),
        ("q=a&surprise=1", 400, "bad_request"),
    ] {
        let refused = ann.client.get(&format!("/v1/search?{query}")).is(status).json();
        assert_eq!(refused["error"]["code"], code, "{query}");
    }
    for query in
        ["kestrel\"", "\"kestrel", "kestrel*", "words:kestrel", "kestrel) OR (a", "'kestrel"]
    {
        ann.client.get(&format!("/v1/search?q={}", encode(query))).is(200);
    }
    assert_eq!(texts(&mut ann, "\"kestrel\" ' \\ % _").len(), 1);
    assert_eq!(texts(&mut ann, "kestrel OR egret"), [""; 0], "each word must be there");
}

#[test]
fn an_edited_message_is_found_by_its_new_words_alone() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let said = ann.say(&room, "a lapwing, 明天开会");
    indexed(&mut ann, "a lapwing, 明天开会");
    let path = format!("/v1/conversations/{room}/messages/{}", said["seq"]);
    ann.client.send("PATCH", &path, &json!({"text": "a dunlin, 后天开会"})).is(204);
    indexed(&mut ann, "a dunlin, 后天开会");
    assert_eq!(texts(&mut ann, "lapwing"), [""; 0]);
    assert_eq!(texts(&mut ann, "明天"), [""; 0]);
    assert_eq!(texts(&mut ann, "后天开会"), ["a dunlin, 后天开会"]);
}

#[test]
fn a_recalled_message_is_found_by_nobody_from_that_moment_on() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let said = ann.say(&room, "a garganey, 秘密会议");
    indexed(&mut ben, "a garganey, 秘密会议");
    ann.client.delete(&format!("/v1/conversations/{room}/messages/{}", said["seq"])).is(204);
    for words in ["garganey", "秘密", "密会议"] {
        assert_eq!(texts(&mut ben, words), [""; 0], "{words}");
        assert_eq!(texts(&mut ann, words), [""; 0], "{words}");
    }
    assert_eq!(found(&mut ben, &format!("from={}&conversation={room}", ann.id)), [""; 0]);
}

#[test]
fn the_index_goes_on_where_it_was_after_a_kill() {
    let mut site = site();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let mut expected = Vec::new();
    for round in 0..3 {
        for number in 0..40 {
            ann.say(&room, &format!("bittern {round} {number}"));
            expected.insert(0, format!("bittern {round} {number}"));
        }
        site.server.kill();
        site = site.again();
        ann = ann.at(&site);
    }
    indexed(&mut ann, "bittern 2 39");
    assert_eq!(texts(&mut ann, "bittern"), expected);
}

#[test]
fn every_node_finds_what_was_said_at_another_once() {
    let cluster = Cluster::with_bus(2);
    let mut ann = cluster.nodes[0].person("ann");
    let mut there = ann.at(&cluster.nodes[1]);
    let room = ann.room(&[]);
    let mut expected = Vec::new();
    for number in 0..60 {
        let writer = if number % 2 == 0 { &mut ann } else { &mut there };
        writer.say(&room, &format!("osprey {number}"));
        expected.insert(0, format!("osprey {number}"));
    }
    for who in [&mut ann, &mut there] {
        indexed(who, "osprey 59");
        assert_eq!(texts(who, "osprey"), expected);
    }
}

#[test]
fn a_message_with_thousands_of_words_is_found_by_any_of_them() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let long: String = (0..2_000).map(|number| format!("w{number}x ")).collect();
    ann.client.post(&format!("/v1/conversations/{room}/messages"), &json!({"text": long})).is(201);
    ann.say(&room, "whimbrel");
    indexed(&mut ann, "whimbrel");
    for word in ["w0x", "w1234x", "w1999x"] {
        assert_eq!(texts(&mut ann, word).len(), 1, "{word}");
    }
    // A search takes a bounded number of words, and never fails for more.
    let many: String = (0..30).map(|number| format!("w{number}x ")).collect();
    assert_eq!(texts(&mut ann, &many).len(), 1);
}

/// Stars and pins are where the rest of a search is, too: words, people and conversations narrow them.
fn marks_are_found(site: &Site) {
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, other) = (ann.room(&[&ben]), ann.room(&[&ben]));
    let mark = |who: &mut Person, what: &str, room: &str, seq: &Value, on: bool| {
        let path = format!("/v1/conversations/{room}/messages/{seq}/{what}");
        who.client.ask(if on { "PUT" } else { "DELETE" }, &path, &[], None).is(204);
    };
    let said =
        ["The meeting is tomorrow", "明天下午开会议 https://example.org", "Lunch?", "meeting over"];
    let mut seqs: Vec<Value> = Vec::new();
    for (number, text) in said.iter().enumerate() {
        let who = if number % 2 == 0 { &mut ann } else { &mut ben };
        seqs.push(who.say(&room, text)["seq"].clone());
    }
    let elsewhere = ann.say(&other, "meeting elsewhere")["seq"].clone();
    for seq in [&seqs[1], &seqs[0]] {
        mark(&mut ann, "star", &room, seq, true);
    }
    mark(&mut ann, "star", &other, &elsewhere, true);
    for seq in [&seqs[0], &seqs[2], &seqs[3]] {
        mark(&mut ann, "pin", &room, seq, true);
    }
    let path = format!("/v1/conversations/{room}/messages/{}/thread", seqs[2]);
    let answered = ben.client.post(&path, &json!({"text": "at the meeting point"})).is(201).json();
    let thread = answered["thread"].as_str().unwrap().to_owned();
    mark(&mut ann, "star", &thread, &answered["seq"], true);
    mark(&mut ann, "pin", &thread, &answered["seq"], true);
    let point = "at the meeting point";
    // They need no index, and come in the order in which they were said.
    assert_eq!(found(&mut ann, "is=starred"), [point, "meeting elsewhere", said[1], said[0]]);
    assert_eq!(found(&mut ben, "is=starred"), [""; 0], "stars are one's own");
    for who in [&mut ann, &mut ben] {
        assert_eq!(found(who, "is=pinned"), [point, said[3], said[2], said[0]]);
        assert_eq!(found(who, "is=pinned&limit=1"), [point, said[3], said[2], said[0]]);
        assert_eq!(found(who, "is=pinned&q=meeting"), [point, said[3], said[0]]);
        assert_eq!(found(who, "is=pinned&q=meet"), [point, said[3], said[0]], "a beginning");
        assert_eq!(found(who, &format!("is=pinned&conversation={other}")), [""; 0]);
        assert_eq!(found(who, &format!("is=pinned&conversation={thread}")), [point]);
    }
    assert_eq!(
        found(&mut ann, &format!("is=starred&conversation={room}")),
        [point, said[1], said[0]]
    );
    assert_eq!(found(&mut ann, &format!("is=starred&q={}", encode("开会议"))), [said[1]]);
    assert_eq!(found(&mut ann, &format!("is=starred&q={}", encode("天会议"))), [""; 0]);
    assert_eq!(found(&mut ann, "is=starred&has=link"), [said[1]]);
    assert_eq!(found(&mut ann, "is=starred&has=file"), [""; 0]);
    assert_eq!(found(&mut ann, &format!("is=starred&from={}", ben.id)), [point, said[1]]);
    // The text that it has now counts. What is unpinned, recalled or hidden is out, and so is who has left.
    let message = format!("/v1/conversations/{room}/messages");
    ann.client
        .send("PATCH", &format!("{message}/{}", seqs[0]), &json!({"text": "breakfast"}))
        .is(204);
    assert_eq!(found(&mut ben, "is=pinned&q=breakfast"), ["breakfast"]);
    assert_eq!(found(&mut ben, "is=pinned&q=tomorrow"), [""; 0]);
    mark(&mut ann, "pin", &room, &seqs[3], false);
    mark(&mut ben, "hide", &room, &seqs[0], true);
    assert_eq!(found(&mut ben, "is=pinned"), [point, said[2]]);
    ann.client.delete(&format!("{message}/{}", seqs[2])).is(204);
    assert_eq!(found(&mut ann, "is=pinned"), [point, "breakfast"]);
    ann.client.delete(&format!("{message}/{}", seqs[1])).is(204);
    assert_eq!(found(&mut ann, "is=starred"), [point, "meeting elsewhere", "breakfast"]);
    ben.client.delete(&format!("/v1/conversations/{room}/members/{}", ben.id)).is(204);
    assert_eq!(found(&mut ben, "is=pinned"), [""; 0]);
    assert_eq!(ben.client.get("/v1/search?is=pinned&q=%21%21").is(422).code(), "invalid");
    assert_eq!(ben.client.get("/v1/search?is=unread").is(400).code(), "bad_request");
}

#[test]
fn starred_and_pinned_messages_are_found() {
    marks_are_found(&site());
}

#[test]
fn who_is_in_many_conversations_finds_their_pins_and_no_others() {
    let site = site();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let rooms: Vec<String> = (0..=SEARCH_CONVERSATIONS_MAX).map(|_| ann.room(&[])).collect();
    let elsewhere = eve.room(&[]);
    for room in [&rooms[0], &elsewhere, &rooms[9]] {
        let who = if room == &elsewhere { &mut eve } else { &mut ann };
        let seq = who.say(room, "heron")["seq"].clone();
        let path = format!("/v1/conversations/{room}/messages/{seq}/pin");
        who.client.ask("PUT", &path, &[], None).is(204);
    }
    assert_eq!(found(&mut ann, "is=pinned&limit=1"), ["heron", "heron"]);
    assert_eq!(found(&mut eve, "is=pinned"), ["heron"]);
}
