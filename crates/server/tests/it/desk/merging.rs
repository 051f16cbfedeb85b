//! Merging two tickets of a visitor, and splitting one at a message.

use serde_json::{Value, json};

use super::{amendments, let_in};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn merge(&mut self, ticket: &str, into: &str) -> Answer {
        self.client.post(&format!("/v1/tickets/{ticket}/merge"), &json!({"into": into}))
    }

    fn split(&mut self, ticket: &str, message: u64, text: &str, key: &str) -> Answer {
        let body = json!({"message": message, "text": text, "key": key});
        self.client.post(&format!("/v1/tickets/{ticket}/split"), &body)
    }

    fn note_kinds(&mut self, ticket: &str) -> Vec<(String, Value)> {
        let page = self.client.get(&format!("/v1/tickets/{ticket}/notes")).is(200).json();
        let all = page["notes"].as_array().unwrap().iter();
        all.map(|e| (e["kind"].as_str().unwrap().to_owned(), e["body"].clone())).collect()
    }

    fn texts_in(&mut self, ticket: &str) -> Vec<String> {
        let all = self.history(ticket).into_iter().filter(|e| e["kind"] == "message");
        all.map(|e| e["body"]["text"].as_str().unwrap().to_owned()).collect()
    }

    fn send_with_key(&mut self, ticket: &str, text: &str, key: &str) -> Answer {
        let body = json!({"text": text, "key": key});
        self.client.post(&format!("/v1/conversations/{ticket}/messages"), &body)
    }
}

#[test]
fn a_merged_ticket_goes_on_in_the_other_one_for_its_visitor_and_its_staff() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let (old, new) = (guest.ask_desk(&desk, "My bike"), guest.ask_desk(&desk, "My bike again"));
    let tags = |names: &[&str]| json!({"tags": names, "priority": names.len()});
    ben.act(&old, "claim").is(200);
    ben.client.send("PATCH", &format!("/v1/tickets/{old}"), &tags(&["bike", "late"])).is(200);
    ben.client.send("PATCH", &format!("/v1/tickets/{new}"), &tags(&["bike"])).is(200);
    guest.send_with_key(&old, "sent before", "k1").is(201);
    let since = ben.ticket(&old)["waiting_since"].clone();
    let mut window = Feed::now(&site, Transport::Sse, &guest);

    let merged = ben.merge(&old, &new).is(200).json();
    assert_eq!((&merged["id"], &merged["owner"]), (&json!(new), &json!(ben.id)));
    assert_eq!((&merged["tags"], &merged["priority"]), (&json!(["bike", "late"]), &json!(2)));
    assert_eq!(merged["waiting_since"], since, "it has waited since the first question");
    assert_eq!(ben.merge(&old, &new).is(200).json(), ben.ticket(&new), "a retry changes nothing");
    let ended = ben.ticket(&old);
    assert_eq!((&ended["state"], &ended["merged_into"]), (&json!("resolved"), &json!(new)));
    assert_eq!(ben.conversation(&old)["followed"], false);
    assert_eq!(ben.conversation(&new)["followed"], true);
    let status = window.event_of(&amendments(&old));
    assert_eq!(status["body"]["merged_into"], new.as_str(), "the window follows");
    let link = ("ticket_merged".to_owned(), json!({"ticket": old, "into": new}));
    assert_eq!(ben.note_kinds(&old), std::slice::from_ref(&link));
    assert_eq!(ben.note_kinds(&new), [link]);

    // What the visitor writes there comes here, and once; what it had sent before stays where it is.
    guest.send_with_key(&old, "still here?", "k2").is(201);
    guest.send_with_key(&old, "still here?", "k2").is(200);
    guest.send_with_key(&old, "sent before", "k1").is(200);
    assert_eq!(guest.send_with_key(&old, "another", "k2").is(409).code(), "key_reused");
    assert_eq!(ann.texts_in(&old), ["My bike", "sent before"]);
    assert_eq!(ann.texts_in(&new), ["My bike again", "still here?"]);
    assert_eq!(ben.ticket(&old)["state"], "resolved");
    assert_eq!(ben.try_say(&old, "hello?").is(409).code(), "conflict");
    for what in ["claim", "return"] {
        assert_eq!(ben.act(&old, what).is(409).code(), "conflict", "{what}");
    }
    let open = json!({"state": "open"});
    let path = format!("/v1/tickets/{old}");
    assert_eq!(ann.client.send("PATCH", &path, &open).is(409).code(), "conflict");

    // A recall reaches what was said there (P10).
    let said = guest.history(&old).into_iter().find(|e| e["kind"] == "message").unwrap();
    let message = format!("/v1/conversations/{old}/messages/{}", said["seq"]);
    guest.client.delete(&message).is(204);
    assert_eq!(ann.texts_in(&old), ["sent before"]);

    // A report counts them once.
    let report = format!("/v1/desks/{}/report?from=0", desk.id);
    let from = merged["asked_at"].as_u64().unwrap() - 60_000;
    let report = report.replace("from=0", &format!("from={from}"));
    assert_eq!(ann.client.get(&report).is(200).json()["total"]["asked"], 1);
    let behind = report.replace("/report?", "/report/tickets?");
    let behind = ann.client.get(&behind).is(200).json();
    assert_eq!(behind["tickets"].as_array().unwrap().len(), 1);
}

