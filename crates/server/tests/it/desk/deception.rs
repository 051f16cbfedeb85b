//! Bodies that say more than they may, ids of the wrong kind, circles, and texts that are a language elsewhere.

use serde_json::{Value, json};

use super::{Desk, let_in, visitor_of};
use crate::harness::{Person, Site};

#[test]
fn fields_that_nobody_may_set_are_refused() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let own = format!("/v1/desks/{}", desk.key);
    let talk = format!("/v1/conversations/{ticket}");
    let bodies = [
        ("POST", format!("{own}/tickets"), json!({"text": "x"})),
        ("PUT", format!("{own}/visit"), json!({"url": "https://shop.example/"})),
        ("POST", format!("{talk}/messages"), json!({"text": "x"})),
        ("POST", format!("{talk}/cards"), json!({"card": {"title": "x"}})),
        ("PATCH", format!("{talk}/messages/2"), json!({"text": "x"})),
        ("PUT", format!("/v1/tickets/{ticket}/rating"), json!({"stars": 5})),
        ("PUT", format!("/v1/tickets/{ticket}/visitor-draft"), json!({"text": "x"})),
    ];
    let fields = ["role", "verified", "owner", "agent", "from", "at", "visitor", "ms", "state"];
    for field in fields {
        for (method, path, body) in &bodies {
            let mut more = body.clone();
            more[field] = json!("owner");
            let answer = guest.client.send(method, path, &more);
            assert_eq!(answer.status, 422, "{path} {field}: {}", answer.text());
        }
        let entered = visitor_of(&site, &desk.key, &json!({"name": "Eve", field: "owner"}));
        assert_eq!(entered.status, 422, "{field}: {}", entered.text());
    }
    let card = json!({"card": {"title": "x", "everyone": true}});
    guest.client.post(&format!("{talk}/cards"), &card).is(422);
    // Ids of another kind are nobody's.
    for id in [
        "p1",
        "1",
        "c0",
        "c-1",
        "c01",
        "t1",
        "n1",
        "c99999999999999999999",
        "c1%00",
        desk.id.as_str(),
    ] {
        for (method, rest, body) in
            [("PUT", "rating", json!({"stars": 5})), ("PUT", "visitor-draft", json!({"text": "x"}))]
        {
            let answer = guest.client.send(method, &format!("/v1/tickets/{id}/{rest}"), &body);
            assert!(matches!(answer.status, 403 | 404), "{id} {rest}: {}", answer.status);
        }
    }
    for stars in [json!(0), json!(6), json!(-1), json!(4.5), json!("5"), json!(1e99), Value::Null] {
        let path = format!("/v1/tickets/{ticket}/rating");
        guest.client.send("PUT", &path, &json!({"stars": stars})).is(422);
    }
    assert_eq!(guest.history(&ticket).iter().filter(|e| e["kind"] == "message").count(), 1);
}

fn merge(who: &mut Person, desk: &Desk, from: &Person, into: &str) -> u16 {
    let path = format!("/v1/desks/{}/contacts/{}/merge", desk.id, from.id);
    who.client.post(&path, &json!({"into": into})).status
}

#[test]
fn contacts_are_not_merged_in_a_circle_or_across_desks() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (desk, foreign) = (ann.desk(&[]), ben.desk(&[]));
    let [mut one, two, three] = [(); 3].map(|()| let_in(&site, &desk));
    let other = let_in(&site, &foreign);
    let ticket = one.ask_desk(&desk, "Hello");
    assert_eq!(merge(&mut ann, &desk, &one, &one.id), 422);
    assert_eq!(merge(&mut ann, &desk, &one, &other.id), 404);
    assert_eq!(merge(&mut ben, &foreign, &other, &one.id), 404);
    assert_eq!(merge(&mut ann, &desk, &one, &two.id), 204);
    assert_eq!(merge(&mut ann, &desk, &two, &one.id), 404, "it is no contact any more");
    assert_eq!(merge(&mut ann, &desk, &one, &three.id), 404);
    assert_eq!(merge(&mut ann, &desk, &two, &three.id), 204);
    assert_eq!(merge(&mut ann, &desk, &three, &one.id), 404);
    assert_eq!(ann.ticket(&ticket)["visitor"], three.id);
    let path = format!("/v1/desks/{}/contacts/{}", desk.id, three.id);
    ann.client.delete(&path).is(204);
    assert_eq!(one.client.get("/v1/me").is(401).code(), "not_signed_in");
}

