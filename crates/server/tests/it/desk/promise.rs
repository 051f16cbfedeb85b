//! Times that a desk promises: when something is due, that it is too late is noted once, and what a report says of it.

use serde_json::{Value, json};

use super::{Desk, amendments, free_site, let_in, told};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Person, Site, eventually};

impl Person {
    fn promise(&mut self, desk: &Desk, times: &Value) {
        let path = format!("/v1/desks/{}/promise", desk.id);
        self.client.send("PUT", &path, &json!({"times": vec![times; 4]})).is(200);
    }

    /// The ticket, once something of it is too late.
    fn late(&mut self, ticket: &str) -> Value {
        eventually("it is too late", || {
            let now = self.ticket(ticket);
            now["due"]["late"].is_array().then_some(now)
        })
    }
}

#[test]
fn what_is_due_is_counted_in_hours_of_work_and_kept_by_an_answer() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.promise(&desk, &json!({"first_s": 600, "answer_s": 300, "resolution_s": 3600}));
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let asked = ben.ticket(&ticket);
    let at = asked["asked_at"].as_u64().unwrap();
    assert_eq!(asked["due"], json!({"first": at + 600_000, "resolution": at + 3_600_000}));
    ben.say(&ticket, "Hi");
    assert_eq!(ben.ticket(&ticket)["due"]["answer"], Value::Null);
    guest.say(&ticket, "And?");
    let now = ben.ticket(&ticket);
    let since = now["waiting_since"].as_u64().unwrap();
    assert_eq!(now["due"]["answer"], since + 300_000);
    assert_eq!(now["due"]["late"], Value::Null);
    let door = format!("/v1/desks/{}/door", desk.key);
    assert_eq!(site.server.visitor().get(&door).is(200).json()["wait_s"], Value::Null);
    for text in ["two", "three"] {
        let next = guest.ask_desk(&desk, text);
        ben.say(&next, "Hi");
    }
    assert!(site.server.visitor().get(&door).is(200).json()["wait_s"].as_u64() < Some(60));
    // Closed on every day: nothing is ever due.
    let hours = json!({"time_zone": "Asia/Shanghai", "days": vec![json!([]); 7]});
    ann.settle(&desk, json!({"hours": hours}));
    let closed = guest.ask_desk(&desk, "Closed?");
    assert_eq!(ben.ticket(&closed)["due"], Value::Null);
}

fn missed(a: &Site, b: &Site) {
    let (mut ann, mut ben) = (a.person("ann"), a.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.promise(&desk, &json!({"first_s": 1, "answer_s": 0, "resolution_s": 0}));
    let rule = json!({"name": "late", "enabled": true, "when": "late",
        "acts": [{"act": "priority", "priority": 1}, {"act": "team", "team": "second"}, {"act": "alert"}]});
    ann.client.post(&format!("/v1/desks/{}/rules", desk.id), &rule).is(201);
    let mut console = Feed::now(b, Transport::Sse, &ann.at(b));
    let mut guest = let_in(a, &desk);
    let ticket = guest.ask_desk(&desk, "Hello?");
    let late = ben.late(&ticket);
    assert_eq!(late["due"]["late"], json!(["first"]));
    let in_time = guest.ask_desk(&desk, "And here?");
    ben.say(&in_time, "At once");
    ben.client
        .send("PATCH", &format!("/v1/tickets/{in_time}"), &json!({"state": "resolved"}))
        .is(200);
    let runs = format!("/v1/desks/{}/runs?ticket={ticket}", desk.id);
    eventually("the rule has run", || {
        (ann.client.get(&runs).is(200).json()["runs"].as_array().unwrap().len() == 1).then_some(())
    });
    assert_eq!(ben.ticket(&ticket)["team"], "second");
    ben.say(&ticket, "Sorry");
    let (mut alerts, mut first_late) = (0, 0);
    loop {
        let event = console.event_of(&amendments(&desk.id));
        let body = &event["body"];
        alerts += usize::from(event["kind"] == "desk_alert");
        if event["kind"] == "ticket" && body["id"] == ticket.as_str() {
            first_late +=
                usize::from(body["due"]["late"] == json!(["first"]) && body["priority"] == 0);
            if body["owner"] == ben.id.as_str() {
                break;
            }
        }
    }
    assert_eq!((alerts, first_late), (1, 1), "it is told once");
    let from = late["asked_at"].as_u64().unwrap() - 60_000;
    let report =
        ann.client.get(&format!("/v1/desks/{}/report?from={from}", desk.id)).is(200).json();
    let total = &report["total"];
    assert_eq!((&total["first_promised"], &total["first_kept"]), (&json!(2), &json!(1)));
    let table = ann.client.get(&format!("/v1/desks/{}/report.csv?from={from}", desk.id)).is(200);
    assert!(table.text().contains(",first\r\n"), "{}", table.text());
}

#[test]
fn what_was_missed_is_noted_once_and_called_out() {
    let site = free_site();
    missed(&site, &site);
}

#[test]
fn what_was_missed_is_noted_once_at_two_nodes() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    missed(a, b);
}