#[test]
fn only_tickets_of_one_visitor_are_merged_and_only_by_those_who_may() {
    let site = Site::shared();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (mut carl, mut dan) = (site.person("carl"), site.person("dan"));
    let desk = ann.desk(&[&ben, &carl, &dan]);
    eve.desk(&[]);
    let (mut guest, mut other) = (let_in(&site, &desk), let_in(&site, &desk));
    let (a, b, c) = (
        guest.ask_desk(&desk, "one"),
        guest.ask_desk(&desk, "two"),
        guest.ask_desk(&desk, "three"),
    );
    let theirs = other.ask_desk(&desk, "not mine");
    assert_eq!(ben.merge(&a, &theirs).is(409).code(), "conflict");
    assert_eq!(ben.merge(&a, &a).is(422).code(), "invalid");
    assert_eq!(ben.merge(&a, "c999999").is(403).code(), "not_member");
    assert_eq!(eve.merge(&a, &b).is(403).code(), "not_member");
    assert_eq!(guest.merge(&a, &b).is(403).code(), "forbidden");
    ben.act(&a, "claim").is(200);
    assert_eq!(carl.merge(&a, &b).is(403).code(), "forbidden", "it is Ben's");
    let reader = format!("/v1/desks/{}/agents/{}", desk.id, dan.id);
    ann.client.send("PUT", &reader, &json!({"reads_only": true})).is(204);
    assert_eq!(dan.merge(&b, &c).is(403).code(), "forbidden");
    assert_eq!(dan.split(&b, 2, "this", "k").is(403).code(), "forbidden");

    ben.merge(&a, &b).is(200);
    assert_eq!(ben.merge(&b, &a).is(409).code(), "conflict", "no circle");
    assert_eq!(ben.merge(&a, &c).is(409).code(), "conflict");
    // What was merged before goes along.
    ben.merge(&b, &c).is(200);
    assert_eq!(ben.ticket(&a)["merged_into"], c.as_str());
    guest.say(&a, "where does this go?");
    assert_eq!(ben.texts_in(&c), ["three", "where does this go?"]);
}

/// Two agents merge two tickets into each other at once, on two nodes: one of them goes on, and has one owner.
#[test]
fn of_two_merges_at_once_one_ends_and_one_goes_on() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    let (mut ann, mut ben) = (a.person("ann"), a.person("ben"));
    let desk = ann.desk(&[&ben]);
    for round in 0..4 {
        let mut guest = let_in(a, &desk);
        let (one, two) = (guest.ask_desk(&desk, "one"), guest.ask_desk(&desk, "two"));
        ann.act(&one, "claim").is(200);
        ben.act(&two, "claim").is(200);
        let (mut here, mut there) = (ann.at(a), ben.at(b));
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| here.merge(&one, &two).status);
            let second = scope.spawn(|| there.merge(&two, &one).status);
            (first.join().unwrap(), second.join().unwrap())
        });
        let mut both = [first, second];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "round {round}");
        let (one, two) = (ann.ticket(&one), ann.ticket(&two));
        let open = [&one, &two].iter().filter(|t| t["state"] == "open").count();
        assert_eq!(open, 1, "{one} {two}");
    }
}

