//! Wrong requests for the feed: parameters, cursors, credentials, origins.

use serde_json::json;

use crate::bystander::Bystander;
use crate::feed::ws::handshake;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Auth, Client, Site, Wire, eventually, line_of, values};

/// Asks for the feed and is refused; the connection then serves a good request.
fn refused(site: &Site, auth: &Auth, query: &str, more: &[(&str, String)]) -> Answer {
    let address = site.address();
    let mut wire = Wire::connect(address);
    let mut lines = auth.lines(address);
    lines.extend(more.iter().map(|(n, v)| (*n as &str, v.clone())).collect::<Vec<_>>());
    wire.send(line_of("GET", &format!("/v1/feed?{query}"), address, &lines, None));
    let answer = wire.answer().expect("an answer");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{query}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{query}");
    let error = &answer.json()["error"];
    assert!(error["message"].is_string() && error["retry"].is_boolean(), "{query}: {error}");
    wire.send(line_of("GET", "/v1/setup", address, &[], None));
    wire.answer().unwrap_or_else(|| panic!("{query}: the connection was lost")).is(200);
    answer
}

#[test]
fn wrong_parameters_are_named_and_the_connection_stays() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let auth = site.person("mei").auth();
    let long = |n| "x".repeat(n);
    let many: Vec<String> = (0..101).map(|n| format!("news{n}")).collect();
    let mut table: Vec<(String, &str)> = Vec::new();
    for cursor in [
        "x",
        "1",
        "1.",
        ".1",
        "1.2.3",
        "g.1",
        "A.1",
        "1.-1",
        "01.1",
        "1.01",
        "1.1%00",
        "null",
        "%20",
        "1.1'--",
        "11112222333344445.1",
        "1.11112222333344445",
        "1,1",
        "%EF%BC%91.1",
    ] {
        table.push((format!("cursor={cursor}"), "bad_cursor"));
        table.push((format!("live=sse&cursor={cursor}"), "bad_cursor"));
    }
    table.push((format!("cursor={}", long(4_000)), "bad_cursor"));
    let bad = [
        "live=",
        "live=foo",
        "live=SSE",
        "live=websocket",
        "wait=-1",
        "wait=61",
        "wait=1e1",
        "wait=",
        "wait=99999999999999999999",
        "wait=2.5",
        "channels=a/b",
        "channels=%3Cb%3E",
        "conversations=all",
        "client=",
        "client=a%20b",
        "client=%3Cscript%3E",
        "parent=",
        "parent=null",
        "parent=javascript:alert(1)",
        "parent=https://a.example/path",
        "parent=https://a.example%22",
        "cursor=1.1&cursor=1.2",
        "live=sse&live=ndjson",
        "client=%zz",
        "client=%f",
        "client=%ff",
    ];
    table.extend(bad.map(|q| (q.to_owned(), "bad_request")));
    table.push((format!("channels={}", many.join(",")), "bad_request"));
    table.push((format!("channels={}", long(129)), "bad_request"));
    table.push((format!("client={}", long(65)), "bad_request"));
    for callback in [
        "",
        "</script>",
        "%3C/script%3E%3Cscript%3Ealert(1)",
        "a;b",
        "a%3Bb",
        "a..b",
        ".a",
        "a.",
        "1a",
        "a(",
        "a%5B0%5D",
        "a%20b",
        "%C3%A9",
        "a%0Ab",
        "a-b",
        "alert(1)//",
    ] {
        table.push((format!("live=iframe&callback={callback}"), "bad_request"));
    }
    table.push((format!("live=iframe&callback={}", long(65)), "bad_request"));
    for (query, code) in table {
        let answer = refused(&site, &auth, &query, &[]);
        assert_eq!((answer.status, answer.code()), (400, code.to_owned()), "{query}");
        assert!(!answer.text().contains("<script"), "{query} comes back: {}", answer.text());
    }
    let answer = refused(&site, &auth, "", &[("Last-Event-ID", "nonsense".into())]);
    assert_eq!((answer.status, answer.code()), (400, "bad_cursor".into()));
    bystander.is_undisturbed();
}

