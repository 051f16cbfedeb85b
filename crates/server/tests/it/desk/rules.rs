//! Rules: each runs once for each happening, on whichever node and after whatever restart (P11).

use std::thread;

use serde_json::{Value, json};

use super::{Desk, free_site, let_in};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site, eventually};

impl Person {
    fn try_rule(&mut self, desk: &Desk, rule: &Value) -> Answer {
        self.client.post(&format!("/v1/desks/{}/rules", desk.id), rule)
    }

    /// Makes a rule; returns its number.
    fn rule(&mut self, desk: &Desk, when: &str, conditions: Value, acts: Value) -> u64 {
        let rule = json!({"name": when, "enabled": true, "when": when, "conditions": conditions, "acts": acts});
        self.try_rule(desk, &rule).is(201).json()["id"].as_u64().unwrap()
    }

    fn runs(&mut self, desk: &Desk, of: &str) -> Vec<Value> {
        let page = self.client.get(&format!("/v1/desks/{}/runs?{of}", desk.id)).is(200).json();
        page["runs"].as_array().unwrap().clone()
    }

    /// What rules did to a ticket, once there are so many runs.
    fn ran(&mut self, desk: &Desk, ticket: &str, count: usize) -> Vec<Value> {
        eventually("the rules have run", || {
            let runs = self.runs(desk, &format!("ticket={ticket}"));
            (runs.len() >= count).then_some(runs)
        })
    }
}

fn texts(person: &mut Person, ticket: &str) -> Vec<Value> {
    let said = person.history(ticket).into_iter().filter(|e| e["kind"] == "message");
    said.map(|e| e["body"]["text"].clone()).collect()
}

#[test]
fn a_question_is_tagged_answered_and_keeps_its_place_in_the_queue() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let conditions = json!([{"of": "text", "is": "contains", "value": "refund"},
        {"of": "page", "is": "contains", "value": "/pricing"}]);
    let acts = json!([{"act": "tag", "tag": "refund"}, {"act": "priority", "priority": 2},
        {"act": "answer", "text": {"en": "Hi {{visitor}}, we look.", "zh-CN": "你好"}},
        {"act": "note", "text": "by itself"}, {"act": "team", "team": "billing"}]);
    let rule = ann.rule(&desk, "asked", conditions, acts);
    let mut guest = let_in(&site, &desk);
    let visit = json!({"url": "https://shop.example/Pricing"});
    guest.client.send("PUT", &format!("/v1/desks/{}/visit", desk.key), &visit).is(204);
    let mut page = Feed::now(&site, Transport::Sse, &guest);
    let ticket = guest.ask_desk(&desk, "I want a REFUND");
    let hello = format!("Hi {}, we look.", guest.name);
    assert_eq!(page.texts(&ticket, 2), ["I want a REFUND", &hello]);
    let runs = ben.ran(&desk, &ticket, 1);
    assert_eq!(runs[0]["rule"], rule);
    assert!(
        runs[0]["did"].as_array().unwrap().iter().all(|did| did["undone"].is_null()),
        "{runs:?}"
    );
    let now = ben.ticket(&ticket);
    assert_eq!((&now["tags"], &now["priority"]), (&json!(["refund"]), &json!(2)));
    assert_eq!((&now["team"], &now["speaker"]), (&json!("billing"), &json!("bot")));
    assert!(now["waiting_since"].is_u64(), "a rule's answer leaves the visitor in the queue");
    assert_eq!(now["first_answer_at"], Value::Null, "a person has not answered");
    assert_eq!(guest.asked(&desk)["place"], 1);
    let other = guest.ask_desk(&desk, "Something else");
    guest.say(&other, "refund");
    assert_eq!(ben.ticket(&other)["tags"], json!([]), "it was not asked for that");
    let agents = ann.client.get(&format!("/v1/desks/{}/agents", desk.id)).is(200).json();
    assert_eq!(agents["agents"].as_array().unwrap().len(), 2, "the desk's voice is no agent");
}

