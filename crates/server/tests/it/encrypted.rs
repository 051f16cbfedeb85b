//! HTTP/2 and TLS: the same API, the same feed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use tungstenite::Message;

use crate::harness::{Auth, Person, Server, Site, WAIT};

/// A server with a certificate that it signed itself, and what trusts it.
pub fn encrypted() -> (Site, RootCertStore) {
    encrypted_with(&[])
}

/// Puts a certificate that it signed itself and its key into a folder.
pub fn certificate(folder: &TempDir) -> ([String; 2], RootCertStore) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
    ([cert, key].map(|path| path.to_str().unwrap().to_owned()), roots)
}

pub fn encrypted_with(more: &[&str]) -> (Site, RootCertStore) {
    let folder = Arc::new(TempDir::new().unwrap());
    let ([cert, key], roots) = certificate(&folder);
    let (cert, key) = (cert.as_str(), key.as_str());
    let args = ["--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key];
    let args = [&args, more].concat();
    let server = Server::start_on(folder, "127.0.0.1:0", &args, &[]);
    (Site::on(server), roots)
}

pub fn client(roots: &RootCertStore, protocol: &[u8]) -> Arc<ClientConfig> {
    client_of(roots, protocol, &[&TLS12, &TLS13])
}

fn client_of(
    roots: &RootCertStore,
    protocol: &[u8],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots.clone()).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects with one version of TLS, for HTTP/1.1; the handshake comes with the first bytes.
pub fn connect(
    address: SocketAddr,
    roots: &RootCertStore,
    version: &'static SupportedProtocolVersion,
) -> Tls {
    let name = ServerName::try_from("localhost").unwrap();
    let config = client_of(roots, b"http/1.1", &[version]);
    let connection = ClientConnection::new(config, name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    StreamOwned::new(connection, stream)
}

/// A body in chunks, put together.
struct Chunks<R> {
    from: R,
    left: usize,
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut line = String::new();
            // A chunk's own end stands before the size of the next.
            while line.trim().is_empty() {
                line.clear();
                assert!(self.from.read_line(&mut line)? > 0, "the feed goes on");
            }
            self.left = usize::from_str_radix(line.trim(), 16).expect("a size");
        }
        let room = buf.len().min(self.left);
        let read = self.from.read(&mut buf[..room])?;
        self.left -= read;
        Ok(read)
    }
}

pub fn bearer(who: &Person) -> String {
    let Auth::Bearer(token) = who.auth() else { panic!("a token") };
    format!("Bearer {token}")
}

pub fn pair(site: &Site) -> (Person, Person, String) {
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    (mei, tom, room)
}

#[test]
fn the_api_and_server_sent_events_come_over_tls_1_2() {
    let (site, roots) = encrypted();
    let (mut mei, tom, room) = pair(&site);
    let tls = site.server.tls.expect("an address for HTTPS");
    let mut stream = connect(tls, &roots, &TLS12);
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n", bearer(&tom))
    };
    stream.write_all(get("/v1/me").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "HTTP/1.1 200 OK");
    drop(lines);
    let mut stream = connect(tls, &roots, &TLS12);
    stream.write_all(get("/v1/feed?live=sse").as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    let body = BufReader::new(Chunks { from: stream, left: 0 });
    let mut items = body.lines().map(Result::unwrap).filter_map(|line| {
        line.strip_prefix("data: ").map(|json| serde_json::from_str::<Value>(json).unwrap())
    });
    assert_eq!(items.next().unwrap()["type"], "ready");
    for text in ["over TLS", &"x".repeat(16_384)] {
        mei.say(&room, text);
        let event = items.find(|i| i["kind"] == "message").unwrap();
        assert_eq!(event["body"]["text"], *text);
    }
    // Plain HTTP on the port for HTTPS ends.
    let mut wire = crate::harness::Wire::connect(tls);
    wire.send("GET /v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!String::from_utf8_lossy(&wire.rest()).contains("200 OK"));
}

#[test]
fn a_websocket_goes_over_tls_both_ways_and_drains() {
    for version in [&TLS12, &TLS13] {
        websocket_both_ways(version);
    }
}

fn websocket_both_ways(version: &'static SupportedProtocolVersion) {
    let (site, roots) = encrypted();
    let (mut mei, tom, room) = pair(&site);
    let stream = connect(site.server.tls.unwrap(), &roots, version);
    let request = tungstenite::http::Request::builder()
        .uri("wss://localhost/v1/feed")
        .header("Host", "localhost")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", tungstenite::handshake::client::generate_key())
        .header("Authorization", bearer(&tom));
    let (mut socket, _) =
        tungstenite::client(request.body(()).unwrap(), stream).expect("a WebSocket");
    let mut next = |command: Option<Value>, wanted: &dyn Fn(&Value) -> bool| {
        if let Some(command) = command {
            socket.send(Message::text(command.to_string())).unwrap();
        }
        loop {
            let Message::Text(text) = socket.read().unwrap() else { continue };
            let item: Value = serde_json::from_str(&text).unwrap();
            if wanted(&item) {
                return item;
            }
        }
    };
    next(None, &|i| i["type"] == "ready");
    mei.say(&room, "down");
    assert_eq!(next(None, &|i| i["kind"] == "message")["body"]["text"], "down");
    let command = json!({"type": "send", "id": 1, "conversation": room, "text": "up"});
    assert_eq!(next(Some(command), &|i| i["type"] == "ok")["id"], 1);
    assert_eq!(mei.history(&room).last().unwrap()["body"]["text"], "up");
    site.server.terminate();
    assert_eq!(next(None, &|i| i["type"] == "bye")["reason"], "drain");
    drop(socket);
    let mut site = site;
    assert_eq!(site.server.ended().code(), Some(0));
}

/// Opens HTTP/2 and speaks for somebody.
struct Two {
    sender: SendRequest<Full<Bytes>>,
    base: String,
    bearer: String,
}

impl Two {
    async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Response<Incoming> {
        let body = body.map(|b| b.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)));
        self.sender.send_request(request.unwrap()).await.unwrap()
    }
}

