//! Reports: they equal what was done, at every moment, and are for those who lead.

use serde_json::{Value, json};

use super::{Desk, free_site, let_in};
use crate::harness::Person;

impl Person {
    fn behind_report(&mut self, desk: &Desk, more: &str) -> Vec<String> {
        let path = format!("/v1/desks/{}/report/tickets?{more}", desk.id);
        let page = self.client.get(&path).is(200).json();
        let ids = page["tickets"].as_array().unwrap().iter();
        ids.map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// The beginning of a span that ends now.
fn since(report_of: &mut Person, desk: &Desk) -> u64 {
    let made = report_of.client.get(&format!("/v1/desks/{}/tickets?state=open", desk.id)).is(200);
    let first = made.json()["tickets"].as_array().unwrap().last().cloned();
    first.expect("a ticket")["ticket"]["asked_at"].as_u64().unwrap() - 60_000
}

#[test]
fn a_report_equals_what_was_done_at_every_moment() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.settle(&desk, json!({"answer_within_s": 3600}));
    let mut guests: Vec<Person> = (0..3).map(|_| let_in(&site, &desk)).collect();
    let tickets: Vec<String> = guests.iter_mut().map(|g| g.ask_desk(&desk, "Hello?")).collect();
    let from = since(&mut ann, &desk);
    let path = format!("/v1/desks/{}/report?from={from}&time_zone=Asia/Shanghai", desk.id);

    let fresh = ann.client.get(&path).is(200).json();
    assert_eq!((&fresh["total"]["asked"], &fresh["total"]["answered"]), (&json!(3), &json!(0)));
    assert_eq!(fresh["total"]["first_answer_ms"], Value::Null);
    assert_eq!(fresh["now"]["waiting"], 3);
    assert_eq!(fresh["before"]["asked"], 0);

    ben.act(&tickets[0], "claim").is(200);
    ben.client
        .post(&format!("/v1/conversations/{}/messages", tickets[0]), &json!({"text": "Hi!"}))
        .is(201);
    let tags = json!({"tags": ["refund", "50%_off"], "state": "resolved"});
    ben.client.send("PATCH", &format!("/v1/tickets/{}", tickets[0]), &tags).is(200);
    let stars = json!({"stars": 4});
    guests[0].client.send("PUT", &format!("/v1/tickets/{}/rating", tickets[0]), &stars).is(204);
    ann.act(&tickets[1], "claim").is(200);

    let report = ann.client.get(&path).is(200).json();
    let total = &report["total"];
    let expected =
        json!({"asked": 3, "answered": 1, "in_time": 1, "resolved": 1, "rated": 1, "stars": 4.0});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&total[name], value, "{name} of {total}");
    }
    assert!(total["first_answer_ms"].as_u64() <= total["resolution_ms"].as_u64(), "{total}");
    assert_eq!(
        report["now"],
        json!({"open": 2, "waiting": 2, "unassigned": 1,
        "waiting_since": report["now"]["waiting_since"]})
    );
    assert_eq!(report["time_zone"], "Asia/Shanghai");
    let sum = |list: &Value| -> u64 {
        list.as_array().unwrap().iter().map(|row| row["figures"]["asked"].as_u64().unwrap()).sum()
    };
    assert_eq!(sum(&report["days"]), 3);
    assert_eq!(sum(&report["agents"]), 3);
    let hours = report["hours"].as_array().unwrap();
    let all_hours =
        hours.iter().flat_map(|day| day.as_array().unwrap()).map(|n| n.as_u64().unwrap());
    assert_eq!((hours.len(), all_hours.sum::<u64>()), (7, 3));
    let of_ben = report["agents"].as_array().unwrap().iter().find(|row| row["agent"] == ben.id);
    assert_eq!(of_ben.unwrap()["figures"]["stars"], 4.0);
    let names: Vec<&str> =
        report["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["50%_off", "refund"]);

    let span = format!("from={from}");
    let newest_first: Vec<String> = tickets.iter().rev().cloned().collect();
    assert_eq!(ann.behind_report(&desk, &span), newest_first);
    let of_ben = format!("{span}&agent={}", ben.id);
    assert_eq!(ann.behind_report(&desk, &of_ben), [tickets[0].clone()]);
    assert_eq!(ann.behind_report(&desk, &format!("{span}&tag=50%25_off")), [tickets[0].clone()]);
    let none: [String; 0] = [];
    assert_eq!(ann.behind_report(&desk, &format!("{span}&tag=50x_off")), none, "% is only text");
    assert_eq!(ann.behind_report(&desk, &format!("{span}&team=none")), none);
}

#[test]
fn a_table_has_a_line_for_each_ticket_and_no_formula() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello?");
    ann.act(&ticket, "claim").is(200);
    let tags = json!({"tags": ["=1+1"]});
    ann.client.send("PATCH", &format!("/v1/tickets/{ticket}"), &tags).is(200);
    let from = since(&mut ann, &desk);
    let answer = ann.client.get(&format!("/v1/desks/{}/report.csv?from={from}", desk.id)).is(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("id,asked,state,agent,"), "{text}");
    assert!(lines[1].starts_with(&format!("{ticket},2")), "{text}");
    assert!(lines[1].contains(",open,") && lines[1].contains("\"'=1+1\""), "{text}");
}

#[test]
fn agents_strangers_and_visitors_see_no_report() {
    let site = free_site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    for path in ["report", "report/tickets", "report.csv"] {
        let path = format!("/v1/desks/{}/{path}?from=1", desk.id);
        assert_eq!(ben.client.get(&path).is(403).code(), "forbidden");
        assert_eq!(eve.client.get(&path).is(404).code(), "not_found");
        assert!([401, 403].contains(&guest.client.get(&path).status));
    }
    for wrong in ["", "from=x", "from=5&to=5", "from=1", "from=1000&to=2000&time_zone=Mars/Olympus"]
    {
        let answer = ann.client.get(&format!("/v1/desks/{}/report?{wrong}", desk.id));
        assert!([400, 422].contains(&answer.status), "{wrong}: {}", answer.status);
    }
    let narrow = ann.client.get(&format!("/v1/desks/{}/report?from=1000&to=2000", desk.id));
    assert_eq!(narrow.is(200).json()["total"]["asked"], 0);
}
