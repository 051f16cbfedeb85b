//! Onlookers: staff that looks at a ticket without taking part gets its events, for as long as it looks.

use serde_json::json;

use super::{Desk, let_in};
use crate::feed::{Feed, Transport};
use crate::harness::{Person, Site};

impl Person {
    fn look(&mut self, ticket: &str) -> bool {
        let path = format!("/v1/tickets/{ticket}/looking");
        self.client.ask("PUT", &path, &[], None).is(200).json()["begins"] == true
    }

    fn look_away(&mut self, ticket: &str) {
        self.client.delete(&format!("/v1/tickets/{ticket}/looking")).is(204);
    }
}

/// The texts, notes, amendments and signals of a ticket that come before a marker in a room of one's own.
fn heard(feed: &mut Feed, person: &mut Person, room: &str, ticket: &str) -> Vec<String> {
    person.say(room, "marker");
    let mut kinds = Vec::new();
    loop {
        let item = feed.item().expect("the feed goes on");
        if item["stream"] == room && item["body"]["text"] == "marker" {
            return kinds;
        }
        let stream = item["stream"].as_str().unwrap_or_default();
        let is_of_ticket = stream.len() > 1 && stream[1..] == ticket[1..];
        if is_of_ticket || item["body"]["ticket"] == ticket {
            kinds.push(item["kind"].as_str().unwrap_or_default().to_owned());
        }
    }
}

fn shows_drafts(ann: &mut Person, desk: &Desk) {
    ann.settle(desk, json!({"draft_preview": true}));
}

#[test]
fn who_looks_at_a_ticket_gets_what_happens_in_it_until_it_looks_away() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    shows_drafts(&mut ann, &desk);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.act(&ticket, "claim").is(200);
    let room = ann.room(&[]);
    let mut feed = Feed::now(&site, Transport::Sse, &ann);
    guest.say(&ticket, "before");
    assert!(heard(&mut feed, &mut ann, &room, &ticket).is_empty(), "nobody looks yet");

    assert!(ann.look(&ticket));
    assert!(!ann.look(&ticket), "it goes on");
    let said = guest.say(&ticket, "Is anybody there?")["seq"].clone();
    let typed = format!("/v1/tickets/{ticket}/visitor-draft");
    guest.client.send("PUT", &typed, &json!({"text": "I mean"})).is(204);
    let typing = format!("/v1/conversations/{ticket}/typing");
    guest.client.post(&typing, &json!({"on": true})).is(204);
    let message = format!("/v1/conversations/{ticket}/messages/{said}");
    guest.client.send("PATCH", &message, &json!({"text": "Anybody there?"})).is(204);
    guest.client.delete(&message).is(204);
    ben.client.post(&format!("/v1/tickets/{ticket}/notes"), &json!({"text": "Hm"})).is(201);
    let mut kinds = heard(&mut feed, &mut ann, &room, &ticket);
    assert_eq!(kinds[0], "ticket_followed", "it is told before all that follows");
    kinds.sort();
    for kind in ["edited", "message", "note", "recalled", "typing", "visitor_draft"] {
        assert!(kinds.iter().any(|heard| heard == kind), "{kind} is missing: {kinds:?}");
    }
    // Looking is no part: the visitor learns of nobody, and nothing is counted.
    assert_eq!(ann.conversation(&ticket)["followed"], false);
    let page = ben.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(page["taking_part"], json!([ben.id]));
    let shown = guest.client.get("/v1/snapshot").is(200).json();
    let members = &shown["conversations"][0]["members"];
    assert!(
        members.as_array().unwrap().iter().all(|m| m["person"] != ann.id.as_str()),
        "{members}"
    );

    ann.look_away(&ticket);
    ann.look_away(&ticket);
    guest.say(&ticket, "after");
    assert!(heard(&mut feed, &mut ann, &room, &ticket).is_empty());
}

#[test]
fn who_takes_part_or_leaves_the_desk_looks_on_no_longer() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let mut eve = site.person("eve");
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let path = format!("/v1/tickets/{ticket}/looking");
    for who in [&mut eve.client, &mut guest.client] {
        assert_eq!(who.ask("PUT", &path, &[], None).status, 403);
        assert_eq!(who.delete(&path).status, 403);
    }
    // Looking away from what one has taken does not end that.
    assert!(ben.look(&ticket));
    ben.act(&ticket, "claim").is(200);
    assert!(!ben.look(&ticket));
    ben.look_away(&ticket);
    let room = ben.room(&[]);
    let mut feed = Feed::now(&site, Transport::Sse, &ben);
    guest.say(&ticket, "yours");
    assert_eq!(feed.texts(&ticket, 1), ["yours"]);
    ben.act(&ticket, "return").is(200);
    assert!(ben.look(&ticket), "it follows no longer by itself");

    ann.client.delete(&format!("/v1/conversations/{}/members/{}", desk.id, ben.id)).is(204);
    guest.say(&ticket, "not for ben");
    let kinds = heard(&mut feed, &mut ben, &room, &ticket);
    assert!(kinds.iter().all(|kind| kind != "message"), "{kinds:?}");
    assert_eq!(ben.client.ask("PUT", &path, &[], None).is(403).code(), "not_member");
}

#[test]
fn who_looks_at_too_many_tickets_follows_the_last_ones() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guests: Vec<_> = (0..3).map(|_| let_in(&site, &desk)).collect();
    let tickets: Vec<_> = (0..9).map(|at| guests[at / 3].ask_desk(&desk, "Hello")).collect();
    for ticket in &tickets {
        assert!(ann.look(ticket));
    }
    assert!(!ann.look(&tickets[8]));
    assert!(!ann.look(&tickets[1]));
    assert!(ann.look(&tickets[0]), "the first of nine has ended");
}
