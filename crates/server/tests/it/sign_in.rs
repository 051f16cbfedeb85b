//! Trying to sign in, again and again, from everywhere.

use serde_json::json;

use crate::harness::{Answer, Auth, Client, PASSWORD, Server, Site, encke, name};

/// A server that believes any proxy about a visitor's address.
fn behind_a_proxy() -> Server {
    Server::start_with(&["--trusted-proxies", "127.0.0.0/8"], &[])
}

fn try_from(server: &Server, address: &str, device: &str, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password}).to_string();
    let headers =
        [("Content-Type", "application/json"), ("X-Forwarded-For", address), ("Cookie", device)];
    server.visitor().ask("POST", "/v1/sign-in", &headers, Some(body.as_bytes()))
}

#[test]
fn many_tries_to_sign_in_leave_no_memory_behind() {
    let server = behind_a_proxy();
    // Everything has run once.
    try_from(&server, "198.51.100.1", "", "nobody", "a guess").is(401);
    let before = server.memory();
    let server = &server;
    std::thread::scope(|scope| {
        for thread in 0..16 {
            scope.spawn(move || {
                for n in 0..10 {
                    let (address, who) = (format!("203.0.113.{thread}"), name("nobody"));
                    try_from(server, &address, "", &format!("{who}-{n}"), "a guess").is(401);
                }
            });
        }
    });
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 45 << 20, "{} MB stay after 160 tries", grown >> 20);
}

#[test]
fn guesses_from_everywhere_lock_no_known_device_out() {
    let site = Site::on(behind_a_proxy());
    let server = &site.server;
    let tom = site.person("tom");
    let signed_in = try_from(server, "192.0.2.1", "", &tom.name, PASSWORD).is(200);
    let lines: Vec<&str> = crate::harness::values(&signed_in.head, "set-cookie").collect();
    assert!(lines[0].starts_with("encke_session=") && lines.len() == 2, "{lines:?}");
    let device = lines[1].split(';').next().unwrap();
    // Ten addresses guess ten times each, and further ones until nobody unknown is let in.
    let refused = (1..=200).any(|last| {
        let guess =
            |_| try_from(server, &format!("198.51.100.{last}"), "", &tom.name, "a guess").status;
        (0..10).map(guess).filter(|status| *status == 429).count() == 10
    });
    assert!(refused, "a name has a limit over all addresses");
    let stranger = try_from(server, "203.0.113.9", "", &tom.name, "a guess");
    assert!(matches!(stranger.status, 401 | 429), "{}", stranger.status);
    try_from(server, "192.0.2.1", device, &tom.name, PASSWORD).is(200);
    // The device counts, so this also works from a further address.
    try_from(server, "192.0.2.77", device, &tom.name, PASSWORD).is(200);
}

#[test]
fn a_token_needs_the_password_and_ends_with_a_sign_out_everywhere() {
    let site = Site::start();
    let tom = site.person("tom");
    let mut browser = site.sign_in(&tom.name);
    assert_eq!(browser.post("/v1/tokens", &json!({"label": "stolen"})).is(422).code(), "invalid");
    let wrong = json!({"label": "stolen", "password": "a guess of it"});
    assert_eq!(browser.post("/v1/tokens", &wrong).is(401).code(), "wrong_password");
    let right = json!({"label": "mine", "password": PASSWORD, "expires_in_s": 3600});
    let token = browser.post("/v1/tokens", &right).is(201).json();
    let mut script =
        Client::new(site.address(), Auth::Bearer(token["token"].as_str().unwrap().into()));
    script.get("/v1/me").is(200);
    // It makes no others.
    assert_eq!(script.post("/v1/tokens", &right).is(403).code(), "forbidden");
    browser.post("/v1/sign-out", &json!({"everywhere": true, "tokens": true})).is(204);
    script.get("/v1/me").is(401);
    let left = encke(&["token", "list", "--of", &tom.name], Some(&site.server.data()), "");
    assert_eq!(String::from_utf8(left.stdout).unwrap(), "");
}
