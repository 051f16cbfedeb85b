//! The guest book in a real server: over HTTP, over a WebSocket, and after its site has moved to PostgreSQL.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use encke_rig::Postgres;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const PROGRAM: &str = env!("CARGO_BIN_EXE_encke-with-guest-book");
/// How long anything may take on a busy machine.
const WAIT: Duration = Duration::from_secs(30);

/// Runs a command of the program to its end and returns what it prints.
pub fn command(args: &[&str], input: &str) -> String {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server on a folder, and somebody with a token. It is killed when it goes out of scope.
struct Server {
    child: Child,
    address: String,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(data: &Path, token: &str, args: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut printed =
            BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = printed.find(|line| line.starts_with("Encke is ready")).expect("it is ready");
        let address = ready.split_whitespace().last().unwrap().strip_prefix("http://").unwrap();
        Server { child, address: address.to_owned(), token: token.to_owned() }
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    fn get(&self, path: &str) -> Value {
        let asked = ureq::get(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        asked.call().unwrap().body_mut().read_json().unwrap()
    }

    fn post(&self, path: &str, content_type: &str, body: &str) -> u16 {
        let asked = ureq::post(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", content_type);
        asked.send(body).unwrap().status().as_u16()
    }

    /// The texts of all entries, the newest first.
    fn entries(&self) -> Vec<String> {
        let all = self.get("/v1/guest-book");
        let text = |entry: &Value| entry["text"].as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().map(text).collect()
    }

    fn open_feed(&self) -> Feed {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let mut request = format!("ws://{}/v1/feed", self.address).into_client_request().unwrap();
        let token = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().insert("Authorization", token);
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Feed { socket, passed_over: Vec::new() }
    }
}

/// A WebSocket on which the feed comes.
struct Feed {
    socket: WebSocket<TcpStream>,
    /// Items that came while another one was awaited.
    passed_over: Vec<Value>,
}

impl Feed {
    fn say(&mut self, command: &Value) {
        self.socket.send(Message::text(command.to_string())).unwrap();
    }

    /// The next item of this type.
    fn item(&mut self, kind: &str) -> Value {
        let is_meant = |item: &Value| item["type"] == kind;
        if let Some(place) = self.passed_over.iter().position(is_meant) {
            return self.passed_over.remove(place);
        }
        // Heartbeats come all the time, so a read by itself never takes too long.
        let deadline = Instant::now() + WAIT;
        while Instant::now() < deadline {
            if let Message::Text(text) = self.socket.read().unwrap() {
                let item: Value = serde_json::from_str(&text).unwrap();
                if is_meant(&item) {
                    return item;
                }
                self.passed_over.push(item);
            }
        }
        panic!("no {kind} in time, but {:?}", self.passed_over);
    }
}

#[test]
fn a_server_serves_a_product_and_its_site_moves_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let place = data.to_str().unwrap();
    command(&["user", "add", "ada", "--data", place], "correct horse\ncorrect horse\n");
    let token = command(&["token", "create", "--user", "ada", "--data", place], "");
    let token = token.trim();

    let server = Server::start(&data, token, &[]);
    let mut feed = server.open_feed();
    feed.item("ready");
    feed.say(&json!({"type": "sign", "id": 1, "text": "By wire"}));
    assert_eq!(feed.item("ok")["id"], 1);
    let event = feed.item("event");
    assert_eq!(
        (&event["kind"], &event["body"]["text"]),
        (&json!("entry_written"), &json!("By wire"))
    );
    assert_eq!(event["seq"], 1);

    let entry = json!({"text": "By route"}).to_string();
    assert_eq!(server.post("/v1/guest-book", "application/json", &entry), 204);
    assert_eq!(feed.item("event")["body"]["text"], "By route");
    // A send appends to the log alone.
    assert_eq!(server.post("/v1/guest-book/main/entries", "text/plain", "By send"), 201);
    let event = feed.item("event");
    assert_eq!((&event["seq"], &event["body"]["text"]), (&json!(3), &json!("By send")));

    assert_eq!(server.entries(), ["By route", "By wire"]);
    assert_eq!(server.get("/v1/snapshot")["guest_book"][0]["text"], "By route");
    assert!(server.get("/openapi.json")["paths"]["/v1/guest-book"].is_object());
    server.stop();

    let (url, space) = (Postgres::shared().url(), Postgres::fresh_space());
    let from = format!("sqlite:{place}");
    let moved = command(&["migrate", "--from", &from, "--to", &url, "--space", &space], "");
    let row = moved.lines().find(|line| line.contains("guest_entry")).unwrap();
    assert!(row.contains(" 2 rows"), "{row}");
    let database = ["--database-url", &url, "--space", &space];
    let server = Server::start(&folder.path().join("node"), token, &database);
    assert_eq!(server.entries(), ["By route", "By wire"]);
    let mut feed = server.open_feed();
    feed.item("ready");
    assert_eq!(server.post("/v1/guest-book/main/entries", "text/plain", "On the database"), 201);
    assert_eq!(feed.item("event")["seq"], 4);
    server.stop();
}
