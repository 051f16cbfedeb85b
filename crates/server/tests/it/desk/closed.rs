//! What a visitor's token opens: its own tickets and its desk's door, and nothing else.

use serde_json::{Value, json};

use super::{Desk, free_site, let_in};
use crate::harness::{Person, Site};

/// What is open to a visitor, by method and path in the description of the API. Everything here is tried with what belongs to
/// somebody else, too.
const OPEN: &[&str] = &[
    "get /v1/me",
    "get /v1/snapshot",
    "get /v1/feed",
    "post /v1/tickets",
    "post /v1/acks",
    "post /v1/presence",
    "get /v1/people/{id}",
    "get /v1/conversations",
    "get /v1/conversations/{id}",
    "get /v1/conversations/{id}/events",
    "post /v1/conversations/{id}/cards",
    "post /v1/conversations/{id}/messages",
    "get /v1/conversations/{id}/messages/{seq}",
    "patch /v1/conversations/{id}/messages/{seq}",
    "delete /v1/conversations/{id}/messages/{seq}",
    "get /v1/conversations/{id}/messages/{seq}/edits",
    "post /v1/conversations/{id}/messages/{seq}/stop",
    "put /v1/conversations/{id}/messages/{seq}/reactions/{emoji}",
    "delete /v1/conversations/{id}/messages/{seq}/reactions/{emoji}",
    "post /v1/conversations/{id}/receipts",
    "post /v1/conversations/{id}/typing",
    "post /v1/files",
    "patch /v1/files/{id}",
    "head /v1/files/{id}",
    "delete /v1/files/{id}",
    "get /v1/files/{id}",
    "get /v1/files/{id}/thumbnail",
    "get /v1/desks/{desk}/my-tickets",
    "post /v1/desks/{desk}/identity",
    "post /v1/desks/{desk}/tickets",
    "get /v1/desks/{desk}/mail",
    "put /v1/desks/{desk}/mail",
    "delete /v1/desks/{desk}/mail",
    "post /v1/tickets/{id}/transcript",
    "put /v1/desks/{desk}/visit",
    "put /v1/tickets/{id}/rating",
    "put /v1/tickets/{id}/visitor-draft",
];

struct Scene {
    site: Site,
    ann: Person,
    desk: Desk,
    guest: Person,
    ticket: String,
    /// The ticket of another visitor.
    other: String,
}

fn scene() -> Scene {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let (mut guest, mut stranger) = (let_in(&site, &desk), let_in(&site, &desk));
    let ticket = guest.ask_desk(&desk, "mine");
    let other = stranger.ask_desk(&desk, "SECRET of somebody else");
    Scene { site, ann, desk, guest, ticket, other }
}

/// A path of the description with the names of this scene in it.
fn fill(path: &str, conversation: &str, desk: &str, person: &str) -> String {
    let is_person = path.contains("/people/") || path.contains("/blocked/");
    let id = if is_person { person } else { conversation };
    path.replace("{id}", id)
        .replace("{desk}", desk)
        .replace("{person}", person)
        .replace("{seq}", "2")
        .replace("{emoji}", "%F0%9F%91%8D")
        .replace("{name}", "news")
}

#[test]
fn a_visitors_token_is_refused_by_every_route_that_is_not_open_to_visitors() {
    let mut s = scene();
    let api = s.ann.client.get("/openapi.json").is(200).json();
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            // Some are open to everybody, also without a token.
            if operation["security"]
                .as_array()
                .is_some_and(|all| all == &[json!({})] || all.is_empty())
            {
                continue;
            }
            if OPEN.contains(&name.as_str()) {
                seen.push(name);
                continue;
            }
            for target in [&s.desk.id, &s.desk.key] {
                let filled = fill(path, &s.ticket, target, &s.guest.id);
                let answer = s.guest.client.send(&method.to_uppercase(), &filled, &json!({}));
                if (answer.status, answer.code().as_str()) != (403, "forbidden") {
                    wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for open in OPEN.iter().filter(|open| !open.ends_with("/feed") && !open.ends_with("/rating")) {
        assert!(seen.iter().any(|name| name == open), "{open} is not described");
    }
}

#[test]
fn what_is_open_to_a_visitor_shows_nothing_of_others() {
    let mut s = scene();
    let house = s.desk.id.clone();
    let mut refused = |method: &str, path: String, body: Value| {
        let answer = s.guest.client.send(method, &path, &body);
        assert!(matches!(answer.status, 403 | 404), "{method} {path}: {}", answer.status);
        assert!(!answer.text().contains("SECRET"), "{path}");
    };
    for foreign in [&s.other, &house] {
        for rest in ["", "/events", "/messages/2", "/messages/2/edits"] {
            refused("GET", format!("/v1/conversations/{foreign}{rest}"), json!({}));
        }
        refused("POST", format!("/v1/conversations/{foreign}/messages"), json!({"text": "x"}));
        let card = json!({"card": {"title": "x"}});
        refused("POST", format!("/v1/conversations/{foreign}/cards"), card);
        let stop = format!("/v1/conversations/{foreign}/messages/2/stop");
        refused("POST", stop, json!({}));
        refused("PUT", format!("/v1/tickets/{foreign}/visitor-draft"), json!({"text": "x"}));
        refused("POST", format!("/v1/conversations/{foreign}/typing"), json!({"on": true}));
        refused("POST", format!("/v1/conversations/{foreign}/receipts"), json!({"read": 1}));
        refused("PATCH", format!("/v1/conversations/{foreign}/messages/2"), json!({"text": "x"}));
        refused("DELETE", format!("/v1/conversations/{foreign}/messages/2"), json!({}));
    }
    refused("GET", format!("/v1/people/{}", s.ann.id), json!({}));
    let snapshot = s.guest.client.get("/v1/snapshot").is(200);
    assert!(!snapshot.text().contains("SECRET") && !snapshot.text().contains(&s.ann.name));
    let another = s.ann.desk(&[]);
    let path = format!("/v1/desks/{}/tickets", another.key);
    assert_eq!(s.guest.client.post(&path, &json!({"text": "x"})).is(403).code(), "forbidden");
    let path = format!("/v1/desks/{}/my-tickets", another.key);
    assert_eq!(s.guest.client.get(&path).is(403).code(), "forbidden");
    // A visitor is in its tickets alone: nobody begins to talk to it, finds it, or brings it into a room.
    let body = json!({"kind": "direct", "person": s.guest.id});
    assert_eq!(s.ann.client.post("/v1/conversations", &body).is(404).code(), "not_found");
    let room = s.ann.room(&[]);
    let path = format!("/v1/conversations/{room}/members");
    assert_eq!(
        s.ann.client.post(&path, &json!({"person": s.guest.id})).is(404).code(),
        "not_found"
    );
    let found = s.ann.client.get("/v1/people?q=Visitor").is(200).json();
    assert_eq!(found["people"], json!([]));
    let mut eve = s.site.person("eve");
    let path = format!("/v1/people/{}", s.guest.id);
    assert_eq!(eve.client.get(&path).is(404).code(), "not_found", "the staff alone sees visitors");
    s.ann.client.get(&path).is(200);
}

#[test]
fn a_visitor_follows_no_channel() {
    let mut s = scene();
    let answer = s.guest.client.get("/v1/feed?channels=news");
    assert_eq!(answer.is(403).code(), "forbidden");
}
