//! Everything that travels is held against files in `snapshots/`: every kind of event and signal, the other items of a
//! feed, answers, refusals and the page of figures.
//!
//! Values that differ from run to run (ids, cursors, times) are replaced. CONTRIBUTING.md says how to accept a change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encke_engine::growth_limits::PIECES_UNFOLDED_MAX;
use encke_engine::limits::{RECEIPTS_MEMBERS_MAX, TEXT_BYTES_MAX};
use serde_json::{Value, json};

use crate::desk::let_in;
use crate::feed::{Feed, Transport};
use crate::harness::{Auth, Client, Person, Server, Site, encke};
use crate::preview::outside::Outside;

/// Rooms that others bring somebody into before they have to ask.
const BY_OTHERS: usize = 100;

/// Fields that differ from run to run, whatever is in them.
const VARYING: [&str; 11] = [
    "cursor",
    "at",
    "edited_at",
    "after_ms",
    "retry_after_ms",
    "send_at",
    "ticket",
    "until",
    "asked_at",
    "waiting_since",
    "changed_at",
];

/// A message grows until its pieces are put together, is asked to stop, and stops.
fn grow(ada: &mut Person, ben: &Person, room: &str) {
    let path = format!("/v1/conversations/{room}/growing");
    let opened = ada.client.post(&path, &json!({"text": "Well"})).is(201).json();
    let message = format!("/v1/conversations/{room}/messages/{}", opened["seq"]);
    let pieces = PIECES_UNFOLDED_MAX + 1;
    for n in 1..=pieces {
        ada.client.post(&format!("{message}/pieces"), &json!({"n": n, "text": "."})).is(201);
    }
    ben.client.clone().post(&format!("{message}/stop"), &json!({})).is(204);
    let closing = json!({"pieces": pieces, "stopped": true});
    ada.client.post(&format!("{message}/whole"), &closing).is(204);
}

/// Names for the ids and names of one run.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(people: &[(&str, &Person)]) -> Self {
        let both = |(name, person): &(&str, &Person)| {
            [(person.id.clone(), format!("[id of {name}]")), (person.name.clone(), (*name).into())]
        };
        Names(people.iter().flat_map(both).collect())
    }

    /// Names a conversation and its companions.
    fn conversation(&mut self, name: &str, id: &str) {
        self.0.push((id.to_owned(), format!("[{name}]")));
        self.0.push((id.replacen('c', "r", 1), format!("[receipts of {name}]")));
        self.0.push((id.replacen('c', "a", 1), format!("[amendments of {name}]")));
        self.0.push((id.replacen('c', "g", 1), format!("[growth of {name}]")));
        self.0.push((id.replacen('c', "n", 1), format!("[notes of {name}]")));
    }

    /// The value with these names in it.
    fn put_into(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let named = self.0.iter().find(|(id, _)| id == text);
                named.map_or(value.clone(), |(_, name)| name.clone().into())
            }
            Value::Array(all) => all.iter().map(|one| self.put_into(one)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|field| self.put_into_field(field)).collect()
            }
            other => other.clone(),
        }
    }

    fn put_into_field(&self, (key, value): (&String, &Value)) -> (String, Value) {
        let value = match VARYING.contains(&&**key) {
            true => format!("[{key}]").into(),
            false => self.put_into(value),
        };
        (key.clone(), value)
    }

    /// Holds a value against its file.
    fn hold(&self, name: &str, value: &Value) {
        insta::assert_json_snapshot!(name, self.put_into(value));
    }
}

/// The kinds that the description of the API has in one of its unions.
fn kinds_of(union: &str) -> BTreeSet<String> {
    let text = encke(&["openapi"], None, "").stdout;
    let api: Value = serde_json::from_slice(&text).unwrap();
    let mapping = &api["components"]["schemas"][union]["discriminator"]["mapping"];
    mapping.as_object().unwrap().keys().cloned().collect()
}

/// A site without a quota for members.
fn site() -> Site {
    let previews = ["--preview-on", "--egress-allow", "127.0.0.0/8"];
    Site::on(Server::start_with(&[&["--quota-member", "off"], &previews[..]].concat(), &[]))
}

fn add(by: &mut Client, room: &str, whom: &Person) -> u16 {
    by.post(&format!("/v1/conversations/{room}/members"), &json!({"person": whom.id})).status
}

