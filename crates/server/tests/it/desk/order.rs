//! Order around tickets: teams, those that only read, many tickets at once, saved views, mentions in notes.

use serde_json::{Value, json};

use super::{Desk, free_site, let_in};
use crate::feed::{Feed, Transport};
use crate::harness::{Person, eventually};

impl Person {
    fn found(&mut self, desk: &Desk, query: &str) -> Vec<String> {
        let path = format!("/v1/desks/{}/found?{query}", desk.id);
        let list = self.client.get(&path).is(200).json();
        let rows = list["tickets"].as_array().unwrap().iter();
        rows.map(|row| row["ticket"]["id"].as_str().unwrap().to_owned()).collect()
    }

    fn bulk(&mut self, desk: &Desk, body: &Value) -> Vec<Value> {
        let path = format!("/v1/desks/{}/bulk", desk.id);
        let answer = self.client.post(&path, body).is(200).json();
        answer["results"].as_array().unwrap().clone()
    }
}

#[test]
fn a_ticket_for_a_team_goes_to_a_member_of_it() {
    let site = free_site();
    let (mut ann, mut ben, cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let desk = ann.desk(&[&ben, &cem]);
    let teams = format!("/v1/desks/{}/teams", desk.id);
    let billing = json!({"name": "billing", "members": [cem.id]});
    assert_eq!(ben.client.post(&teams, &billing).is(403).code(), "forbidden");
    let team = ann.client.post(&teams, &billing).is(201).json();
    assert_eq!(ann.client.post(&teams, &billing).is(409).code(), "name_taken");
    for wrong in [json!({"name": ""}), json!({"name": "a,b"}), json!({"name": "x".repeat(99)})] {
        assert_eq!(ann.client.post(&teams, &wrong).is(422).code(), "invalid");
    }
    let stranger = json!({"name": "other", "members": ["p999999"]});
    assert_eq!(ann.client.post(&teams, &stranger).is(404).code(), "not_found");
    ann.settle(&desk, json!({"assignment": "least_busy"}));
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "An invoice");
    let transfer = format!("/v1/tickets/{ticket}/transfer");
    ann.client.post(&transfer, &json!({"team": "billing"})).is(200);
    let one = format!("{teams}/{}", team["number"]);
    assert_eq!(ann.client.delete(&one).is(409).code(), "conflict", "a ticket waits for it");
    let _feeds = [&ben, &cem].map(|agent| Feed::now(&site, Transport::Sse, agent));
    let owner = eventually("a member of the team is there", || {
        ann.ticket(&ticket)["owner"].as_str().map(str::to_owned)
    });
    assert_eq!(owner, cem.id);
    let agents = ann.client.get(&format!("/v1/desks/{}/agents", desk.id)).is(200).json();
    assert_eq!(agents["agents"][2]["teams"], json!(["billing"]));
    // The team changes hands, and the next one goes to the new member.
    ann.client.send("PUT", &one, &json!({"members": [ben.id]})).is(200);
    let next = guest.ask_desk(&desk, "Another invoice");
    ann.client.post(&format!("/v1/tickets/{next}/transfer"), &json!({"team": "billing"})).is(200);
    eventually("the new member gets it", || (ann.ticket(&next)["owner"] == ben.id).then_some(()));
    ann.client.delete(&one).is(204);
    assert_eq!(ben.client.get(&teams).is(200).json(), json!({"teams": []}));
}

