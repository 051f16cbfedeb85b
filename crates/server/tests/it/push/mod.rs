//! Notifications while no page is open, at a push service that decrypts what it gets.

mod nodes;
mod notices;
mod quiet;
mod service;
mod subscriptions;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Client, Person, Server, Site};
use service::{Browser, PushService, claims};

/// The option that lets a site reach the push services of these tests.
const REACH: [&str; 2] = ["--egress-allow", "127.0.0.0/8"];

/// A site, its push service, and three members of a room.
struct Scene {
    site: Site,
    service: PushService,
    mei: Person,
    tom: Person,
    eve: Person,
    room: String,
}

fn scene_with(args: &[&str]) -> Scene {
    let site = Site::on(Server::start_with(&[&REACH[..], args].concat(), &[]));
    let (mut mei, tom, eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    let room = mei.room(&[&tom, &eve]);
    Scene { site, service: PushService::start(), mei, tom, eve, room }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn key(client: &mut Client) -> String {
    client.get("/v1/push/key").is(200).json()["key"].as_str().unwrap().to_owned()
}

/// A notification of one message without a file.
fn told(conversation: &str, title: Value, from: &Person, said: &Value, text: &str) -> Value {
    json!({"type": "message", "conversation": conversation, "seq": said["seq"], "title": title,
        "from": from.name, "text": text, "files": 0, "count": 1, "mention": false})
}

#[test]
fn a_message_reaches_a_browser_without_an_open_page_and_only_the_browser_can_read_it() {
    let mut s = scene_with(&["--push-contact", "mailto:operator@example.com"]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let direct = s.mei.direct(&s.tom);
    let said = s.mei.say(&direct, "午饭? <@p1> **soon**");
    let pushed = &s.service.wait(&browser, 1)[0];
    assert_eq!(
        browser.read(pushed),
        told(&direct, json!(null), &s.mei, &said, "午饭? @owner **soon**")
    );
    assert_eq!((pushed.header("urgency"), pushed.header("ttl")), ("high", "86400"));
    assert_eq!(pushed.header("topic").len(), 32);
    let claims = claims(pushed, &key(&mut s.mei.client));
    assert_eq!(claims["aud"], format!("http://{}", s.service.address));
    assert_eq!(claims["sub"], "mailto:operator@example.com");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let exp = claims["exp"].as_u64().unwrap();
    assert!((now + 60..=now + 24 * 60 * 60).contains(&exp), "{exp} at {now}");
    // A room has a title, and other browsers can't read it.
    let said = s.mei.say(&s.room, "in the room");
    let pushed = &s.service.wait(&browser, 2)[1];
    assert_eq!(browser.read(pushed), told(&s.room, json!("room"), &s.mei, &said, "in the room"));
    assert_eq!(pushed.header("urgency"), "normal");
}

#[test]
fn messages_of_a_conversation_come_together_with_their_number_and_a_mention() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    s.mei.say(&s.room, "one");
    let mention = format!("two <@{}>", s.tom.id);
    s.eve.say(&s.room, &mention);
    let last = s.mei.say(&s.room, "three");
    let pushed = &s.service.wait(&browser, 1)[0];
    let read = browser.read(pushed);
    assert_eq!(
        (&read["count"], &read["mention"], &read["seq"]),
        (&json!(3), &json!(true), &last["seq"])
    );
    assert_eq!(read["text"], "three");
    assert_eq!(pushed.header("urgency"), "high");
}

#[test]
fn a_notification_without_text_says_who_and_where() {
    let mut s = scene_with(&["--push-text", "false"]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    s.mei.say(&s.room, "secret");
    let read = browser.read(&s.service.wait(&browser, 1)[0]);
    assert_eq!((&read["from"], &read["text"]), (&json!(s.mei.name), &Value::Null));
}

#[test]
fn nobody_is_told_of_what_is_read_recalled_ones_own_or_said_where_one_is_no_member() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let messages = |room: &str| format!("/v1/conversations/{room}/messages");
    let direct = s.mei.direct(&s.tom);
    // Recalled.
    let recalled = s.mei.say(&direct, "recalled");
    s.mei.client.delete(&format!("{}/{}", messages(&direct), recalled["seq"])).is(204);
    // One's own.
    s.tom.say(&s.room, "own");
    // Read, by another device.
    let read = s.eve.direct(&s.tom);
    let said = s.eve.say(&read, "read");
    s.tom
        .client
        .post(&format!("/v1/conversations/{read}/receipts"), &json!({"read": said["seq"]}))
        .is(204);
    // No member any more.
    let left = s.mei.room(&[&s.tom]);
    s.mei.say(&left, "left");
    s.tom.client.delete(&format!("/v1/conversations/{left}/members/{}", s.tom.id)).is(204);
    // Never a member.
    let other = s.mei.room(&[&s.eve]);
    s.mei.say(&other, "of others");
    // What comes afterwards, twice: by the second time all of the above would have come.
    s.mei.say(&s.room, "after");
    s.service.wait(&browser, 1);
    s.mei.say(&s.room, "after that");
    s.service.wait(&browser, 2);
    assert_eq!(browser.texts(&s.service), ["after", "after that"]);
}

#[test]
fn a_person_is_told_of_a_conversation_as_it_has_chosen() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let choose = |tom: &mut Person, room: &str, choices: Value| {
        tom.client.send("PATCH", &format!("/v1/conversations/{room}/choices"), &choices).is(200);
    };
    let mention = format!("for <@{}>", s.tom.id);
    // Nothing at all.
    let silent = s.mei.room(&[&s.tom]);
    choose(&mut s.tom, &silent, json!({"notify": "nothing"}));
    s.mei.say(&silent, &mention);
    // Muted, with or without a mention.
    let muted = s.mei.room(&[&s.tom]);
    choose(&mut s.tom, &muted, json!({"muted_until": 32_503_680_000_000_u64}));
    s.mei.say(&muted, &mention);
    // Only mentions. The choice may come after the message.
    s.mei.say(&s.room, "not for anybody");
    choose(&mut s.tom, &s.room, json!({"notify": "mentions"}));
    s.mei.say(&s.room, &mention);
    let pushed = &s.service.wait(&browser, 1)[0];
    let read = browser.read(pushed);
    assert_eq!((&read["conversation"], &read["count"]), (&json!(s.room), &json!(1)));
    // A mute that is over mutes nothing. By now all of the above would have come.
    choose(&mut s.tom, &muted, json!({"muted_until": 1}));
    s.mei.say(&muted, "after");
    s.service.wait(&browser, 2);
    let named = format!("for @{}", s.tom.name);
    assert_eq!(browser.texts(&s.service), [named.as_str(), "after"]);
}

#[test]
fn nobody_is_told_of_messages_of_people_that_it_blocks() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let direct = s.eve.direct(&s.tom);
    s.eve.say(&direct, "before the block");
    s.tom.client.send("PUT", &format!("/v1/blocks/{}", s.eve.id), &json!({})).is(204);
    s.eve.say(&s.room, "in the room");
    s.mei.say(&s.room, "of somebody else");
    let read = browser.read(&s.service.wait(&browser, 1)[0]);
    assert_eq!((&read["text"], &read["count"]), (&json!("of somebody else"), &json!(1)));
    s.mei.say(&s.room, "after");
    s.service.wait(&browser, 2);
    assert_eq!(browser.texts(&s.service), ["of somebody else", "after"]);
}