/// Amends a message of one's own in every way.
fn amend(by: &mut Client, room: &str, seq: u64) {
    let message = format!("/v1/conversations/{room}/messages/{seq}");
    by.send("PATCH", &message, &json!({"text": "Hello again"})).is(204);
    by.ask("PUT", &format!("{message}/reactions/%F0%9F%91%8D"), &[], None).is(204);
    by.ask("PUT", &format!("{message}/pin"), &[], None).is(204);
}

/// Keeps everything that one can, in a conversation whose second event is a message.
///
/// Returns the ids of a message that is to be sent later, and of a reminder.
fn keep(by: &mut Client, room: &str) -> [String; 2] {
    by.ask("PUT", &format!("/v1/conversations/{room}/messages/2/star"), &[], None).is(204);
    let draft = format!("/v1/conversations/{room}/draft");
    by.send("PUT", &draft, &json!({"text": "Hello"})).is(200);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let later = (now + Duration::from_secs(3_600)).as_millis() as u64;
    let plan = json!({"text": "Hello", "send_at": later});
    let planned = by.post(&format!("/v1/conversations/{room}/scheduled"), &plan).is(201).json();
    let reminder = json!({"at": later, "conversation": room, "message": 2});
    let reminder = by.post("/v1/reminders", &reminder).is(201).json();
    by.delete(&draft).is(204);
    by.ask("PUT", &format!("/v1/conversations/{room}/messages/2/hide"), &[], None).is(204);
    [planned, reminder].map(|made| made["id"].as_str().unwrap().to_owned())
}

/// Fills a room beyond the number of members who are told of each other's marks. Bots have no password to be hashed.
fn fill(site: &Site, by: &mut Client, room: &str) {
    for number in 0..RECEIPTS_MEMBERS_MAX {
        let bot = format!("bot {number}");
        let made = encke(&["token", "create", "--bot", &bot], Some(&site.server.data()), "").stdout;
        let token = String::from_utf8(made).unwrap().trim().to_owned();
        let me = Client::new(site.address(), Auth::Bearer(token)).get("/v1/me").is(200).json();
        by.post(&format!("/v1/conversations/{room}/members"), &json!({"person": me["id"]})).is(204);
    }
}

/// A desk with two of staff, and a visitor that has asked it: the id of the desk, the visitor, and the id of the ticket.
fn asked(site: &Site, owner: &mut Person, agent: &Person) -> (String, Person, String) {
    let desk = owner.desk(&[agent]);
    let mut guest = let_in(site, &desk);
    let ticket = guest.ask_desk(&desk, "Where is it?");
    (desk.id, guest, ticket)
}