#[test]
fn an_agent_that_only_reads_does_nothing_that_a_visitor_or_a_colleague_would_notice() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let one = format!("/v1/desks/{}/agents/{}", desk.id, ben.id);
    let own = format!("/v1/desks/{}/agents/{}", desk.id, ann.id);
    assert_eq!(
        ann.client.send("PUT", &own, &json!({"reads_only": true})).is(422).code(),
        "invalid"
    );
    ben.act(&ticket, "claim").is(200);
    let busy = ann.client.send("PUT", &one, &json!({"reads_only": true})).is(409);
    assert_eq!(busy.code(), "conflict", "its tickets go to others first");
    ben.act(&ticket, "return").is(200);
    ann.client.send("PUT", &one, &json!({"reads_only": true})).is(204);
    let agents = ann.client.get(&format!("/v1/desks/{}/agents", desk.id)).is(200).json();
    assert_eq!(agents["agents"][1]["reads_only"], true);

    let it = format!("/v1/tickets/{ticket}");
    let contact = format!("/v1/desks/{}/contacts/{}", desk.id, guest.id);
    for (method, path, body) in [
        ("POST", format!("{it}/claim"), json!({})),
        ("POST", format!("{it}/return"), json!({})),
        ("POST", format!("{it}/transfer"), json!({"person": ann.id})),
        ("PATCH", it.clone(), json!({"priority": 3})),
        ("POST", format!("{it}/notes"), json!({"text": "x"})),
        ("POST", format!("/v1/conversations/{ticket}/messages"), json!({"text": "x"})),
        (
            "POST",
            format!("/v1/desks/{}/bulk", desk.id),
            json!({"tickets": [ticket], "priority": 1}),
        ),
        ("PATCH", contact.clone(), json!({"mail": "x"})),
        ("POST", format!("{contact}/notes"), json!({"text": "x"})),
    ] {
        assert_eq!(ben.client.send(method, &path, &body).is(403).code(), "forbidden", "{path}");
    }
    let given = ann.client.post(&format!("{it}/transfer"), &json!({"person": ben.id})).is(422);
    assert_eq!(given.code(), "invalid");
    for path in
        [it.clone(), format!("{it}/notes"), contact, format!("/v1/conversations/{ticket}/events")]
    {
        ben.client.get(&path).is(200);
    }
    // It reacts to nothing.
    let said = guest.say(&ticket, "Hello again")["seq"].clone();
    let conversation = format!("/v1/conversations/{ticket}");
    for what in ["reactions/%F0%9F%91%8D", "pin"] {
        let path = format!("{conversation}/messages/{said}/{what}");
        let refused = ben.client.send("PUT", &path, &json!({})).is(403);
        assert_eq!(refused.code(), "forbidden", "{path}");
    }
    // Nothing is given to it by itself.
    ann.settle(&desk, json!({"assignment": "least_busy"}));
    let _feed = Feed::now(&site, Transport::Sse, &ben);
    let next = guest.ask_desk(&desk, "And this?");
    assert_eq!(ann.ticket(&next)["owner"], Value::Null);
    ann.client.send("PUT", &one, &json!({"reads_only": false})).is(204);
    ben.say(&ticket, "I may again");
}

#[test]
fn many_tickets_change_at_once_and_each_is_answered_by_itself() {
    let site = free_site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let (desk, other) = (ann.desk(&[&ben]), eve.desk(&[]));
    let (mut guest, mut stranger) = (let_in(&site, &desk), let_in(&site, &other));
    let ids: Vec<_> = (0..3).map(|n| guest.ask_desk(&desk, &format!("question {n}"))).collect();
    let foreign = stranger.ask_desk(&other, "of another desk");
    ann.act(&ids[2], "claim").is(200);
    let some =
        json!({"tickets": [ids[0], ids[1], foreign, "c999999"], "priority": 2, "add_tag": "vip"});
    let results = ben.bulk(&desk, &some);
    let codes: Vec<_> = results.iter().map(|r| r["error"]["code"].clone()).collect();
    assert_eq!(codes, [Value::Null, Value::Null, json!("not_member"), json!("not_member")]);
    assert_eq!(results[1]["ticket"]["tags"], json!(["vip"]));
    assert_eq!(ben.ticket(&ids[0])["priority"], 2);
    // Somebody else's is not handed on, and the others are.
    let all = json!({"tickets": ids, "person": ben.id, "remove_tag": "vip"});
    let results = ben.bulk(&desk, &all);
    assert_eq!(results[0]["ticket"]["owner"], ben.id);
    assert_eq!(results[0]["ticket"]["tags"], json!([]));
    assert_eq!(results[2]["error"]["code"], "forbidden");
    let results = ann.bulk(&desk, &json!({"tickets": ids, "state": "resolved"}));
    assert!(results.iter().all(|r| r["ticket"]["state"] == "resolved"), "{results:?}");
    let path = format!("/v1/desks/{}/bulk", desk.id);
    for wrong in [
        json!({"tickets": []}),
        json!({"tickets": vec![ids[0].clone(); 101]}),
        json!({"tickets": ids, "priority": 4}),
        json!({"tickets": ids, "add_tag": "a,b"}),
        json!({"tickets": ids, "snoozed_until": 1}),
        json!({"tickets": ids, "person": ben.id, "team": "x"}),
    ] {
        assert_eq!(ann.client.post(&path, &wrong).is(422).code(), "invalid", "{wrong}");
    }
    assert_eq!(eve.client.post(&path, &json!({"tickets": ids})).is(404).code(), "not_found");
}

