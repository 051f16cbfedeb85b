//! A desk in which there is one of everything, for tests that try every route of the description of the API.

use serde_json::{Map, Value, json};

use super::{Desk, free_site, let_in};
use crate::harness::{Answer, Person, Site};

/// What only the people of this desk may read stands beside this word.
pub const SECRET: &str = "SECRET-7f3a";

pub struct Scene {
    pub site: Site,
    /// The owner of the desk.
    pub ann: Person,
    /// An agent.
    pub ben: Person,
    pub guest: Person,
    pub desk: Desk,
    /// The visitor's ticket. Its message 2 is the visitor's, 3 is that of `ben`, 4 a poll of `ann`.
    pub ticket: String,
    /// The number of what lies below a part of a path, as `macros`.
    numbers: Map<String, Value>,
}

/// A method and a path of the description of the API.
pub struct Route {
    pub method: String,
    pub path: String,
}

impl Route {
    /// The route as the lists of tests name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        matches!(self.method.as_str(), "get" | "head")
    }
}

impl Scene {
    pub fn new() -> Scene {
        let site = free_site();
        let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
        let desk = ann.desk(&[&ben]);
        let mut guest = let_in(&site, &desk);
        let ticket = guest.ask_desk(&desk, &format!("{SECRET} question"));
        ben.say(&ticket, &format!("{SECRET} answer"));
        let poll = json!({"question": SECRET, "options": ["a", "b"]});
        ann.client.post(&format!("/v1/conversations/{ticket}/polls"), &poll).is(201);
        ben.act(&ticket, "return").is(200);
        let note = json!({"text": format!("{SECRET} note"), "mentions": [ben.id]});
        ann.client.post(&format!("/v1/tickets/{ticket}/notes"), &note).is(201);
        let mut scene = Scene { site, ann, ben, guest, desk, ticket, numbers: Map::new() };
        for (noun, body) in scene.things() {
            let person = if noun == "notes" {
                format!("contacts/{}/", scene.guest.id)
            } else {
                String::new()
            };
            let path = format!("/v1/desks/{}/{person}{noun}", scene.desk.id);
            let made = scene.ann.client.post(&path, &body).is(201).json();
            let number = if made["number"].is_u64() { &made["number"] } else { &made["id"] };
            assert!(number.is_u64(), "{noun}: {made}");
            scene.numbers.insert(noun.into(), number.clone());
        }
        scene
    }

    /// One of everything that a desk has by number, and the body that makes it.
    fn things(&self) -> Vec<(&'static str, Value)> {
        let texts = json!({"en": SECRET, "zh-CN": SECRET});
        let rule = json!({"name": SECRET, "enabled": false, "when": "asked",
            "acts": [{"act": "tag", "tag": "x"}]});
        vec![
            ("articles", json!({"title": texts, "text": texts})),
            ("canned", json!({"shortcut": "hi", "text": SECRET})),
            ("macros", json!({"name": SECRET, "acts": [{"act": "resolve"}]})),
            ("rules", rule),
            ("teams", json!({"name": "billing", "members": [self.ben.id]})),
            ("views", json!({"name": SECRET, "choice": {}})),
            ("secrets", json!({})),
            ("notes", json!({"text": SECRET})),
        ]
    }

    /// The routes below these beginnings of a path.
    pub fn routes(&mut self, below: &[&str]) -> Vec<Route> {
        let api = self.ann.client.get("/openapi.json").is(200).json();
        let mut all = Vec::new();
        for (path, methods) in api["paths"].as_object().unwrap() {
            if below.iter().any(|begin| path.starts_with(begin)) {
                let methods = methods.as_object().unwrap().keys().filter(|key| {
                    ["get", "head", "post", "put", "patch", "delete"].contains(&key.as_str())
                });
                all.extend(methods.map(|m| Route { method: m.clone(), path: path.clone() }));
            }
        }
        assert!(all.len() > 30, "the description has routes of a desk");
        all
    }

    /// A path with the names of this scene in it, of this desk and this ticket.
    pub fn fill(&self, route: &Route, desk: &str, ticket: &str) -> String {
        let seq = match route.path.rsplit('/').next() {
            _ if route.name().starts_with("patch") => 3,
            Some("vote" | "closed" | "voters") => 4,
            _ => 2,
        };
        let noun = route.path.split('/').rev().nth(1).unwrap_or_default();
        let number = self.numbers.get(noun).map_or("1".to_owned(), Value::to_string);
        let is_staff = ["/agents/", "/members/"].iter().any(|at| route.path.contains(at));
        let person = if is_staff { &self.ben.id } else { &self.guest.id };
        let query = match route.path.rsplit('/').next() {
            Some("voters") => "?option=0".to_owned(),
            Some("report" | "report.csv") => "?from=1&to=2".to_owned(),
            Some("tickets") if route.path.contains("/report/") => "?from=1&to=2".to_owned(),
            Some("runs") => format!("?rule={}", self.numbers["rules"]),
            _ => String::new(),
        };
        let path = route
            .path
            .replace("{desk}", desk)
            .replace("{id}", ticket)
            .replace("{person}", person)
            .replace("{number}", &number)
            .replace("{seq}", &seq.to_string())
            .replace("{emoji}", "%F0%9F%91%8D")
            .replace("{link}", "l0123456789abcdef");
        path + &query
    }

