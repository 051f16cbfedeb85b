//! Going down and coming back, all together; and each alone, when its database is away.

use std::sync::Arc;

use encke_rig::{Fault, Postgres, Wire, free_port};
use serde_json::json;
use tempfile::TempDir;

use super::transports::now;
use super::{Two, at, text};
use crate::feed::{Feed, Transport};
use crate::harness::{Auth, Client, Server, eventually};

/// Ends a server in order and starts it again on the same folder and port.
fn again(mut server: Server, text: &str) -> Server {
    assert_eq!(server.stop(), Some(0));
    let listen = format!("0.0.0.0:{}", server.address.port());
    Server::configured(server.folder.clone(), &listen, text)
}

#[test]
fn both_drain_and_both_are_there_again() {
    let mut two = Two::start();
    let sides = two.pairs();
    let mut feeds: Vec<_> =
        Transport::ALL.iter().flat_map(|t| sides.iter().map(|s| now(&s.1, *t))).collect();
    for (mei, _, room) in &sides {
        mei.clone().say(room, "before");
    }
    for feed in &mut feeds {
        let room = sides[0].2.clone();
        feed.texts(&room, 1);
        feed.stall();
    }
    let server = two.server;
    server.terminate();
    for feed in &mut feeds {
        let rest = feed.rest();
        let told = |i: &serde_json::Value| match i["type"].as_str() {
            Some("bye") => i["reason"] == "drain",
            // A poll that comes while the server goes down is refused.
            Some("refused") => i["error"]["code"] == "draining" && feed.transport.is_poll(),
            _ => false,
        };
        // A poll that comes when the server is down finds nobody.
        let gone = feed.transport == Transport::ShortPoll && rest.is_empty();
        assert!(gone || rest.iter().any(told), "{:?} {rest:?}", feed.transport);
    }
    let server = again(server, &text(""));
    for (mei, _, room) in &sides {
        mei.clone().say(room, "after");
    }
    for feed in &mut feeds {
        let room = sides[0].2.clone();
        feed.again();
        assert_eq!(feed.texts(&room, 1), ["after"]);
    }
    drop(server);
}

#[test]
fn a_space_that_is_full_leaves_the_others_their_room() {
    let folder = Arc::new(TempDir::new().unwrap());
    let mut two = Two::on(Server::cramped(folder, "0.0.0.0:0", &text("shards = 1"), 600));
    let [(mei, tom, _), (mut far, far_tom, far_room)] = two.pairs();
    let mut held = Vec::new();
    // One person may not have this many feeds.
    let open = |n: usize| {
        let who = [&mei, &tom][n % 2];
        Feed::begin(who.client.address, Transport::Sse, who.auth(), None, "")
    };
    let refused = loop {
        let mut feed = open(held.len());
        let item = feed.item().unwrap();
        if item["type"] != "ready" {
            break item;
        }
        held.push(feed);
        assert!(held.len() < 172, "it may have all that the process may have");
    };
    assert_eq!(
        (&refused["status"], &refused["error"]["code"]),
        (&json!(503), &json!("overloaded"))
    );
    assert!(held.len() >= 16, "{}", held.len());
    let mut feed = now(&far_tom, Transport::WebSocket);
    far.say(&far_room, "there is room here");
    assert_eq!(feed.texts(&far_room, 1), ["there is room here"]);
}

/// A space on SQLite, and one in this database.
fn with_database(url: &str, space: &str) -> String {
    let database = format!("data = \"right\"\nschema = \"{space}\"\ndatabase-url = \"{url}\"");
    text("").replace("data = \"right\"", &database)
}

/// The same, the database at the end of this wire.
fn beside(wire: &Wire, space: &str) -> String {
    with_database(&Postgres::shared().url_by(wire.port()), space)
}

