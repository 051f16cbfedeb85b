//! Spaces on stores of several kinds in one process, several processes for several spaces, one bus for all of them.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use encke_rig::{Nats, Postgres};
use serde_json::json;
use tempfile::TempDir;

use super::at;
use super::transports::now;
use crate::feed::Transport;
use crate::harness::{Client, Person, Server, encke};

/// Two schemas of one database with a bus for both, and a folder.
fn text(schemas: &[String; 2]) -> String {
    let (database, nats) = (Postgres::shared().url(), Nats::shared().url());
    let shared = |n: usize| {
        format!(
            "[[space]]\nname = \"s{n}\"\nhosts = [\"127.0.0.{n}\"]\nschema = \"{}\"\n\
             database-url = \"{database}\"\nnats-url = \"{nats}\"\n",
            schemas[n - 1]
        )
    };
    format!("{}{}[[space]]\nname = \"s3\"\nhosts = [\"127.0.0.3\"]\n", shared(1), shared(2))
}

fn node(schemas: &[String; 2]) -> Server {
    Server::configured(Arc::new(TempDir::new().unwrap()), "0.0.0.0:0", &text(schemas))
}

/// A person at the same space of another process.
fn there(who: &Person, server: &Server, last: u8) -> Person {
    Person { client: Client::new(at(server, last), who.auth()), ..who.clone() }
}

#[test]
fn two_schemas_and_a_folder_are_three_spaces_of_one_process() {
    let schemas = [Postgres::fresh_space(), Postgres::fresh_space()];
    let mut server = node(&schemas);
    let mut sides = [1, 2, 3].map(|last| {
        let mut owner = Client::set_up(at(&server, last));
        let (mut mei, tom) = (owner.person("mei"), owner.person("tom"));
        let room = mei.room(&[&tom]);
        let feed = now(&tom, Transport::WebSocket);
        (mei, room, feed)
    });
    for round in 0..5 {
        for (n, (mei, room, _)) in sides.iter_mut().enumerate() {
            mei.say(room, &format!("{n}: {round}"));
        }
        for (n, (_, room, feed)) in sides.iter_mut().enumerate() {
            assert_eq!(feed.texts(room, 1), [format!("{n}: {round}")]);
        }
    }
    for schema in &schemas {
        let sql = format!("SELECT count(*) FROM encke_{schema}.log WHERE kind = 'message'");
        assert_eq!(Postgres::shared().sql(&sql), ["5"]);
    }
    // The folder of each has the way in for the command line.
    let folder = server.folder.path().join("encke-data");
    for name in ["s1", "s2", "s3"] {
        let output =
            encke(&["user", "list", "--data", folder.join(name).to_str().unwrap()], None, "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().count(), 3, "{said}");
    }
    assert_eq!(server.stop(), Some(0));
    let listen = format!("0.0.0.0:{}", server.address.port());
    let _again = Server::configured(server.folder.clone(), &listen, &text(&schemas));
    for (n, (mei, room, _)) in sides.iter_mut().enumerate() {
        assert_eq!(mei.history(room).last().unwrap()["body"]["text"], format!("{n}: 4"));
    }
}

#[test]
fn spaces_on_one_bus_do_not_hear_each_other() {
    let schemas = [Postgres::fresh_space(), Postgres::fresh_space()];
    let (one, other) = (node(&schemas), node(&schemas));
    let mut sides = [1, 2].map(|last| {
        let mut owner = Client::set_up(at(&one, last));
        let (mut mei, tom) = (owner.person("mei"), owner.person("tom"));
        let room = mei.room(&[&tom]);
        let feed = now(&there(&tom, &other, last), Transport::WebSocket);
        (mei, room, feed)
    });
    // The same number of a room in both, so only the space keeps them apart.
    assert_eq!((&sides[0].0.id, &sides[0].1), (&sides[1].0.id, &sides[1].1));
    // At most once: so it is said until it is heard.
    let path = format!("/v1/conversations/{}/typing", sides[0].1);
    let mut writing = sides[0].0.clone();
    let (heard, hearing) = channel::<()>();
    let saying = std::thread::spawn(move || {
        while hearing.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
            writing.client.post(&path, &json!({"on": true})).is(204);
        }
    });
    let [(_, _, feed), _] = &mut sides;
    assert!(std::iter::from_fn(|| feed.item()).any(|i| i["kind"] == "typing"));
    drop(heard);
    saying.join().unwrap();
    for round in 0..20 {
        let (mei, room, feed) = &mut sides[round % 2];
        mei.say(room, &format!("round {round}"));
        loop {
            let item = feed.item().unwrap();
            assert!(round % 2 == 0 || item["kind"] != "typing", "{item}");
            if item["kind"] == "message" {
                assert_eq!(item["body"]["text"], format!("round {round}"));
                break;
            }
        }
    }
}

#[test]
fn two_spaces_in_one_schema_are_refused() {
    let schema = Postgres::fresh_space();
    let (database, folder) = (Postgres::shared().url(), TempDir::new().unwrap());
    let file = folder.path().join("encke.toml");
    let start = |urls: [&str; 2]| {
        let space = |n: usize| {
            let data = folder.path().join(n.to_string());
            format!(
                "[[space]]\nname = \"s{n}\"\nhosts = [\"s{n}.example\"]\nschema = \"{schema}\"\n\
                 database-url = \"{}\"\ndata = \"{}\"\n",
                urls[n],
                data.display()
            )
        };
        std::fs::write(&file, format!("{}{}", space(0), space(1))).unwrap();
        let args = ["serve", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()];
        let output = encke(&args, None, "");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = start([&database, &database]);
    assert!(said.contains("have the same schema"), "{said}");
    // The same database under another name is refused, too.
    let also = database.replace("127.0.0.1", "localhost");
    let said = start([&database, &also]);
    assert!(said.contains("have the same log"), "{said}");
}