#[test]
fn once_a_person_answers_the_desk_itself_is_silent() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let acts =
        json!([{"act": "answer", "text": {"en": "We are closed."}}, {"act": "tag", "tag": "late"}]);
    ann.rule(&desk, "wrote", json!([{"of": "hours", "is": "is", "value": "closed"}]), acts);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.say(&ticket, "Hi");
    guest.say(&ticket, "And?");
    let runs = ann.ran(&desk, &ticket, 1);
    assert_eq!(
        runs[0]["did"],
        json!([{"act": "answer", "undone": "person_speaks"}, {"act": "tag"}])
    );
    assert_eq!(texts(&mut guest, &ticket), ["Hello", "Hi", "And?"]);
}

#[test]
fn rules_wait_for_changes_and_don_t_follow_each_other() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let tag = |tag: &str| json!([{"act": "tag", "tag": tag}]);
    ann.rule(&desk, "assigned", json!([]), tag("assigned"));
    ann.rule(
        &desk,
        "tagged",
        json!([{"of": "tag", "is": "is", "value": "vip"}]),
        json!([{"act": "priority", "priority": 3}]),
    );
    ann.rule(
        &desk,
        "tagged",
        json!([{"of": "tag", "is": "is", "value": "assigned"}]),
        json!([{"act": "untag", "tag": "assigned"}]),
    );
    ann.rule(
        &desk,
        "state",
        json!([{"of": "state", "is": "is", "value": "resolved"}]),
        json!([{"act": "note", "text": "done"}]),
    );
    ann.rule(
        &desk,
        "rated",
        json!([{"of": "stars", "is": "at_most", "value": "2"}]),
        json!([{"act": "alert"}]),
    );
    let mut console = Feed::now(&site, Transport::Sse, &ann);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.act(&ticket, "claim").is(200);
    ann.ran(&desk, &ticket, 1);
    assert_eq!(ben.ticket(&ticket)["tags"], json!(["assigned"]));
    ben.client.send("PATCH", &format!("/v1/tickets/{ticket}"), &json!({"tags": ["vip"]})).is(200);
    ann.ran(&desk, &ticket, 2);
    assert_eq!(ben.ticket(&ticket)["priority"], 3);
    ben.client
        .send("PATCH", &format!("/v1/tickets/{ticket}"), &json!({"state": "resolved"}))
        .is(200);
    let stars = json!({"stars": 1});
    guest.client.send("PUT", &format!("/v1/tickets/{ticket}/rating"), &stars).is(204);
    let runs = ann.ran(&desk, &ticket, 4);
    let names: Vec<_> = runs.iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rated", "state", "tagged", "assigned"]);
    loop {
        let event = console.event();
        if event["kind"] == "desk_alert" {
            assert_eq!(event["body"], json!({"ticket": ticket, "rule": "rated"}));
            break;
        }
    }
    let notes = ben.client.get(&format!("/v1/tickets/{ticket}/notes")).is(200).json();
    assert_eq!(notes["notes"][0]["body"]["text"], "done");
}

#[test]
fn who_waits_too_long_is_noticed_once() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let rule = json!({"name": "slow", "enabled": true, "when": "waits", "after_s": 1,
        "acts": [{"act": "priority", "priority": 3}, {"act": "answer", "text": {"en": "Soon."}}]});
    let number = ann.try_rule(&desk, &rule).is(201).json()["id"].clone();
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Anybody?");
    ann.ran(&desk, &ticket, 1);
    assert_eq!(ann.ticket(&ticket)["priority"], 3);
    // Another one waits from later on: when its rule has run, the first one was looked at again.
    let second = guest.ask_desk(&desk, "And here?");
    ann.ran(&desk, &second, 1);
    assert_eq!(ann.runs(&desk, &format!("rule={number}")).len(), 2);
    assert_eq!(texts(&mut guest, &ticket), ["Anybody?", "Soon."]);
}

