//! Connections that move between the shards of several sites.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use encke_engine::{Code, Error};
use encke_transport::{Hosts, OtherSite, Shards};

use crate::client::{Wire, get};
use crate::world::{Setup, World};

/// The view of one site: the other site has the host `x` or `y`, and no site has any other host.
struct Other {
    own: &'static str,
    shards: OnceLock<Arc<Shards>>,
}

impl Hosts for Other {
    fn other_site(&self, host: Option<&str>) -> Option<OtherSite> {
        match host {
            Some(host) if host == self.own => None,
            Some("x" | "y") => Some(OtherSite::Shards(self.shards.get().unwrap().clone())),
            _ => Some(OtherSite::Nobody(Error::new(Code::Misdirected, "Nobody is here."))),
        }
    }
}

fn two(setup: impl Fn() -> Setup) -> [Arc<World>; 2] {
    let others = ["x", "y"].map(|own| Arc::new(Other { own, shards: OnceLock::new() }));
    let worlds = others.clone().map(|other| World::with(Setup { hosts: Some(other), ..setup() }));
    others[0].shards.set(worlds[1].shards.clone()).ok().unwrap();
    others[1].shards.set(worlds[0].shards.clone()).ok().unwrap();
    worlds
}

fn to(host: &str, query: &str) -> String {
    get(query, 5).replace("Host: x", &format!("Host: {host}"))
}

fn admitted(world: &World) -> usize {
    world.gate.seen.lock().unwrap().admitted
}

#[test]
fn a_connection_goes_where_each_request_belongs_and_leaves_nothing_behind() {
    let [x, y] = two(Setup::default);
    let mut wire = Wire::connect(x.address);
    for round in 1..=3 {
        wire.send(to("x", "live=long-poll&wait=0"));
        wire.answer().unwrap();
        wire.send(to("y", "live=long-poll&wait=0"));
        wire.answer().unwrap();
        assert_eq!((admitted(&x), admitted(&y)), (round, round));
        // The poll that rested on the connection ends when the connection moves.
        x.until(|w| w.shards.stats().connections == 0 && w.shards.stats().sessions == [0; 6]);
        y.until(|w| w.shards.stats().connections == 1);
    }
    let seen = x.gate.seen.lock().unwrap();
    assert_eq!((seen.opened, seen.closed), (3, 3));
}

#[test]
fn the_turns_of_a_poll_stay_where_they_are() {
    let [x, y] = two(Setup::default);
    let mut wire = Wire::connect(x.address);
    wire.send(to("y", "live=long-poll&wait=0"));
    let mut cursor = wire.answer().unwrap().1["cursor"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        wire.send(to("y", &format!("live=long-poll&wait=0&cursor={cursor}")));
        cursor = wire.answer().unwrap().1["cursor"].as_str().unwrap().to_owned();
    }
    // The gate was asked once, for the poll with a cursor. After that its bytes were known.
    assert_eq!((admitted(&x), admitted(&y)), (0, 2));
    // The same bytes with another host are another request.
    wire.send(to("x", &format!("live=long-poll&wait=0&cursor={cursor}")));
    wire.answer().unwrap();
    assert_eq!((admitted(&x), admitted(&y)), (1, 2));
}

#[test]
fn requests_sent_ahead_move_along_in_order() {
    let [x, y] = two(Setup::default);
    let mut wire = Wire::connect(x.address);
    let send = |host: &str, body: &str| {
        format!(
            "POST /v1/channels/n/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer 5\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let all: String = (1..=20).map(|n| send(["x", "y"][n % 2], &"z".repeat(n))).collect();
    wire.send(all);
    for n in 1..=20 {
        assert_eq!(wire.answer().unwrap().1["at"], n);
    }
    let counts = [&x, &y].map(|w| w.gate.seen.lock().unwrap().sends.len());
    assert_eq!(counts, [10, 10]);
}

#[test]
fn a_host_of_nobody_is_refused_and_the_connection_ends() {
    let [x, _y] = two(Setup::default);
    // An old client may name no host.
    let nameless = get("", 5).replace("Host: x\r\n", "").replace("HTTP/1.1", "HTTP/1.0");
    for lines in [to("z", ""), nameless] {
        let mut wire = Wire::connect(x.address);
        wire.send(to("x", ""));
        wire.answer().unwrap();
        wire.send(lines + &to("x", ""));
        let (head, body) = wire.answer().unwrap();
        assert!(head.starts_with("HTTP/1.1 421 Misdirected Request\r\n"), "{head}");
        assert_eq!(body["error"]["code"], "misdirected");
        assert!(wire.is_at_end());
    }
}

#[test]
fn a_site_without_room_or_time_says_so_itself() {
    let [x, y] = two(|| Setup { connections_max: 1, shards: 1, ..Setup::default() });
    let mut first = Wire::connect(x.address);
    first.send(to("y", ""));
    first.answer().unwrap();
    let mut second = Wire::connect(x.address);
    second.send(to("y", ""));
    let (head, body) = second.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert_eq!(body["error"]["code"], "overloaded");
    assert!(second.is_at_end());
    // The connection's place at the other site is free again.
    let mut third = Wire::connect(x.address);
    third.send(to("x", ""));
    third.answer().unwrap();
    drop((first, third));
    y.until(|w| w.shards.stats().connections == 0);
    x.until(|w| w.shards.stats().connections == 0);
    y.shards.drain(Duration::from_secs(5));
    let mut late = Wire::connect(x.address);
    late.send(to("y", ""));
    let (head, body) = late.answer().unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert_eq!(body["error"]["code"], "draining");
}
