//! Valid values that are refused: others' conversations, huge numbers, SQL, scripts, wrong roles.

use std::time::Instant;

use serde_json::{Value, json};

use crate::bystander::Bystander;
use crate::feed::ws::Socket;
use crate::harness::{Client, PASSWORD, Person, Server, Site, WAIT, Wire};

/// Every call on a conversation.
fn on(room: &str, member: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let at = |rest: &str| format!("/v1/conversations/{room}{rest}");
    vec![
        ("GET", at(""), None),
        ("PATCH", at(""), Some(json!({"title": "mine now"}))),
        ("POST", at("/join"), Some(json!(null))),
        ("POST", at("/members"), Some(json!({"person": member}))),
        ("PATCH", at(&format!("/members/{member}")), Some(json!({"role": "owner"}))),
        ("DELETE", at(&format!("/members/{member}")), None),
        ("POST", at("/messages"), Some(json!({"text": "let me in"}))),
        ("GET", at("/events"), None),
        ("POST", at("/receipts"), Some(json!({"delivered": 1, "read": 1}))),
        ("POST", at("/typing"), Some(json!({"on": true}))),
    ]
}

fn call(
    client: &mut Client,
    method: &str,
    path: &str,
    body: &Option<Value>,
) -> crate::harness::Answer {
    match body {
        Some(body) => client.send(method, path, body),
        None => client.ask(method, path, &[], None),
    }
}

#[test]
fn another_persons_conversation_is_closed_on_every_route() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    let room = mei.room(&[&tom]);
    let direct = mei.direct(&tom);
    let before: Vec<Value> = [&room, &direct].map(|c| mei.conversation(c)).into();
    let mut table = Vec::new();
    // These ids have a wrong type or a wrong form, or nobody has them.
    let wrong = [
        "p1",
        "1",
        "c",
        "c0",
        "c01",
        "c-1",
        "C1",
        "c1x",
        "c99999999999999999999",
        "c1%20",
        "c1%00",
        "c1'--",
        "r1",
        "channel:news",
        "%EF%BC%91",
        "c2305843009213693951",
        "c18446744073709551615",
    ];
    for id in [&room, &direct].into_iter().map(String::as_str).chain(wrong) {
        for person in [&tom.id, &eve.id] {
            table.extend(on(id, person));
        }
    }
    for (method, path, body) in table {
        let answer = call(&mut eve.client, method, &path, &body);
        // Other people do not even learn whether the conversation exists.
        assert_eq!((answer.status, &*answer.code()), (403, "not_member"), "{method} {path}");
    }
    let mut socket = socket(&site, &eve);
    for id in [room.as_str(), "c2147483648"] {
        for command in [
            json!({"type": "send", "id": 1, "conversation": id, "text": "x"}),
            json!({"type": "read", "conversation": id, "seq": 1}),
            json!({"type": "typing", "conversation": id, "on": true}),
        ] {
            assert_eq!(asked(&mut socket, &command)["error"]["code"], "not_member", "{command}");
        }
    }
    // Names such as `r…` and those of other people's own streams are no channels.
    let after: Vec<Value> = [&room, &direct].map(|c| mei.conversation(c)).into();
    assert_eq!(after, before, "nothing of it was done");
    bystander.is_undisturbed();
}

fn socket(site: &Site, who: &Person) -> Socket {
    let wire = Wire::connect(site.address());
    let path = "/v1/feed?conversations=none";
    let mut socket = Socket::open(wire, site.address(), &who.auth(), path).expect("a WebSocket");
    assert_eq!(socket.item(Instant::now() + WAIT).unwrap()["type"], "ready");
    socket
}

fn asked(socket: &mut Socket, command: &Value) -> Value {
    socket.say(&command.to_string());
    socket.item(Instant::now() + WAIT).expect("the socket stays")
}

