//! Hostile input in everything that a visitor writes, and floods of visitors.

use encke_engine::desk_limits::{
    DOORS_PER_ADDRESS_PER_MIN, HELP_PER_ADDRESS_PER_MIN, TICKETS_OPEN_PER_VISITOR_MAX,
    VISIT_FACT_BYTES_MAX, VISIT_TRAIL_MAX, VISIT_URL_BYTES_MAX, VISITORS_PER_ADDRESS_PER_MIN,
};
use serde_json::json;

use super::{free_site, let_in, visitor_of};
use crate::harness::{Site, Wire, line_of};

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "' OR 1=1; DROP TABLE person; --",
    "\u{0}\u{1}\u{7f}",
    "\u{202e}gnp.exe",
    "{{7*7}} ${7*7} %{7*7}",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} 字 مرحبا",
    "\r\nSet-Cookie: a=b\r\n\r\n",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "<@p1> <@all>",
];

#[test]
fn what_a_visitor_says_of_itself_stays_text_and_within_its_bounds() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let visit = format!("/v1/desks/{}/visit", desk.key);
    for text in HOSTILE {
        let long = text.repeat(300);
        let facts = json!({"url": format!("https://shop.example/{long}"), "title": long,
            "referrer": text, "language": text, "attributes": {*text: long}});
        guest.client.send("PUT", &visit, &facts).is(204);
        guest.client.send("PUT", &visit, &json!({"url": text, "title": text})).is(204);
        let seen = guest.say(&ticket, text)["seq"].as_u64().unwrap();
        let page = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
        let visitor = &page["visitor"];
        assert_eq!(visitor["page"], "", "only pages of the web are kept: {visitor}");
        for entry in visitor["trail"].as_array().unwrap() {
            let url = entry["url"].as_str().unwrap();
            assert!(url.is_empty() || url.starts_with("https://shop.example/"), "{url}");
            assert!(url.len() <= VISIT_URL_BYTES_MAX && !url.contains(char::is_control));
        }
        let title = visitor["title"].as_str().unwrap();
        assert!(title.len() <= VISIT_FACT_BYTES_MAX && !title.contains(char::is_control));
        let message = ann.client.get(&format!("/v1/conversations/{ticket}/messages/{seen}"));
        assert_eq!(message.is(200).json()["event"]["body"]["text"], *text);
    }
    for page in 0..2 * VISIT_TRAIL_MAX {
        let facts = json!({"url": format!("https://shop.example/{page}")});
        guest.client.send("PUT", &visit, &facts).is(204);
    }
    let page = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(page["visitor"]["trail"].as_array().unwrap().len(), VISIT_TRAIL_MAX);
    let here = ann.client.get(&format!("/v1/desks/{}/visitors", desk.id)).is(200).json();
    assert_eq!(here["visitors"][0]["person"]["id"], guest.id);
    let many: serde_json::Map<_, _> = (0..21).map(|n| (n.to_string(), json!("x"))).collect();
    let many = json!({"url": "https://shop.example/", "attributes": many});
    assert_eq!(guest.client.send("PUT", &visit, &many).is(422).code(), "invalid");
}

#[test]
fn names_that_deceive_are_refused_and_others_are_shown_as_they_are() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let name = json!({"name": ann.name});
    assert_eq!(visitor_of(&site, &desk.key, &name).is(409).code(), "name_taken");
    for wrong in ["", "\u{202e}mada", "a\u{0}b", "\u{200b}", &"x".repeat(1_000)] {
        let answer = visitor_of(&site, &desk.key, &json!({"name": wrong})).is(422);
        assert!(["invalid", "bad_name"].contains(&answer.code().as_str()));
    }
    let named = visitor_of(&site, &desk.key, &json!({"name": "<b>Eve</b>"})).is(201).json();
    assert_eq!(named["me"]["display_name"], "<b>Eve</b>");
    let numbered = visitor_of(&site, &desk.key, &json!({"language": "zh-TW"})).is(201).json();
    assert!(numbered["me"]["display_name"].as_str().unwrap().starts_with("访客 "));
}