#[test]
fn without_a_valid_credential_there_is_no_feed() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let token = |t: &str| Auth::Bearer(t.into());
    let cookie = |t: &str| Auth::Cookie(t.into());
    let person = site.person("mei");
    let Auth::Bearer(good) = person.auth() else { panic!("a token") };
    // A token is no session, and a session is no token.
    let strangers =
        [Auth::None, token("ekt_nonsense"), cookie("eks_nonsense"), cookie(&good), cookie("")];
    for auth in strangers {
        for query in ["", "live=long-poll", "live=sse", "live=ndjson", "live=iframe"] {
            let answer = refused(&site, &auth, query, &[]);
            assert_eq!(
                (answer.status, answer.code()),
                (401, "not_signed_in".into()),
                "{query} {auth:?}"
            );
        }
        let socket = handshake(&Auth::None, site.address());
        let answer = refused(&site, &auth, "", &socket);
        assert_eq!(
            (answer.status, answer.code()),
            (401, "not_signed_in".into()),
            "websocket {auth:?}"
        );
    }
    for query in
        ["ticket=", "ticket=x", "live=sse&ticket=ekk_x", "ticket=%00", &format!("ticket={good}")]
    {
        let answer = refused(&site, &Auth::None, query, &[]);
        assert_eq!((answer.status, answer.code()), (401, "not_signed_in".into()), "{query}");
    }
    let basic = [("Authorization", format!("Basic {good}"))];
    assert_eq!(refused(&site, &Auth::None, "", &basic).code(), "not_signed_in");
    bystander.is_undisturbed();
}

#[test]
fn a_pass_is_good_once_and_only_for_the_feed() {
    let site = Site::shared();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut ticket = || {
        let made = tom.client.poke("/v1/tickets").is(201).json();
        assert_eq!(made["expires_in_ms"], 10_000);
        made["ticket"].as_str().unwrap().to_owned()
    };
    for transport in [Transport::Sse, Transport::Ndjson, Transport::Iframe, Transport::WebSocket] {
        let query = format!("ticket={}", ticket());
        let mut feed = Feed::begin(site.address(), transport, Auth::None, None, &query);
        feed.ready();
        let mut second = Feed::begin(site.address(), transport, Auth::None, None, &query);
        assert_eq!(second.item().unwrap()["error"]["code"], "not_signed_in");
        mei.say(&room, "by ticket");
        assert_eq!(feed.texts(&room, 1), ["by ticket"]);
    }
    let query = ticket();
    let mut visitor = site.server.visitor();
    visitor.get(&format!("/v1/me?ticket={query}")).is(401);
    visitor.get(&format!("/v1/snapshot?ticket={query}")).is(401);
    // Nothing there has used it up.
    visitor.get(&format!("/v1/feed?ticket={query}")).is(200);
    visitor.get(&format!("/v1/feed?ticket={query}")).is(401);
}

#[test]
fn one_pass_used_twice_at_once_lets_only_one_in() {
    let site = Site::shared();
    let mut tom = site.person("tom");
    for _ in 0..10 {
        let ticket = tom.client.poke("/v1/tickets").is(201).json();
        let path = format!("/v1/feed?ticket={}", ticket["ticket"].as_str().unwrap());
        let ask = || site.server.visitor().get(&path).status;
        let mut got = std::thread::scope(|scope| {
            [scope.spawn(ask), scope.spawn(ask)].map(|t| t.join().unwrap())
        });
        got.sort();
        assert_eq!(got, [200, 401]);
    }
}

#[test]
fn a_websocket_opens_for_the_sites_own_pages_only() {
    let site = Site::shared();
    let mut bystander = Bystander::new(&site);
    let address = site.address();
    let tom = site.person("tom");
    let session = site.sign_in(&tom.name).auth;
    let Auth::Cookie(secret) = &session else { panic!("a cookie") };
    let bare = [("Cookie", format!("encke_session={secret}"))];
    let from = |origin: &str| [bare[0].clone(), ("Origin", origin.to_owned())];
    let port = address.port();
    let socket = || handshake(&Auth::None, address);
    let foreign = [
        "null".to_owned(),
        "https://evil.example".into(),
        "http://127.0.0.1".into(),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://evil.example/127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@evil.example"),
        format!("file://127.0.0.1:{port}"),
    ];
    for origin in &foreign {
        let mut lines = socket();
        lines.extend(from(origin));
        let answer = refused(&site, &Auth::None, "", &lines);
        assert_eq!((answer.status, answer.code()), (403, "foreign_origin".into()), "{origin}");
        // A stream that a foreign page asks for with the cookie is refused as well.
        let answer = refused(&site, &Auth::None, "live=sse", &from(origin));
        assert_eq!((answer.status, answer.code()), (403, "foreign_origin".into()), "{origin}");
    }
    let mut lines = socket();
    lines.extend(bare.clone());
    let answer = refused(&site, &Auth::None, "", &lines);
    assert_eq!((answer.status, answer.code()), (403, "foreign_origin".into()), "no origin");
    let parent = "live=iframe&parent=https://evil.example";
    assert_eq!(refused(&site, &session, parent, &[]).code(), "foreign_origin");
    // The site's own page gets in, and so does a script that shows a token and no origin.
    for auth in [session.clone(), tom.auth()] {
        Feed::begin(address, Transport::WebSocket, auth, None, "").ready();
    }
    bystander.is_undisturbed();
}

