//! Contacts: finding, noting, merging, exporting and erasing people that have asked; and visitors whose site says who they are.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Desk, amendments, free_site, let_in, visitor_of};
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Auth, Client, Person, Site, is_on_database};

const SECRET: &str = "lighthouse";

impl Person {
    fn contact(&mut self, desk: &Desk, method: &str, rest: &str, body: &Value) -> Answer {
        let path = format!("/v1/desks/{}/contacts{rest}", desk.id);
        self.client.send(method, &path, body)
    }

    fn contact_ids(&mut self, desk: &Desk, text: &str) -> Vec<String> {
        let path = format!("/v1/desks/{}/contacts?q={text}", desk.id);
        let list = self.client.get(&path).is(200).json();
        let all = list["contacts"].as_array().unwrap().iter();
        all.map(|c| c["visitor"]["person"]["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// What the back end of a site signs.
fn signed(desk: &Desk, secret: &str, subject: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"sub": subject, "aud": desk.key, "iat": now, "exp": now + 300,
        "name": "Dora Doe", "email": "dora@example.com"});
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let body = format!("{}.{}", part(json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let tag = hmac(secret.as_bytes(), body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn of(site: &Site, entered: &Value) -> Person {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person {
        id: text(&entered["me"]["id"]),
        name: text(&entered["me"]["display_name"]),
        client: Client::new(site.address(), Auth::Bearer(text(&entered["token"]))),
    }
}

fn secret_of(ann: &mut Person, desk: &Desk) -> String {
    let path = format!("/v1/desks/{}/secrets", desk.id);
    let made = ann.client.post(&path, &json!({})).is(201).json();
    made["secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_contact_is_found_noted_and_kept_in_its_desk() {
    let site = free_site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let other = eve.desk(&[]);
    let (mut guest, mut second) = (let_in(&site, &desk), let_in(&site, &desk));
    let ticket = guest.ask_desk(&desk, "Hello");
    assert_eq!(ben.contact_ids(&desk, ""), [guest.id.clone()], "only those that asked");
    second.ask_desk(&desk, "I, too");
    let own = format!("/{}", guest.id);
    let fields = json!({"name": "Dora Doe", "mail": "dora@example.com", "phone": "+49 30 1",
        "company": "ACME", "address": "Street 1\nTown"});
    ben.contact(&desk, "PATCH", &own, &fields).is(200);
    for text in ["dora", "EXAMPLE.com", "acme", "%2B49"] {
        assert_eq!(ben.contact_ids(&desk, text), [guest.id.clone()], "{text}");
    }
    assert_eq!(ben.contact_ids(&desk, "%25"), Vec::<String>::new(), "no pattern");
    assert_eq!(ben.contact_ids(&desk, "").len(), 2);
    let note = json!({"text": SECRET});
    let notes = format!("{own}/notes");
    let written = ben.contact(&desk, "POST", &notes, &note).is(201).json();
    let page = ann.contact(&desk, "GET", &own, &json!({})).is(200).json();
    assert_eq!(page["fields"]["address"], "Street 1\nTown");
    assert_eq!(
        (&page["notes"][0]["text"], &page["notes"][0]["from"]),
        (&json!(SECRET), &json!(ben.id))
    );
    assert_eq!(page["tickets"][0]["id"], ticket.as_str());
    assert_eq!(page["visitor"]["person"]["display_name"], "Dora Doe");
    let last = format!("{notes}/{}", written["number"]);
    assert_eq!(ann.contact(&desk, "DELETE", &last, &json!({})).is(204).status, 204);

    // Another desk's staff learns nothing of it, and neither does the visitor.
    for (method, rest, body) in [
        ("GET", own.clone(), json!({})),
        ("PATCH", own.clone(), json!({"mail": "x"})),
        ("POST", notes.clone(), note.clone()),
        ("GET", format!("{own}/export"), json!({})),
        ("DELETE", own.clone(), json!({})),
    ] {
        assert_eq!(eve.contact(&desk, method, &rest, &body).is(404).code(), "not_found");
        assert_eq!(eve.contact(&other, method, &rest, &body).is(404).code(), "not_found");
        assert_eq!(guest.contact(&desk, method, &rest, &body).is(403).code(), "forbidden");
    }
    for (method, rest) in [("GET", "/export"), ("DELETE", ""), ("POST", "/merge")] {
        let answer =
            ben.contact(&desk, method, &format!("{own}{rest}"), &json!({"into": second.id}));
        assert_eq!(answer.is(403).code(), "forbidden", "an agent may not {method} {rest}");
    }
    let long = json!({"mail": "字".repeat(1_000), "address": "字\n".repeat(1_000)});
    let kept = ben.contact(&desk, "PATCH", &own, &long).is(200).json();
    assert!(kept["mail"].as_str().unwrap().len() <= 200);
    assert!(kept["address"].as_str().unwrap().len() <= 400);
    let taken = ben.contact(&desk, "PATCH", &own, &json!({"name": ann.name})).is(409);
    assert_eq!(taken.code(), "name_taken");
}

#[test]
fn a_merged_contact_goes_on_as_the_other_one() {
    let site = free_site();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let (mut first, mut second) = (let_in(&site, &desk), let_in(&site, &desk));
    let (old, new) = (first.ask_desk(&desk, "from my phone"), second.ask_desk(&desk, "from work"));
    ann.contact(&desk, "PATCH", &format!("/{}", first.id), &json!({"phone": "123"})).is(200);
    let merge = format!("/{}/merge", first.id);
    assert_eq!(
        ann.contact(&desk, "POST", &merge, &json!({"into": first.id})).is(422).code(),
        "invalid"
    );
    ann.contact(&desk, "POST", &merge, &json!({"into": second.id})).is(204);
    assert_eq!(
        ann.contact(&desk, "POST", &merge, &json!({"into": second.id})).is(404).code(),
        "not_found"
    );
    assert_eq!(ann.contact_ids(&desk, ""), [second.id.clone()]);
    let page = ann.contact(&desk, "GET", &format!("/{}", second.id), &json!({})).is(200).json();
    assert_eq!(page["fields"]["phone"], "123");
    assert_eq!(page["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(first.client.get("/v1/me").is(401).code(), "not_signed_in", "its token has ended");
    let mine = second.client.get(&format!("/v1/desks/{}/my-tickets", desk.key)).is(200).json();
    assert_eq!((&mine["tickets"][0]["id"], &mine["tickets"][1]["id"]), (&json!(new), &json!(old)));
    second.say(&old, "and now from work");
    ann.say(&old, "hello again");
    let texts: Vec<_> = second.history(&old).iter().map(|e| e["body"]["text"].clone()).collect();
    for text in ["from my phone", "and now from work", "hello again"] {
        assert!(texts.contains(&json!(text)), "{texts:?}");
    }
}

#[test]
fn an_erased_contact_is_gone_by_every_way_and_its_place_stays() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    ann.settle(&desk, json!({"form": [{"name": "mail", "kind": "text", "label": {"en": "Mail"}}]}));
    let body = json!({"language": "en", "name": format!("{SECRET} keeper")});
    let mut guest = of(&site, &visitor_of(&site, &desk.key, &body).is(201).json());
    let visit = json!({"url": format!("https://shop.example/{SECRET}"), "title": SECRET,
        "attributes": {"plan": SECRET}});
    guest.client.send("PUT", &format!("/v1/desks/{}/visit", desk.key), &visit).is(204);
    let asked = json!({"text": SECRET, "form": {"mail": SECRET}});
    let ticket = guest.try_ask_desk(&desk, &asked).is(201).json();
    let ticket = ticket["ticket"]["id"].as_str().unwrap().to_owned();
    ben.act(&ticket, "claim").is(200);
    let seq = guest.say(&ticket, SECRET)["seq"].as_u64().unwrap();
    let edit = json!({"text": format!("{SECRET} again")});
    guest
        .client
        .send("PATCH", &format!("/v1/conversations/{ticket}/messages/{seq}"), &edit)
        .is(204);
    for number in 0..120 {
        guest.say(&ticket, &format!("{SECRET} {number}"));
    }
    ben.say(&ticket, &format!("You said {SECRET}"));
    let note = json!({"text": SECRET, "mentions": [ann.id]});
    ben.client.post(&format!("/v1/tickets/{ticket}/notes"), &note).is(201);
    ann.client
        .send("PATCH", &format!("/v1/tickets/{ticket}"), &json!({"state": "resolved"}))
        .is(200);
    let rating = json!({"stars": 1, "comment": SECRET});
    guest.client.send("PUT", &format!("/v1/tickets/{ticket}/rating"), &rating).is(204);
    guest.say(&ticket, &format!("And one more {SECRET}"));
    ben.act(&ticket, "join").is(204);
    let own = format!("/{}", guest.id);
    ann.contact(&desk, "PATCH", &own, &json!({"mail": SECRET, "address": SECRET})).is(200);
    ann.contact(&desk, "POST", &format!("{own}/notes"), &json!({"text": SECRET})).is(201);
    let export = ann.contact(&desk, "GET", &format!("{own}/export"), &json!({})).is(200);
    assert!(export.text().matches(SECRET).count() > 120);
    assert_eq!(export.json()["tickets"][0]["form"]["mail"], SECRET);

    let mut console = Feed::now(&site, Transport::WebSocket, &ben);
    ann.contact(&desk, "DELETE", &own, &json!({})).is(204);
    // The console of the agent is told of each message that it has to forget.
    let mut recalled = 0;
    while recalled < 124 {
        let event = console.event_of(&amendments(&ticket));
        recalled += u64::from(event["kind"] == "recalled");
    }
    assert_eq!(ann.contact(&desk, "GET", &own, &json!({})).is(404).code(), "not_found");
    assert_eq!(ann.contact_ids(&desk, ""), Vec::<String>::new());
    assert_eq!(guest.client.get("/v1/me").is(401).code(), "not_signed_in");
    let mut got = String::new();
    for path in [
        format!("/v1/tickets/{ticket}"),
        format!("/v1/tickets/{ticket}/notes"),
        format!("/v1/conversations/{ticket}/events?limit=200"),
        format!("/v1/conversations/{ticket}/messages/{seq}/edits"),
        format!("/v1/desks/{}/tickets?state=resolved", desk.id),
        format!("/v1/desks/{}/visitors", desk.id),
        format!("/v1/desks/{}/mentions", desk.id),
        "/v1/feed?cursor=0-0".to_owned(),
        format!("/v1/search?q={SECRET}"),
    ] {
        got.push_str(ben.client.get(&path).text());
    }
    assert!(!got.contains(SECRET), "{got}");
    let page = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(page["ticket"]["state"], "resolved", "it stays visible that somebody was there");
    if is_on_database() {
        return;
    }
    // SQLite's file and its log: both are overwritten within seconds.
    crate::harness::eventually("nothing is left in the files of the store", || {
        let files = std::fs::read_dir(site.server.data()).unwrap();
        let left = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
        let has = |path: &std::path::PathBuf| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
        };
        (left.filter(has).count() == 0).then_some(())
    });
}

#[test]
fn a_visitor_that_its_site_has_signed_is_the_same_person_in_each_browser() {
    let site = free_site();
    let mut ann = site.person("ann");
    let (desk, other) = (ann.desk(&[]), ann.desk(&[]));
    let secret = secret_of(&mut ann, &desk);
    let jwt = signed(&desk, &secret, "u1");
    let identify = |guest: &mut Person, jwt: &str| {
        guest.client.post(&format!("/v1/desks/{}/identity", desk.key), &json!({"identity": jwt}))
    };
    // It was somebody before it signed in: it goes on.
    let mut phone = let_in(&site, &desk);
    let ticket = phone.ask_desk(&desk, "from my phone");
    let same = identify(&mut phone, &jwt).is(200).json();
    assert_eq!((&same["token"], &same["me"]["id"]), (&Value::Null, &json!(phone.id)));
    assert_eq!(same["me"]["display_name"], "Dora Doe");
    let shown = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(shown["visitor"]["verified"], true);
    let page = ann.contact(&desk, "GET", &format!("/{}", phone.id), &json!({})).is(200).json();
    assert_eq!(
        (&page["subject"], &page["fields"]["mail"]),
        (&json!("u1"), &json!("dora@example.com"))
    );
    // Another browser, signed in from the beginning.
    let entered = visitor_of(&site, &desk.key, &json!({"identity": jwt})).is(201).json();
    let mut work = of(&site, &entered);
    assert_eq!(work.id, phone.id);
    work.say(&ticket, "from work");
    phone.say(&ticket, "both hold");
    // A third one has asked before.
    let mut tablet = let_in(&site, &desk);
    let asked = tablet.ask_desk(&desk, "from my tablet");
    let joined = identify(&mut tablet, &jwt).is(200).json();
    let mut tablet = of(&site, &joined);
    assert_eq!(tablet.id, phone.id);
    tablet.say(&asked, "still my question");
    phone.say(&asked, "mine, too");
    // Somebody else signs in at it: nothing goes along.
    let else_ = identify(&mut tablet, &signed(&desk, &secret, "u2")).is(200).json();
    let mut else_ = of(&site, &else_);
    assert_ne!(else_.id, phone.id);
    assert_eq!(else_.try_say(&ticket, "x").is(403).code(), "not_member");

    // What this desk did not sign is refused, at the door and later.
    let foreign = signed(&desk, "eks_none", "u1");
    let another = signed(&other, &secret, "u1");
    for wrong in [foreign.as_str(), &another, "a.b.c", ""] {
        let answer = visitor_of(&site, &desk.key, &json!({"identity": wrong})).is(403);
        assert_eq!(answer.code(), "forbidden", "{wrong}");
        assert_eq!(identify(&mut else_, wrong).is(403).code(), "forbidden");
    }
    assert_eq!(identify(&mut ann, &jwt).is(403).code(), "forbidden", "staff is no visitor");
}

#[test]
fn a_desk_that_wants_signed_visitors_takes_no_others_and_changes_its_secret() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let secrets = format!("/v1/desks/{}/secrets", desk.id);
    assert_eq!(ben.client.get(&secrets).is(403).code(), "forbidden");
    assert_eq!(ben.client.post(&secrets, &json!({})).is(403).code(), "forbidden");
    let mut before = let_in(&site, &desk);
    ann.settle(&desk, json!({"verified_only": true}));
    let door = site.server.visitor().get(&format!("/v1/desks/{}/door", desk.key)).is(200).json();
    assert_eq!(door["verified_only"], true);
    assert_eq!(visitor_of(&site, &desk.key, &json!({})).is(403).code(), "forbidden");
    let refused = before.try_ask_desk(&desk, &json!({"text": "Hello"})).is(403);
    assert_eq!(refused.code(), "forbidden");
    let first = secret_of(&mut ann, &desk);
    let enter = |secret: &str| {
        visitor_of(&site, &desk.key, &json!({"identity": signed(&desk, secret, "u1")})).status
    };
    assert_eq!(enter(&first), 201);
    let second = secret_of(&mut ann, &desk);
    assert_eq!((enter(&first), enter(&second)), (201, 201), "two hold while the site changes over");
    let third = secret_of(&mut ann, &desk);
    assert_eq!((enter(&first), enter(&second), enter(&third)), (403, 201, 201));
    let listed = ann.client.get(&secrets).is(200);
    assert!(!listed.text().contains("eks_"), "a secret is shown once");
    let newest = listed.json()["secrets"][0]["number"].clone();
    ann.client.delete(&format!("{secrets}/{newest}")).is(204);
    assert_eq!((enter(&second), enter(&third)), (201, 403), "one that leaked ends at once");
}

#[test]
fn what_a_contact_said_before_it_was_merged_is_shown_under_its_name() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let (mut first, mut second) = (let_in(&site, &desk), let_in(&site, &desk));
    let old = first.ask_desk(&desk, "from my phone");
    second.ask_desk(&desk, "from work");
    ann.contact(&desk, "PATCH", &format!("/{}", second.id), &json!({"name": "Dora Doe"})).is(200);
    let into = json!({"into": second.id});
    ann.contact(&desk, "POST", &format!("/{}/merge", first.id), &into).is(204);
    let called = |who: &mut Person| {
        let page = who.client.get(&format!("/v1/conversations/{old}/events")).is(200).json();
        let all = page["people"].as_array().unwrap().iter();
        let old = all.filter(|person| person["id"] == first.id.as_str());
        old.map(|p| p["display_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(called(&mut ann), ["Dora Doe"]);
    assert_eq!(called(&mut second), ["Dora Doe"]);
    // Whoever has the ticket open is told that both have another name.
    ann.act(&old, "claim").is(200);
    let mut console = Feed::now(&site, Transport::Sse, &ann);
    ann.contact(&desk, "PATCH", &format!("/{}", second.id), &json!({"name": "Dora D."})).is(200);
    let mut told = Vec::new();
    while told.len() < 2 {
        let event = console.event_of(&amendments(&old));
        if event["kind"] == "person_changed" {
            told.push(event["body"]["person"].clone());
        }
    }
    assert_eq!(told, [json!(second.id), json!(first.id)]);
    assert_eq!(called(&mut ann), ["Dora D."]);
    ann.contact(&desk, "DELETE", &format!("/{}", second.id), &json!({})).is(204);
    let page = ann.client.get(&format!("/v1/conversations/{old}/events")).is(200);
    assert!(!page.text().contains("Dora"), "{}", page.text());
}

#[test]
fn contacts_are_found_by_what_was_said_in_their_tickets_at_this_desk() {
    let site = free_site();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let (desk, hers) = (ann.desk(&[]), eve.desk(&[]));
    let (mut guest, mut other) = (let_in(&site, &desk), let_in(&site, &hers));
    let ticket = guest.ask_desk(&desk, "My trumpet arrived broken");
    let foreign = other.ask_desk(&hers, "My trumpet is lost");
    ann.say(&ticket, "我们给您换一个新的小号");
    let room = eve.room(&[]);
    eve.say(&room, "trumpet");
    eve.say(&foreign, "We look for it");
    let found = |who: &mut Person, desk: &Desk, text: &str| {
        crate::harness::eventually(&format!("{text} is found"), || {
            Some(who.contact_ids(desk, text)).filter(|ids| !ids.is_empty())
        })
    };
    for text in ["trumpet", "TRUMP", "broken%20trumpet", "%E5%B0%8F%E5%8F%B7"] {
        assert_eq!(found(&mut ann, &desk, text), [guest.id.clone()], "{text}");
    }
    assert_eq!(found(&mut eve, &hers, "trumpet"), [other.id.clone()], "each desk its own");
    assert_eq!(ann.contact_ids(&desk, "lost"), Vec::<String>::new());
    assert_eq!(ann.contact_ids(&desk, "trumpet%20lost"), Vec::<String>::new());
    // What was recalled is found no longer, from that moment on.
    ann.client.delete(&format!("/v1/conversations/{ticket}/messages/3")).is(204);
    assert_eq!(ann.contact_ids(&desk, "%E5%B0%8F%E5%8F%B7"), Vec::<String>::new());
}

#[test]
fn what_was_forwarded_out_of_a_ticket_goes_with_its_contact() {
    let site = free_site();
    let (mut ann, mut ben, mut eve) = (site.person("ann"), site.person("ben"), site.person("eve"));
    let desk = ann.desk(&[&ben]);
    let (mut guest, mut other) = (let_in(&site, &desk), let_in(&site, &desk));
    let (ticket, kept) = (guest.ask_desk(&desk, SECRET), other.ask_desk(&desk, "stays"));
    let (room, far) = (ben.room(&[&ann, &eve]), eve.room(&[]));
    let forward = |who: &mut Person, of: &str, seq: u64, to: &str| {
        let body = json!({"conversation": of, "message": seq});
        let path = format!("/v1/conversations/{to}/forwards");
        who.client.post(&path, &body).is(201).json()["seq"].as_u64().unwrap()
    };
    let copy = forward(&mut ben, &ticket, 2, &room);
    forward(&mut ben, &kept, 2, &room);
    // A copy of the copy, by somebody that is no staff; one that was recalled by hand; and one in a ticket of somebody else.
    let farther = forward(&mut eve, &room, copy, &far);
    let recalled = forward(&mut ben, &ticket, 2, &room);
    ben.client.delete(&format!("/v1/conversations/{room}/messages/{recalled}")).is(204);
    forward(&mut ben, &ticket, 2, &kept);
    let parent = eve.say(&far, "What is this?")["seq"].as_u64().unwrap();
    let path = format!("/v1/conversations/{far}/messages/{parent}/thread");
    let opened = eve.client.post(&path, &json!({"text": "Look"})).is(201).json();
    let thread = opened["thread"].as_str().or(opened["conversation"].as_str()).unwrap().to_owned();
    forward(&mut eve, &room, copy, &thread);
    let mut feed = Feed::now(&site, Transport::Sse, &eve);
    ann.contact(&desk, "DELETE", &format!("/{}", guest.id), &json!({})).is(204);
    for (room, seq) in [(&room, copy), (&far, farther)] {
        let event = feed.event_of(&amendments(room));
        assert_eq!((&event["kind"], &event["body"]["message"]), (&json!("recalled"), &json!(seq)));
        let one = eve.client.get(&format!("/v1/conversations/{room}/messages/{seq}")).is(200);
        assert_eq!(one.json()["event"]["kind"], "erased");
    }
    for of in [&room, &far, &kept] {
        let path = format!("/v1/conversations/{of}/events");
        let who = if *of == kept { &mut ben } else { &mut eve };
        assert!(!who.client.get(&path).is(200).text().contains(SECRET), "{of}");
    }
    assert!(eve.history(&room).iter().any(|e| e["body"]["text"] == "stays"));
}
