//! The move from one node with its embedded store to several on PostgreSQL.

use encke_rig::Postgres;
use serde_json::json;

use super::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Site, encke, is_on_database};

#[test]
fn a_site_moves_up_and_every_cursor_stays_good() {
    if is_on_database() {
        return;
    }
    let old = Site::start();
    let (mut mei, tom) = (old.person("mei"), old.person("tom"));
    let room = mei.room(&[&tom]);
    mei.say(&room, "before");
    let mut feed = Feed::now(&old, Transport::WebSocket, &tom);
    mei.say(&room, "read by a client");
    assert_eq!(feed.texts(&room, 1), ["read by a client"]);
    mei.say(&room, "not read yet");
    let path = format!("/v1/conversations/{room}/messages");
    let first = mei.client.post(&path, &json!({"text": "once", "key": "k"})).is(201).json();
    let (data, mut cluster) = (old.server.data(), Cluster::on(Postgres::shared(), 0, None));
    let from = format!("sqlite:{}", data.display());
    let migrate = |cluster: &Cluster| {
        encke(
            &["migrate", "--from", &from, "--to", cluster.args()[1], "--space", cluster.args()[3]],
            None,
            "",
        )
    };
    let refused = migrate(&cluster);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another Encke is using"));
    let mut old = old;
    assert_eq!(old.server.stop(), Some(0));
    let moved = migrate(&cluster);
    let said = String::from_utf8_lossy(&moved.stdout).into_owned();
    assert!(moved.status.success() && said.contains("Every cursor stays good"), "{moved:?}");
    for _ in 0..2 {
        let node = old.beside(cluster.node("127.0.0.1:0"));
        cluster.nodes.push(node);
    }
    let (a, b) = cluster.two();
    // The same token, cookie, cursor and key.
    feed.move_to(b, Transport::Sse);
    assert_eq!(feed.texts(&room, 2), ["not read yet", "once"]);
    let mut mei = mei.at(a);
    assert_eq!(mei.client.post(&path, &json!({"text": "once", "key": "k"})).is(200).json(), first);
    mei.say(&room, "after");
    assert_eq!(feed.texts(&room, 1), ["after"]);
    a.owner().get("/v1/settings").is(200);
    assert_eq!(mei.history(&room).len(), 6);
    // The old store is another log by now and is refused.
    let again = migrate(&cluster);
    assert!(String::from_utf8_lossy(&again.stderr).contains("not empty"), "{again:?}");
}

#[test]
fn the_command_line_works_on_a_database_too() {
    let cluster = Cluster::on(Postgres::shared(), 0, None);
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| {
        let args: Vec<&str> = args.iter().copied().chain(cluster.args()).collect();
        let output = encke(&args, Some(folder.path()), input);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["user", "add", "ada", "--owner"], "correct horse battery");
    assert!(run(&["user", "list"], "").contains("ada"));
    let token = run(&["token", "create", "--user", "ada"], "");
    let server = cluster.node("127.0.0.1:0");
    let mut ada = crate::harness::Client::new(
        server.address,
        crate::harness::Auth::Bearer(token.trim().to_owned()),
    );
    assert_eq!(ada.get("/v1/me").is(200).json()["name"], "ada");
    // Other errors are plain, too.
    let taken = server.address.to_string();
    let other = tempfile::tempdir().unwrap();
    let args: Vec<&str> = ["serve", "--listen", &taken].into_iter().chain(cluster.args()).collect();
    let refused = encke(&args, Some(other.path()), "");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("listening on") && !said.contains("panicked"), "{said}");
    let args: Vec<&str> = ["doctor"].into_iter().chain(cluster.args()).collect();
    let doctor = encke(&args, Some(folder.path()), "");
    assert!(
        String::from_utf8_lossy(&doctor.stdout).contains("of the database can be used"),
        "{doctor:?}"
    );
}