#[test]
fn an_answer_that_comes_too_late_is_late_and_a_question_taken_up_again_is_not() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    assert_eq!(ben.ticket(&ticket)["due"], Value::Null, "nothing was promised");
    let mut console = Feed::now(&site, Transport::Sse, &ben);
    ann.promise(&desk, &json!({"first_s": 3600, "answer_s": 3600, "resolution_s": 3600}));
    assert!(
        told(&mut console, &desk)["due"]["first"].is_u64(),
        "open tickets are told the new times"
    );
    let state = |to: &str| json!({"state": to});
    let path = format!("/v1/tickets/{ticket}");
    ben.say(&ticket, "Hi");
    let before = ben.client.send("PATCH", &path, &state("resolved")).is(200).json();
    guest.say(&ticket, "Once more");
    let after = ben.ticket(&ticket);
    assert_eq!(after["state"], "open");
    assert!(after["due"]["resolution"].as_u64() >= before["due"]["resolution"].as_u64());
    assert_eq!(after["due"]["late"], Value::Null);
}

#[test]
fn a_promise_is_set_by_those_who_lead() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let path = format!("/v1/desks/{}/promise", desk.id);
    let none = json!({"first_s": 0, "answer_s": 0, "resolution_s": 0});
    let times = json!({"times": vec![&none; 4]});
    assert_eq!(ben.client.get(&path).is(200).json(), times);
    assert_eq!(ben.client.send("PUT", &path, &times).is(403).code(), "forbidden");
    for wrong in [json!({"times": []}), json!({"times": vec![json!({"first_s": 2_592_001}); 4]})] {
        assert_eq!(ann.client.send("PUT", &path, &wrong).is(422).code(), "invalid");
    }
}

#[test]
fn what_is_solved_too_late_is_late_once_and_a_report_says_so() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.promise(&desk, &json!({"first_s": 0, "answer_s": 0, "resolution_s": 1}));
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "It is broken");
    ben.say(&ticket, "I look");
    assert_eq!(ben.late(&ticket)["due"]["late"], json!(["resolution"]), "an answer is no solution");
    let resolved = json!({"state": "resolved"});
    let solve = |ben: &mut Person, ticket: &str| {
        ben.client.send("PATCH", &format!("/v1/tickets/{ticket}"), &resolved).is(200).json()
    };
    let late = solve(&mut ben, &ticket);
    assert_eq!(late["due"]["late"], json!(["resolution"]), "it stays noted");
    let quick = guest.ask_desk(&desk, "And this?");
    assert_eq!(solve(&mut ben, &quick)["due"]["late"], Value::Null);
    let from = late["asked_at"].as_u64().unwrap() - 60_000;
    let path = |kind: &str| format!("/v1/desks/{}/{kind}?from={from}", desk.id);
    let total = ann.client.get(&path("report")).is(200).json()["total"].clone();
    let promised = (&total["resolution_promised"], &total["resolution_kept"]);
    assert_eq!(promised, (&json!(2), &json!(1)), "{total}");
    let table = ann.client.get(&path("report.csv")).is(200).text().to_owned();
    assert_eq!(table.matches(",resolution\r\n").count(), 1, "{table}");
}
