//! Quiet hours: no notification in them, on any device, and counts that count on.
use encke_engine::outgoing_limits::QUIET_AHEAD_MS_MAX;
use serde_json::{Value, json};

use super::service::Browser;
use super::{now_ms, scene_with, told};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site};

impl Person {
    fn set_quiet(&mut self, quiet: &Value) -> Answer {
        self.client.send("PUT", "/v1/quiet", quiet)
    }

    fn quiet(&mut self) -> Value {
        self.client.get("/v1/quiet").is(200).json()
    }
}

/// Hours of every day that lie around now, or on the other side of the day.
fn hours(now: bool) -> Value {
    let minute = now_ms() / 60_000;
    let at = |minutes: u64| (minute + minutes) % 1_440;
    let (from, to) = if now { (at(1_380), at(60)) } else { (at(600), at(720)) };
    json!({"hours": {"from": from, "to": to, "days": [1, 2, 3, 4, 5, 6, 7], "zone": "UTC"}})
}

#[test]
fn in_quiet_hours_no_browser_is_told_and_the_counts_count_on() {
    for quiet in [hours(true), json!({"paused_until": now_ms() + 3_600_000})] {
        let mut s = scene_with(&[]);
        let (browser, other) = (Browser::new(&s.service), Browser::new(&s.service));
        browser.subscribe(&mut s.tom.client);
        other.subscribe(&mut s.eve.client);
        s.tom.set_quiet(&quiet).is(200);
        let said = s.mei.say(&s.room, "at night");
        // The other one shows that it was decided.
        let read = other.read(&s.service.wait(&other, 1)[0]);
        assert_eq!(read, told(&s.room, json!("room"), &s.mei, &said, "at night"));
        let unread = s.tom.conversation(&s.room)["unread"].as_u64().unwrap();
        assert!(unread > 0);
        // What came in them is not told later. What comes after them is.
        s.tom.set_quiet(&hours(false)).is(200);
        let direct = s.mei.direct(&s.tom);
        let said = s.mei.say(&direct, "at day");
        let read = browser.read(&s.service.wait(&browser, 1)[0]);
        assert_eq!(read, told(&direct, json!(null), &s.mei, &said, "at day"));
    }
}

#[test]
fn they_are_the_same_on_all_devices() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    assert_eq!(ann.quiet(), json!({}));
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let until = now_ms() + 1_500;
    let mut both = hours(true);
    both["paused_until"] = json!(until);
    for _ in 0..2 {
        assert_eq!(ann.set_quiet(&both).is(200).json(), both);
    }
    let event = device.event();
    assert_eq!((&event["stream"], &event["kind"]), (&json!(ann.id), &json!("quiet_changed")));
    assert_eq!(event["body"], json!({"quiet": both}));
    assert_eq!(ann.quiet(), both);
    crate::harness::eventually("the pause is over", || (ann.quiet() == hours(true)).then_some(()));
    ann.set_quiet(&json!({})).is(200);
    assert_eq!(device.event()["body"], json!({"quiet": {}}), "it was told once");
    assert_eq!(ann.quiet(), json!({}));
    // A pause that is over is none.
    assert_eq!(ann.set_quiet(&json!({"paused_until": 1})).is(200).json(), json!({}));
}

#[test]
fn what_is_no_time_is_refused() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let far = now_ms() + QUIET_AHEAD_MS_MAX + 60_000;
    let with = |field: &str, value: Value| {
        let mut quiet = hours(true);
        quiet["hours"][field] = value;
        quiet
    };
    for bad in [
        json!({"paused_until": far}),
        with("from", json!(1_440)),
        with("to", json!(1_440)),
        with("days", json!([])),
        with("days", json!([1, 1])),
        with("days", json!([8])),
        with("zone", json!("../../../etc/passwd")),
        with("zone", json!("<script>")),
        with("zone", json!("x".repeat(9_000))),
    ] {
        assert_eq!(ann.set_quiet(&bad).is(422).code(), "invalid", "{bad}");
    }
    for bad in [with("from", json!(-1)), with("more", json!(1)), json!({"hours": "all"})] {
        ann.set_quiet(&bad).is(422);
    }
    assert_eq!(ann.quiet(), json!({}));
}

#[test]
fn they_hold_on_every_node() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let mut ann = a.person("ann");
    let mut there = Feed::now(b, Transport::WebSocket, &ann);
    ann.set_quiet(&hours(true)).is(200);
    assert_eq!(there.event()["kind"], "quiet_changed");
    assert_eq!(ann.at(b).quiet(), hours(true));
}
