//! The parts for operators: health, metrics, the description of the API, the log, the embedded web chat.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{
    Auth, Client, METRICS_TOKEN, PASSWORD, Server, Site, Wire, eventually, line_of,
};

#[test]
fn health_endpoints_answer_as_documented() {
    let site = Site::shared();
    let mut visitor = site.server.visitor();
    assert_eq!(visitor.get("/healthz").is(200).text(), "ok\n");
    assert_eq!(visitor.get("/readyz").is(200).text(), "ready\n");
}

/// Parses a line of Prometheus' text format into name, labels and value.
fn sample(line: &str) -> (String, String, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').expect("a closed brace")),
        None => (series, ""),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    assert!(name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()), "{line}");
    for label in labels.split(',').filter(|l| !l.is_empty()) {
        let (key, value) = label.split_once('=').expect("a label");
        assert!(key.chars().all(plain) && value.starts_with('"') && value.ends_with('"'), "{line}");
    }
    (name.to_owned(), labels.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
}

/// All samples by series; every one belongs to a family that was announced.
fn samples(text: &str) -> HashMap<String, f64> {
    assert!(text.ends_with('\n'));
    let mut kinds: HashMap<&str, &str> = HashMap::new();
    let mut helped = BTreeSet::new();
    let mut found = HashMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("help");
            assert!(!help.is_empty() && helped.insert(name), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(helped.contains(name) && kinds.insert(name, kind).is_none(), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else {
            let (name, labels, value) = sample(line);
            let family =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = family.filter(|f| kinds.get(f) == Some(&"histogram")).unwrap_or(&name);
            assert!(kinds.contains_key(family), "not announced: {line}");
            assert!(found.insert(format!("{name}{{{labels}}}"), value).is_none(), "twice: {line}");
        }
    }
    // The buckets of a histogram rise, and the last is the count.
    for (family, _) in kinds.iter().filter(|(_, kind)| **kind == "histogram") {
        let lines = text.lines().filter(|l| l.starts_with(&format!("{family}_bucket{{")));
        let counts: Vec<f64> = lines.map(|l| sample(l).2).collect();
        assert!(counts.is_sorted() && counts.last() == found.get(&format!("{family}_count{{}}")));
    }
    found
}

#[test]
fn metrics_are_prometheus_text_and_count() {
    let site = Site::start();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(&site, Transport::Sse, &tom);
    mei.say(&room, "counted");
    assert_eq!(feed.texts(&room, 1), ["counted"]);
    let bearer = Auth::Bearer(METRICS_TOKEN.to_owned());
    let answer = Client::new(site.address(), bearer).get("/metrics").is(200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let found = samples(answer.text());
    // Shards publish their figures at the end of a turn.
    eventually("the session to be counted", || {
        let now = samples(&site.server.figures());
        (now["encke_sessions{transport=\"sse\"}"] == 1.0 && now["encke_deliveries_total{}"] >= 1.0)
            .then_some(())
    });
    assert_eq!(found["encke_connection_panics_total{}"], 0.0);
    assert_eq!(found["encke_store_errors_total{}"], 0.0);
}

/// The calls that docs/protocol.md names: `GET /v1/people?q=…` becomes `get /v1/people`, ids become `{}`.
fn documented() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut calls = BTreeSet::new();
    for code in text.split('`').skip(1).step_by(2) {
        let Some((method, rest)) = code.split_once(' ') else { continue };
        if !rest.starts_with("/v1/") && !rest.starts_with("/help/") {
            continue;
        }
        if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            continue;
        }
        let path = rest.split(['?', ' ']).next().unwrap();
        calls.insert(format!("{} {}", method.to_lowercase(), general(path)));
    }
    calls
}

/// A path with its ids, or their places, left open.
fn general(path: &str) -> String {
    let id = |part: &str| {
        let number = part.strip_prefix(['c', 'p']).unwrap_or(part);
        part.starts_with('{')
            || ["news", "shipit", "KEY"].contains(&part)
            || part.ends_with('…')
            || part == "👍"
            || !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    };
    let parts: Vec<&str> = path.split('/').map(|p| if id(p) { "{}" } else { p }).collect();
    parts.join("/")
}

#[test]
fn openapi_has_every_documented_call_and_no_other() {
    let site = Site::shared();
    let answer = site.server.visitor().get("/openapi.json").is(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let api = answer.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3."));
    let mut described = BTreeSet::new();
    for (path, calls) in api["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            described.insert(format!("{method} {}", general(path)));
            assert!(call["responses"].is_object(), "{method} {path}");
        }
    }
    let documented = documented();
    let missing: Vec<_> = documented.difference(&described).collect();
    let further: Vec<_> = described.difference(&documented).collect();
    assert!(
        missing.is_empty() && further.is_empty(),
        "missing {missing:?}, undocumented {further:?}"
    );
    // Every reference leads somewhere.
    check_references(&api, &api);
}

