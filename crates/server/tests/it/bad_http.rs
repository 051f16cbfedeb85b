//! Wrong bodies and foreign pages on the API.

use serde_json::{Value, json};

use crate::bystander::Bystander;
use crate::harness::{Auth, Client, Person, Site, Wire, line_of};

/// Every call with a JSON body: method, path, and a body that is right.
fn calls(room: &str, other: &Person, cursor: &str) -> Vec<(&'static str, String, Value)> {
    let c = format!("/v1/conversations/{room}");
    let at = |rest: &str| format!("{c}{rest}");
    vec![
        ("POST", "/v1/sign-in".into(), json!({"name": other.name, "password": "not this one"})),
        ("POST", "/v1/conversations".into(), json!({"kind": "room", "title": "t"})),
        ("POST", "/v1/conversations".into(), json!({"kind": "direct", "person": other.id})),
        ("PATCH", c.clone(), json!({"title": "new"})),
        ("POST", at("/members"), json!({"person": other.id})),
        ("PATCH", at(&format!("/members/{}", other.id)), json!({"role": "member"})),
        ("POST", at("/messages"), json!({"text": "hello"})),
        ("POST", at("/receipts"), json!({"read": 1})),
        ("POST", at("/typing"), json!({"on": true})),
        ("POST", "/v1/acks".into(), json!({"cursor": cursor})),
        ("POST", "/v1/presence".into(), json!({"state": "online"})),
        ("POST", "/v1/password".into(), json!({"old": "x", "new": "y"})),
        ("POST", "/v1/tokens".into(), json!({"label": "mine"})),
    ]
}

/// Calls that only an owner may make; their bodies are looked at all the same.
fn owners_calls() -> Vec<(&'static str, String, Value)> {
    vec![
        ("POST", "/v1/people".into(), json!({"name": "new", "password": "long enough"})),
        ("PATCH", "/v1/settings".into(), json!({"guests": false})),
        ("POST", "/v1/setup".into(), json!({"name": "new", "password": "long enough"})),
        ("POST", "/v1/guest".into(), json!({"display_name": "new"})),
    ]
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

#[test]
fn a_body_that_is_not_as_it_should_be_is_refused_and_the_connection_stays() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let cursor = mei.now();
    let before = mei.history(&room).len();
    let mut table = calls(&room, &tom, &cursor);
    table.extend(owners_calls());
    let mut owner = site.owner();
    for (method, path, good) in table {
        let client = if path.starts_with("/v1/people") || path.starts_with("/v1/settings") {
            &mut owner
        } else {
            &mut mei.client
        };
        let mut asked =
            |kind: &[(&str, &str)], body: &[u8]| client.ask(method, &path, kind, Some(body));
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        let answer = asked(JSON, deep.as_bytes());
        assert!(
            matches!(&*answer.code(), "bad_json" | "invalid"),
            "{method} {path} {}",
            answer.text()
        );
        let mut refused = |kind: &[(&str, &str)], body: &[u8], status: u16, code: &str| {
            let answer = asked(kind, body);
            assert_eq!(
                (answer.status, &*answer.code()),
                (status, code),
                "{method} {path} {}",
                answer.text()
            );
        };
        let text = good.to_string();
        // Types that a foreign page can send without being asked about, and near misses of the right one.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/jsonx",
            "text/json",
            "application/json+x",
            "text/plain; application/json",
        ] {
            refused(&[("Content-Type", kind)], text.as_bytes(), 415, "wrong_type");
        }
        refused(&[], text.as_bytes(), 415, "wrong_type");
        let twice = format!("{text}{text}");
        for body in ["", "{", "nonsense", &twice, "{'a':1}", "\u{FEFF}{}", &text[..text.len() - 1]]
        {
            refused(JSON, body.as_bytes(), 400, "bad_json");
        }
        refused(JSON, &[text.as_bytes(), b"\xFF"].concat(), 400, "bad_json");
        for body in ["null", "[]", "5", "\"text\"", "true"] {
            refused(JSON, body.as_bytes(), 422, "invalid");
        }
        // Forbidden fields.
        for field in ["from", "seq", "at", "id", "is_admin", "__proto__", "credential"] {
            let mut body = good.clone();
            body[field] = json!("p1");
            refused(JSON, body.to_string().as_bytes(), 422, "unknown_field");
        }
    }
    assert_eq!(mei.history(&room).len(), before, "nothing of it was done");
    bystander.is_undisturbed();
}