#[test]
fn a_view_finds_what_it_was_saved_for() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let (mut guest, mut second) = (let_in(&site, &desk), let_in(&site, &desk));
    let visit = json!({"url": "https://shop.example/cart?x=1", "language": "zh-CN"});
    guest.client.send("PUT", &format!("/v1/desks/{}/visit", desk.key), &visit).is(204);
    let (cart, home) = (guest.ask_desk(&desk, "one"), second.ask_desk(&desk, "two"));
    ben.act(&home, "claim").is(200);
    let tags = json!({"tags": ["vip"], "priority": 2});
    ben.client.send("PATCH", &format!("/v1/tickets/{cart}"), &tags).is(200);
    for (query, wanted) in [
        ("", vec![&cart, &home]),
        ("owner=me", vec![&home]),
        ("owner=nobody", vec![&cart]),
        ("tag=vip", vec![&cart]),
        ("priority=1", vec![&cart]),
        ("page=%2FCART", vec![&cart]),
        ("language=zh-CN", vec![&cart]),
        ("waiting_s=3600", vec![]),
        ("state=resolved", vec![]),
        ("team=billing", vec![]),
    ] {
        let mut found = ben.found(&desk, query);
        found.sort();
        let mut wanted: Vec<_> = wanted.into_iter().cloned().collect();
        wanted.sort();
        assert_eq!(found, wanted, "{query}");
    }
    let name = second.name.replace(' ', "%20");
    assert_eq!(ben.found(&desk, &format!("q={name}")), std::slice::from_ref(&home));
    let found = format!("/v1/desks/{}/found", desk.id);
    for wrong in ["owner=all", "priority=9", "tag=a,b"] {
        assert_eq!(ben.client.get(&format!("{found}?{wrong}")).is(422).code(), "invalid");
    }
    assert_eq!(ben.client.get(&format!("{found}?before=x")).is(400).code(), "bad_request");

    let views = format!("/v1/desks/{}/views", desk.id);
    let own =
        json!({"name": "Mine and urgent", "own": true, "choice": {"owner": "me", "priority": 2}});
    let shared = json!({"name": "Carts", "choice": {"page": "/cart"}});
    let mine = ben.client.post(&views, &own).is(201).json();
    assert_eq!(ben.client.post(&views, &own).is(409).code(), "name_taken");
    assert_eq!(ben.client.post(&views, &shared).is(403).code(), "forbidden");
    let shared = ann.client.post(&views, &shared).is(201).json();
    let names = |person: &mut Person| -> Vec<Value> {
        let all = person.client.get(&views).is(200).json();
        all["views"].as_array().unwrap().iter().map(|v| v["name"].clone()).collect()
    };
    assert_eq!(names(&mut ben), ["Carts", "Mine and urgent"]);
    assert_eq!(names(&mut ann), ["Carts"], "one's own is nobody else's");
    let one = |view: &Value| format!("{views}/{}", view["number"]);
    assert_eq!(ben.client.delete(&one(&shared)).is(403).code(), "forbidden");
    assert_eq!(ann.client.delete(&one(&mine)).is(404).code(), "not_found");
    ben.client.delete(&one(&mine)).is(204);
    ann.client.delete(&one(&shared)).is(204);
    let bad = json!({"name": "x", "own": true, "choice": {"before": "1-1"}});
    assert_eq!(ben.client.post(&views, &bad).is(422).code(), "invalid");
}

#[test]
fn a_mention_in_a_note_is_listed_until_it_was_seen() {
    let site = free_site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let notes = format!("/v1/tickets/{ticket}/notes");
    let note = json!({"text": "Do you know this?", "mentions": [ann.id, ben.id], "key": "once"});
    ben.client.post(&notes, &note).is(201);
    ben.client.post(&notes, &note).is(200);
    let path = format!("/v1/desks/{}/mentions", desk.id);
    let list = ann.client.get(&path).is(200).json();
    assert_eq!((&list["unseen"], list["mentions"].as_array().unwrap().len()), (&json!(1), 1));
    let first = &list["mentions"][0];
    assert_eq!((&first["ticket"], &first["seen"]), (&json!(ticket), &json!(false)));
    assert_eq!(first["note"]["body"]["text"], "Do you know this?");
    assert_eq!(ben.client.get(&path).is(200).json()["unseen"], 0, "nobody mentions itself");
    ann.client.send("PUT", &format!("/v1/tickets/{ticket}/mentions"), &json!({})).is(204);
    let list = ann.client.get(&path).is(200).json();
    assert_eq!((&list["unseen"], &list["mentions"][0]["seen"]), (&json!(0), &json!(true)));
    assert_eq!(eve.client.get(&path).is(404).code(), "not_found");
    let foreign = eve.client.send("PUT", &format!("/v1/tickets/{ticket}/mentions"), &json!({}));
    assert_eq!(foreign.is(403).code(), "not_member");
}
