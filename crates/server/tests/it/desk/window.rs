//! The visitor's window: cards, what staff sees while a visitor types, greetings and common questions, invitations.

use encke_engine::desk_limits::{DESK_GREETINGS_MAX, VISITOR_DRAFT_BYTES_MAX};
use encke_engine::talk_limits::{CARD_LINE_BYTES_MAX, CARD_URL_BYTES_MAX};
use serde_json::{Value, json};

use super::{Desk, free_site, let_in};
use crate::feed::{Feed, Transport};
use crate::files::{pictures::jpeg, upload, url_of};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn send_card(&mut self, ticket: &str, body: &Value) -> Answer {
        self.client.post(&format!("/v1/conversations/{ticket}/cards"), body)
    }

    fn types(&mut self, ticket: &str, text: &str) -> Answer {
        let path = format!("/v1/tickets/{ticket}/visitor-draft");
        self.client.send("PUT", &path, &json!({"text": text}))
    }

    fn invite(&mut self, desk: &Desk, visitor: &str, body: &Value) -> Answer {
        self.client.post(&format!("/v1/desks/{}/visitors/{visitor}/invitation", desk.id), body)
    }

    fn visits(&mut self, desk: &Desk) {
        let visit = json!({"url": "https://shop.example/touring-5", "title": "Touring 5"});
        self.client.send("PUT", &format!("/v1/desks/{}/visit", desk.key), &visit).is(204);
    }
}

fn touring() -> Value {
    json!({"title": "Touring 5", "about": "Ready to ride", "price": "€ 900", "reference": "T5",
        "url": "https://shop.example/touring-5"})
}

fn message(feed: &mut Feed, ticket: &str) -> Value {
    loop {
        let event = feed.event_of(ticket);
        if event["kind"] == "message" {
            return event["body"].clone();
        }
    }
}

#[test]
fn a_card_comes_with_the_question_and_the_agent_sends_one_back() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let picture = upload(&mut guest.client, "bike.jpg", &jpeg(400, 300));
    let mut card = touring();
    card["picture"] = picture["id"].clone();
    let question = json!({"text": "Touring 5", "card": card, "key": "once"});
    let asked = guest.try_ask_desk(&desk, &question).is(201).json();
    assert_eq!(guest.try_ask_desk(&desk, &question).is(200).json(), asked, "a retry is the same");
    let mut other = question.clone();
    other["card"]["price"] = json!("€ 9");
    assert_eq!(guest.try_ask_desk(&desk, &other).is(409).code(), "key_reused");
    let ticket = asked["ticket"]["id"].as_str().unwrap().to_owned();
    let seen = ann.history(&ticket).into_iter().find(|event| event["kind"] == "message").unwrap();
    assert_eq!(seen["body"]["text"], "Touring 5");
    assert_eq!(
        seen["body"]["card"],
        json!({"about": "Ready to ride", "price": "€ 900", "reference": "T5",
            "url": "https://shop.example/touring-5"})
    );
    assert_eq!(seen["body"]["files"][0]["id"], picture["id"]);
    ann.client.get(&url_of(&picture)).is(200);
    eve.client.get(&url_of(&picture)).is(404);

    let mut page = Feed::now(&site, Transport::WebSocket, &guest);
    let mut back = touring();
    back["title"] = json!("Touring 6");
    back["picture"] = picture["id"].clone();
    let sent = ann.send_card(&ticket, &json!({"card": back, "key": "mine"})).is(201).json();
    let again = ann.send_card(&ticket, &json!({"card": back, "key": "mine"})).is(200).json();
    assert_eq!(again, sent);
    let got = message(&mut page, &ticket);
    assert_eq!((&got["text"], &got["card"]["price"]), (&json!("Touring 6"), &json!("€ 900")));
    assert_eq!(ann.ticket(&ticket)["owner"], ann.id, "a card is an answer");
    let edit = format!("/v1/conversations/{ticket}/messages/{}", sent["seq"]);
    let refused = ann.client.send("PATCH", &edit, &json!({"text": "Touring 7"}));
    assert_eq!(refused.is(409).code(), "conflict");
    assert_eq!(eve.send_card(&ticket, &json!({"card": touring()})).is(403).code(), "not_member");
}

