//! Floods of one visitor, or of one agent, against what each route of a desk allows; and what foreign pages may frame.

use serde_json::{Value, json};

use super::{Desk, let_in};
use crate::harness::{Person, Server, Site};

/// The body of a request by its number.
type Body<'a> = &'a dyn Fn(usize) -> Value;

/// Asks until it is refused; that has to come soon.
fn until_refused(who: &mut Person, method: &str, path: &str, body: impl Fn(usize) -> Value) {
    for count in 0..200 {
        let answer = who.client.send(method, path, &body(count));
        match answer.status {
            429 => return assert_eq!(answer.code(), "rate_limited"),
            // So many questions at one time, or so many views, are a bound of their own.
            409 if answer.code() == "conflict" => return,
            status => assert!(status < 300, "{method} {path}: {}", answer.text()),
        }
    }
    panic!("{method} {path}: nobody was refused");
}

fn asks(site: &Site, desk: &Desk) -> (Person, String) {
    let mut guest = let_in(site, desk);
    let ticket = guest.ask_desk(desk, "Hello");
    (guest, ticket)
}

#[test]
fn a_flood_on_any_route_of_a_desk_is_refused_and_others_are_served() {
    let strict = &["--quota-member", "1", "--quota-guest", "1"];
    let site = Site::on(Server::start_with(strict, &[]));
    let desk_of = |owner: &str| {
        let mut owner = site.person(owner);
        let desk = owner.desk(&[]);
        (owner, desk)
    };
    let (_ann, desk) = desk_of("ann");
    let (mut bystander, others) = asks(&site, &desk);
    let long = "x".repeat(1_000);
    let floods: &[(&str, &str, Body<'_>)] = &[
        ("POST", "/v1/conversations/{id}/messages", &|_| json!({"text": "spam"})),
        ("POST", "/v1/conversations/{id}/cards", &|_| json!({"card": {"title": "spam"}})),
        ("PATCH", "/v1/conversations/{id}/messages/2", &|n| json!({"text": n.to_string()})),
        ("POST", "/v1/conversations/{id}/typing", &|_| json!({"on": true})),
        ("PUT", "/v1/tickets/{id}/visitor-draft", &|_| json!({"text": long})),
        ("PUT", "/v1/tickets/{id}/rating", &|n| json!({"stars": n % 5 + 1, "comment": long})),
        (
            "PUT",
            "/v1/desks/{key}/visit",
            &|n| json!({"url": format!("https://shop.example/{n}"), "title": long, "attributes": {"a": long}}),
        ),
        ("POST", "/v1/desks/{key}/tickets", &|_| json!({"text": "spam"})),
        ("POST", "/v1/files", &|n| json!({"name": format!("{n}.txt"), "bytes": 5})),
    ];
    for (method, path, body) in floods {
        let (mut guest, ticket) = asks(&site, &desk);
        let path = path.replace("{id}", &ticket).replace("{key}", &desk.key);
        until_refused(&mut guest, method, &path, body);
    }
    let floods: &[(&str, Body<'_>)] = &[
        ("views", &|n| json!({"name": n.to_string(), "own": true, "choice": {}})),
        ("canned", &|n| json!({"shortcut": n.to_string(), "text": "x"})),
        ("articles", &|n| json!({"title": {"en": n.to_string()}, "text": {"en": "x"}})),
        ("macros", &|n| json!({"name": n.to_string(), "acts": [{"act": "resolve"}]})),
        ("teams", &|n| json!({"name": n.to_string()})),
        (
            "rules",
            &|n| json!({"name": n.to_string(), "enabled": false, "when": "asked", "acts": [{"act": "resolve"}]}),
        ),
    ];
    for (noun, body) in floods {
        let (mut owner, desk) = desk_of("eve");
        until_refused(&mut owner, "POST", &format!("/v1/desks/{}/{noun}", desk.id), body);
    }
    bystander.say(&others, "I am served");
}

#[test]
fn pages_with_buttons_stand_in_no_foreign_frame() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let article = json!({"title": {"en": "Back"}, "text": {"en": "x"}, "published": true});
    let path = format!("/v1/desks/{}/articles", desk.id);
    let number = ann.client.post(&path, &article).is(201).json()["number"].to_string();
    let mut stranger = site.server.visitor();
    let sites = json!({"origins": ["https://shop.example"]});
    ann.settle(&desk, sites);
    for page in [
        "/",
        "/desk/",
        "/index.html",
        "/desk/index.html",
        "/no/such/page",
        &format!("/ask/{}", desk.key),
        &format!("/help/{}", desk.key),
        &format!("/help/{}/{number}", desk.key),
        "/v1/desk-mail/confirm?token=p1.a",
        "/v1/desk-mail/stop?token=p1.a",
        "/v1/digest/confirm?token=p1.a",
        // What the page would read as another desk than the server does.
        &format!("/widget/?%64esk={}", desk.key),
        &format!("/widget/index.html?desk={}", desk.key),
        &format!("/widget?desk={}", desk.key),
        &format!("/widget//?desk={}", desk.key),
        &format!("/ask/x?desk={}", desk.key),
        &format!("/widget/?desk=xx&desk={}", desk.key),
        &format!("/widget/?desk=%{:02x}{}", desk.key.as_bytes()[0], &desk.key[1..]),
    ] {
        let answer = stranger.ask("GET", page, &[("Accept", "text/html")], None);
        let is_html =
            answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        // Built without the screens, there is only a sentence that says so.
        if !is_html || answer.text().contains("without the web chat") {
            continue;
        }
        let policy = answer.header("content-security-policy").unwrap_or_default();
        let by = policy.split("frame-ancestors ").nth(1).unwrap_or_default();
        let is_own = matches!(by.split(';').next().unwrap_or_default(), "'none'" | "'self'");
        assert!(is_own && !by.contains('*'), "{page}: {policy}");
        assert!(!policy.contains("script-src *") && !policy.contains("'unsafe-eval'"), "{page}");
    }
}