#[test]
fn a_broken_handshake_is_refused() {
    let site = Site::shared();
    let auth = site.person("tom").auth();
    let good = handshake(&Auth::None, site.address());
    let with = |name: &str, value: Option<&str>| {
        let kept = good.iter().filter(|(n, _)| *n != name).cloned();
        let mut lines: Vec<(&str, String)> = kept.collect();
        lines.extend(value.map(|v| (name, v.to_owned())));
        let owned: Vec<(String, String)> =
            lines.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        let lines: Vec<(&str, String)> =
            owned.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
        refused(&site, &auth, "", &lines)
    };
    let old = with("Sec-WebSocket-Version", Some("8"));
    assert_eq!((old.status, old.header("sec-websocket-version")), (426, Some("13")));
    with("Sec-WebSocket-Version", None).is(426);
    with("Sec-WebSocket-Key", None).is(400);
    with("Sec-WebSocket-Key", Some("short")).is(400);
    with("Sec-WebSocket-Key", Some("not base64 at all!!!!!!=")).is(400);
    with("Connection", Some("keep-alive")).is(400);
}

#[test]
fn pages_of_allowed_origins_may() {
    const FRIEND: &str = "https://friend.example";
    let args = ["--allowed-origins", "https://friend.example,https://other.example"];
    let site = Site::on(crate::harness::Server::start_with(&args, &[]));
    let tom = site.person("tom");
    let Auth::Cookie(secret) = site.sign_in(&tom.name).auth else { panic!("a cookie") };
    let from = |origin: &str| {
        vec![("Cookie", format!("encke_session={secret}")), ("Origin", origin.to_owned())]
    };
    let address = site.address();
    let mut wire = Wire::connect(address);
    wire.send(line_of("GET", "/v1/feed", address, &from(FRIEND), None));
    let answer = wire.answer().unwrap().is(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRIEND));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    wire.send(line_of("POST", "/v1/tickets", address, &from(FRIEND), Some(b"")));
    let made = wire.answer().unwrap().is(201);
    assert_eq!(made.header("access-control-allow-origin"), Some(FRIEND));
    assert!(values(&made.head, "vary").any(|v| v.eq_ignore_ascii_case("origin")));
    let ticket = made.json()["ticket"].as_str().unwrap().to_owned();
    let mut lines = handshake(&Auth::None, address);
    lines.push(("Origin", FRIEND.into()));
    let mut socket = Wire::connect(address);
    let path = format!("/v1/feed?ticket={ticket}");
    socket.send(line_of("GET", &path, address, &lines, None));
    assert!(socket.head().unwrap().starts_with("HTTP/1.1 101"));
    // A page of an allowed origin may hold the iframe, and only that page gets its items.
    let mut frame = Wire::connect(address);
    let path = format!("/v1/feed?live=iframe&parent={FRIEND}");
    frame.send(line_of("GET", &path, address, &tom.auth().lines(address), None));
    assert!(frame.head().unwrap().starts_with("HTTP/1.1 200"));
    let call = format!("parent.postMessage(JSON.parse(s),\"{FRIEND}\")");
    let bound = format!(
        "<script>function e(s){{document.currentScript.remove();if(parent!==self){call}}}</script>"
    );
    eventually("the binding", || {
        let line = frame.line(std::time::Instant::now() + crate::harness::WAIT).unwrap();
        (line == bound.as_bytes()).then_some(())
    });
    // Others get neither an answer nor leave to read one.
    let evil = "https://evil.example";
    for (method, path) in [("POST", "/v1/tickets"), ("GET", "/v1/feed"), ("GET", "/v1/me")] {
        wire.send(line_of(method, path, address, &from(evil), (method == "POST").then_some(b"")));
        let answer = wire.answer().unwrap().is(403);
        assert_eq!(answer.code(), "foreign_origin");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let mut preflight = from(evil);
    preflight.push(("Access-Control-Request-Method", "POST".into()));
    wire.send(line_of("OPTIONS", "/v1/tickets", address, &preflight, None));
    let answer = wire.answer().unwrap();
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let mut client = Client::new(address, tom.auth());
    client.post("/v1/acks", &json!({"cursor": tom.clone().now()})).is(204);
}