    /// A body that the route takes.
    pub fn body(&self, route: &Route) -> Value {
        let text = json!({"text": "x"});
        let last = route.path.rsplit('/').next().unwrap_or_default();
        if last == "mailbox" {
            return json!({"address": "desk@example.com"});
        }
        let below = route.path.split('/').rev().nth(1).unwrap_or_default();
        for (noun, body) in self.things() {
            let names_it = if last == "{number}" { below == noun } else { last == noun };
            if names_it && route.path.starts_with("/v1/desks") {
                return match (noun, route.method.as_str()) {
                    ("teams", "put") => json!({"members": []}),
                    ("rules", "put") if last == "rules" => {
                        json!({"rules": [self.numbers["rules"]]})
                    }
                    ("canned", "patch") => text,
                    _ => body,
                };
            }
        }
        match last {
            "{desk}" => json!({"name": "Mine"}),
            "bulk" => json!({"tickets": [self.ticket], "priority": 1}),
            "merge" if below == "{id}" => json!({"into": self.desk.id}),
            "merge" => json!({"into": self.ann.id}),
            "split" => json!({"message": 2, "text": "x"}),
            "promise" => json!({"times": [{}, {}, {}, {}]}),
            "try" => json!({"rule": self.things()[3].1, "ticket": self.ticket}),
            "invitation" | "messages" | "{seq}" | "thread" | "visitor-draft" | "draft" => text,
            "{person}" if below == "agents" => json!({"capacity": 1}),
            "{person}" if below == "contacts" => json!({"company": "x"}),
            "{person}" if below == "members" => json!({"role": "owner"}),
            "tickets" => text,
            "identity" => json!({"identity": "a.b.c"}),
            "mail" => json!({"address": "a@example.com"}),
            "visit" => json!({"url": "https://shop.example/"}),
            "transfer" => json!({"team": "billing"}),
            "rating" => json!({"stars": 1}),
            "{id}" if route.path.contains("/tickets/") => json!({"priority": 3}),
            "{id}" => json!({"title": "x"}),
            "cards" => json!({"card": {"title": "x"}}),
            "forwards" => json!({"conversation": self.ticket, "message": 2}),
            "members" => json!({"person": self.ben.id}),
            "pieces" => json!({"n": 1, "text": "x"}),
            "whole" => json!({"pieces": 0}),
            "mute" => json!({"seconds": 60}),
            "vote" => json!({"options": [0]}),
            "picture" => json!({"file": "f0123456789abcdef0123456789abcdef"}),
            "polls" => json!({"question": "x", "options": ["a", "b"]}),
            "scheduled" => json!({"text": "x", "send_at": 4_000_000_000_000_u64}),
            "typing" => json!({"on": true}),
            "receipts" => json!({"read": 1}),
            "choices" => json!({"archived": true}),
            _ if route.path.ends_with("/notes") => text,
            _ => json!({}),
        }
    }

    /// Tries a route as somebody, at this desk and this ticket.
    pub fn tries(&self, who: &mut Person, route: &Route, desk: &str, ticket: &str) -> Answer {
        let (path, body) = (self.fill(route, desk, ticket), self.body(route));
        who.client.send(&route.method.to_uppercase(), &path, &body)
    }

    /// All that the owner sees of the desk, to find out whether something has changed.
    pub fn state(&mut self) -> Vec<String> {
        let (desk, ticket) = (&self.desk.id, &self.ticket);
        let mut paths: Vec<_> =
            ["", "/articles", "/canned", "/macros", "/rules", "/teams", "/views"]
                .iter()
                .chain(&["/secrets", "/promise", "/blocked"])
                .map(|rest| format!("/v1/desks/{desk}{rest}"))
                .collect();
        paths.push(format!("/v1/desks/{desk}/contacts/{}", self.guest.id));
        paths.push(format!("/v1/tickets/{ticket}/notes"));
        paths.push(format!("/v1/conversations/{ticket}/events"));
        let mut all: Vec<_> =
            paths.iter().map(|path| self.ann.client.get(path).is(200).text().to_owned()).collect();
        let ticket = self.ticket.clone();
        all.push(self.ann.ticket(&ticket).to_string());
        all
    }
}