#[test]
fn only_those_who_lead_change_rules_and_a_rule_that_can_not_be_is_refused() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let good = json!({"name": "n", "enabled": false, "when": "asked", "acts": [{"act": "tag", "tag": "x"}]});
    assert_eq!(ben.try_rule(&desk, &good).is(403).code(), "forbidden");
    assert_eq!(eve.try_rule(&desk, &good).is(404).code(), "not_found");
    let mut guest = let_in(&site, &desk);
    assert_eq!(guest.try_rule(&desk, &good).is(403).code(), "forbidden");
    let path = format!("/v1/desks/{}/rules", desk.id);
    assert_eq!(guest.client.get(&path).is(403).code(), "forbidden");
    let with = |name: &str, value: Value| {
        let mut rule = good.clone();
        rule[name] = value;
        rule
    };
    let act = json!({"act": "tag", "tag": "x"});
    let condition = json!({"of": "page", "is": "is", "value": "x"});
    for wrong in [
        with("name", json!("")),
        with("name", json!("x".repeat(201))),
        with("acts", json!([])),
        with("acts", json!(vec![act; 11])),
        with("conditions", json!(vec![condition; 11])),
        with("when", json!("waits")),
        with("after_s", json!(5)),
        with("acts", json!([{"act": "tag", "tag": "a,b"}])),
        with("acts", json!([{"act": "priority", "priority": 4}])),
        with("acts", json!([{"act": "assign"}])),
        with("acts", json!([{"act": "answer", "text": {"en": "x".repeat(501)}}])),
        with("acts", json!([{"act": "snooze", "seconds": 0}])),
        with("conditions", json!([{"of": "attribute", "is": "is", "value": "x"}])),
    ] {
        assert_eq!(ann.try_rule(&desk, &wrong).is(422).code(), "invalid", "{wrong}");
    }
    for (wrong, status) in [
        (with("acts", json!([{"act": "assign", "person": eve.id}])), 404),
        (with("acts", json!([{"act": "canned", "id": 999_999_999}])), 404),
        (with("acts", json!([{"act": "launch"}])), 422),
        (with("more", json!(1)), 422),
    ] {
        let answer = ann.try_rule(&desk, &wrong);
        assert!(answer.status == status || answer.status == 400, "{wrong}: {}", answer.status);
    }
    let number = ann.try_rule(&desk, &good).is(201).json()["id"].as_u64().unwrap();
    let other =
        ann.try_rule(&desk, &with("name", json!("o"))).is(201).json()["id"].as_u64().unwrap();
    assert_eq!(
        ben.client.send("PUT", &format!("{path}/{number}"), &good).is(403).code(),
        "forbidden"
    );
    ann.client.send("PUT", &path, &json!({"rules": [other, number]})).is(204);
    assert_eq!(ann.client.send("PUT", &path, &json!({"rules": [other]})).is(422).code(), "invalid");
    let listed = ben.client.get(&path).is(200).json();
    let ids: Vec<_> = listed["rules"].as_array().unwrap().iter().map(|r| r["id"].clone()).collect();
    assert_eq!(ids, [other, number]);
    ann.client.delete(&format!("{path}/{number}")).is(204);
    assert_eq!(ann.client.delete(&format!("{path}/{number}")).is(404).code(), "not_found");
    assert_eq!(ann.client.get(&format!("/v1/desks/{}/runs", desk.id)).is(422).code(), "invalid");
}

#[test]
fn a_rule_is_tried_on_a_ticket_and_does_nothing_there() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Where is my order?");
    let rule = json!({"name": "n", "enabled": true, "when": "asked", "acts": [{"act": "resolve"}],
        "conditions": [{"of": "text", "is": "contains", "value": "order"},
            {"of": "tag", "is": "is", "value": "vip"}]});
    let path = format!("/v1/desks/{}/rules/try", desk.id);
    let tried = ann.client.post(&path, &json!({"rule": rule})).is(200).json();
    assert_eq!(tried, json!({"ticket": ticket, "conditions": [true, false], "holds": false}));
    assert_eq!(ben.client.post(&path, &json!({"rule": rule})).is(403).code(), "forbidden");
    assert_eq!(ben.ticket(&ticket)["state"], "open");
    guest.client.delete(&format!("/v1/conversations/{ticket}/messages/2")).is(204);
    let tried = ann.client.post(&path, &json!({"rule": rule, "ticket": ticket})).is(200).json();
    assert_eq!(tried["conditions"], json!([false, false]), "what was recalled is gone");
}

