//! The ways to reach a site: its names, the scheme, and the rules for cookies and pages there.

use std::io::{Read, Write};
use std::net::SocketAddr;

use serde_json::json;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::version::TLS13;

use crate::encrypted::{connect, encrypted_with};
use crate::harness::{Answer, Auth, PASSWORD, Person, Server, Site, Wire, values};

/// The answer to a request over plain HTTP; `lines` have the host.
fn plain(address: SocketAddr, line: &str, lines: &str, body: &str) -> Answer {
    let mut wire = Wire::connect(address);
    let length = if body.is_empty() { String::new() } else { length_of(body) };
    wire.send(format!("{line} HTTP/1.1\r\n{lines}{length}\r\n{body}"));
    wire.answer().expect("an answer")
}

fn length_of(body: &str) -> String {
    format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
}

/// All that is answered over TLS to requests, of which the last one ends the connection.
fn sealed(address: SocketAddr, roots: &RootCertStore, requests: &str) -> String {
    let mut stream = connect(address, roots, &TLS13);
    stream.write_all(requests.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // It ends without a word of TLS.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn entry(who: &Person) -> String {
    json!({"name": who.name, "password": PASSWORD}).to_string()
}

#[test]
fn unlisted_names_are_refused_by_a_single_site_too() {
    let args = ["--public-url", "http://public.example:8443", "--hosts", "a.example,B.example"];
    let server = Server::start_with(&args, &[]);
    let port = server.address.port();
    let setup = json!({"name": "eve", "password": PASSWORD}).to_string();
    for evil in ["evil.example", "x.localhost", "127.0.0.1.evil.example", "a.example.evil.example"]
    {
        // A page at a name of its own, which it has just pointed here.
        let page = format!("Host: {evil}:{port}\r\nOrigin: http://{evil}:{port}\r\n");
        for (line, body) in [
            ("POST /v1/setup", setup.as_str()),
            ("POST /v1/sign-in", &setup),
            ("POST /v1/channels/news/events", "{}"),
            ("GET /v1/feed", ""),
            ("GET /v1/feed?live=sse", ""),
            ("GET /v1/settings", ""),
            ("GET /classic/live/backend.php?msg=x", ""),
            ("GET /metrics", ""),
            ("GET /", ""),
        ] {
            let refused = plain(server.address, line, &page, body).is(421);
            assert_eq!(refused.code(), "misdirected", "{evil} {line}");
            let said = refused.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(said.contains("public-url") && said.contains("hosts"), "{said}");
        }
        // A load balancer may call it by any name.
        for path in ["/healthz", "/readyz"] {
            plain(server.address, &format!("GET {path}"), &page, "").is(200);
        }
    }
    for host in ["public.example", "A.example:80", "b.example.", "localhost", "127.0.0.9", "[::1]"]
    {
        let lines = format!("Host: {host}\r\n");
        let found = plain(server.address, "GET /v1/setup", &lines, "").is(200);
        assert_eq!(found.json()["needed"], true, "nobody became the owner: {host}");
        plain(server.address, "GET /v1/feed", &lines, "").is(401);
    }
    for args in [["--hosts", "https://a.example"], ["--hosts", "a.example:80"]] {
        let refused = crate::harness::encke(&[&["serve"], &args[..]].concat(), None, "");
        assert!(!refused.status.success(), "{args:?}");
    }
}

#[test]
fn over_tls_only_the_hosts_own_cookie_counts_and_browsers_are_told_to_stay() {
    let (site, roots) = encrypted_with(&["--hosts", "chat.example"]);
    let tls = site.server.tls.unwrap();
    let tom = site.person("tom");
    let body = entry(&tom);
    let sign_in = |host: &str, origin: &str| {
        let lines = length_of(&body);
        let head = format!("Host: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n{lines}");
        sealed(tls, &roots, &format!("POST /v1/sign-in HTTP/1.1\r\n{head}\r\n{body}"))
    };
    // A page that came in the clear is another origin.
    assert!(sign_in("chat.example", "http://chat.example").starts_with("HTTP/1.1 403"));
    let entered = sign_in("chat.example", "https://chat.example");
    assert!(entered.starts_with("HTTP/1.1 200"), "{entered}");
    let stay = values(&entered, "strict-transport-security").next();
    assert_eq!(stay, Some("max-age=15552000"));
    let cookies: Vec<&str> = values(&entered, "set-cookie").collect();
    assert!(cookies.iter().all(|cookie| cookie.contains("; Secure;")), "{cookies:?}");
    let sessions: Vec<&&str> = cookies.iter().filter(|c| c.contains("session=")).collect();
    let [cookie] = sessions[..] else { panic!("one session: {cookies:?}") };
    assert!(cookie.contains("; Secure;") && cookie.contains("; Path=/;"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let secret = pair.strip_prefix("__Host-encke_session=").expect("the host's own cookie");
    // Other servers of this machine may be in the clear.
    let local = sign_in("localhost", "https://localhost");
    assert!(local.starts_with("HTTP/1.1 200"), "{local}");
    assert_eq!(values(&local, "strict-transport-security").next(), None);

    // The first request is read by the HTTP server, the second one by a shard.
    let asks = |path: &str, cookie: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: chat.example\r\nCookie: {cookie}\r\n");
        sealed(tls, &roots, &format!("{head}\r\n{head}Connection: close\r\n\r\n"))
    };
    let plain_name = format!("encke_session={secret}");
    for path in ["/v1/me", "/v1/feed"] {
        let good = asks(path, pair);
        assert_eq!(good.matches("HTTP/1.1 200").count(), 2, "{path}: {good}");
        let both = asks(path, &format!("encke_session=eks_of_a_neighbour; {pair}"));
        assert_eq!(both.matches("HTTP/1.1 200").count(), 2, "{path}: {both}");
        // Anybody on the way, or under the same domain, can set this one.
        let planted = asks(path, &plain_name);
        assert_eq!(planted.matches("HTTP/1.1 401").count(), 2, "{path}: {planted}");
    }

    // Signing out takes both away.
    let out = format!(
        "POST /v1/sign-out HTTP/1.1\r\nHost: chat.example\r\nOrigin: https://chat.example\r\n\
         Cookie: {pair}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let gone = sealed(tls, &roots, &out);
    assert!(gone.starts_with("HTTP/1.1 204"), "{gone}");
    let names: Vec<&str> =
        values(&gone, "set-cookie").map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, ["encke_session", "__Host-encke_session"]);
    assert!(values(&gone, "set-cookie").all(|line| line.contains("Max-Age=0")));
}

/// A sign-in and three uses of a session through a proxy that adds these lines. Pages of `own` may sign in, pages of
/// `foreign` may not. `https` says whether the browser came by HTTPS.
fn through_a_proxy(site: &Site, lines: &str, own: &str, foreign: &str, https: bool) {
    let tom = site.person("tom");
    let at = site.address();
    let sign_in = |origin: &str| {
        let lines = format!("{lines}Origin: {origin}\r\n");
        plain(at, "POST /v1/sign-in", &lines, &entry(&tom))
    };
    assert_eq!(sign_in(foreign).is(403).code(), "foreign_origin", "{lines}");
    let entered = sign_in(own).is(200);
    let cookie = entered.header("set-cookie").unwrap();
    let (name, counts) =
        if https { ("__Host-encke_session", [200, 401]) } else { ("encke_session", [200, 200]) };
    assert_eq!((cookie.split('=').next(), cookie.contains("; Secure")), (Some(name), https));
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    for line in ["GET /v1/me", "GET /v1/feed", "GET /v1/people"] {
        for (name, status) in [name, "encke_session"].into_iter().zip(counts) {
            let lines = format!("{lines}Origin: {own}\r\nCookie: {name}={secret}\r\n");
            plain(at, line, &lines, "").is(status);
        }
        let lines = format!("{lines}Origin: {foreign}\r\nCookie: {name}={secret}\r\n");
        plain(at, line, &lines, "").is(403);
    }
    // A send, which a shard reads.
    let room = tom.clone().room(&[]);
    let (line, text) = (format!("POST /v1/conversations/{room}/messages"), "{\"text\":\"hi\"}");
    for (origin, status) in [(own, 201), (foreign, 403)] {
        let lines = format!("{lines}Origin: {origin}\r\nCookie: {name}={secret}\r\n");
        plain(at, &line, &lines, text).is(status);
    }
}

#[test]
fn a_proxys_tls_counts_if_the_operator_told_of_it() {
    let (http, https) = ("http://chat.example", "https://chat.example");
    let host = "Host: chat.example\r\n";
    let said = format!("{host}X-Forwarded-Proto: https\r\n");
    // The site's own address says it.
    let site = Site::on(Server::start_with(&["--public-url", https], &[]));
    through_a_proxy(&site, host, https, http, true);
    // A proxy that was named says it.
    let named = ["--hosts", "chat.example", "--trusted-proxies", "127.0.0.1"];
    let site = Site::on(Server::start_with(&named, &[]));
    through_a_proxy(&site, &said, https, http, true);
    through_a_proxy(&site, host, http, https, false);
    // Anybody else may say what they like.
    let site = Site::on(Server::start_with(&["--hosts", "chat.example"], &[]));
    through_a_proxy(&site, &said, http, https, false);
}

#[test]
fn a_session_in_the_clear_is_as_it_was() {
    let site = Site::shared();
    let tom = site.person("tom");
    let Auth::Cookie(secret) = site.sign_in(&tom.name).auth else { panic!("a cookie") };
    let lines = format!("Host: {}\r\nCookie: encke_session={secret}\r\n", site.address());
    let me = plain(site.address(), "GET /v1/me", &lines, "").is(200);
    assert_eq!(me.header("strict-transport-security"), None);
}