#[test]
fn wrong_json_types_are_invalid() {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let c = format!("/v1/conversations/{room}");
    let (messages, receipts, members) =
        (format!("{c}/messages"), format!("{c}/receipts"), format!("{c}/members"));
    let ids = [
        json!(5),
        json!(null),
        json!("c1"),
        json!("p"),
        json!("p-1"),
        json!("p01"),
        json!("P1"),
        json!("p99999999999999999999"),
        json!("p1 "),
        json!("p1'--"),
        json!(["p1"]),
        json!({"id": "p1"}),
    ];
    let mut table: Vec<(&str, Value)> = Vec::new();
    for id in &ids {
        table.push((&members, json!({"person": id})));
        table.push(("/v1/conversations", json!({"kind": "direct", "person": id})));
        table.push(("/v1/conversations", json!({"kind": "room", "title": "t", "members": [id]})));
    }
    for text in [json!(5), json!(null), json!(["a"]), json!({"text": "a"}), json!(true), json!("")]
    {
        table.push((&messages, json!({"text": text})));
    }
    for seq in [json!(-1), json!(1.5), json!("3"), json!(null), json!([1])] {
        table.push((&receipts, json!({"read": seq})));
    }
    table.extend([
        ("/v1/conversations", json!({"kind": "tribe", "title": "t"})),
        ("/v1/conversations", json!({"kind": "room"})),
        ("/v1/conversations", json!({"title": "t"})),
        ("/v1/conversations", json!({"kind": "room", "title": "t", "members": "p1"})),
        ("/v1/conversations", json!({"kind": "room", "title": "t", "open": "yes"})),
        ("/v1/conversations", json!({"kind": "room", "title": ""})),
        ("/v1/conversations", json!({"kind": "room", "title": "x".repeat(101)})),
        ("/v1/conversations", json!({"kind": "room", "title": "two\nlines"})),
        ("/v1/conversations", json!({"kind": "direct", "person": mei.id})),
        ("/v1/presence", json!({"state": "offline"})),
        ("/v1/presence", json!({"state": 1})),
        ("/v1/acks", json!({"cursor": 5})),
    ]);
    for (path, body) in table {
        let answer = mei.client.post(path, &body);
        assert_eq!(
            (answer.status, &*answer.code()),
            (422, "invalid"),
            "{path} {body}: {}",
            answer.text()
        );
    }
    let lines = [("Content-Type", "application/json")];
    for text in [&b"{\"text\":\"\xC3\x28\"}"[..], b"{\"text\":\"\\ud800\"}", b"{\"text\":\"a\nb\"}"]
    {
        let answer = mei.client.ask("POST", &messages, &lines, Some(text));
        assert_eq!((answer.status, &*answer.code()), (400, "bad_json"), "{text:?}");
    }
    for key in ["", " ", "a b", "é", "tab\tx", &"k".repeat(129)] {
        let answer = mei.client.post(&messages, &json!({"text": "x", "key": key}));
        assert_eq!((answer.status, &*answer.code()), (422, "invalid"), "{key:?}");
    }
    let wrong = mei.client.post("/v1/acks", &json!({"cursor": "x"}));
    assert_eq!((wrong.status, &*wrong.code()), (400, "bad_cursor"));
    assert_eq!(mei.history(&room).len(), 1, "nothing of it was done");
}

