//! Every route of a desk, as the description of the API has it, tried by somebody that may not: a route that is added is tried,
//! too.

use serde_json::json;

use super::free_site;
use super::scene::{Route, SECRET, Scene};
use crate::feed::{Feed, Transport};
use crate::harness::{Auth, Client, Person, Site};

const BELOW: &[&str] = &["/v1/desks/{desk}", "/v1/tickets/{id}", "/v1/conversations/{id}"];

/// What an agent that only reads may do: things of its own that nobody else notices, and to recall what it said before.
const OF_ONES_OWN: &[&str] = &[
    "put /v1/desks/{desk}/me",
    "put /v1/tickets/{id}/looking",
    "delete /v1/tickets/{id}/looking",
    "put /v1/tickets/{id}/mentions",
    "post /v1/tickets/{id}/join",
    "post /v1/tickets/{id}/leave",
    "patch /v1/conversations/{id}/choices",
    "put /v1/conversations/{id}/draft",
    "delete /v1/conversations/{id}/draft",
    // It follows no thread: a ticket has none.
    "put /v1/conversations/{id}/follow",
    "delete /v1/conversations/{id}/follow",
    "post /v1/conversations/{id}/messages/{seq}/thread",
    "put /v1/conversations/{id}/messages/{seq}/hide",
    "delete /v1/conversations/{id}/messages/{seq}/hide",
    "put /v1/conversations/{id}/messages/{seq}/star",
    "delete /v1/conversations/{id}/messages/{seq}/star",
    "delete /v1/conversations/{id}/messages/{seq}/reactions/{emoji}",
    "delete /v1/conversations/{id}/messages/{seq}/preview",
    "post /v1/conversations/{id}/messages/{seq}/report",
    "post /v1/conversations/{id}/receipts",
    // Whoever takes part already is told so.
    "post /v1/conversations/{id}/join",
    // It is refused when it is due.
    "post /v1/conversations/{id}/scheduled",
    // Nobody is told: see below.
    "post /v1/conversations/{id}/typing",
];

#[test]
fn an_agent_that_only_reads_is_refused_by_every_route_that_others_would_notice() {
    let mut s = Scene::new();
    let own = json!({"name": "mine", "own": true, "acts": [{"act": "resolve"}]});
    let own = s.ben.client.post(&format!("/v1/desks/{}/macros", s.desk.id), &own).is(201).json();
    let agent = format!("/v1/desks/{}/agents/{}", s.desk.id, s.ben.id);
    s.ann.client.send("PUT", &agent, &json!({"reads_only": true})).is(204);
    let (before, mut ben, mut wrong) = (s.state(), s.ben.clone(), Vec::new());
    let routes = s.routes(BELOW);
    for route in routes.iter().filter(|route| !route.reads() && !is_public(route)) {
        let answer = s.tries(&mut ben, route, &s.desk.id, &s.ticket);
        let name = route.name();
        let is_good = if OF_ONES_OWN.contains(&name.as_str()) {
            answer.status < 500
        } else {
            // What visitors alone do at a desk, it does at none.
            matches!(answer.status, 403 | 404)
        };
        if !is_good {
            wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
        }
    }
    let path = format!("/v1/tickets/{}/macros/{}", s.ticket, own["id"]);
    assert_eq!(ben.client.poke(&path).is(403).code(), "forbidden", "nor by a macro of its own");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for own in OF_ONES_OWN {
        assert!(routes.iter().any(|route| route.name() == *own), "{own} is not described");
    }
    assert_eq!(s.state(), before, "nothing of it was done");
    nobody_sees_it_type(&s);
}

fn nobody_sees_it_type(s: &Scene) {
    let (mut ann, mut ben) = (s.ann.clone(), s.ben.clone());
    let mut page = Feed::now(&s.site, Transport::WebSocket, &s.guest);
    let typing = format!("/v1/conversations/{}/typing", s.ticket);
    ben.client.post(&typing, &json!({"on": true})).is(204);
    ann.client.post(&typing, &json!({"on": true})).is(204);
    let first = std::iter::from_fn(|| page.item()).find(|item| item["kind"] == "typing").unwrap();
    assert_eq!(first["from"], ann.id, "the signal of the one that reads came to nobody");
}

/// What everybody may read, and the door for mails, which looks at no person but at a token of its own.
fn is_public(route: &Route) -> bool {
    let rest = route.path.strip_prefix("/v1/desks/{desk}/").unwrap_or_default();
    rest == "mails"
        || rest == "door"
        || rest.starts_with("help")
        || rest == "visitors" && route.method == "post"
}