/// The same over both kinds of HTTP/2: the API, four transports at once on one connection, and the end.
async fn over_two(mut two: Two, mut mei: Person, room: String, site: Site) {
    let me = two.ask("GET", "/v1/me", None).await;
    assert_eq!((me.status().as_u16(), me.version()), (200, hyper::Version::HTTP_2));
    let mut feeds = Vec::new();
    for live in ["sse", "ndjson", "iframe"] {
        let answer = two.ask("GET", &format!("/v1/feed?live={live}"), None).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        feeds.push((answer.into_body(), String::new()));
    }
    for (body, text) in &mut feeds {
        read_to(body, text, "\"ready\"").await;
    }
    let path = format!("/v1/conversations/{room}/messages");
    let sent = two.ask("POST", &path, Some(json!({"text": "sent over two"}))).await;
    assert_eq!(sent.status(), 201);
    for (body, text) in &mut feeds {
        read_to(body, text, "sent over two").await;
    }
    let sent: Value =
        serde_json::from_slice(&sent.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let cursor = sent["cursor"].as_str().unwrap();
    let poll = format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}");
    let (polled, _) = tokio::join!(two.ask("GET", &poll, None), async {
        tokio::task::block_in_place(|| mei.say(&room, "for the poll"))
    });
    let body: Value =
        serde_json::from_slice(&polled.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let events = body["events"].as_array().unwrap();
    assert!(events.iter().all(|e| e["body"]["text"] != "sent over two"), "{body}");
    let bad = two.ask("GET", "/v1/feed?cursor=nonsense", None).await;
    assert_eq!(bad.status(), 400);
    site.server.terminate();
    for (body, text) in &mut feeds {
        read_to(body, text, "\"drain\"").await;
        while body.frame().await.is_some_and(|f| f.is_ok()) {}
    }
    let mut site = site;
    assert_eq!(tokio::task::block_in_place(|| site.server.ended()).code(), Some(0));
}

pub async fn read_to(body: &mut Incoming, text: &mut String, mark: &str) {
    while !text.contains(mark) {
        let frame = tokio::time::timeout(WAIT, body.frame()).await.expect("in time");
        let frame = frame.expect("the feed goes on").unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_with_prior_knowledge_has_api_and_feed() {
    let site = tokio::task::block_in_place(Site::start);
    let (mei, tom, room) = tokio::task::block_in_place(|| pair(&site));
    let stream = tokio::net::TcpStream::connect(site.address()).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let two = Two { sender, base: format!("http://{}", site.address()), bearer: bearer(&tom) };
    over_two(two, mei, room, site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_over_tls_has_api_and_feed() {
    let (site, roots) = tokio::task::block_in_place(encrypted);
    let (mei, tom, room) = tokio::task::block_in_place(|| pair(&site));
    let connector = tokio_rustls::TlsConnector::from(client(&roots, b"h2"));
    let stream = tokio::net::TcpStream::connect(site.server.tls.unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let two = Two { sender, base: "https://localhost".to_owned(), bearer: bearer(&tom) };
    over_two(two, mei, room, site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn classic_pages_wait_over_tls_and_http2() {
    let trust = ["--classic", "--classic-identity", "trust"];
    let (site, roots) = tokio::task::block_in_place(|| encrypted_with(&trust));
    let tls = site.server.tls.unwrap();
    let connector = tokio_rustls::TlsConnector::from(client(&roots, b"h2"));
    let stream = tokio::net::TcpStream::connect(tls).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let bearer = String::new();
    let mut two = Two { sender, base: "https://localhost".to_owned(), bearer };
    let path = "/classic/live/backend.php";
    let waits = two.sender.send_request(
        Request::get(format!("{}{path}", two.base)).body(Full::new(Bytes::new())).unwrap(),
    );
    // Parked with its keys, and bridged.
    let versions = [&TLS13, &TLS12];
    let mut ones = tokio::task::block_in_place(|| versions.map(|v| connect(tls, &roots, v)));
    let get = |query: &str| format!("GET {path}{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    tokio::task::block_in_place(|| {
        for one in &mut ones {
            one.write_all(get("").as_bytes()).unwrap();
        }
        crate::classic::wait_for(&site.server, 3);
    });
    let sent = two.ask("GET", &format!("{path}?msg=over%20two"), None).await;
    assert_eq!(sent.status(), 200);
    let answer = waits.await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["msg"], "over two");
    tokio::task::block_in_place(|| {
        for one in ones {
            let mut one = BufReader::new(one);
            let mut text = String::new();
            one.read_line(&mut text).unwrap();
            assert_eq!(text, "HTTP/1.1 200 OK\r\n");
            // The body ends with no line.
            while !text.contains("over two") {
                let mut chunk = [0; 1];
                one.read_exact(&mut chunk).unwrap();
                text.push(char::from(chunk[0]));
            }
        }
    });
}
