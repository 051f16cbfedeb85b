//! The way of a ticket: who is given it, when it goes back, who is told, and what never reaches a visitor.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Desk, amendments, free_site, let_in, told};
use crate::feed::{Feed, Transport};
use crate::harness::{Auth, Client, Person, Site, encke, eventually, is_on_database};

impl Person {
    fn change_ticket(&mut self, ticket: &str, change: &Value) -> Value {
        self.client.send("PATCH", &format!("/v1/tickets/{ticket}"), change).is(200).json()
    }

    fn transfer(&mut self, ticket: &str, to: &Value) -> Value {
        self.client.post(&format!("/v1/tickets/{ticket}/transfer"), to).is(200).json()
    }

    fn owner_of(&mut self, ticket: &str) -> Option<String> {
        self.ticket(ticket)["owner"].as_str().map(str::to_owned)
    }

    /// Opens the page of this agent, and waits until the desk knows that it is there.
    fn come(&self, site: &Site, desk: &Desk) -> Feed {
        let feed = Feed::now(site, Transport::Sse, self);
        let mut me = self.clone();
        eventually("the agent is there", || {
            let path = format!("/v1/desks/{}/agents", desk.id);
            let agents = me.client.get(&path).is(200).json();
            let mine = agents["agents"].as_array().unwrap().iter();
            mine.clone().any(|a| a["person"]["id"] == me.id && a["present"] == true).then_some(())
        });
        feed
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

const SECRET: &str = "he is a liar";

#[test]
fn a_note_reaches_the_staff_that_takes_part_and_no_visitor_by_any_way() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let before = guest.now();
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.act(&ticket, "claim").is(200);
    let mut live = Feed::now(&site, Transport::WebSocket, &guest);
    let mut console = Feed::now(&site, Transport::Sse, &ben);
    let notes = format!("/v1/tickets/{ticket}/notes");
    let note = json!({"text": SECRET, "key": "once", "mentions": [ann.id]});
    let sent = ben.client.post(&notes, &note).is(201).json();
    assert_eq!(ben.client.post(&notes, &note).is(200).json(), sent, "a retry is the same note");
    let heard = console.event_of(&ticket.replacen('c', "n", 1));
    assert_eq!((&heard["kind"], &heard["body"]["text"]), (&json!("note"), &json!(SECRET)));
    assert_eq!(ann.conversation(&ticket)["followed"], true, "who is mentioned takes part");
    ben.transfer(&ticket, &json!({"person": ann.id, "note": SECRET}));
    let listed = ann.client.get(&notes).is(200).json();
    assert_eq!(listed["notes"].as_array().unwrap().len(), 2);
    ann.say(&ticket, "marker");

    // Everything that the visitor's page can ask for, and everything that it is sent.
    let mut got = String::new();
    for path in [
        "/v1/snapshot".to_owned(),
        "/v1/conversations".to_owned(),
        format!("/v1/conversations/{ticket}"),
        format!("/v1/conversations/{ticket}/events?limit=200"),
        format!("/v1/desks/{}/my-tickets", desk.key),
        format!("/v1/desks/{}/door", desk.key),
        format!("/v1/feed?cursor={before}"),
    ] {
        got.push_str(guest.client.get(&path).is(200).text());
    }
    for transport in [Transport::Sse, Transport::LongPoll, Transport::WebSocket] {
        let mut replay = Feed::at(&site, transport, &guest, &before);
        loop {
            let event = replay.event();
            got.push_str(&event.to_string());
            if event["body"]["text"] == "marker" {
                break;
            }
        }
    }
    loop {
        let event = live.event();
        got.push_str(&event.to_string());
        if event["body"]["text"] == "marker" {
            break;
        }
    }
    assert!(got.contains("marker") && !got.contains(SECRET));
    for (method, path) in [("GET", notes.clone()), ("POST", notes.clone())] {
        assert_eq!(guest.client.send(method, &path, &note).is(403).code(), "forbidden");
    }
    let mut eve = site.person("eve");
    assert_eq!(eve.client.get(&notes).is(403).code(), "not_member");
    assert_eq!(ben.client.post(&notes, &json!({"text": " "})).is(422).code(), "invalid");
    assert_eq!(
        ben.client.post(&notes, &json!({"text": "x".repeat(5_000)})).is(413).code(),
        "too_large"
    );
}

#[test]
fn tickets_go_to_agents_that_are_there_first_come_first_served() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.settle(&desk, json!({"assignment": "least_busy", "capacity": 1}));
    let mut guests: Vec<Person> = (0..4).map(|_| let_in(&site, &desk)).collect();
    let first = guests[0].ask_desk(&desk, "nobody is there yet");
    assert_eq!(ann.owner_of(&first), None);
    let (_a, _b) = (ann.come(&site, &desk), ben.come(&site, &desk));
    // Nobody asked anything since: the desk looks by itself.
    let one = eventually("the first is given", || ann.owner_of(&first));
    let second = guests[1].ask_desk(&desk, "second");
    let two = ann.owner_of(&second).expect("an agent is free");
    assert_ne!(one, two);
    let third = guests[2].ask_desk(&desk, "third");
    let fourth = guests[3].ask_desk(&desk, "fourth");
    assert_eq!((ann.owner_of(&third), ann.owner_of(&fourth)), (None, None), "both have enough");
    assert_eq!(guests[3].asked(&desk)["place"], 2);
    ann.change_ticket(&first, &json!({"state": "resolved"}));
    assert_eq!(ann.owner_of(&third), Some(one.clone()), "whoever waits longest comes next");
    assert_eq!(guests[3].asked(&desk)["place"], 1);
    // A returning visitor goes to the end of the queue like everybody.
    ann.change_ticket(&fourth, &json!({"priority": 3}));
    guests[0].say(&first, "One more thing");
    ann.change_ticket(&second, &json!({"state": "resolved"}));
    assert_eq!(ann.owner_of(&fourth), Some(two));
    // An agent that is away is given nothing.
    let me = format!("/v1/desks/{}/me", desk.id);
    for who in [&mut ann, &mut ben] {
        who.client.send("PUT", &me, &json!({"availability": "away", "capacity": 9})).is(204);
    }
    let late = guests[1].ask_desk(&desk, "late");
    assert_eq!(ann.owner_of(&late), None);
    ben.client.send("PUT", &me, &json!({"availability": "online"})).is(204);
    assert_eq!(ann.owner_of(&late), Some(ben.id.clone()));
}

