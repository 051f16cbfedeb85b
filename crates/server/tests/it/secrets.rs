//! The log may be read by more people than the site's data: no secret and nothing that people say is in it, at any level.

use std::sync::Arc;

use encke_rig::{Nats, Postgres};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tempfile::TempDir;

use crate::cluster::typing_until_heard;
use crate::feed::{Feed, Transport};
use crate::harness::{Auth, PASSWORD, Server, SetupCode, Site, encke};

const OF_DATABASE: &str = "database-s3cret";
const OF_NATS: &str = "nats-s3cret";
const WRONG: &str = "a wrong passw0rd";
const SAID: &str = "between the two of us";

/// A snapshot over HTTP/2, asked for with a header.
fn snapshot_over_http2(site: &Site, name: &str, value: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(site.address()).await.unwrap();
        let (mut sender, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let uri = format!("http://{}/v1/snapshot", site.address());
        let request = hyper::Request::get(uri).header(name, value).body(Empty::<Bytes>::new());
        let answer = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
    });
}

/// Two nodes that say all that they can be made to say, on servers that ask for passwords.
struct Talkative {
    nodes: [Site; 2],
    space: String,
    _nats: Nats,
}

impl Talkative {
    fn start() -> Self {
        let (postgres, nats) = (Postgres::shared(), Nats::start_locked("node", OF_NATS));
        let (role, space) = (Postgres::fresh_space(), Postgres::fresh_space());
        postgres.sql(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{OF_DATABASE}'; GRANT CREATE ON DATABASE postgres TO {role}"
        ));
        postgres.ask_for_password(&role);
        let database =
            format!("postgres://{role}:{OF_DATABASE}@127.0.0.1:{}/postgres", postgres.port());
        let bus = format!("nats://node:{OF_NATS}@127.0.0.1:{}", nats.port());
        let args = ["--database-url", &database, "--space", &space, "--nats-url", &bus];
        let args = [&args[..], &["--log", "trace"]].concat();
        let node =
            || Server::start_on(Arc::new(TempDir::new().unwrap()), "127.0.0.1:0", &args, &[]);
        let first = Site::on(node());
        let second = first.beside(node());
        Talkative { nodes: [first, second], space, _nats: nats }
    }

    /// The stored hashes of passwords and the key of the bus, as text and as a list of bytes.
    fn stored(&self) -> Vec<String> {
        let all = |sql: &str| {
            Postgres::shared().sql(&sql.replace("SCHEMA", &format!("encke_{}", self.space)))
        };
        let mut stored = all("SELECT password FROM SCHEMA.person WHERE password <> ''");
        let key = all("SELECT encode(bus_key, 'hex') FROM SCHEMA.space").remove(0);
        let bytes = (0..key.len() / 2).map(|n| u8::from_str_radix(&key[2 * n..2 * n + 2], 16));
        let bytes: Vec<u8> = bytes.map(Result::unwrap).collect();
        assert_eq!(bytes.len(), 32);
        stored.extend([format!("{bytes:?}"), key]);
        stored
    }
}

#[test]
fn no_secret_is_in_the_log_at_any_level() {
    let talkative = Talkative::start();
    let [a, b] = &talkative.nodes;
    let (mut mei, tom) = (a.person("mei"), b.person("tom"));
    let mut browser = a.sign_in(&mei.name);
    let Auth::Cookie(session) = browser.auth.clone() else { panic!("a session") };
    let Auth::Bearer(token) = mei.auth() else { panic!("a token") };
    let wrong = json!({"name": tom.name, "password": WRONG});
    b.server.visitor().post("/v1/sign-in", &wrong).is(401);

    let room = mei.room(&[&tom]);
    mei.say(&room, SAID);
    let mut feeds =
        [Transport::Sse, Transport::WebSocket, Transport::LongPoll].map(|t| Feed::now(b, t, &tom));
    // It is heard by way of NATS, which had let both nodes in.
    typing_until_heard(&mei, &room, &mut feeds[0]);
    mei.say(&room, SAID);
    for feed in &mut feeds {
        assert_eq!(feed.texts(&room, 1), [SAID]);
    }
    let ticket = mei.client.poke("/v1/tickets").is(201).json();
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let with_ticket = format!("/v1/feed?ticket={ticket}");
    a.server.visitor().get(&with_ticket).is(200);
    snapshot_over_http2(a, "authorization", &format!("Bearer {token}"));
    snapshot_over_http2(a, "cookie", &format!("encke_session={session}"));
    let password = format!("{PASSWORD} two\n");
    let changed = encke(&["user", "passwd", &tom.name], Some(&b.server.data()), &password);
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    browser.post("/v1/sign-out", &json!({})).is(204);

    let stored = talkative.stored();
    assert!(stored.len() >= 5, "{stored:?}");
    let logs: String = talkative.nodes.iter().map(|node| node.server.log()).collect();
    assert!(logs.contains("NATS is there"), "the log is there: {logs}");
    let code = SetupCode::of(a.address());
    let secrets = [&code, OF_DATABASE, OF_NATS, PASSWORD, WRONG, SAID, &session, &token, &ticket];
    for secret in secrets.into_iter().chain(stored.iter().map(String::as_str)) {
        let shown = logs.lines().find(|line| line.contains(secret));
        assert_eq!(shown, None, "{secret} is in the log");
    }
}