#[test]
fn an_edited_message_is_told_with_its_new_text() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let said = s.mei.say(&s.room, "tpyo");
    let path = format!("/v1/conversations/{}/messages/{}", s.room, said["seq"]);
    s.mei.client.send("PATCH", &path, &json!({"text": "typo"})).is(204);
    s.service.wait(&browser, 1);
    assert_eq!(browser.texts(&s.service), ["typo"]);
}

#[test]
fn a_person_with_an_open_page_is_told_by_the_page_alone_until_it_is_closed() {
    let mut s = scene_with(&[]);
    let (of_tom, of_eve) = (Browser::new(&s.service), Browser::new(&s.service));
    of_tom.subscribe(&mut s.tom.client);
    of_eve.subscribe(&mut s.eve.client);
    let page = Feed::now(&s.site, Transport::Sse, &s.tom);
    s.mei.say(&s.room, "while it is open");
    s.service.wait(&of_eve, 1);
    assert_eq!(of_tom.texts(&s.service), [""; 0]);
    // The message came while the page was open, and the person has not read it when the page is gone.
    drop(page);
    s.service.wait(&of_tom, 1);
    assert_eq!(of_tom.texts(&s.service), ["while it is open"]);
}

#[test]
fn a_push_service_that_is_busy_is_asked_again() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    s.service.will_answer(&browser, "503 Busy");
    s.mei.say(&s.room, "again");
    let both = s.service.wait(&browser, 2);
    assert_eq!(browser.read(&both[0]), browser.read(&both[1]));
    s.mei.say(&s.room, "next");
    s.service.wait(&browser, 3);
    assert_eq!(browser.texts(&s.service), ["again", "again", "next"]);
}

#[test]
fn what_was_due_when_the_server_died_is_told_by_the_next_one() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    s.mei.say(&s.room, "before the end");
    let folder = s.site.server.folder.clone();
    let before = key(&mut s.mei.client);
    s.site.server.kill();
    let again = Server::start_on(folder, "127.0.0.1:0", &REACH, &[]);
    s.service.wait(&browser, 1);
    assert_eq!(browser.texts(&s.service), ["before the end"]);
    let mut mei = Client::new(again.address, s.mei.auth());
    assert_eq!(key(&mut mei), before, "the key of the site stays");
}