#[test]
fn every_kind_of_event_is_written_as_before() {
    let site = site();
    let (mut ada, ben, cem) = (site.person("ada"), site.person("ben"), site.person("cem"));
    let mut names = Names::of(&[("ada", &ada), ("ben", &ben), ("cem", &cem)]);
    let auth = ben.auth();
    let mut feed = Feed::begin(site.address(), Transport::WebSocket, auth, None, "channels=news");
    feed.ready();
    let mut seen = BTreeMap::new();
    let mut until = |feed: &mut Feed, last: &str| {
        loop {
            let item = feed.item().expect("the feed goes on");
            let Some(kind) = item["kind"].as_str().filter(|_| item["type"] == "event") else {
                continue;
            };
            let is_last = kind == last;
            seen.entry(kind.to_owned()).or_insert(item);
            if is_last {
                break;
            }
        }
    };

    let direct = ada.direct(&ben);
    names.conversation("direct", &direct);
    ada.say(&direct, "Hello 你好 <b>\u{1F600}");
    amend(&mut ada.client, &direct, 2);
    let mark = json!({"delivered": 2, "read": 2});
    ben.client.clone().post(&format!("/v1/conversations/{direct}/receipts"), &mark).is(204);
    until(&mut feed, "receipts");
    let start = ben.clone().now();
    let oops = ada.say(&direct, "oops")["seq"].clone();
    ada.client.delete(&format!("/v1/conversations/{direct}/messages/{oops}")).is(204);
    until(&mut feed, "recalled");
    let mut late = Feed::at(&site, Transport::WebSocket, &ben, &start);
    until(&mut late, "erased");

    let [planned, reminder] = keep(&mut ben.client.clone(), &direct);
    names.0.push((planned, "[id of the planned message]".into()));
    names.0.push((reminder, "[id of the reminder]".into()));
    until(&mut feed, "draft_removed");
    until(&mut feed, "hidden");
    let hours = json!({"from": 1_320, "to": 420, "days": [1, 5], "zone": "Asia/Shanghai"});
    ben.client.clone().send("PUT", "/v1/quiet", &json!({"hours": hours})).is(200);
    until(&mut feed, "quiet_changed");
    ada.client.send("PUT", "/v1/profile/status", &json!({"text": "away"})).is(200);
    until(&mut feed, "person_changed");

    let answer = json!({"text": format!("Hello <@{}>", ben.id)});
    let path = format!("/v1/conversations/{direct}/messages/2/thread");
    let answered = ada.client.post(&path, &answer).is(201).json();
    names.conversation("thread", answered["thread"].as_str().unwrap());
    until(&mut feed, "thread_followed");
    until(&mut feed, "answered");

    let room = ada.room(&[]);
    names.conversation("room", &room);
    assert_eq!(add(&mut ada.client, &room, &ben), 204);
    assert_eq!(add(&mut ada.client, &room, &cem), 204);
    let at = |rest: &str| format!("/v1/conversations/{room}{rest}");
    let member = at(&format!("/members/{}", cem.id));
    ada.client
        .send(
            "PATCH",
            &at(""),
            &json!({"title": "Renamed", "open": true, "topic": "Comets", "announcement": true}),
        )
        .is(200);
    let mute = format!("{member}/mute");
    ada.client.send("PUT", &mute, &json!({"seconds": 60})).is(204);
    ada.client.delete(&mute).is(204);
    ada.client.send("PATCH", &member, &json!({"role": "owner"})).is(204);
    ada.client.delete(&member).is(204);
    ada.client.delete(&at(&format!("/members/{}", ben.id))).is(204);
    site.owner().post("/v1/channels/news/events", &json!({"any": ["JSON"]})).is(201);

    let own = ada.room(&[&ben]);
    names.conversation("own room", &own);
    let choices = format!("/v1/conversations/{own}/choices");
    ben.client.clone().send("PATCH", &choices, &json!({"pinned": true, "folder": "Work"})).is(200);
    let block = format!("/v1/blocks/{}", cem.id);
    ben.client.clone().ask("PUT", &block, &[], None).is(204);
    let role = format!("/v1/conversations/{own}/members/{}", ben.id);
    ada.client.send("PATCH", &role, &json!({"role": "moderator"})).is(204);
    ada.client
        .post(&format!("/v1/conversations/{own}/members"), &json!({"person": cem.id}))
        .is(204);
    let said = cem.clone().say(&own, "Buy!")["seq"].clone();
    let report = format!("/v1/conversations/{own}/messages/{said}/report");
    ada.client.post(&report, &json!({"reason": "Spam"})).is(204);

    let poll = json!({"question": "Tea?", "options": ["green", "black"]});
    let poll = ada.client.post(&format!("/v1/conversations/{own}/polls"), &poll).is(201).json();
    let vote = format!("/v1/conversations/{own}/messages/{}/vote", poll["seq"]);
    ben.client.clone().send("PUT", &vote, &json!({"options": [1]})).is(204);
    grow(&mut ada, &ben, &own);
    let outside = Outside::start();
    let link = outside.url("/recorded");
    ada.say(&own, &link);
    names.0.push((link, "[link]".into()));
    until(&mut feed, "previewed");

    let (desk, mut guest, ticket) = asked(&site, &mut ada, &ben);
    names.0.push((guest.id.clone(), "[id of the visitor]".into()));
    names.conversation("desk", &desk);
    names.conversation("ticket of a visitor", &ticket);
    let work = json!({"availability": "away", "capacity": 3});
    ben.client.clone().send("PUT", &format!("/v1/desks/{desk}/me"), &work).is(204);
    ben.clone().act(&ticket, "claim").is(200);
    let note = json!({"text": "Ask the warehouse"});
    ben.client.clone().post(&format!("/v1/tickets/{ticket}/notes"), &note).is(201);
    until(&mut feed, "note");
    let split = json!({"message": 2, "text": "About the other one:"});
    let split = ben.client.clone().post(&format!("/v1/tickets/{ticket}/split"), &split).is(201);
    let split = split.json()["id"].as_str().unwrap().to_owned();
    names.conversation("ticket that was split off", &split);
    until(&mut feed, "ticket_split");
    let into = json!({"into": ticket});
    ben.client.clone().post(&format!("/v1/tickets/{split}/merge"), &into).is(200);
    until(&mut feed, "ticket_merged");
    let rule =
        json!({"name": "Call", "enabled": true, "when": "rated", "acts": [{"act": "alert"}]});
    ada.client.clone().post(&format!("/v1/desks/{desk}/rules"), &rule).is(201);
    guest.client.send("PUT", &format!("/v1/tickets/{ticket}/rating"), &json!({"stars": 5})).is(204);
    until(&mut feed, "desk_alert");

    let large = ada.room(&[]);
    names.conversation("large room", &large);
    assert_eq!(add(&mut ada.client, &large, &ben), 204);
    fill(&site, &mut ada.client, &large);
    let path = format!("/v1/conversations/{large}/receipts");
    ben.client.clone().post(&path, &json!({"read": 2})).is(204);
    until(&mut feed, "marked");

    // Beyond this number of rooms an invitation has to be accepted.
    let mut asking = String::new();
    for _ in 0..=BY_OTHERS {
        asking = ada.room(&[]);
        if add(&mut ada.client, &asking, &ben) == 202 {
            break;
        }
    }
    names.conversation("another room", &asking);
    ben.client.clone().delete(&format!("/v1/invitations/{asking}")).is(204);

    until(&mut feed, "invitation_gone");
    let contact = format!("/v1/desks/{desk}/contacts/{}", guest.id);
    ada.client.clone().delete(&contact).is(204);
    until(&mut feed, "contact_erased");
    assert_eq!(seen.keys().cloned().collect::<BTreeSet<_>>(), kinds_of("FeedEvent"));
    for (kind, mut event) in seen {
        // Marks come into a person's own stream when they are folded, between whatever else does.
        if event["stream"] == ben.id {
            event["seq"] = "[seq]".into();
        }
        names.hold(&format!("event_{kind}"), &event);
    }
}

