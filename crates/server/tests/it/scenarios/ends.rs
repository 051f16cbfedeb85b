//! How feeds end: the server goes down, a right is gone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::Site;

/// The time over which clients come back (`limits::DRAIN_SPREAD_MS`).
const SPREAD_MS: u64 = 5_000;

/// P8: SIGTERM says goodbye, ends with 0, and after the restart the cursor goes on.
pub fn drain(transport: Transport) {
    let site = Site::start();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(&site, transport, &tom);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    feed.stall();
    site.server.terminate();
    let items = feed.rest();
    let last = items.last().unwrap_or_else(|| panic!("{transport:?} ended without a word"));
    let after_ms = match last["type"].as_str() {
        Some("bye") => {
            assert_eq!((&last["reason"], &last["retry"]), (&json!("drain"), &json!(true)));
            &last["after_ms"]
        }
        // A poll that comes while the server goes down is refused.
        Some("refused") if transport.is_poll() => {
            assert_eq!(
                (&last["status"], &last["error"]["code"]),
                (&json!(503), &json!("draining"))
            );
            assert_eq!(last["error"]["retry"], true);
            &last["error"]["retry_after_ms"]
        }
        _ => panic!("{transport:?}: {items:?}"),
    };
    assert!(after_ms.as_u64().unwrap() <= SPREAD_MS, "{last}");
    if transport == Transport::WebSocket {
        assert_eq!(feed.close_code(), Some(1001));
    }
    let (site, code) = site.stop_and_restart();
    assert_eq!(code, Some(0), "{}", site.server.log());
    mei.say(&room, "after");
    feed.again();
    assert_eq!(feed.texts(&room, 1), ["after"]);
}

/// P7: signing out ends the open connection within a second, and nothing sent later comes.
pub fn sign_out(transport: Transport) {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut browser = site.sign_in(&tom.name);
    let start = tom.clone().now();
    let mut feed =
        Feed::begin(site.address(), transport, browser.auth.clone(), Some(&start), "client=tab");
    let mut other = Feed::at(&site, transport, &tom, &start);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    feed.stall();
    browser.poke("/v1/sign-out").is(204);
    let since = Instant::now();
    mei.say(&room, "after");
    let items = feed.rest();
    let took = since.elapsed();
    assert!(took < Duration::from_secs(1), "{transport:?} took {took:?}");
    let last = items.last().unwrap_or_else(|| panic!("{transport:?} ended without a word"));
    match last["type"].as_str() {
        Some("bye") => {
            assert_eq!((&last["reason"], &last["retry"]), (&json!("revoked"), &json!(false)));
        }
        Some("refused") if transport.is_poll() => {
            assert_eq!(
                (&last["status"], &last["error"]["code"]),
                (&json!(401), &json!("not_signed_in"))
            );
        }
        _ => panic!("{transport:?}: {items:?}"),
    }
    let later: Vec<&Value> = items.iter().filter(|i| i["kind"] == "message").collect();
    assert!(later.is_empty(), "after the sign-out: {later:?}");
    if transport == Transport::WebSocket {
        assert_eq!(feed.close_code(), Some(1008));
    }
    // The session is gone for good; the person's token is another credential and goes on.
    feed.again();
    assert_eq!(feed.item().unwrap()["error"]["code"], "not_signed_in");
    assert_eq!(other.texts(&room, 2), ["before", "after"]);
}

/// P7: a removed person gets no further event of the room and is told of the removal, and the others see it.
pub fn removal(transport: Transport) {
    let site = Site::shared();
    let (mut mei, tom, ann) = (site.person("mei"), site.person("tom"), site.person("ann"));
    let room = mei.room(&[&tom, &ann]);
    let direct = mei.direct(&tom);
    let mut feed = Feed::now(&site, transport, &tom);
    let mut others = Feed::now(&site, transport, &ann);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    feed.stall();
    mei.client.delete(&format!("/v1/conversations/{room}/members/{}", tom.id)).is(204);
    mei.say(&room, "not for tom");
    mei.say(&direct, "for tom");
    let removed = feed.event_of(&tom.id);
    assert_eq!(removed["kind"], "conversation_removed");
    assert_eq!(removed["body"], json!({"conversation": room}));
    let receipts = format!("r{}", &room[1..]);
    // The marker must come next, but for receipts of the conversation that it stands in.
    loop {
        let event = feed.event();
        assert!(
            event["stream"] != room.as_str() && event["stream"] != receipts.as_str(),
            "{event}"
        );
        if event["stream"] == direct.as_str() {
            assert_eq!(event["body"]["text"], "for tom");
            break;
        }
    }
    let before = others.event_of(&room);
    assert_eq!(before["body"]["text"], "before");
    let left = others.event_of(&room);
    assert_eq!(left["kind"], "member_left");
    assert_eq!(left["body"], json!({"person": tom.id, "by": mei.id}));
    assert_eq!(others.texts(&room, 1), ["not for tom"]);
    // Neither does an old cursor bring it back.
    let mut old = tom.clone();
    let refused = old.try_say(&room, "let me in").is(403);
    assert_eq!(refused.code(), "not_member");
    let refused = old.client.get(&format!("/v1/conversations/{room}/events")).is(403);
    assert_eq!(refused.code(), "not_member");
}