#[test]
fn staff_of_another_desk_and_staff_that_was_removed_reach_nothing_of_a_desk() {
    let mut s = Scene::new();
    let mut eve = s.site.person("eve");
    let hers = eve.desk(&[]);
    assert_ne!(hers.id, s.desk.id);
    let member = format!("/v1/conversations/{}/members/{}", s.desk.id, s.ben.id);
    s.ann.client.delete(&member).is(204);
    let (before, routes) = (s.state(), s.routes(BELOW));
    let mut wrong = Vec::new();
    for who in [&mut eve, &mut s.ben.clone()] {
        for route in routes.iter().filter(|route| !is_public(route)) {
            for desk in [&s.desk.id, &s.desk.key()] {
                let answer = s.tries(who, route, desk, &s.ticket);
                let is_told = answer.text().contains(SECRET);
                let is_good = match answer.status {
                    // Nothing of one's own is there, so nothing has to go.
                    204 => ["/draft", "/star"].iter().any(|own| route.path.ends_with(own)),
                    status => matches!(status, 403 | 404),
                };
                if !is_good || is_told {
                    wrong.push(format!("{}: {} {}", route.name(), answer.status, answer.text()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(s.state(), before, "nothing of it was done");
}

#[test]
fn what_belongs_to_another_desk_is_not_there_at_ones_own() {
    let mut s = Scene::new();
    let mut eve = s.site.person("eve");
    let hers = eve.desk(&[]);
    let mut stranger = super::let_in(&s.site, &hers);
    let ticket = stranger.ask_desk(&hers, "Hello");
    let (before, mut wrong) = (s.state(), Vec::new());
    for route in s.routes(&["/v1/desks/{desk}/", "/v1/tickets/{id}/"]) {
        if !route.path.contains("{number}") && !route.path.contains("{person}") || is_public(&route)
        {
            continue;
        }
        let answer = s.tries(&mut eve, &route, &hers.id, &ticket);
        if answer.status != 404 || answer.text().contains(SECRET) {
            wrong.push(format!("{}: {} {}", route.name(), answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What a body names.
    let (foreign, visitor) = (s.ticket.clone(), s.guest.id.clone());
    let at = |rest: &str| format!("/v1/desks/{}/{rest}", hers.id);
    let bulk = json!({"tickets": [foreign], "add_tag": "mine"});
    let done = eve.client.post(&at("bulk"), &bulk).is(200).json();
    assert_eq!(done["results"][0]["error"]["code"], "not_member");
    let rule = json!({"name": "x", "enabled": true, "when": "asked", "acts": [{"act": "tag", "tag": "x"}]});
    let tried = json!({"rule": rule, "ticket": foreign});
    assert!(matches!(eve.client.post(&at("rules/try"), &tried).status, 403 | 404));
    let merge = json!({"into": visitor});
    let path = at(&format!("contacts/{}/merge", stranger.id));
    assert_eq!(eve.client.post(&path, &merge).is(404).code(), "not_found");
    let team = json!({"name": "mine", "members": [s.ben.id]});
    assert!(matches!(eve.client.post(&at("teams"), &team).status, 404 | 422));
    let transfer = json!({"person": s.ben.id});
    let path = format!("/v1/tickets/{ticket}/transfer");
    assert_eq!(eve.client.post(&path, &transfer).is(404).code(), "not_found");
    let note = json!({"text": "Look!", "mentions": [s.ben.id]});
    eve.client.post(&format!("/v1/tickets/{ticket}/notes"), &note);
    let mentions = s.ben.client.get(&at("mentions")).is(404);
    assert_eq!(mentions.code(), "not_found");
    let forward = json!({"conversation": foreign, "message": 2});
    let path = format!("/v1/conversations/{ticket}/forwards");
    assert_eq!(eve.client.post(&path, &forward).is(403).code(), "not_member");
    assert_eq!(s.state(), before, "nothing of it was done");
}

#[test]
fn only_those_who_lead_a_desk_let_people_into_the_room_of_its_staff() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let house = format!("/v1/conversations/{}", desk.id);
    let (members, links) = (format!("{house}/members"), format!("{house}/links"));
    let person = json!({"person": eve.id});
    // Whoever is in it reads each ticket.
    assert_eq!(ben.client.post(&members, &person).is(403).code(), "forbidden");
    assert_eq!(ben.client.post(&links, &json!({})).is(403).code(), "forbidden");
    let open = ann.client.send("PATCH", &house, &json!({"open": true})).is(403);
    assert_eq!(open.code(), "forbidden", "it is never open");
    assert_eq!(eve.client.poke(&format!("{house}/join")).is(403).code(), "not_member");
    assert_eq!(eve.client.get(&format!("/v1/desks/{}", desk.id)).is(404).code(), "not_found");
    ann.client.send("PATCH", &house, &json!({"topic": "Shifts"})).is(200);
    ann.client.post(&members, &person).is(204);
    // In other rooms all members bring people in.
    let room = ann.room(&[&ben]);
    ben.client.post(&format!("/v1/conversations/{room}/members"), &person).is(204);
}

#[test]
fn a_ticket_has_no_threads_which_would_pass_by_its_rules() {
    let site = Site::shared();
    let (mut ann, mut guest, ticket) = {
        let mut ann = site.person("ann");
        let desk = ann.desk(&[]);
        let mut guest = super::let_in(&site, &desk);
        let ticket = guest.ask_desk(&desk, "Hello");
        (ann, guest, ticket)
    };
    let path = format!("/v1/conversations/{ticket}/messages/2/thread");
    let text = json!({"text": "beside"});
    assert_eq!(ann.client.post(&path, &text).is(422).code(), "invalid");
    assert_eq!(guest.client.post(&path, &text).is(403).code(), "forbidden");
}

#[test]
fn a_blocked_visitor_changes_nothing_that_the_staff_sees() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = super::let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ann.act(&ticket, "claim").is(200);
    let mut console = Feed::now(&site, Transport::Sse, &ann);
    let blocked = format!("/v1/desks/{}/blocked/{}", desk.id, guest.id);
    ann.client.ask("PUT", &blocked, &[], None).is(204);
    let at = |rest: &str| format!("/v1/conversations/{ticket}/{rest}");
    let mut refused = |method: &str, path: String, body: serde_json::Value| {
        let answer = guest.client.send(method, &path, &body);
        assert_eq!((answer.status, &*answer.code()), (403, "blocked"), "{method} {path}");
    };
    refused("POST", at("messages"), json!({"text": "spam"}));
    refused("POST", at("cards"), json!({"card": {"title": "spam"}}));
    refused("PATCH", at("messages/2"), json!({"text": "spam"}));
    refused("PUT", at("messages/2/reactions/%F0%9F%91%8D"), json!({}));
    refused("PUT", format!("/v1/tickets/{ticket}/visitor-draft"), json!({"text": "spam"}));
    refused("PUT", format!("/v1/tickets/{ticket}/rating"), json!({"stars": 1, "comment": "spam"}));
    refused("POST", format!("/v1/desks/{}/tickets", desk.key), json!({"text": "spam"}));
    guest.client.post(&at("typing"), &json!({"on": true})).is(204);
    // What it said before, it may take back.
    guest.client.delete(&at("messages/2")).is(204);
    ann.say(&ticket, "marker");
    loop {
        let item = console.item().unwrap();
        assert!(item["kind"] != "typing" && !item.to_string().contains("spam"), "{item}");
        if item["body"]["text"] == "marker" {
            break;
        }
    }
}

#[test]
fn the_room_of_a_desks_staff_takes_no_guests() {
    let site = free_site();
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let mut ann = site.person("ann");
    let (desk, room) = (ann.desk(&[]), ann.room(&[]));
    let links = |of: &str| format!("/v1/conversations/{of}/links");
    let for_guests = json!({"guests": true});
    let refused = ann.client.post(&links(&desk.id), &for_guests).is(403);
    assert_eq!(refused.code(), "forbidden");
    ann.client.post(&links(&desk.id), &json!({})).is(201);
    // In another room such a link lets a guest in, who may then be brought nowhere near the tickets.
    let made = ann.client.post(&links(&room), &for_guests).is(201).json();
    let entered = site.server.visitor().post("/v1/guest", &json!({"display_name": "Gast"})).is(201);
    let id = entered.json()["id"].as_str().unwrap().to_owned();
    let client = Client::new(site.address(), Auth::Cookie(entered.session()));
    let mut guest = Person { id, name: "Gast".into(), client };
    let secret = json!({"secret": made["secret"]});
    guest.client.post("/v1/links/join", &secret).is(200);
    let person = json!({"person": guest.id});
    let members = format!("/v1/conversations/{}/members", desk.id);
    assert_eq!(ann.client.post(&members, &person).is(403).code(), "forbidden");
    assert_eq!(guest.client.get(&format!("/v1/desks/{}", desk.id)).is(404).code(), "not_found");
}