#[test]
fn every_other_item_is_written_as_before() {
    let site = site();
    let (mut ada, ben) = (site.person("ada"), site.person("ben"));
    let (desk, mut guest, ticket) = asked(&site, &mut ada, &ben);
    let room = ada.room(&[&ben]);
    ada.act(&ticket, "claim").is(200);
    let path = format!("/v1/desks/{desk}");
    ada.client.send("PATCH", &path, &json!({"settings": {"draft_preview": true}})).is(200);
    let mut names = Names::of(&[("ada", &ada), ("ben", &ben)]);
    names.conversation("room", &room);
    names.conversation("desk", &desk);
    names.conversation("ticket", &ticket);
    names.0.push((guest.id.clone(), "[id of the visitor]".into()));
    let open = |cursor| Feed::begin(site.address(), Transport::WebSocket, ada.auth(), cursor, "");
    let mut seen = BTreeMap::new();
    let mut note = |feed: &mut Feed, name: &str, is_meant: &dyn Fn(&Value) -> bool| {
        let item = loop {
            let item = feed.item().expect("the feed goes on");
            if is_meant(&item) {
                break item;
            }
        };
        seen.insert(name.to_owned(), item);
    };
    let is = |kind: &'static str| move |item: &Value| item["type"] == kind;
    note(&mut open(Some("1.1")), "reset", &is("reset"));
    let mut feed = open(None);
    note(&mut feed, "ready", &is("ready"));
    feed.command(&json!({"type": "send", "id": 1, "conversation": room, "text": "Hello"}));
    note(&mut feed, "ok", &is("ok"));
    feed.command(&json!({"type": "send", "id": 2, "conversation": "c999999", "text": "Hello"}));
    note(&mut feed, "error", &is("error"));

    let signals = kinds_of("Signal");
    let mut ben_says = Feed::now(&site, Transport::WebSocket, &ben);
    for kind in &signals {
        match kind.as_str() {
            "typing" => {
                ben_says.command(&json!({"type": "typing", "conversation": room, "on": true}))
            }
            "presence" => ben_says.command(&json!({"type": "presence", "state": "away"})),
            "looking" => {
                let path = format!("/v1/tickets/{ticket}/looking");
                ben.client.clone().ask("PUT", &path, &[], None).is(200);
            }
            "visitor_draft" => {
                let path = format!("/v1/tickets/{ticket}/visitor-draft");
                guest.client.send("PUT", &path, &json!({"text": "I wonder"})).is(204);
            }
            other => panic!("the signal {other} is new: have it told here"),
        }
        let is_meant = |item: &Value| {
            item["type"] == "signal"
                && item["kind"] == kind.as_str()
                && (item["from"] == ben.id || item["from"] == guest.id)
                && item["body"]["state"] != "online"
        };
        note(&mut feed, &format!("signal_{kind}"), &is_meant);
    }
    site.server.terminate();
    note(&mut feed, "bye", &is("bye"));
    for (name, item) in &seen {
        names.hold(&format!("item_{name}"), item);
    }
}