#[test]
fn wrong_commands_are_answered_and_the_socket_stays() {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut socket = socket(&site, &mei);
    let table = [
        (json!({"type": "shout", "id": 1}), "invalid"),
        (json!({"id": 1}), "invalid"),
        (json!([1]), "invalid"),
        (json!("text"), "invalid"),
        (json!({"type": "send", "id": 1, "conversation": room}), "invalid"),
        (json!({"type": "send", "id": "1", "conversation": room, "text": "x"}), "invalid"),
        (json!({"type": "send", "id": -1, "conversation": room, "text": "x"}), "invalid"),
        (json!({"type": "send", "id": 1, "conversation": 12, "text": "x"}), "invalid"),
        (json!({"type": "send", "id": 1, "conversation": room, "text": ""}), "invalid"),
        (
            json!({"type": "send", "id": 1, "conversation": room, "text": "x", "key": "a b"}),
            "invalid",
        ),
        (
            json!({"type": "send", "id": 1, "conversation": room, "text": "x", "from": "p1"}),
            "unknown_field",
        ),
        (
            json!({"type": "send", "id": 1, "conversation": room, "text": "x".repeat(16_385)}),
            "too_large",
        ),
        (json!({"type": "ack", "cursor": "nonsense"}), "bad_cursor"),
        (json!({"type": "ack", "cursor": "1.1"}), "bad_cursor"),
        (json!({"type": "ack", "cursor": 1}), "invalid"),
        (json!({"type": "read", "conversation": room, "seq": -1}), "invalid"),
        (json!({"type": "presence", "state": "offline"}), "invalid"),
    ];
    for (command, code) in table {
        let item = asked(&mut socket, &command);
        assert_eq!(
            (&item["type"], &item["error"]["code"]),
            (&json!("error"), &json!(code)),
            "{command}"
        );
        if command["id"] == 1 {
            assert_eq!(item["id"], 1, "{command}: {item}");
        }
    }
    socket.say("{not json");
    let item = socket.item(Instant::now() + WAIT).expect("the socket stays");
    assert_eq!(item["error"]["code"], "bad_json");
    let sent =
        json!({"type": "send", "id": 9007199254740992u64, "conversation": room, "text": "good"});
    let item = asked(&mut socket, &sent);
    assert_eq!((&item["type"], &item["id"]), (&json!("ok"), &sent["id"]));
}

#[test]
fn huge_and_negative_numbers_do_no_harm() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let head = mei.say(&room, "only one")["seq"].as_u64().unwrap();
    let events = format!("/v1/conversations/{room}/events");
    for query in [
        "before=-1",
        "after=-1",
        "limit=-5",
        "limit=1.5",
        "before=x",
        "limit=",
        "before=1&after=1",
        "after=18446744073709551616",
        "limit=99999999999999999999999",
        "nonsense=1",
        "before='--",
    ] {
        let answer = tom.client.get(&format!("{events}?{query}"));
        assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{query}");
    }
    for (query, count) in [
        ("before=18446744073709551615", 2),
        ("before=9223372036854775808", 2),
        ("before=0", 0),
        ("before=1", 0),
        ("after=18446744073709551615", 0),
        ("after=9223372036854775807", 0),
        ("after=0&limit=0", 1),
        ("limit=18446744073709551615", 2),
    ] {
        let page = tom.client.get(&format!("{events}?{query}")).is(200).json();
        assert_eq!(page["events"].as_array().unwrap().len(), count, "{query}");
    }
    for people in ["limit=-1", "limit=x", "nonsense=1"] {
        let answer = tom.client.get(&format!("/v1/people?{people}"));
        assert_eq!((answer.status, &*answer.code()), (400, "bad_request"), "{people}");
    }
    tom.client.get("/v1/people?limit=18446744073709551615").is(200);
    let receipts = format!("/v1/conversations/{room}/receipts");
    tom.client.post(&receipts, &json!({"read": u64::MAX, "delivered": u64::MAX})).is(204);
    // An event that does not exist can't be marked as read: the mark stops at the head, and later messages are unread.
    let marked = || (mei.marks(&room, &tom) == (head, head)).then_some(());
    crate::harness::eventually("the mark", marked);
    mei.say(&room, "another");
    assert_eq!(tom.conversation(&room)["unread"], 1);
    for person in ["p18446744073709551615", "p9223372036854775808", "p2305843009213693951"] {
        let members = format!("/v1/conversations/{room}/members");
        let answer = mei.client.post(&members, &json!({"person": person}));
        assert!(matches!(answer.status, 404 | 422), "{person} {}", answer.text());
        let answer = mei.client.delete(&format!("{members}/{person}"));
        assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{person}");
        let answer = site.owner().delete(&format!("/v1/people/{person}"));
        assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{person}");
        let answer =
            site.owner().post("/v1/tokens", &json!({"person": person, "password": PASSWORD}));
        assert!(matches!(answer.status, 404 | 422), "{person} {}", answer.text());
    }
    let epoch = mei.now().split_once('.').unwrap().0.to_owned();
    let ahead =
        mei.client.post("/v1/acks", &json!({"cursor": format!("{epoch}.ffffffffffffffff")}));
    assert_eq!((ahead.status, &*ahead.code()), (400, "bad_cursor"));
    bystander.is_undisturbed();
}