#[test]
fn a_body_that_is_too_large_is_refused_with_and_without_a_length() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let path = format!("/v1/conversations/{room}/messages");
    let long = json!({"text": "x".repeat(16_385)}).to_string();
    let answer = mei.client.ask("POST", &path, JSON, Some(long.as_bytes()));
    assert_eq!((answer.status, &*answer.code()), (413, "too_large"));
    let address = site.address();
    let mut lines = mei.auth().lines(address);
    lines.push(("Content-Type", "application/json".into()));
    let body = json!({"text": "x".repeat(65_536)}).to_string();
    // Declared.
    let mut wire = Wire::connect(address);
    wire.try_send(line_of("POST", &path, address, &lines, Some(body.as_bytes())));
    let answer = wire.answer().expect("an answer").is(413);
    assert_eq!(answer.code(), "too_large");
    // In chunks, without a total length.
    lines.push(("Transfer-Encoding", "chunked".into()));
    let mut wire = Wire::connect(address);
    wire.send(line_of("POST", &path, address, &lines, None));
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    wire.send("1000\r\n{\"text\":\"");
    wire.send("x".repeat(0x1000 - 9) + "\r\n");
    for _ in 0..8 {
        if !wire.try_send(&chunk) {
            break;
        }
    }
    let answer = wire.answer().expect("an answer").is(413);
    assert_eq!(answer.code(), "too_large");
    assert_eq!(mei.history(&room).len(), 1);
    // Chunks as such are nothing wrong.
    let mut wire = Wire::connect(address);
    wire.send(line_of("POST", &path, address, &lines, None));
    wire.send("8\r\n{\"text\":\r\n9\r\n\"chunks\"}\r\n0\r\n\r\n");
    let sent = wire.answer().expect("an answer").is(201).json();
    assert_eq!(sent["seq"], mei.history(&room).len());
    bystander.is_undisturbed();
}

#[test]
fn a_foreign_page_changes_nothing_with_the_cookie() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let cursor = mei.now();
    let Auth::Cookie(secret) = site.sign_in(&mei.name).auth else { panic!("a cookie") };
    let cookie = format!("encke_session={secret}");
    let mut browser = Client::new(site.address(), Auth::None);
    let before = mei.client.get("/v1/snapshot").json();
    let port = site.address().port();
    let origins = [
        None,
        Some("null".to_owned()),
        Some("https://evil.example".into()),
        Some(format!("http://127.0.0.1:{port}.evil.example")),
        Some("http://127.0.0.1".into()),
    ];
    for (method, path, body) in calls(&room, &tom, &cursor).into_iter().skip(1) {
        for origin in &origins {
            // These are the types that a form can send from anywhere, and that of a script.
            for kind in ["text/plain", "application/json"] {
                let mut lines = vec![("Cookie", cookie.as_str()), ("Content-Type", kind)];
                lines.extend(origin.as_deref().map(|o| ("Origin", o)));
                let answer = browser.ask(method, &path, &lines, Some(body.to_string().as_bytes()));
                let got = (answer.status, answer.code());
                assert_eq!(got, (403, "foreign_origin".into()), "{method} {path} {origin:?}");
            }
        }
    }
    for (method, path) in [
        ("POST", "/v1/tickets".to_owned()),
        ("POST", "/v1/sign-out".into()),
        ("POST", format!("/v1/conversations/{room}/join")),
        ("DELETE", format!("/v1/conversations/{room}/members/{}", mei.id)),
        ("DELETE", format!("/v1/conversations/{room}/members/{}", tom.id)),
    ] {
        let lines = [("Cookie", cookie.as_str()), ("Origin", "https://evil.example")];
        let answer = browser.ask(method, &path, &lines, Some(b""));
        assert_eq!(
            (answer.status, answer.code()),
            (403, "foreign_origin".into()),
            "{method} {path}"
        );
    }
    // A foreign page signs nobody in either: that would make a visitor write in somebody else's name.
    let evil = [("Origin", "https://evil.example"), ("Content-Type", "application/json")];
    let body = json!({"name": mei.name, "password": crate::harness::PASSWORD}).to_string();
    let answer = browser.ask("POST", "/v1/sign-in", &evil, Some(body.as_bytes()));
    assert_eq!((answer.status, answer.code()), (403, "foreign_origin".into()));
    assert_eq!(mei.client.get("/v1/snapshot").json()["conversations"], before["conversations"]);
    // The cookie is good; the page was wrong.
    let own = format!("http://127.0.0.1:{port}");
    let lines = [("Cookie", cookie.as_str()), ("Origin", own.as_str())];
    browser.ask("POST", "/v1/tickets", &lines, Some(b"")).is(201);
    bystander.is_undisturbed();
}

