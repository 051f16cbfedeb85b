//! Strangers who open more connections than there is room for, in every way without a sign-in.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::encrypted::{certificate, connect};
use crate::feed::{Feed, Transport};
use crate::harness::{Client, Person, Server, Site, Wire, eventually};
use crate::spaces::{Two, at, text};

/// Files that the server may have open. Hyper has 192 places then, of which 96 are for one address.
const FILES: u64 = 1_024;
/// More than it can take of anything.
const MANY: usize = 1_200;

fn cramped() -> (Site, RootCertStore) {
    let folder = Arc::new(TempDir::new().unwrap());
    let ([cert, key], roots) = certificate(&folder);
    let text = format!(
        "data = \"data\"\ntls-listen = \"127.0.0.1:0\"\ntls-cert = \"{cert}\"\ntls-key = \"{key}\"\n"
    );
    (Site::on(Server::cramped(folder, "127.0.0.1:0", &text, FILES)), roots)
}

/// A person with a feed that was open before the crowd came.
struct Insider {
    mei: Person,
    room: String,
    feed: Feed,
}

impl Insider {
    fn new(site: &Site) -> Self {
        let (mut mei, tom) = (site.person("mei"), site.person("tom"));
        let room = mei.room(&[&tom]);
        let feed = Feed::now(site, Transport::Sse, &tom);
        Insider { mei, room, feed }
    }

