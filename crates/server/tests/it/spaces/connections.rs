//! One connection for many hosts, as a proxy keeps it; and unknown hosts.

use serde_json::{Value, json};

use crate::harness::{Auth, Client, Wire};

use super::{Any, Two, at, message, start, text};

impl Any {
    fn polls(&mut self, who: &Client, cursor: &str) {
        let poll = format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}");
        self.asks(who, "GET", &poll, None);
    }

    /// Polls until a message comes, which is this; the cursor behind it.
    fn message(&mut self, who: &Client, cursor: &str, text: &str) -> String {
        let mut cursor = cursor.to_owned();
        loop {
            self.polls(who, &cursor);
            let polled = self.0.answer().unwrap().is(200).json();
            cursor = polled["cursor"].as_str().unwrap().to_owned();
            if let Some(found) = message(&polled) {
                assert_eq!(found, text);
                return cursor;
            }
        }
    }
}

#[test]
fn a_connection_may_ask_another_host_each_time() {
    let mut two = Two::start();
    let sides = two.pairs();
    let mut any = Any::to(&two.server);
    let mut said = Vec::new();
    for round in 0..4 {
        for (mei, tom, room) in &sides {
            // hyper answers this request.
            any.asks(&mei.client, "GET", "/v1/me", None);
            assert_eq!(any.0.answer().unwrap().is(200).json()["name"], mei.name.as_str());
            // A shard answers this one.
            let cursor = tom.clone().now();
            let path = format!("/v1/conversations/{room}/messages");
            let send = json!({"text": format!("sent {round}")}).to_string();
            any.asks(&mei.client, "POST", &path, Some(&send));
            any.0.answer().unwrap().is(201);
            // This one is answered at once or parked.
            let cursor = any.message(&tom.client, &cursor, &format!("sent {round}"));
            any.polls(&tom.client, &cursor);
            mei.clone().say(room, &format!("said {round}"));
            let polled = any.0.answer().unwrap().is(200).json();
            if message(&polled).is_none() {
                // Receipts came first.
                let cursor = polled["cursor"].as_str().unwrap();
                any.message(&tom.client, cursor, &format!("said {round}"));
            }
        }
        said.extend([format!("sent {round}"), format!("said {round}")]);
    }
    for (mei, _, room) in &sides {
        let history = mei.clone().history(room);
        let texts: Vec<&str> = history.iter().filter_map(|e| e["body"]["text"].as_str()).collect();
        assert_eq!(texts, said);
    }
}

#[test]
fn requests_to_several_hosts_may_be_sent_ahead() {
    let mut two = Two::start();
    let sides = two.pairs();
    let mut any = Any::to(&two.server);
    let mut expected = Vec::new();
    for round in 0..8 {
        for (mei, tom, room) in &sides {
            let path = format!("/v1/conversations/{room}/messages");
            let send = json!({"text": format!("{} {round}", mei.name)}).to_string();
            any.asks(&mei.client, "POST", &path, Some(&send));
            any.asks(&tom.client, "GET", "/v1/feed", None);
            any.asks(&tom.client, "GET", "/v1/me", None);
            expected.extend([201, 200, 200]);
        }
    }
    let answers: Vec<u16> = expected.iter().map(|_| any.0.answer().unwrap().status).collect();
    assert_eq!(answers, expected);
    for (mei, _, room) in &sides {
        let history = mei.clone().history(room);
        assert_eq!(history.last().unwrap()["body"]["text"], format!("{} 7", mei.name));
    }
}

/// The owner that an answer names, if it names one. The two owners have different names.
fn whose(answer: &crate::harness::Answer) -> Option<String> {
    (answer.status == 200).then(|| answer.json()["site_name"].as_str().unwrap().to_owned())
}

/// The space that gets a request with these lines, over each way that a request can take.
fn reached(two: &Two, lines: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for owner in [&two.left, &two.right] {
        let cookie = owner.auth.lines(at(&two.server, 1)).remove(0);
        let mut any = Any::to(&two.server);
        any.gets("/v1/settings", &format!("{}: {}\r\n{lines}", cookie.0, cookie.1));
        found.push(whose(&any.0.answer().unwrap()));
        let mut any = Any::to(&two.server);
        any.gets("/v1/feed", &format!("{}: {}\r\n{lines}", cookie.0, cookie.1));
        let status = any.0.answer().unwrap().status;
        assert_eq!(status == 200, found.last().unwrap().is_some(), "{lines:?}: {status}");
    }
    found
}

fn named(first: &str) -> Two {
    let mut two = Two::with(first);
    for (owner, name) in [(&mut two.left, "Left"), (&mut two.right, "Right")] {
        owner.send("PATCH", "/v1/settings", &json!({"site_name": name})).is(200);
    }
    two
}

#[test]
fn a_host_is_known_in_any_spelling_and_an_unknown_one_refused() {
    let two = named("");
    let (left, right) = ([Some("Left".to_owned()), None], [None, Some("Right".to_owned())]);
    for host in ["left.example", "LEFT.Example:80", "left.example.", "127.0.0.1:9"] {
        assert_eq!(reached(&two, &format!("Host: {host}\r\n")), left, "{host}");
    }
    assert_eq!(reached(&two, "Host: right.example.:443\r\n"), right);
    for host in ["other.example", "", "evil@left.example", "[::1]:80", "left.example/x"] {
        assert_eq!(reached(&two, &format!("Host: {host}\r\n")), [None, None], "{host}");
    }
}

