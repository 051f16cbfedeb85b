//! Isolation: the credentials, cursors and keys of one space are worth nothing in another.

use serde_json::json;

use crate::feed::{Feed, Transport, position};
use crate::harness::{Auth, Client, PASSWORD, eventually, figures_at};

use super::Two;

#[test]
fn sessions_tokens_and_passes_of_one_space_are_refused_in_another() {
    let mut two = Two::start();
    let [(mut mei, _, room), (mut other, ..)] = two.pairs();
    let Auth::Cookie(session) = two.left.auth.clone() else { panic!("a session") };
    let Auth::Bearer(token) = mei.auth() else { panic!("a token") };
    let there = two.right.address;
    for auth in [Auth::Cookie(session), Auth::Bearer(token.clone())] {
        let mut stranger = Client::new(there, auth.clone());
        stranger.get("/v1/me").is(401);
        stranger.get("/v1/snapshot").is(401);
        let path = format!("/v1/conversations/{room}/messages");
        stranger.post(&path, &json!({"text": "from elsewhere"})).is(401);
        for transport in Transport::ALL {
            let mut feed = Feed::begin(there, transport, auth.clone(), None, "");
            assert_eq!(feed.item().unwrap()["status"], 401, "{transport:?}");
        }
    }
    let ticket = mei.client.poke("/v1/tickets").is(201).json();
    let params = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    let mut feed = Feed::begin(there, Transport::Sse, Auth::None, None, &params);
    assert_eq!(feed.item().unwrap()["status"], 401);
    // It was not used up there.
    Feed::begin(mei.client.address, Transport::Sse, Auth::None, None, &params).ready();
    // A token that is withdrawn here says nothing of there.
    other.client.get("/v1/me").is(200);
    let passwords = json!({"name": mei.name, "password": PASSWORD});
    Client::new(there, Auth::None).post("/v1/sign-in", &passwords).is(401);
}

#[test]
fn a_cursor_of_one_space_is_reset_in_another() {
    let mut two = Two::start();
    let [(mut mei, ..), (_, tom, _)] = two.pairs();
    let cursor = mei.now();
    assert_ne!(position(&cursor).0, position(&tom.clone().now()).0);
    for transport in Transport::ALL {
        let mut feed = Feed::begin(tom.client.address, transport, tom.auth(), Some(&cursor), "");
        let item = feed.item().unwrap();
        assert_eq!((&item["type"], &item["reason"]), (&json!("reset"), &json!("unknown_epoch")));
    }
}

#[test]
fn presence_figures_settings_and_limits_are_a_spaces_own() {
    let mut two = Two::start();
    let [(mut mei, tom, _), (mut other, also_tom, _)] = two.pairs();
    let mut feed = Feed::begin(mei.client.address, Transport::WebSocket, tom.auth(), None, "");
    feed.ready();
    let presence = |by: &mut crate::harness::Person, of: &str| {
        let snapshot = by.client.get("/v1/snapshot").is(200).json();
        let people = snapshot["people"].as_array().unwrap().clone();
        people.iter().find(|p| p["id"] == of).unwrap()["presence"].clone()
    };
    eventually("tom is online", || (presence(&mut mei, &tom.id) == "online").then_some(()));
    assert_eq!(presence(&mut other, &also_tom.id), "offline");
    let figure = |client: &mut Client, name: &str| {
        let text = figures_at(client.address);
        let line = text.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().to_owned();
        line.parse::<f64>().unwrap()
    };
    let sessions = |space| format!("encke_sessions{{space=\"{space}\",transport=\"websocket\"}}");
    // A shard counts what it has done at the end of each turn.
    eventually("it is counted", || (figure(&mut two.left, &sessions("left")) == 1.0).then_some(()));
    assert_eq!(figure(&mut two.right, &sessions("right")), 0.0);
    two.left.send("PATCH", "/v1/settings", &json!({"site_name": "Left", "guests": true})).is(200);
    assert_eq!(two.right.get("/v1/settings").is(200).json()["guests"], false);
    // Too many tries on one site do not count on the other.
    let wrong = json!({"name": "owner", "password": "wrong horse battery"});
    let mut visitors = [&two.left, &two.right].map(|c| Client::new(c.address, Auth::None));
    let limited = (0..40).any(|_| visitors[0].post("/v1/sign-in", &wrong).status == 429);
    assert!(limited);
    assert_eq!(visitors[1].post("/v1/sign-in", &wrong).status, 401);
}

#[test]
fn an_origin_is_trusted_by_the_space_that_names_it() {
    let text = super::text("").replace(
        "data = \"left\"\n",
        "data = \"left\"\nallowed-origins = [\"https://www.left.example\"]\n",
    );
    let mut two = Two::on(super::start(&text));
    let origin = [("Origin", "https://www.left.example")];
    let allowed = |client: &mut Client| {
        let answer = client.ask("GET", "/v1/settings", &origin, None);
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    two.left.auth = two.left.person("mei").auth();
    two.right.auth = two.right.person("mei").auth();
    assert_eq!(allowed(&mut two.left).as_deref(), Some("https://www.left.example"));
    assert_eq!(allowed(&mut two.right), None);
}
