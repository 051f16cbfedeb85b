use super::*;

fn parse(query: &str, headers: &[(&str, &str)]) -> Result<FeedRequest, Refusal> {
    let peer = "127.0.0.1:9".parse().expect("an address");
    let lines = [("Host", "x")].iter().chain(headers).map(|(n, v)| (*n, v.as_bytes()));
    FeedRequest::parse(&format!("/v1/feed{query}"), 1, lines, peer)
}

fn code(query: &str, headers: &[(&str, &str)]) -> &'static str {
    parse(query, headers).expect_err("it is refused").error.code.text()
}

#[test]
fn an_absent_parameter_has_its_default() {
    let request = parse("", &[]).unwrap();
    assert_eq!(request.transport, Transport::ShortPoll);
    assert_eq!((request.cursor, request.wait_s, request.conversations), (None, 25, true));
    assert_eq!((&*request.callback, request.keep_alive), ("encke", true));
}

#[test]
fn every_transport_can_be_asked_for() {
    let of = |query: &str, headers: &[_]| parse(query, headers).unwrap().transport;
    for transport in &Transport::ALL[1..5] {
        assert_eq!(of(&format!("?live={}", transport.name()), &[]), *transport);
    }
    assert_eq!(of("", &[("Accept", "text/event-stream")]), Transport::Sse);
    let upgrade = [
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(of("", &upgrade), Transport::WebSocket);
    assert_eq!(&*parse("", &upgrade).unwrap().accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn the_last_event_id_wins() {
    let request = parse("?cursor=1.2", &[("Last-Event-ID", "1.3")]).unwrap();
    assert_eq!(request.cursor, "1.3".parse().ok());
    assert_eq!(parse("?cursor=1.2", &[("last-event-id", "")]).unwrap().cursor, "1.2".parse().ok());
    assert_eq!(parse("?cursor=", &[]).unwrap().cursor, None);
}

#[test]
fn parameters_are_decoded_and_checked() {
    let request = parse("?channels=a%2Cb%3Ac,a&client=T-1&conversations=none&x=%zz", &[]).unwrap();
    assert_eq!(request.channels, ["a".into(), Box::<str>::from("b:c")]);
    assert_eq!((&*request.client, request.conversations), ("T-1", false));
    for query in [
        "?live=carrier-pigeon",
        "?live=",
        "?wait=61",
        "?wait=-1",
        "?wait=",
        "?wait=1.5",
        "?wait=99999",
        "?conversations=all",
        "?client=",
        "?client=a%20b",
        "?channels=a%00",
        "?channels=%ff",
        "?channels=a%2",
        "?callback=",
        "?callback=alert(1)",
        "?callback=a..b",
        "?callback=a.1",
        "?callback=%C3%A9",
        "?callback=opener.document.activeElement.nextElementSibling.click",
        "?callback=localStorage.clear",
        "?callback=open",
        "?callback=encke.a.b",
        "?callback=encke.",
        "?callback=Encke",
        "?callback=x.encke",
        "?parent=null",
        "?parent=https://a/",
        "?parent=https://a%22",
        "?parent=javascript://a",
        "?parent=https://",
        "?parent=http://a:b",
        "?wait=1&wait=1",
    ] {
        assert_eq!(code(query, &[]), "bad_request", "{query}");
    }
    assert_eq!(code(&format!("?callback=encke{}", "a".repeat(60)), &[]), "bad_request");
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    assert_eq!(code(&format!("?channels={}", many.join(",")), &[]), "bad_request");
    for query in ["?cursor=x", "?cursor=1.2.3", "?cursor=%00"] {
        assert_eq!(code(query, &[]), "bad_cursor", "{query}");
    }
    for parent in ["https://a.example", "http://127.0.0.1:8080", "http://[::1]:80"] {
        assert_eq!(
            parse(&format!("?parent={parent}"), &[]).unwrap().parent.as_deref(),
            Some(parent)
        );
    }
    for name in ["encke", "encke.x", "encke_onitem", "enckeChat.feed", "encke$1._a$"] {
        assert_eq!(&*parse(&format!("?callback={name}"), &[]).unwrap().callback, name);
    }
}

#[test]
fn credentials_come_three_ways_and_stay_out_of_debug() {
    let headers =
        [("authorization", "bearer tok"), ("Cookie", "a=b; encke_session=ses; encke_session=x")];
    let request = parse("?ticket=tic", &headers).unwrap();
    let Credentials { bearer, session, pass, .. } = &request.credentials;
    let texts = [bearer.as_deref(), session.as_deref(), pass.as_deref()];
    assert_eq!(texts, [Some("tok"), Some("ses"), Some("tic")]);
    let debug = format!("{:?}", request.credentials);
    assert!(["tok", "ses\"", "tic\""].iter().all(|secret| !debug.contains(secret)), "{debug}");
    assert_eq!(parse("", &[("Authorization", "Basic eA==")]).unwrap().credentials.bearer, None);
    assert_eq!(code("", &[("Authorization", "Bearer ")]), "bad_request");
    assert_eq!(code("", &[("Authorization", "a"), ("Authorization", "b")]), "bad_request");
}

#[test]
fn a_body_is_refused() {
    assert_eq!(code("", &[("Content-Length", "5")]), "bad_request");
    assert_eq!(code("", &[("Transfer-Encoding", "chunked")]), "bad_request");
    assert!(parse("", &[("Content-Length", "0")]).is_ok());
}

#[test]
fn the_iframe_is_only_for_a_frame() {
    for dest in ["iframe", "frame"] {
        assert!(parse("?live=iframe", &[("Sec-Fetch-Dest", dest)]).is_ok(), "{dest}");
    }
    for dest in ["document", "empty", "script", "image", "embed", ""] {
        let headers = [("Sec-Fetch-Dest", dest)];
        let refused = parse("?live=iframe", &headers).expect_err("it is refused");
        assert_eq!((refused.status, refused.error.code.text()), (403, "forbidden"), "{dest}");
        assert!(parse("?live=sse", &headers).is_ok(), "{dest}");
    }
    let twice = [("Sec-Fetch-Dest", "iframe"), ("sec-fetch-dest", "document")];
    assert_eq!(code("?live=iframe", &twice), "bad_request");
}

#[test]
fn a_hosts_own_cookie_wins_wherever_it_stands() {
    let of = |lines: &[&str]| {
        let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("Cookie", *line)).collect();
        let Credentials { session, session_is_hosts, .. } =
            parse("", &headers).unwrap().credentials;
        (session.unwrap_or_default().into_string(), session_is_hosts)
    };
    for lines in [
        &["encke_session=a; __Host-encke_session=b"][..],
        &["__Host-encke_session=b; encke_session=a"],
        &["encke_session=a", "__Host-encke_session=b"],
        &["__Host-encke_session=b", "encke_session=a"],
    ] {
        assert_eq!(of(lines), ("b".to_owned(), true), "{lines:?}");
    }
    assert_eq!(of(&["encke_session=a; __Host-encke_session="]), ("a".to_owned(), false));
    assert_eq!(of(&["x__Host-encke_session=a"]), (String::new(), false));
}

#[test]
fn the_last_proxy_says_how_it_was_asked() {
    let said = |lines: &[(&str, &str)]| parse("", lines).unwrap().forwarded_https;
    assert_eq!(said(&[]), None);
    for (value, https) in
        [("https", true), ("http, HTTPS", true), ("https,http", false), ("", false)]
    {
        assert_eq!(said(&[("X-Forwarded-Proto", value)]), Some(https), "{value}");
    }
}