#[test]
fn a_desk_full_of_rules_and_a_flood_cost_what_they_may() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let conditions = json!(vec![json!({"of": "text", "is": "contains", "value": "nowhere"}); 10]);
    for _ in 0..98 {
        ann.rule(&desk, "wrote", conditions.clone(), json!([{"act": "resolve"}]));
    }
    let flood =
        ann.rule(&desk, "wrote", json!([]), json!([{"act": "answer", "text": {"en": "Yes?"}}]));
    ann.rule(&desk, "rated", json!([]), json!([{"act": "tag", "tag": "rated"}]));
    let rule = json!({"name": "n", "enabled": true, "when": "asked", "acts": [{"act": "resolve"}]});
    assert_eq!(ann.try_rule(&desk, &rule).is(409).code(), "conflict");
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let long = "\u{130}".repeat(2_000);
    for _ in 0..12 {
        guest.say(&ticket, &long);
    }
    let stars = json!({"stars": 1});
    guest.client.send("PUT", &format!("/v1/tickets/{ticket}/rating"), &stars).is(204);
    eventually("the last rule has run", || {
        (ann.ticket(&ticket)["tags"] == json!(["rated"])).then_some(())
    });
    assert_eq!(ann.runs(&desk, &format!("rule={flood}")).len(), 10, "on one ticket in an hour");
    assert_eq!(ann.ticket(&ticket)["state"], "open");
}

/// Many visitors ask at two nodes at once; each question is answered by each rule once.
fn asked_at_once(a: &Site, b: &Site) {
    let mut ann = a.person("ann");
    let desk = ann.desk(&[]);
    for name in ["one", "two"] {
        let answer = json!([{"act": "answer", "text": {"en": name}}]);
        ann.rule(&desk, "asked", json!([]), answer.clone());
    }
    let guests: Vec<Person> = (0..6).map(|_| let_in(a, &desk)).collect();
    let asked: Vec<(Person, Vec<String>)> = thread::scope(|scope| {
        let asking: Vec<_> = guests
            .into_iter()
            .map(|mut guest| {
                let desk = &desk;
                scope.spawn(move || {
                    let mut there = guest.at(b);
                    let tickets = vec![
                        guest.ask_desk(desk, "here"),
                        there.ask_desk(desk, "there"),
                        guest.ask_desk(desk, "here again"),
                    ];
                    (guest, tickets)
                })
            })
            .collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    for (mut guest, tickets) in asked {
        for ticket in tickets {
            ann.ran(&desk, &ticket, 2);
            assert_eq!(texts(&mut guest, &ticket)[1..], ["one", "two"]);
        }
    }
}

#[test]
fn each_rule_answers_each_question_once_at_two_nodes() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    asked_at_once(a, b);
}

#[test]
fn a_restart_between_cause_and_act_loses_nothing_and_doubles_nothing() {
    let mut site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    ann.rule(&desk, "asked", json!([]), json!([{"act": "answer", "text": {"en": "Hello!"}}]));
    let mut guest = let_in(&site, &desk);
    let tickets: Vec<String> = (0..4).map(|n| guest.ask_desk(&desk, &format!("{n}"))).collect();
    // Some have their answer by now and some have not.
    site.server.kill();
    site = site.again();
    let (mut ann, mut guest) = (ann.at(&site), guest.at(&site));
    for ticket in &tickets {
        ann.ran(&desk, ticket, 1);
        assert_eq!(texts(&mut guest, ticket)[1..], ["Hello!"]);
    }
}