#[test]
fn a_space_without_its_database_at_the_start_comes_later_and_keeps_nobody_waiting() {
    let (wire, space) = (Wire::to(Postgres::shared().port()), Postgres::fresh_space());
    wire.set(Fault::Cut);
    let folder = Arc::new(TempDir::new().unwrap());
    let server = Server::configured(folder, "0.0.0.0:0", &beside(&wire, &space));
    let mut left = Client::set_up(at(&server, 1));
    left.person("mei").client.get("/v1/me").is(200);
    let mut away = Client::new(at(&server, 2), Auth::None);
    for path in ["/v1/me", "/v1/feed", "/readyz", "/"] {
        let answer = away.get(path).is(503);
        assert_eq!(answer.code(), "overloaded", "{path}");
        assert_eq!(answer.json()["error"]["retry"], true);
    }
    assert!(server.log().contains("the space right is not there"), "{}", server.log());
    // It may also end while one of them is missing.
    let server = again(server, &beside(&wire, &space));
    left.get("/v1/me").is(200);
    wire.set(Fault::None);
    eventually("the space comes", || (away.get("/readyz").status == 200).then_some(()));
    let mut right = Client::set_up(at(&server, 2));
    let (mut mei, tom) = (right.person("mei"), right.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = now(&tom, Transport::Sse);
    mei.say(&room, "there at last");
    assert_eq!(feed.texts(&room, 1), ["there at last"]);
    // A space that came late goes down like the others.
    let mut server = server;
    server.terminate();
    assert!(feed.rest().iter().any(|i| i["type"] == "bye"));
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_space_that_loses_its_database_hurts_no_other() {
    let (wire, space) = (Wire::to(Postgres::shared().port()), Postgres::fresh_space());
    let folder = Arc::new(TempDir::new().unwrap());
    let mut two = Two::on(Server::configured(folder, "0.0.0.0:0", &beside(&wire, &space)));
    let [(mut mei, tom, room), (mut far, far_tom, far_room)] = two.pairs();
    let (mut feed, mut far_feed) = (now(&tom, Transport::LongPoll), now(&far_tom, Transport::Sse));
    far.say(&far_room, "before");
    wire.set(Fault::Cut);
    let refused = far.try_say(&far_room, "while it is away");
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    for n in 0..20 {
        mei.say(&room, &n.to_string());
        assert_eq!(feed.texts(&room, 1), [n.to_string()]);
    }
    wire.set(Fault::None);
    eventually("it heals", || (far.try_say(&far_room, "after").status == 201).then_some(()));
    assert_eq!(far_feed.texts(&far_room, 2), ["before", "after"]);
}

#[test]
fn a_restored_database_of_one_space_costs_the_others_only_a_moment() {
    let postgres = Postgres::start();
    // A server that begins anew does so on the same port.
    let listen = format!("0.0.0.0:{}", free_port());
    let folder = Arc::new(TempDir::new().unwrap());
    let text = with_database(&postgres.url(), "right");
    let mut two = Two::on(Server::configured(folder, &listen, &text));
    let [(mut mei, tom, room), (far, far_tom, far_room)] = two.pairs();
    let mut feed = now(&tom, Transport::LongPoll);
    mei.say(&room, "before");
    assert_eq!(feed.texts(&room, 1), ["before"]);
    postgres.stop();
    postgres.snapshot();
    postgres.start_again();
    let say = |text: &str| {
        eventually("it is stored", || {
            (far.clone().try_say(&far_room, text).status == 201).then_some(())
        });
    };
    say("will be lost");
    let lost = far_tom.clone().now();
    mei.say(&room, "meanwhile");
    postgres.stop();
    postgres.put_back();
    postgres.start_again();
    eventually("the cursor is told to reset", || {
        let path = format!("/v1/feed?cursor={lost}");
        let answer = far_tom.clone().client.try_ask("GET", &path, &[], None)?;
        let json = (answer.status == 200).then(|| answer.json())?;
        (json["reset"] == "unknown_epoch").then_some(())
    });
    say("from here on");
    // The other space's cursors are good as they were.
    mei.say(&room, "after");
    feed.again();
    assert_eq!(feed.texts(&room, 2), ["meanwhile", "after"]);
}

#[test]
fn a_broken_store_is_reported_at_the_start() {
    let mut two = Two::start();
    let folder = two.server.folder.clone();
    assert_eq!(two.server.stop(), Some(0));
    let file = folder.path().join("there.toml");
    let inside = format!("data = \"{}/", folder.path().display());
    std::fs::write(&file, text("").replace("data = \"", &inside)).unwrap();
    let start = || {
        let config = ["serve", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()];
        let output = crate::harness::encke(&config, None, "");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let (left, right) = (folder.path().join("left"), folder.path().join("right"));
    std::fs::write(right.join("space.db"), "no store").unwrap();
    let said = start();
    assert!(said.contains("the space right") && said.contains("can't be read"), "{said}");
    // Copied files are not another space: credentials of one would be good in the other.
    std::fs::remove_dir_all(&right).unwrap();
    std::fs::create_dir(&right).unwrap();
    std::fs::copy(left.join("space.db"), right.join("space.db")).unwrap();
    let said = start();
    assert!(said.contains("have the same log"), "{said}");
}