/// Texts that are a language somewhere: of databases, searches, patterns, templates, tables.
const LANGUAGES: &[&str] = &[
    "%",
    "_",
    "\\",
    "' OR '1'='1",
    "\"; DROP TABLE desk; --",
    "a\" OR \"b",
    "NEAR(a b)",
    "* AND NOT",
    "((((((((",
    "{{visitor}} {{constructor.constructor('alert(1)')()}}",
    "=cmd|' /C calc'!A0",
    "\u{0}",
    "\u{feff}\u{202e}\u{2066}x",
    "🏳️‍🌈\u{200d}\u{200d}\u{200d}",
];

#[test]
fn quotes_patterns_and_zero_bytes_are_only_text_at_a_desk() {
    let site = super::free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Where is it?");
    let at = |rest: &str| format!("/v1/desks/{}/{rest}", desk.id);
    let canned = json!({"shortcut": "hi", "text": "Hello"});
    ann.client.post(&at("canned"), &canned).is(201);
    for text in LANGUAGES {
        let escaped: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
        // What is asked finds nothing, least of all everything, and breaks nothing.
        for path in
            ["canned?q=", "found?q=", "found?page=", "contacts?q=", "articles?q=", "tickets?tag="]
        {
            let answer = ann.client.get(&(at(path) + &escaped));
            assert!(answer.status < 500, "{path} {text:?}: {}", answer.text());
            // Nothing is left of a zero byte, so that nothing was asked for.
            let finds = answer.text().contains("\"Hello\"") && !text.contains('\0');
            assert!(!finds, "{path} {text:?} finds everything");
        }
        let bodies = [
            ("POST", at("canned"), json!({"shortcut": "x", "text": text})),
            ("POST", at("canned"), json!({"shortcut": text, "text": "x"})),
            ("POST", at("articles"), json!({"title": {"en": text}, "text": {"en": text}})),
            (
                "POST",
                at("macros"),
                json!({"name": text, "acts": [{"act": "answer", "text": {"en": text}}]}),
            ),
            ("POST", at("macros"), json!({"name": "x", "acts": [{"act": "tag", "tag": text}]})),
            (
                "POST",
                at("rules"),
                json!({"name": text, "enabled": true, "when": "asked", "conditions": [{"of": "text", "is": "contains", "value": text}], "acts": [{"act": "note", "text": text}]}),
            ),
            (
                "POST",
                at("views"),
                json!({"name": text, "choice": {"q": text, "page": text, "language": text}}),
            ),
            (
                "POST",
                at("views"),
                json!({"name": "x", "choice": {"tag": text, "team": text, "owner": text}}),
            ),
            ("POST", at("teams"), json!({"name": text})),
            ("POST", format!("/v1/tickets/{ticket}/notes"), json!({"text": text})),
            ("POST", format!("/v1/conversations/{ticket}/messages"), json!({"text": text})),
            ("PATCH", format!("/v1/tickets/{ticket}"), json!({"tags": [text]})),
            (
                "PATCH",
                at(&format!("contacts/{}", guest.id)),
                json!({"mail": text, "phone": text, "company": text, "address": text}),
            ),
            ("PATCH", at(&format!("contacts/{}", guest.id)), json!({"name": text})),
            ("POST", at(&format!("contacts/{}/notes", guest.id)), json!({"text": text})),
            ("PATCH", format!("/v1/desks/{}", desk.id), json!({"name": text})),
            (
                "PATCH",
                format!("/v1/desks/{}", desk.id),
                json!({"settings": {"greeting": {"en": text}, "offline": {"en": text}}}),
            ),
            ("PATCH", format!("/v1/desks/{}", desk.id), json!({"settings": {"origins": [text]}})),
        ];
        for (method, path, body) in &bodies {
            let answer = ann.client.send(method, path, body);
            assert!(answer.status < 500, "{method} {path} {body}: {}", answer.text());
        }
        guest.try_ask_desk(&desk, &json!({"text": format!("{text} x")}));
    }
    // All that was taken can be read again.
    for path in ["canned", "articles", "macros", "rules", "views", "teams", "contacts", "tickets"] {
        ann.client.get(&at(path)).is(200);
    }
    ann.client.get(&format!("/v1/tickets/{ticket}/notes")).is(200);
    let door = format!("/v1/desks/{}/door", desk.key);
    site.server.visitor().get(&door).is(200);
    let page = site.server.visitor().get(&format!("/widget/?desk={}", desk.key)).is(200);
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(!policy.contains("DROP") && !policy.contains("cmd"), "{policy}");
    assert_eq!(
        ann.tickets(&desk, "view=all")["tickets"].as_array().map(Vec::is_empty),
        Some(false)
    );
}