#[test]
fn a_split_ticket_begins_with_its_agent_and_names_the_message_that_it_is_about() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let old = guest.ask_desk(&desk, "My bike");
    let seq = guest.say(&old, "And my invoice is wrong")["seq"].as_u64().unwrap();
    ben.act(&old, "claim").is(200);
    let made = ann.split(&old, seq, "About your invoice:", "once").is(201).json();
    let new = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ann.split(&old, seq, "About your invoice:", "once").is(200).json()["id"],
        made["id"]
    );
    assert_eq!(ann.split(&old, seq, "Another text", "once").is(409).code(), "key_reused");
    assert_eq!(ann.split(&old, 2, "About your invoice:", "once").is(409).code(), "key_reused");
    assert_eq!((&made["owner"], &made["visitor"]), (&json!(ann.id), &json!(guest.id)));
    assert_eq!(made["waiting_since"], Value::Null);
    assert_eq!(ben.ticket(&old)["owner"], ben.id, "the first one stays as it is");
    assert_eq!(guest.texts_in(&new), ["About your invoice:"]);
    let page = ben.client.get(&format!("/v1/tickets/{new}")).is(200).json();
    assert_eq!(page["split_from"], json!({"ticket": old, "message": seq}));
    let link = ("ticket_split".to_owned(), json!({"ticket": old, "message": seq, "into": new}));
    assert_eq!(ben.note_kinds(&old), std::slice::from_ref(&link));
    assert_eq!(ben.note_kinds(&new), [link]);
    guest.say(&new, "Yes, that one");
    assert!(ann.ticket(&new)["waiting_since"].is_u64());

    // Nothing of the message is kept anywhere else (P10).
    guest.client.delete(&format!("/v1/conversations/{old}/messages/{seq}")).is(204);
    assert_eq!(ann.split(&old, seq, "That again", "later").is(410).code(), "erased");
    assert_eq!(ann.split(&old, 9_999, "What?", "nothing").is(404).code(), "not_found");
    assert_eq!(ann.split(&old, 1, "What?", "event").is(404).code(), "not_found");
    assert_eq!(guest.split(&old, 2, "I too", "guest").is(403).code(), "forbidden");
    assert_eq!(ann.split(&old, 2, "", "empty").is(422).code(), "invalid");
}

#[test]
fn the_rating_of_a_merged_ticket_counts_where_it_goes_on() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let asked: Vec<String> =
        (0..3).map(|n| guest.ask_desk(&desk, &format!("My bike {n}"))).collect();
    let mut rate = |ticket: &str, stars: u8, comment: &str| {
        let rating = json!({"stars": stars, "comment": comment});
        guest.client.send("PUT", &format!("/v1/tickets/{ticket}/rating"), &rating).is(204);
    };
    // One that was given before goes along.
    rate(&asked[0], 2, "slow");
    ann.merge(&asked[0], &asked[1]).is(200);
    let page = ann.client.get(&format!("/v1/tickets/{}", asked[1])).is(200).json();
    assert_eq!((&page["ticket"]["rating"], &page["comment"]), (&json!(2), &json!("slow")));
    // One that is given to the ended one afterwards counts there, too, also through two merges.
    ann.merge(&asked[1], &asked[2]).is(200);
    rate(&asked[0], 5, "solved");
    let page = ann.client.get(&format!("/v1/tickets/{}", asked[2])).is(200).json();
    assert_eq!((&page["ticket"]["rating"], &page["comment"]), (&json!(5), &json!("solved")));
    let from = page["ticket"]["asked_at"].as_u64().unwrap() - 60_000;
    let report = format!("/v1/desks/{}/report?from={from}", desk.id);
    let total = ann.client.get(&report).is(200).json()["total"].clone();
    assert_eq!((&total["asked"], &total["rated"]), (&json!(1), &json!(1)), "{total}");
}