#[test]
fn a_card_that_hides_something_is_refused() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let own = upload(&mut ann.client, "secret.jpg", &jpeg(40, 30));
    let long = format!("https://shop.example/{}", "x".repeat(CARD_URL_BYTES_MAX));
    let wrong = [
        (json!({"url": "javascript:alert(1)"}), 422),
        (json!({"url": "http://shop.example/"}), 422),
        (json!({"url": "https://shop.example@evil.example/"}), 422),
        (json!({"url": "data:text/html,<script>alert(1)</script>"}), 422),
        (json!({"url": long}), 413),
        (json!({"title": "x".repeat(CARD_LINE_BYTES_MAX + 1)}), 413),
        (json!({"title": " "}), 422),
        (json!({"price": "1\n2"}), 422),
        (json!({"reference": "\u{0}"}), 422),
        (json!({"picture": "https://evil.example/pixel.png"}), 404),
        (json!({"picture": own["id"]}), 404),
        (json!({"html": "<b>"}), 422),
    ];
    for (fields, status) in wrong {
        let mut card = touring();
        for (name, value) in fields.as_object().unwrap() {
            card[name] = value.clone();
        }
        let answer = guest.send_card(&ticket, &json!({"card": card}));
        assert_eq!(answer.status, status, "{fields}: {}", answer.text());
        let asked = guest.try_ask_desk(&desk, &json!({"text": "Hi", "card": card}));
        assert_eq!(asked.status, status, "{fields}: {}", asked.text());
    }
    let said = ann.history(&ticket).into_iter().filter(|event| event["kind"] == "message");
    assert_eq!(said.count(), 1, "nothing of it was said");
    // What calls people in a text calls nobody on a card.
    let named = json!({"card": {"title": format!("<@{}> <@all>", ann.id)}});
    let sent = guest.send_card(&ticket, &named).is(201).json();
    let path = format!("/v1/conversations/{ticket}/messages/{}", sent["seq"]);
    assert_eq!(ann.client.get(&path).is(200).json()["event"]["body"]["mentions"], Value::Null);
}

const SECRET: &str = "nobody else reads this";

#[test]
fn what_a_visitor_types_reaches_the_staff_that_takes_part_and_nobody_else() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let desk = ann.desk(&[]);
    let (mut guest, mut other) = (let_in(&site, &desk), let_in(&site, &desk));
    let ticket = guest.ask_desk(&desk, "Hello");
    let others = other.ask_desk(&desk, "Hello, too");
    ann.act(&ticket, "claim").is(200);
    ann.act(&others, "claim").is(200);
    let before = guest.now();
    let mut console = Feed::now(&site, Transport::Sse, &ann);
    let mut pages = [
        Feed::now(&site, Transport::WebSocket, &guest),
        Feed::now(&site, Transport::WebSocket, &other),
    ];
    // The desk has not said that it looks.
    guest.types(&ticket, SECRET).is(204);
    ann.settle(&desk, json!({"draft_preview": true}));
    guest.types(&ticket, &format!("{}{SECRET}!", "x".repeat(2_000))).is(204);
    let mut next = || {
        std::iter::from_fn(|| console.item()).find(|item| item["kind"] == "visitor_draft").unwrap()
    };
    let draft = next();
    assert_eq!(draft["stream"], ticket.replacen('c', "n", 1));
    assert_eq!((&draft["from"], &draft["body"]["ticket"]), (&json!(guest.id), &json!(ticket)));
    let text = draft["body"]["text"].as_str().unwrap();
    assert!(text.ends_with(&format!("{SECRET}!")), "the end of it: {text}");
    assert!(text.len() <= VISITOR_DRAFT_BYTES_MAX);
    guest.types(&ticket, "").is(204);
    assert_eq!(next()["body"]["text"], "");

    assert_eq!(other.types(&ticket, "Not mine").is(403).code(), "not_member");
    assert_eq!(ann.types(&ticket, "Not mine").is(403).code(), "not_member");
    assert_eq!(eve.types(&ticket, "Not mine").is(403).code(), "not_member");
    ann.say(&ticket, "marker");
    ann.say(&others, "marker");
    for (page, mine) in pages.iter_mut().zip([&ticket, &others]) {
        loop {
            let item = page.item().expect("the feed goes on");
            assert!(!item.to_string().contains(SECRET), "{item}");
            if item["stream"] == mine.as_str() && item["body"]["text"] == "marker" {
                break;
            }
        }
    }
    for path in [
        format!("/v1/conversations/{ticket}/events"),
        format!("/v1/tickets/{ticket}/notes"),
        format!("/v1/tickets/{ticket}"),
        format!("/v1/feed?cursor={before}"),
    ] {
        let answer = ann.client.get(&path).is(200);
        assert!(!answer.text().contains(SECRET), "it is not stored: {path}");
    }
}

#[test]
fn a_desk_says_on_its_door_what_appears_before_anybody_asks() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let greeting =
        json!({"page": "/cart*", "after_s": 5, "text": {"en": "Need help?", "zh-CN": ""}});
    let question = json!({"question": {"en": "Where is it?", "zh-CN": ""},
        "answer": {"en": "In your mail.", "zh-CN": ""}});
    ann.settle(&desk, json!({"greetings": [greeting], "questions": [question]}));
    let door = site.server.visitor().get(&format!("/v1/desks/{}/door", desk.key)).is(200).json();
    assert_eq!(door["desk"]["greetings"], json!([greeting]));
    assert_eq!(door["desk"]["questions"], json!([question]));
    let path = format!("/v1/desks/{}", desk.id);
    for wrong in [
        json!({"greetings": vec![greeting.clone(); DESK_GREETINGS_MAX + 1]}),
        json!({"greetings": [{"text": {"en": " "}}]}),
        json!({"questions": [{"question": {"en": "Why?"}}]}),
    ] {
        let answer = ann.client.send("PATCH", &path, &json!({"settings": wrong})).is(422);
        assert_eq!(answer.code(), "invalid");
    }
}