#[test]
fn answers_are_written_as_before() {
    let site = site();
    let (mut ada, ben) = (site.person("ada"), site.person("ben"));
    let room = ada.room(&[]);
    assert_eq!(add(&mut ada.client, &room, &ben), 204);
    let mut names = Names::of(&[("ada", &ada), ("ben", &ben)]);
    names.conversation("room", &room);
    ada.client.send("PATCH", &format!("/v1/conversations/{room}"), &json!({"open": true})).is(200);
    let sent = ada.say(&room, "Hello");
    let answer = |name: &str, value: Value| names.hold(&format!("answer_{name}"), &value);
    answer("sent", sent);
    let mut amending = ada.client.clone();
    let mut get = |name: &str, path: &str| {
        let value = ada.client.get(path).is(200).json();
        answer(name, value);
    };
    get("snapshot", "/v1/snapshot");
    get("conversation", &format!("/v1/conversations/{room}"));
    get("members", &format!("/v1/conversations/{room}/members"));
    get("history", &format!("/v1/conversations/{room}/events?after=0&limit=1"));
    amend(&mut amending, &room, 4);
    get("message", &format!("/v1/conversations/{room}/messages/4"));
    get("edits", &format!("/v1/conversations/{room}/messages/4/edits"));
    get("pins", &format!("/v1/conversations/{room}/pins"));
    get("people", &format!("/v1/people?q={}", ben.name));
    get("rooms", "/v1/rooms");
    get("me", "/v1/me");
    let answer_path = format!("/v1/conversations/{room}/messages/4/thread");
    answer("answered", amending.post(&answer_path, &json!({"text": "Hello"})).is(201).json());
    get("threads", "/v1/threads");
    get("poll", "/v1/feed");
    get("poll_reset", "/v1/feed?cursor=1.1");
    answer("ticket", ada.client.poke("/v1/tickets").is(201).json());
}

#[test]
fn refusals_are_written_as_before() {
    let site = Site::start();
    let (mut ada, mut ben) = (site.person("ada"), site.person("ben"));
    let room = ada.room(&[]);
    let messages = format!("/v1/conversations/{room}/messages");
    let long = json!({"text": "x".repeat(TEXT_BYTES_MAX + 1)});
    let keyed = |text: &str| json!({"text": text, "key": "once"});
    ada.client.post(&messages, &keyed("first")).is(201);
    let mut say = |content_type: &str, body: &str| {
        let lines = [("Content-Type", content_type)];
        ada.client.ask("POST", &messages, &lines, Some(body.as_bytes()))
    };
    let mut refused = vec![
        ("bad_json", say("application/json", "{")),
        ("wrong_type", say("text/plain", "Hello")),
        ("unknown_field", say("application/json", r#"{"text":"Hello","colour":"red"}"#)),
        ("missing_field", say("application/json", "{}")),
    ];
    let stranger = || site.server.visitor();
    refused.extend([
        ("too_long", ada.client.post(&messages, &long)),
        ("key_reused", ada.client.post(&messages, &keyed("second"))),
        ("not_member", ben.client.post(&messages, &json!({"text": "Hello"}))),
        ("forbidden", ben.client.send("PATCH", "/v1/settings", &json!({"guests": true}))),
        ("bad_cursor", ada.client.get("/v1/feed?cursor=nonsense")),
        ("wrong_method", ada.client.delete("/v1/snapshot")),
        ("not_found", ada.client.delete("/v1/invitations/c999999")),
        ("not_signed_in", stranger().get("/v1/snapshot")),
        ("wrong_password", stranger().post("/v1/sign-in", &account_of("nobody", "wrong"))),
    ]);
    let mut flood = (0..1_000).map(|_| ben.client.poke("/v1/tickets"));
    refused.push(("rate_limited", flood.find(|answer| answer.status != 201).unwrap()));
    for (name, answer) in &refused {
        let body = answer.json();
        let whole = json!({"status": answer.status, "body": body});
        Names(Vec::new()).hold(&format!("refusal_{name}"), &whole);
    }
}

fn account_of(name: &str, password: &str) -> Value {
    json!({"name": name, "password": password})
}

#[test]
fn the_page_of_figures_has_the_same_series_as_before() {
    let site = Site::start();
    let text = site.server.figures();
    let without_value = |line: &str| match line.rsplit_once(' ') {
        Some((series, _)) if !line.starts_with('#') => format!("{series} [number]\n"),
        _ => format!("{line}\n"),
    };
    let page: String = text.lines().map(without_value).collect();
    insta::assert_snapshot!("figures", page);
}