#[test]
fn a_ticket_whose_owner_does_not_answer_goes_to_another() {
    let site = free_site();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.settle(&desk, json!({"assignment": "round_robin", "answer_within_s": 2}));
    let mut guest = let_in(&site, &desk);
    let (_a, _b) = (ann.come(&site, &desk), ben.come(&site, &desk));
    let ticket = guest.ask_desk(&desk, "Hello?");
    let first = ann.owner_of(&ticket).expect("an agent is there");
    let second =
        eventually("another gets it", || ann.owner_of(&ticket).filter(|owner| *owner != first));
    assert!([&ann.id, &ben.id].contains(&&second));
    let mut answering = if second == ann.id { ann.clone() } else { ben.clone() };
    answering.say(&ticket, "Here I am");
    assert_eq!(ann.owner_of(&ticket), Some(second));
}

#[test]
fn a_ticket_whose_owner_vanishes_goes_back_to_the_queue() {
    let site = free_site();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let feed = ben.come(&site, &desk);
    let (asked, told) = (guest.ask_desk(&desk, "Hello?"), guest.ask_desk(&desk, "And this?"));
    for ticket in [&asked, &told] {
        ben.clone().act(ticket, "claim").is(200);
    }
    ben.clone().say(&told, "That is done");
    drop(feed);
    let deadline = Instant::now() + Duration::from_secs(120);
    while ann.owner_of(&asked).is_some() {
        assert!(Instant::now() < deadline, "the ticket is forgotten");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(ann.owner_of(&told), Some(ben.id.clone()), "nobody waits there");
    assert_eq!(guest.asked(&desk)["id"], told.as_str());
    guest.say(&told, "But now?");
    eventually("that one comes back, too", || ann.owner_of(&told).is_none().then_some(()));
}

#[test]
fn a_ticket_is_handed_on_put_off_resolved_and_opened_again() {
    let site = free_site();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let desk = ann.desk(&[&ben, &cem]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.act(&ticket, "claim").is(200);
    let refused =
        cem.client.post(&format!("/v1/tickets/{ticket}/transfer"), &json!({"person": cem.id}));
    assert_eq!(refused.is(403).code(), "forbidden", "nobody takes it away but a supervisor");
    assert_eq!(ben.transfer(&ticket, &json!({"person": cem.id}))["owner"], cem.id);
    assert_eq!(ben.conversation(&ticket)["followed"], false);
    assert_eq!(cem.conversation(&ticket)["unread"], 1);
    let of_team = cem.transfer(&ticket, &json!({"team": "billing"}));
    assert_eq!((&of_team["owner"], &of_team["team"]), (&Value::Null, &json!("billing")));
    let eve = site.person("eve");
    let to_eve =
        ann.client.post(&format!("/v1/tickets/{ticket}/transfer"), &json!({"person": eve.id}));
    assert_eq!(to_eve.is(404).code(), "not_found");

    cem.act(&ticket, "claim").is(200);
    let until = now_ms() + 1_500;
    let off = cem.change_ticket(&ticket, &json!({"state": "snoozed", "snoozed_until": until}));
    assert_eq!((&off["state"], &off["waiting_since"]), (&json!("snoozed"), &Value::Null));
    eventually("it comes back", || (ann.ticket(&ticket)["state"] == "open").then_some(()));
    assert_eq!(ann.owner_of(&ticket), None, "its owner is not there");

    let mut page = Feed::now(&site, Transport::Sse, &guest);
    let done = ben.change_ticket(&ticket, &json!({"state": "resolved", "tags": ["b", "a", "b"]}));
    assert_eq!((&done["state"], &done["tags"]), (&json!("resolved"), &json!(["a", "b"])));
    assert_eq!(page.event_of(&amendments(&ticket))["body"]["state"], "resolved");
    let rating = format!("/v1/tickets/{ticket}/rating");
    guest.client.send("PUT", &rating, &json!({"stars": 5, "comment": "Thanks"})).is(204);
    assert_eq!(guest.client.send("PUT", &rating, &json!({"stars": 6})).is(422).code(), "invalid");
    assert_eq!(ann.client.send("PUT", &rating, &json!({"stars": 1})).is(403).code(), "forbidden");
    let shown = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!((&shown["ticket"]["rating"], &shown["comment"]), (&json!(5), &json!("Thanks")));
    assert_eq!(ann.ticket_ids(&desk, "state=resolved"), [ticket.as_str()]);
    guest.say(&ticket, "It is broken again");
    let again = ann.ticket(&ticket);
    assert_eq!((&again["state"], &again["owner"]), (&json!("open"), &Value::Null));
    assert!(again["waiting_since"].is_u64());
    for wrong in [json!({"priority": 4}), json!({"snoozed_until": 1}), json!({"tags": ["a,b"]})] {
        let answer = ann.client.send("PATCH", &format!("/v1/tickets/{ticket}"), &wrong);
        assert_eq!(answer.is(422).code(), "invalid");
    }
}

#[test]
fn a_bot_is_silent_once_a_person_answers_until_the_ticket_is_handed_back() {
    if is_on_database() {
        return;
    }
    let site = free_site();
    let mut ann = site.person("ann");
    let made = encke(&["token", "create", "--bot", "robot"], Some(&site.server.data()), "");
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let mut client = Client::new(site.address(), Auth::Bearer(token));
    let id = client.get("/v1/me").is(200).json()["id"].as_str().unwrap().to_owned();
    let mut bot = Person { id, name: "robot".into(), client };
    let desk = ann.desk(&[&bot]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    bot.say(&ticket, "I am a robot");
    let now = ann.ticket(&ticket);
    assert_eq!((&now["speaker"], &now["owner"]), (&json!("bot"), &Value::Null));
    assert_eq!(now["first_answer_at"], Value::Null);
    ann.say(&ticket, "And I am Ann");
    assert_eq!(bot.try_say(&ticket, "But").is(409).code(), "conflict");
    ann.act(&ticket, "return").is(200);
    bot.say(&ticket, "Me again");
}

#[test]
fn the_staff_is_told_who_looks_at_a_ticket() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let mut feed = Feed::now(&site, Transport::Sse, &ben);
    let path = format!("/v1/tickets/{ticket}/looking");
    ann.client.ask("PUT", &path, &[], None).is(200);
    let looking =
        std::iter::from_fn(|| feed.item()).find(|item| item["kind"] == "looking").unwrap();
    assert_eq!((&looking["from"], &looking["body"]["ticket"]), (&json!(ann.id), &json!(ticket)));
    assert_eq!(guest.client.ask("PUT", &path, &[], None).is(403).code(), "forbidden");
    ann.change_ticket(&ticket, &json!({"priority": 1}));
    assert_eq!(told(&mut feed, &desk)["priority"], 1);
}