#[test]
fn an_agent_begins_to_talk_with_a_visitor_that_is_on_the_site() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let mut page = Feed::now(&site, Transport::WebSocket, &guest);
    let text = json!({"text": "May I help?", "key": "once"});
    let person = guest.id.clone();
    guest.visits(&desk);
    assert_eq!(eve.invite(&desk, &person, &text).is(404).code(), "not_found");
    assert_eq!(guest.invite(&desk, &person, &text).is(403).code(), "forbidden");
    assert_eq!(ann.invite(&desk, &eve.id, &text).is(404).code(), "not_found");
    let ticket = ann.invite(&desk, &person, &text).is(201).json();
    assert_eq!(ann.invite(&desk, &person, &text).is(200).json(), ticket, "a retry is the same");
    assert_eq!((&ticket["owner"], &ticket["waiting_since"]), (&json!(ann.id), &Value::Null));
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(page.texts(id, 1), ["May I help?"]);
    assert_eq!(guest.asked(&desk)["agent"]["id"], ann.id);
    let more = json!({"text": "Hello?"});
    assert_eq!(ann.invite(&desk, &person, &more).is(409).code(), "conflict");
    guest.say(id, "Yes, please");
    assert!(ann.ticket(id)["waiting_since"].is_u64());

    let second = let_in(&site, &desk);
    let path = format!("/v1/desks/{}/blocked/{}", desk.id, second.id);
    ann.client.ask("PUT", &path, &[], None).is(204);
    assert_eq!(ann.invite(&desk, &second.id, &more).is(403).code(), "blocked");
    let other = eve.desk(&[]);
    assert_eq!(eve.invite(&other, &person, &more).is(404).code(), "not_found");
}

#[test]
fn a_visitor_sees_the_picture_of_the_agent_that_answers() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let picture = upload(&mut ann.client, "ann.jpg", &jpeg(64, 64));
    let set = json!({"file": picture["id"]});
    ann.client.send("PUT", "/v1/profile/picture", &set).is(200);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ann.say(&ticket, "Hi");
    let agent = guest.asked(&desk)["agent"].clone();
    let shown = agent["picture"].as_str().unwrap_or_else(|| panic!("no picture: {agent}"));
    guest.client.get(shown).is(200);
}

#[test]
fn a_field_of_the_form_lets_a_visitor_choose() {
    let site = Site::shared();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let text = |en: &str, zh: &str| json!({"en": en, "zh-CN": zh});
    let field = |choices: Value| {
        let label = text("About", "关于");
        json!({"form": [{"name": "about", "kind": "choice", "label": label, "required": true, "choices": choices}]})
    };
    let path = format!("/v1/desks/{}", desk.id);
    let many: Vec<_> = (0..21).map(|n| text(&n.to_string(), "")).collect();
    for wrong in [
        json!([]),
        json!([text("Bikes", "")]),
        json!(many),
        json!([text("Bikes", ""), text("Bikes", "自行车")]),
        json!([text("Bikes", "车"), text("Trains", "车")]),
        json!([text("Bikes", ""), text(" ", "")]),
        json!([text("Bikes", ""), text("a\nb", "")]),
        json!([text("Bikes", ""), text(&"x".repeat(101), "")]),
    ] {
        let refused = ann.client.send("PATCH", &path, &json!({"settings": field(wrong)})).is(422);
        assert_eq!(refused.code(), "invalid");
    }
    let other = json!({"form": [{"name": "a", "kind": "text", "label": text("A", ""),
        "choices": [text("1", ""), text("2", "")]}]});
    ann.client.send("PATCH", &path, &json!({"settings": other})).is(422);

    let choices = json!([text("Bikes", "自行车"), text("Invoices", "发票")]);
    ann.settle(&desk, field(choices.clone()));
    let mut guest = let_in(&site, &desk);
    let door = guest.client.get(&format!("/v1/desks/{}/door", desk.key)).is(200).json();
    assert_eq!(door["form"][0]["choices"], choices);
    for (wrong, form) in
        [("none", json!({})), ("empty", json!({"about": ""})), ("other", json!({"about": "Cars"}))]
    {
        let asked = guest.try_ask_desk(&desk, &json!({"text": "Hello", "form": form}));
        assert_eq!(asked.is(422).code(), "invalid", "{wrong}");
    }
    // The staff reads one text for a choice, whatever language the visitor has.
    let asked = json!({"text": "Hello", "form": {"about": "发票"}});
    let asked = guest.try_ask_desk(&desk, &asked).is(201).json();
    let ticket = asked["ticket"]["id"].as_str().unwrap();
    let page = ann.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(page["form"], json!({"about": "Invoices"}));
}