fn check_references(value: &Value, api: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                assert!(api.pointer(to.trim_start_matches('#')).is_some(), "{to}");
            }
            map.values().for_each(|v| check_references(v, api));
        }
        Value::Array(list) => list.iter().for_each(|v| check_references(v, api)),
        _ => {}
    }
}

#[test]
fn no_secret_reaches_the_log() {
    let mut site = Site::on(Server::start_with(&[], &[("ENCKE_LOG", "trace")]));
    let mut tom = site.person("tom");
    let Auth::Bearer(token) = tom.auth() else { panic!("a token") };
    let browser = site.sign_in(&tom.name);
    let Auth::Cookie(session) = browser.auth.clone() else { panic!("a cookie") };
    let mut visitor = site.server.visitor();
    let wrong = json!({"name": tom.name, "password": "a secret guess"});
    visitor.post("/v1/sign-in", &wrong).is(401);
    let mut ticket = || {
        let made = tom.client.poke("/v1/tickets").is(201).json();
        made["ticket"].as_str().unwrap().to_owned()
    };
    let tickets = [(); 4].map(|()| ticket());
    let address = site.address();
    let query = |n: usize| format!("ticket={}", tickets[n]);
    Feed::begin(address, Transport::Sse, Auth::None, None, &query(0)).ready();
    Feed::begin(address, Transport::WebSocket, Auth::None, None, &query(1)).ready();
    // Used twice, in a wrong request, at a wrong address: refusals are logged the most.
    for path in [
        format!("/v1/feed?{}", query(0)),
        format!("/v1/feed?live=nonsense&{}", query(2)),
        format!("/v1/feedx?{}", query(2)),
        format!("/v1/me?{}", query(3)),
    ] {
        visitor.get(&path);
    }
    for auth in [tom.auth(), browser.auth.clone()] {
        Feed::begin(address, Transport::Ndjson, auth, None, "").ready();
    }
    // Half a request with a credential in it, and bytes without a meaning.
    for start in [&format!("GET /v1/feed?{} HTTP/1.1\r\n", query(2)), "\x01\x02"] {
        let mut wire = Wire::connect(address);
        wire.send(format!(
            "{start}Authorization: Bearer {token}\r\nCookie: encke_session={session}\r\n"
        ));
        wire.send([0xFF, 0x00, b'\r', b'\n', b'\r', b'\n']);
        wire.finish_sending();
        wire.rest();
    }
    let text = json!({"text": "a private text", "key": "a-private-key"});
    let room = tom.room(&[]);
    tom.client.post(&format!("/v1/conversations/{room}/messages"), &text).is(201);
    site.server.stop();
    let log = site.server.log();
    assert!(log.len() > 100, "the log is on: {log}");
    let ended = log.lines().find(|line| line.contains("a connection ended")).expect("a fault");
    assert!(ended.contains("connection{peer=127.0.0.1:"), "it says which one: {ended}");
    let secrets =
        [&token, &session, PASSWORD, "a secret guess", "a private text"].map(String::from);
    for secret in secrets.iter().chain(&tickets) {
        let at = log.find(secret.as_str());
        assert!(at.is_none(), "{secret} is in the log: {}", line_at(&log, at.unwrap_or_default()));
    }
}

fn line_at(log: &str, at: usize) -> &str {
    let start = log[..at].rfind('\n').map_or(0, |n| n + 1);
    log[start..].lines().next().unwrap_or_default()
}