#[test]
fn a_form_takes_what_the_desk_asks_for_and_nothing_else() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let label = json!({"en": "Mail"});
    ann.settle(
        &desk,
        json!({"form": [{"name": "mail", "kind": "email", "label": label, "required": true}]}),
    );
    let mut guest = let_in(&site, &desk);
    for form in [json!({}), json!({"mail": "nobody"}), json!({"mail": "a@b.c", "more": "x"})] {
        let answer = guest.try_ask_desk(&desk, &json!({"text": "Hi", "form": form})).is(422);
        assert_eq!(answer.code(), "invalid");
    }
    let form = json!({"mail": "eve@example.com"});
    let asked = guest.try_ask_desk(&desk, &json!({"text": "Hi", "form": form})).is(201).json();
    let id = asked["ticket"]["id"].as_str().unwrap();
    assert_eq!(ann.client.get(&format!("/v1/tickets/{id}")).is(200).json()["form"], form);
}

#[test]
fn a_flood_of_visitors_or_questions_meets_a_bound() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut codes = Vec::new();
    for _ in 0..=VISITORS_PER_ADDRESS_PER_MIN {
        let mut wire = Wire::connect_from(250, site.address());
        let headers = [("Content-Type", "application/json".to_owned())];
        let path = format!("/v1/desks/{}/visitors", desk.key);
        wire.send(line_of("POST", &path, site.address(), &headers, Some(b"{}")));
        codes.push(wire.answer().unwrap().status);
    }
    assert_eq!(codes.iter().filter(|code| **code == 429).count(), 1, "{codes:?}");
    let free = free_site();
    let mut ann = free.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&free, &desk);
    for number in 0..TICKETS_OPEN_PER_VISITOR_MAX {
        guest.ask_desk(&desk, &format!("question {number}"));
    }
    let refused = guest.try_ask_desk(&desk, &json!({"text": "one more"})).is(409);
    assert_eq!(refused.code(), "conflict");
}

/// The number of answers to one address until it has asked too often.
fn asked_until_refused(site: &Site, from: u8, path: &str, allowed: u32) -> u32 {
    let mut wire = Wire::connect_from(from, site.address());
    for number in 0..2 * allowed {
        wire.send(line_of("GET", path, site.address(), &[], None));
        let answer = wire.answer().unwrap();
        if answer.status == 429 {
            assert_eq!(answer.code(), "rate_limited");
            return number;
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    panic!("{allowed} in a minute are allowed, and nobody has counted");
}

#[test]
fn strangers_look_at_a_door_and_at_help_as_often_as_their_address_may() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let door = format!("/v1/desks/{}/door", desk.key);
    let help = format!("/v1/desks/{}/help?q=refund", desk.key);
    assert!(
        asked_until_refused(&site, 248, &door, DOORS_PER_ADDRESS_PER_MIN)
            >= DOORS_PER_ADDRESS_PER_MIN
    );
    assert!(
        asked_until_refused(&site, 248, &help, HELP_PER_ADDRESS_PER_MIN)
            >= HELP_PER_ADDRESS_PER_MIN
    );
    let mut neighbour = Wire::connect_from(249, site.address());
    neighbour.send(line_of("GET", &door, site.address(), &[], None));
    assert_eq!(neighbour.answer().unwrap().status, 200, "others have an allowance of their own");
    // What a person changes shows at once, however often strangers have looked.
    let path = format!("/v1/desks/{}", desk.id);
    ann.client.send("PATCH", &path, &json!({"name": "Other shop"})).is(200);
    neighbour.send(line_of("GET", &door, site.address(), &[], None));
    assert_eq!(neighbour.answer().unwrap().json()["desk"]["name"], "Other shop");
}