#[test]
fn quotes_and_scripts_are_only_text() {
    let site = Site::shared();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let nasty = [
        "'; DROP TABLE person; --",
        "\" OR 1=1 --",
        "%",
        "_",
        "\\",
        "%' ESCAPE '",
        "*",
        "NEAR(a b)",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "{{7*7}}",
        "\u{202E}gpj.exe",
    ];
    for text in nasty {
        let body = json!({"kind": "room", "title": text, "members": [tom.id], "open": true});
        let made = mei.client.post("/v1/conversations", &body).is(201);
        assert_eq!(made.json()["title"], text);
        if text.starts_with('\u{202E}') {
            continue;
        }
        let name = crate::harness::name("nasty");
        let shown = format!("{text}{}", &name[5..]);
        let body = json!({"name": name, "password": "long enough", "display_name": shown});
        assert_eq!(site.owner().post("/v1/people", &body).is(201).json()["display_name"], shown);
        // Found by exactly that, and by nothing that it would mean elsewhere.
        let query = crate::harness::encode(&shown);
        let answer = tom.client.get(&format!("/v1/people?limit=100&q={query}")).is(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let found: Vec<Value> = answer.json()["people"].as_array().unwrap().clone();
        let names: Vec<&Value> = found.iter().map(|p| &p["display_name"]).collect();
        assert_eq!(names, [&json!(shown)], "{text}");
        // No name to sign in with, but for the underscore.
        if text == "_" {
            continue;
        }
        let body = json!({"name": text, "password": "long enough"});
        let answer = site.owner().post("/v1/people", &body);
        assert_eq!((answer.status, &*answer.code()), (422, "invalid"), "{text}");
    }
    let snapshot = tom.client.get("/v1/snapshot").is(200);
    assert_eq!(snapshot.header("content-type"), Some("application/json"));
    let titles = snapshot.json();
    let titles: Vec<&Value> =
        titles["conversations"].as_array().unwrap().iter().map(|c| &c["title"]).collect();
    let newest_first: Vec<Value> = nasty.iter().rev().map(|title| json!(title)).collect();
    assert_eq!(titles, newest_first.iter().collect::<Vec<_>>());
    let rooms = tom.client.get("/v1/rooms").is(200);
    assert_eq!(rooms.header("content-type"), Some("application/json"));
    for query in ["%FF", "%00", "%", "%zz", "%F0%9F%98%80"] {
        let found = tom.client.get(&format!("/v1/people?q={query}"));
        assert!(matches!(found.status, 200 | 400), "{query}");
    }
}

#[test]
fn a_key_makes_sends_of_one_person_the_same_but_not_of_two() {
    let site = Site::shared();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let path = format!("/v1/conversations/{room}/messages");
    let body = json!({"text": "once"}).to_string();
    let lines = [("Content-Type", "application/json"), ("Idempotency-Key", "k1")];
    let first = mei.client.ask("POST", &path, &lines, Some(body.as_bytes())).is(201).json();
    let again = mei.client.ask("POST", &path, &lines, Some(body.as_bytes())).is(200).json();
    assert_eq!(first, again);
    let other = json!({"text": "twice"}).to_string();
    let reused = mei.client.ask("POST", &path, &lines, Some(other.as_bytes())).is(409);
    assert_eq!(reused.code(), "key_reused");
    let toms = tom.client.ask("POST", &path, &lines, Some(other.as_bytes())).is(201).json();
    assert_ne!(toms["seq"], first["seq"]);
    assert_eq!(mei.history(&room).len(), 3);
}

#[test]
fn each_role_may_do_just_its_own() {
    let site = Site::on(Server::start());
    let (mut tom, ann) = (site.person("tom"), site.person("ann"));
    let mut guest = site.server.visitor();
    let answer = guest.post("/v1/guest", &json!({"display_name": "Visitor"})).is(403);
    assert_eq!(answer.code(), "forbidden");
    // Only an owner may decide that.
    let change = json!({"guests": true});
    assert_eq!(tom.client.send("PATCH", "/v1/settings", &change).is(403).code(), "forbidden");
    site.owner().send("PATCH", "/v1/settings", &change).is(200);
    assert_eq!(guest.get("/v1/setup").json()["guests"], true);
    let entered = guest.post("/v1/guest", &json!({"display_name": "Visitor"})).is(201);
    let me = entered.json();
    assert_eq!((&me["role"], &me["name"]), (&json!("guest"), &Value::Null));
    let mut guest = Client::new(site.address(), crate::harness::Auth::Cookie(entered.session()));
    let open = json!({"kind": "room", "title": "open", "open": true});
    let open = tom.client.post("/v1/conversations", &open).is(201).json();
    let open = open["id"].as_str().unwrap();
    let forbidden: Vec<(&str, String, Option<Value>)> = vec![
        ("POST", "/v1/conversations".into(), Some(json!({"kind": "room", "title": "mine"}))),
        ("GET", "/v1/rooms".into(), None),
        ("POST", "/v1/tokens".into(), Some(json!({}))),
        ("GET", "/v1/settings".into(), None),
        ("PATCH", "/v1/settings".into(), Some(json!({"site_name": "mine"}))),
        ("POST", "/v1/people".into(), Some(json!({"name": "new", "password": "long enough"}))),
        ("DELETE", format!("/v1/people/{}", tom.id), None),
        ("POST", "/v1/channels/news/events".into(), Some(json!("text"))),
    ];
    for (method, path, body) in &forbidden {
        let answer = call(&mut guest, method, path, body);
        assert_eq!((answer.status, &*answer.code()), (403, "forbidden"), "guest {method} {path}");
    }
    let joined = guest.poke(&format!("/v1/conversations/{open}/join"));
    assert_eq!((joined.status, &*joined.code()), (403, "not_member"));
    // A guest sees only people that share a conversation with it, and can't start one with a stranger.
    let seen = guest.get("/v1/people").json();
    assert_eq!(seen["people"], json!([]), "a guest sees strangers");
    let direct = json!({"kind": "direct", "person": ann.id});
    guest.post("/v1/conversations", &direct).is(404);
    for (method, path, body) in &forbidden[3..] {
        let answer = call(&mut tom.client, method, path, body);
        assert_eq!((answer.status, &*answer.code()), (403, "forbidden"), "member {method} {path}");
    }
    let answer = tom.client.post("/v1/tokens", &json!({"person": ann.id})).is(403);
    assert_eq!(answer.code(), "forbidden");
    let again = guest.post("/v1/setup", &json!({"name": "me", "password": "long enough"})).is(409);
    assert_eq!(again.code(), "already_set_up");
    // In a room, a member is not its owner.
    let room = tom.room(&[&ann]);
    let mut ann = ann;
    for (method, path, body) in on(&room, &tom.id) {
        let owners = matches!(method, "PATCH" | "DELETE");
        let answer = call(&mut ann.client, method, &path, &body);
        assert_eq!(answer.status == 403, owners, "{method} {path} {}", answer.text());
    }
}

#[test]
fn guessing_passwords_is_slow() {
    let site = Site::on(Server::start());
    let tom = site.person("tom");
    let mut visitor = site.server.visitor();
    let wrong = json!({"name": tom.name.to_uppercase(), "password": "not this one"});
    let mut refused = 0;
    for _ in 0..12 {
        let answer = visitor.post("/v1/sign-in", &wrong);
        match answer.status {
            401 => assert_eq!(answer.code(), "wrong_password"),
            _ => {
                assert_eq!((answer.status, &*answer.code()), (429, "rate_limited"));
                let error = &answer.json()["error"];
                assert_eq!(error["retry"], true);
                assert!(error["retry_after_ms"].as_u64().unwrap() > 0);
                assert!(answer.header("retry-after").is_some());
                refused += 1;
            }
        }
    }
    assert!((1..=2).contains(&refused), "10 a minute for a name, {refused} of 12 refused");
    // Signed-in people do not notice.
    tom.clone().client.get("/v1/me").is(200);
}