#[test]
fn every_request_over_http_1_1_names_one_host() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let before = mei.history(&room).len();
    let (address, Auth::Bearer(token)) = (site.address(), mei.auth()) else { panic!("a token") };
    let body = "{\"text\":\"hello\"}";
    let ask = |what: &str, version: &str, hosts: &[u8]| {
        let head = format!("{what} HTTP/{version}\r\n").into_bytes();
        let measure = if what.starts_with("GET") { 0 } else { body.len() };
        let lines = format!(
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {measure}\r\nConnection: close\r\n\r\n{}",
            &body[..measure]
        );
        let mut wire = Wire::connect(address);
        wire.try_send([&head, hosts, lines.as_bytes()].concat());
        wire.answer().expect("an answer")
    };
    let own = format!("Host: {address}\r\n");
    let wrong = [
        Vec::new(),
        own.repeat(2).into_bytes(),
        format!("{own}host: evil.example\r\n").into_bytes(),
        b"Host:\r\n".to_vec(),
        b"Host: a b\r\n".to_vec(),
        format!("Host: \u{3000}{address}\r\n").into_bytes(),
        format!("Host: {address}\u{2028}\r\n").into_bytes(),
        [b"Host: ".as_slice(), b"\xA0", address.to_string().as_bytes(), b"\r\n"].concat(),
    ];
    // The first two are read by a shard, the others by the HTTP server.
    let send = format!("POST /v1/conversations/{room}/messages");
    for what in ["GET /v1/feed", &send, "GET /v1/me", "POST /v1/acks", "GET /healthz", "GET /"] {
        for hosts in &wrong {
            let answer = ask(what, "1.1", hosts);
            let shown = String::from_utf8_lossy(hosts);
            assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{what} {shown}");
        }
        let padded = format!("Host: \t {address} \t\r\n");
        let answer = ask(what, "1.1", padded.as_bytes());
        assert_ne!(answer.status, 400, "{what} {}", answer.text().contains("Host"));
        let twice = ask(what, "1.0", own.repeat(2).as_bytes());
        assert_eq!((twice.status, &*twice.code()), (400, "bad_request"), "{what}");
    }
    assert_eq!(mei.history(&room).len(), before + 1, "only the good one was sent");
    bystander.is_undisturbed();
}

#[test]
fn a_client_that_ends_its_side_after_a_request_is_answered() {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let (address, lines) = (site.address(), mei.auth().lines(site.address()));
    let cursor = mei.now();
    let asked = |method: &str, path: &str, body: Option<&[u8]>| {
        let mut lines = lines.clone();
        lines.push(("Content-Type", "application/json".into()));
        let mut wire = Wire::connect(address);
        wire.send(line_of(method, path, address, &lines, body));
        wire.finish_sending();
        wire
    };
    let messages = format!("/v1/conversations/{room}/messages");
    let mut waits = asked("GET", &format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}"), None);
    for (method, path, body, status) in [
        // Read by a shard, and by the HTTP server since it has parameters.
        ("POST", &*messages, Some(&b"{\"text\":\"one\"}"[..]), 201),
        ("GET", "/v1/me", None, 200),
        ("GET", "/v1/feed", None, 200),
        ("POST", &format!("{messages}?x"), Some(b"{\"text\":\"two\"}"), 201),
    ] {
        let mut wire = asked(method, path, body);
        wire.answer().expect("an answer").is(status);
        assert!(wire.rest().is_empty(), "{method} {path}");
    }
    let body = waits.answer().expect("an answer").is(200).json();
    // The answer comes with the first news: a message, the room if a database reported it late, or a presence.
    let has = |what: &str| !body[what].as_array().unwrap().is_empty();
    assert!(has("events") || has("signals"), "{body}");
}

#[test]
fn wrong_methods_and_addresses_are_named() {
    let site = Site::shared();
    let mut mei = site.person("mei");
    for (method, path) in [
        ("DELETE", "/v1/feed"),
        ("POST", "/v1/feed"),
        ("PUT", "/v1/conversations"),
        ("PATCH", "/v1/conversations"),
        ("PATCH", "/v1/me"),
        ("DELETE", "/v1/snapshot"),
        ("TRACE", "/v1/me"),
        ("GET", "/v1/sign-out"),
    ] {
        let answer = mei.client.ask(method, path, &[], None);
        assert_eq!((answer.status, &*answer.code()), (405, "wrong_method"), "{method} {path}");
    }
    for path in [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/feed/",
        "/v1/feed2",
        "/v1//me",
        "/v1/me/",
        "/v2/me.json",
        "/v1/conversations/",
        "/v1/../v1/me",
        "/v1/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "/v1/Me",
    ] {
        let answer = mei.client.get(path);
        assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{path}");
    }
}
