//! Macros: several acts with one key, all of them or none.

use serde_json::{Value, json};

use super::{Desk, let_in};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn make_macro(&mut self, desk: &Desk, body: &Value) -> Answer {
        self.client.post(&format!("/v1/desks/{}/macros", desk.id), body)
    }

    fn run_macro(&mut self, ticket: &str, number: &Value, key: &str) -> Answer {
        let path = format!("/v1/tickets/{ticket}/macros/{number}");
        self.client.ask("POST", &path, &[("Idempotency-Key", key)], None)
    }
}

#[test]
fn a_macro_does_all_of_its_acts_once() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let acts = json!([{"act": "assign"}, {"act": "tag", "tag": "refund"},
        {"act": "answer", "text": {"en": "Dear {{visitor}}, done. {{agent}}"}}, {"act": "resolve"}]);
    let made = ann.make_macro(&desk, &json!({"name": "Refunded", "acts": acts})).is(201).json();
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Refund!");
    let done = ben.run_macro(&ticket, &made["id"], "k1").is(200).json();
    assert_eq!((&done["state"], &done["tags"]), (&json!("resolved"), &json!(["refund"])));
    assert_eq!(done["owner"], ben.id);
    let again = ben.run_macro(&ticket, &made["id"], "k1").is(200).json();
    assert_eq!(again, done, "a retry is the same request");
    let said: Vec<_> =
        guest.history(&ticket).into_iter().filter(|e| e["kind"] == "message").collect();
    assert_eq!(said.len(), 2);
    assert_eq!(said[1]["from"], ben.id);
    assert_eq!(said[1]["body"]["text"], format!("Dear {}, done. {}", guest.name, ben.name));
    let other = guest.ask_desk(&desk, "Another");
    assert_eq!(ben.run_macro(&other, &made["id"], "k1").is(409).code(), "key_reused");
}

#[test]
fn a_macro_that_can_not_do_all_does_nothing() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let acts =
        json!([{"act": "answer", "text": {"en": "Bye"}}, {"act": "assign", "person": ben.id}]);
    let made = ann.make_macro(&desk, &json!({"name": "To Ben", "acts": acts})).is(201).json();
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ann.client.delete(&format!("/v1/conversations/{}/members/{}", desk.id, ben.id)).is(204);
    assert_eq!(ann.run_macro(&ticket, &made["id"], "k").is(409).code(), "conflict");
    let said = guest.history(&ticket).into_iter().filter(|e| e["kind"] == "message").count();
    assert_eq!((said, &ann.ticket(&ticket)["owner"]), (1, &Value::Null));
    assert_eq!(ben.run_macro(&ticket, &made["id"], "k").is(403).code(), "not_member");
    assert_eq!(guest.run_macro(&ticket, &made["id"], "k").is(403).code(), "forbidden");
}

#[test]
fn macros_of_the_desk_are_made_by_those_who_lead_and_own_ones_by_anybody() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let acts = json!([{"act": "resolve"}]);
    let shared = json!({"name": "Shared", "acts": acts});
    assert_eq!(ben.make_macro(&desk, &shared).is(403).code(), "forbidden");
    let own = json!({"name": "Own", "acts": acts, "own": true});
    let mine = ben.make_macro(&desk, &own).is(201).json();
    assert_eq!(mine["person"], ben.id);
    let ours = ann.make_macro(&desk, &shared).is(201).json();
    let path = format!("/v1/desks/{}/macros", desk.id);
    let names = |all: Value| -> Vec<Value> {
        all["macros"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect()
    };
    assert_eq!(names(ben.client.get(&path).is(200).json()), ["Shared", "Own"]);
    assert_eq!(names(ann.client.get(&path).is(200).json()), ["Shared"]);
    let (mine, ours) = (format!("{path}/{}", mine["id"]), format!("{path}/{}", ours["id"]));
    assert_eq!(ann.client.delete(&mine).is(404).code(), "not_found");
    assert_eq!(ben.client.send("PUT", &ours, &shared).is(403).code(), "forbidden");
    let alert = json!({"name": "n", "acts": [{"act": "alert"}]});
    assert_eq!(ann.make_macro(&desk, &alert).is(422).code(), "invalid");
    ben.client.send("PUT", &mine, &json!({"name": "Renamed", "acts": acts})).is(200);
    ben.client.delete(&mine).is(204);
    assert_eq!(names(ben.client.get(&path).is(200).json()), ["Shared"]);
}