#[test]
fn unknown_hosts_are_refused_with_a_code_of_their_own() {
    let mut two = Two::start();
    let (mei, ..) = &two.pairs()[0];
    let stranger = "Host: other.example\r\n";
    let Auth::Bearer(token) = mei.auth() else { panic!("a token") };
    let send = format!(
        "POST /v1/channels/news/events HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{stranger}\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let gets = ["/v1/feed", "/v1/feed?live=sse", "/v1/me", "/", "/metrics", "/readyz", "/v1/feed"];
    let gets = gets.map(|path| format!("GET {path} HTTP/1.1\r\n{stranger}\r\n"));
    let bare = ["/v1/feed", "/v1/me"].map(|path| format!("GET {path} HTTP/1.0\r\n\r\n"));
    for request in gets.into_iter().chain(bare).chain([send]) {
        // The connection is new, or a space has it already.
        for before in [None, Some("/v1/feed?wait=0"), Some("/v1/me")] {
            let mut any = Any::to(&two.server);
            if let Some(path) = before {
                any.asks(&mei.client, "GET", path, None);
                any.0.answer().unwrap().is(200);
            }
            any.0.send(&request);
            let answer = any.0.answer().unwrap().is(421);
            assert_eq!(answer.code(), "misdirected", "{request}");
            assert_eq!(answer.json()["error"]["retry"], false);
        }
    }
    // The answer that the process is alive does not depend on a name.
    let mut any = Any::to(&two.server);
    any.gets("/healthz", stranger);
    assert_eq!(any.0.answer().unwrap().is(200).text(), "ok\n");
}

#[test]
fn two_hosts_in_one_request_are_refused() {
    let two = named("");
    let cookie = two.left.auth.lines(at(&two.server, 1)).remove(0).1;
    for lines in ["Host: left.example\r\nHost: right.example\r\n", "Host: right.example\r\n"] {
        let mut any = Any::to(&two.server);
        let target = if lines.len() > 30 { "" } else { "http://left.example" };
        any.0.send(format!("GET {target}/v1/settings HTTP/1.1\r\nCookie: {cookie}\r\n{lines}\r\n"));
        let answer = any.0.answer().unwrap();
        assert!(matches!(answer.status, 400 | 421), "{}", answer.status);
    }
    // The target alone says it, too.
    let mut any = Any::to(&two.server);
    let target = "GET http://left.example/v1/settings HTTP/1.1\r\n";
    any.0.send(format!("{target}Host: LEFT.example:80\r\nCookie: {cookie}\r\n\r\n"));
    assert_eq!(whose(&any.0.answer().unwrap()).as_deref(), Some("Left"));
}

#[test]
fn a_default_space_gets_requests_without_a_name() {
    let two = named("default-space = \"right\"");
    let right = [None, Some("Right".to_owned())];
    for lines in ["Host: localhost:80\r\n", "Host: 127.0.0.2\r\n"] {
        assert_eq!(reached(&two, lines), right, "{lines}");
    }
    // The owner of a name can point it at this machine.
    assert_eq!(reached(&two, "Host: other.example\r\n"), [None, None]);
    assert_eq!(reached(&two, "Host: left.example\r\n"), [Some("Left".to_owned()), None]);
    let Auth::Cookie(session) = &two.right.auth else { panic!("a session") };
    let mut wire = Wire::connect(at(&two.server, 1));
    wire.send(format!("GET /v1/settings HTTP/1.0\r\nCookie: encke_session={session}\r\n\r\n"));
    assert_eq!(whose(&wire.answer().unwrap()).as_deref(), Some("Right"));
}

#[test]
fn a_wait_of_classic_pages_goes_where_its_host_says() {
    let classic =
        "[space.classic]\nenabled = true\nidentity = \"trust\"\nallow_remote_trust = true\n";
    let text = text("")
        .replace("[[space]]\nname = \"right\"", &format!("{classic}[[space]]\nname = \"right\""));
    let server = start(&format!("{text}{classic}"));
    let mut any = Any::to(&server);
    for round in 0..2 {
        for last in [1, 2] {
            let who = Client::new(at(&server, last), Auth::None);
            let path = "/classic/live/backend.php";
            let since = any_time(&who, path, &format!("{path}?msg=before"));
            any.asks(&who, "GET", &format!("{path}?timestamp={since}"), None);
            let text = format!("{path}?msg=round%20{round}%20of%20{last}");
            any_time(&who, path, &text);
            let answer = any.0.answer().unwrap().is(200).json();
            assert_eq!(answer["msg"], format!("round {round} of {last}"));
        }
    }
}

/// Says something on a connection of its own, and returns the time of the newest message then.
fn any_time(who: &Client, path: &str, say: &str) -> u64 {
    let mut one = who.clone();
    one.get(say).is(200);
    let told: Value = one.get(&format!("{path}?timestamp=0")).is(200).json();
    told["timestamp"].as_u64().unwrap()
}