#[test]
fn the_web_chat_is_served_with_its_etag_and_packed() {
    let site = Site::shared();
    let mut visitor = site.server.visitor();
    let index = visitor.get("/").is(200);
    assert_eq!(index.header("content-type"), Some("text/html; charset=utf-8"));
    // Any address that could be one of the chat's own gets the start page.
    assert_eq!(visitor.get("/c/c12").is(200).body, index.body);
    let mut wire = Wire::connect(site.address());
    let close = [("Connection", "close".to_owned())];
    wire.send(line_of("HEAD", "/", site.address(), &close, None));
    let head = wire.head().unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && wire.rest().is_empty(), "{head}");
    let missing = visitor.get("/assets/nothing.js").is(404);
    assert_eq!(missing.code(), "not_found");
    assert_eq!(visitor.get("/v1/nothing").is(404).code(), "not_found");
    assert_eq!(visitor.poke("/").is(405).code(), "wrong_method");
    let Some(tag) = index.header("etag").map(str::to_owned) else {
        // Built without the web chat: there is nothing more to look at.
        assert!(index.text().contains("without the web chat"));
        return;
    };
    let policy = index.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(index.header("x-content-type-options"), Some("nosniff"));
    let same = visitor.ask("GET", "/", &[("If-None-Match", &tag)], None).is(304);
    assert_eq!((same.body.len(), same.header("etag")), (0, Some(tag.as_str())));
    visitor.ask("GET", "/", &[("If-None-Match", "\"other\"")], None).is(200);
    let html = index.text();
    let script = html.split(['"', '\'']).find(|s| s.ends_with(".js")).expect("a script");
    let script = format!("/{}", script.trim_start_matches(['.', '/']));
    let plain = visitor.get(&script).is(200);
    assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(plain.header("cache-control").unwrap().contains("immutable"));
    assert!(plain.header("content-encoding").is_none());
    let asks = |kinds: &str| {
        site.server.visitor().ask("GET", &script, &[("Accept-Encoding", kinds)], None).is(200)
    };
    let packed = asks("gzip, deflate, br");
    assert_eq!(packed.header("content-encoding"), Some("br"));
    assert!(packed.body.len() < plain.body.len());
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
    assert_eq!(asks("gzip").header("content-encoding"), Some("gzip"));
    assert_eq!(asks("br;q=0, identity").header("content-encoding"), None);
    assert_eq!(asks("gzip").header("etag").is_some(), plain.header("etag").is_some());
}

#[test]
fn the_demo_has_something_to_see() {
    let server = Server::start_with(&["--demo"], &[]);
    let password_of = |server: &Server, name: &str| {
        let mut lines = server.printed.lines();
        let line = lines.find_map(|l| l.trim().strip_prefix(&format!("{name}   password ")));
        line.expect("the demo prints how to sign in").to_owned()
    };
    let password = password_of(&server, "mei");
    // They are random, and only the server's user can read where they are kept.
    assert_eq!(password.len(), 24);
    let other = Server::start_with(&["--demo"], &[]);
    assert_ne!(password, password_of(&other, "mei"));
    assert_ne!(password, password_of(&server, "tom"));
    let kept = std::fs::metadata(server.data().join("demo-passwords")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept.permissions()) & 0o777, 0o600);
    assert!(!server.log().contains(&password));
    let body = json!({"name": "mei", "password": password});
    let session = server.visitor().post("/v1/sign-in", &body).is(200).session();
    let mut mei = crate::harness::Client::new(server.address, Auth::Cookie(session));
    let snapshot = mei.get("/v1/snapshot").is(200).json();
    assert_eq!(snapshot["conversations"].as_array().unwrap().len(), 3, "the desk's house is one");
    let desk = mei.get("/v1/desks").is(200).json()["desks"][0].clone();
    let try_page = format!("/widget/try.html?desk={}", desk["key"].as_str().unwrap());
    assert!(server.printed.contains(&try_page), "{}", server.printed);
    let waiting = format!("/v1/desks/{}/tickets?view=unassigned", desk["id"].as_str().unwrap());
    assert_eq!(mei.get(&waiting).is(200).json()["counts"]["unassigned"], 2);
    let desk_path = |what: &str| format!("/v1/desks/{}/{what}", desk["id"].as_str().unwrap());
    for (list, count) in [("articles", 3), ("canned", 3), ("macros", 1), ("rules", 1)] {
        let all = mei.get(&desk_path(list)).is(200).json();
        assert_eq!(all[list].as_array().unwrap().len(), count, "{list}");
    }
    let resolved = mei.get(&desk_path("tickets?view=all&state=resolved")).is(200).json();
    assert_eq!(resolved["tickets"].as_array().unwrap().len(), 3);
    let help = format!("/help/{}", desk["key"].as_str().unwrap());
    assert!(server.visitor().get(&help).is(200).text().contains("Shipping and delivery"));
    // Made only once.
    let (folder, address) = (server.folder.clone(), server.address.to_string());
    drop(server);
    let server = Server::start_on(folder, &address, &["--demo"], &[]);
    assert_eq!(password_of(&server, "mei"), password);
    let mut wire = Wire::connect(server.address);
    wire.send(line_of(
        "GET",
        "/v1/snapshot",
        server.address,
        &mei.auth.lines(server.address),
        None,
    ));
    let again = wire.answer().unwrap().is(200).json();
    assert_eq!(again["conversations"].as_array().unwrap().len(), 3);
}