    /// Checks that the feed goes on and that newcomers are served.
    fn is_undisturbed(&mut self, text: &str) {
        self.mei.client = Client::new(self.mei.client.address, self.mei.auth());
        self.mei.say(&self.room, text);
        assert_eq!(self.feed.texts(&self.room, 1), [text]);
        // A request that has just begun keeps its place for a second, so another try may be needed.
        eventually("a newcomer is served", || {
            let mut client = Client::new(self.mei.client.address, self.mei.auth());
            client.try_ask("GET", "/v1/me", &[], None).filter(|answer| answer.status == 200)
        });
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

/// Connections from these addresses in turn, each of which does this first.
fn crowd<R>(
    addresses: std::ops::Range<u8>,
    count: usize,
    server: SocketAddr,
    mut first: impl FnMut(&mut Wire) -> R,
) -> Vec<Wire> {
    let addresses = addresses.cycle();
    let one = |last| {
        let mut wire = Wire::connect_from(last, server);
        first(&mut wire);
        wire
    };
    addresses.take(count).map(one).collect()
}

#[test]
fn clients_that_ask_and_never_read_keep_nobody_out() {
    let (site, _) = cramped();
    let mut insider = Insider::new(&site);
    let mut kept = Wire::connect(site.address());
    kept.send(get("/healthz"));
    kept.answer().unwrap().is(200);
    let ask = get("/openapi.json").repeat(200);
    let _stuck = crowd(3..4, MANY, site.address(), |wire| wire.try_send(&ask));
    insider.is_undisturbed("one address");
    // A waiting client with no more than its share is not cut for another address.
    kept.send(get("/healthz"));
    kept.answer().unwrap().is(200);
    let _more = crowd(4..250, MANY, site.address(), |wire| wire.try_send(&ask));
    insider.is_undisturbed("many addresses");
    assert!(site.server.files() < FILES as usize, "{}", site.server.files());
}

#[test]
fn idle_connections_make_room_for_others() {
    let (mut site, _) = cramped();
    let mut insider = Insider::new(&site);
    for addresses in [3..4, 4..250] {
        let _idle = crowd(addresses, MANY, site.address(), |wire| {
            wire.send(get("/healthz"));
            wire.answer().expect("the last one is served").is(200);
        });
        insider.is_undisturbed("still here");
    }
    let lines = site.server.log().matches("no room").count();
    assert!(lines < 60, "refusals are not told one by one: {lines}");
    // It also goes down while it is full.
    let _idle = crowd(4..250, MANY, site.address(), |wire| wire.try_send(get("/healthz")));
    assert_eq!(site.server.stop(), Some(0));
}

#[test]
fn two_hundred_from_one_address_are_served_at_once() {
    let site = Site::start();
    let mut all = crowd(1..2, 200, site.address(), |wire| wire.send(get("/healthz")));
    for wire in &mut all {
        wire.answer().expect("an answer").is(200);
    }
    // Each of them asks once more on the same connection.
    for wire in &mut all {
        wire.send(get("/healthz"));
    }
    for wire in &mut all {
        wire.answer().expect("an answer").is(200);
    }
}

#[test]
fn a_client_that_reads_nothing_of_its_answer_is_cut() {
    let site = Site::start();
    site.server.visitor().get("/healthz").is(200);
    let before = site.server.files();
    let ask = get("/openapi.json").repeat(2_000);
    // More than are waited for: a server that has just opened its database may still close some files of its own.
    let stuck = crowd(3..4, 40, site.address(), |wire| wire.try_send(&ask));
    eventually("all are there", || (site.server.files() >= before + 20).then_some(()));
    // Twice as long as a slow reader has.
    let deadline = Instant::now() + Duration::from_secs(60);
    while site.server.files() > before + 5 {
        assert!(Instant::now() < deadline, "{} files", site.server.files());
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(stuck);
}

/// A request over a new connection under TLS.
fn ask_over_tls(site: &Site, roots: &RootCertStore) {
    for version in [&TLS12, &TLS13] {
        let mut tls = connect(site.server.tls.unwrap(), roots, version);
        tls.write_all(get("/healthz").as_bytes()).expect("a handshake");
        let mut line = [0; 15];
        tls.read_exact(&mut line).expect("an answer");
        assert_eq!(&line, b"HTTP/1.1 200 OK");
    }
}

#[test]
fn handshakes_that_do_not_go_on_keep_nobody_out() {
    let (site, roots) = cramped();
    let mut insider = Insider::new(&site);
    let tls = site.server.tls.unwrap();
    // More than can be waited for until each of them has had its time.
    let many = 4_000;
    // The first bytes of a record, or none.
    for first in [&b""[..], &[22, 3, 1, 2, 0, 1]] {
        for addresses in [3..4, 4..250] {
            let _silent = crowd(addresses, many, tls, |wire| wire.try_send(first));
            ask_over_tls(&site, &roots);
            insider.is_undisturbed("still here");
        }
    }
}

#[test]
fn records_and_handshakes_that_are_too_long_are_refused_at_once() {
    let (site, roots) = cramped();
    let tls = site.server.tls.unwrap();
    let too_long = vec![22, 3, 1, 0x41, 0x01];
    // A greeting of 60,000 bytes, of which two records are here.
    let mut begins = vec![22, 3, 1, 0x40, 0, 1, 0, 0xEA, 0x60];
    begins.resize(5 + 0x4000, 0);
    let mut goes_on = vec![22, 3, 1, 0x40, 0];
    goes_on.resize(5 + 0x4000, 0);
    for bytes in [too_long, [begins, goes_on].concat()] {
        let mut wire = Wire::connect(tls);
        wire.send(&bytes);
        // Sooner than a handshake has to be done.
        assert!(wire.ends_by(Instant::now() + Duration::from_secs(8)), "{:?}", &bytes[..9]);
    }
    ask_over_tls(&site, &roots);
}

#[test]
fn all_kinds_of_connections_together_leave_files_for_the_store() {
    let (site, roots) = cramped();
    let mut insider = Insider::new(&site);
    let _silent = crowd(3..200, MANY, site.address(), |_| ());
    let _idle = crowd(3..200, MANY / 2, site.address(), |wire| wire.try_send(get("/healthz")));
    let _tls = crowd(3..200, MANY / 2, site.server.tls.unwrap(), |_| ());
    let _two = crowd(3..200, MANY / 2, site.address(), |wire| {
        wire.try_send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    });
    // A connection that gives way is counted out before its socket is closed.
    eventually("files are left", || (site.server.files() < FILES as usize - 150).then_some(()));
    insider.is_undisturbed("still here");
    ask_over_tls(&site, &roots);
    let mut owner = site.owner();
    let settings = owner.send("PATCH", "/v1/settings", &json!({"site_name": "still here"}));
    settings.is(200);
    assert!(!site.server.log().contains("os error 24"), "{}", site.server.log());
}

#[test]
fn silent_connections_at_the_door_keep_nobody_out_of_any_site() {
    let folder = Arc::new(TempDir::new().unwrap());
    let mut two = Two::on(Server::cramped(folder, "0.0.0.0:0", &text("shards = 2"), FILES));
    let sides = two.pairs();
    for addresses in [3..4, 4..250] {
        let _silent = crowd(addresses, MANY, at(&two.server, 1), |_| ());
        let begun = "GET /v1/feed HTTP/1.1\r\nHost:";
        let _half = crowd(3..250, MANY, at(&two.server, 1), |wire| wire.try_send(begun));
        for (mei, tom, room) in &sides {
            let mut mei = mei.clone();
            let address = tom.client.address;
            let mut feed = Feed::begin(address, Transport::WebSocket, tom.auth(), None, "");
            feed.ready();
            mei.say(room, "there is room here");
            assert_eq!(feed.texts(room, 1), ["there is room here"]);
            mei.client.get("/v1/me").is(200);
        }
    }
    eventually("the door is quiet", || (two.server.files() < FILES as usize).then_some(()));
}
