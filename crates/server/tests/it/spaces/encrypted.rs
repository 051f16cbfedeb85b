//! The same over TLS and HTTP/2: one certificate, one connection, several hosts.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::{Two, message, text};
use crate::encrypted::{Tls, bearer, certificate, client, connect, read_to};
use crate::harness::{Person, Server};

fn encrypted() -> (Two, RootCertStore) {
    let folder = Arc::new(TempDir::new().unwrap());
    let ([cert, key], roots) = certificate(&folder);
    let first =
        format!("tls-listen = \"127.0.0.1:0\"\ntls-cert = \"{cert}\"\ntls-key = \"{key}\"\n");
    let two = Two::on(Server::configured(folder, "0.0.0.0:0", &text(&first)));
    (two, roots)
}

/// One request and the JSON of its answer, over a connection that goes on.
fn ask(
    tls: &mut BufReader<Tls>,
    host: &str,
    who: &Person,
    path: &str,
    body: Option<&str>,
) -> Value {
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        bearer(who),
        body.len()
    );
    tls.get_mut().write_all(request.as_bytes()).unwrap();
    answer(tls)
}

fn answer(tls: &mut BufReader<Tls>) -> Value {
    let (mut line, mut length) = (String::new(), None);
    tls.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 20"), "{line}");
    while line != "\r\n" {
        line.clear();
        tls.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = Some(value.trim().parse().unwrap());
        }
    }
    let mut take = |count: usize| {
        let mut bytes = vec![0; count];
        tls.read_exact(&mut bytes).unwrap();
        bytes
    };
    if let Some(length) = length {
        return serde_json::from_slice(&take(length)).unwrap();
    }
    // A bridged answer comes in chunks.
    let mut body = Vec::new();
    loop {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.extend(take(1));
        }
        let size = std::str::from_utf8(&size).unwrap().trim().to_owned();
        let chunk = take(usize::from_str_radix(&size, 16).unwrap());
        take(2);
        if chunk.is_empty() {
            return serde_json::from_slice(&body).unwrap();
        }
        body.extend(chunk);
    }
}

/// Polls from a cursor until the newest message is this one.
fn poll(tls: &mut BufReader<Tls>, host: &str, who: &Person, cursor: &str, text: &str) {
    let path = format!("/v1/feed?live=long-poll&wait=20&cursor={cursor}");
    while message(&ask(tls, host, who, &path, None)) != Some(text) {}
}

#[test]
fn a_connection_under_tls_may_ask_another_host_each_time() {
    for version in [&TLS12, &TLS13] {
        let (mut two, roots) = encrypted();
        let sides = two.pairs();
        let mut tls = BufReader::new(connect(two.server.tls.unwrap(), &roots, version));
        for round in 0..3 {
            for ((mei, tom, room), host) in sides.iter().zip(["left.example", "RIGHT.example:443"])
            {
                let cursor = tom.clone().now();
                let path = format!("/v1/conversations/{room}/messages");
                let send = json!({"text": format!("sent {round}")}).to_string();
                ask(&mut tls, host, mei, &path, Some(&send));
                poll(&mut tls, host, tom, &cursor, &format!("sent {round}"));
                mei.clone().say(room, &format!("said {round}"));
                poll(&mut tls, host, tom, &cursor, &format!("said {round}"));
                let me = ask(&mut tls, host, mei, "/v1/me", None);
                assert_eq!(me["name"], mei.name.as_str());
            }
        }
    }
}

async fn over_two(mut sender: SendRequest<Full<Bytes>>, scheme: &str, mut two: Two) {
    let sides = block_in_place(|| two.pairs());
    let of = |host: &str, who: &Person, path: &str| {
        Request::get(format!("{scheme}://{host}{path}"))
            .header("authorization", bearer(who))
            .body(Full::new(Bytes::new()))
            .unwrap()
    };
    let mut feeds = Vec::new();
    for ((mei, tom, _), host) in sides.iter().zip(["left.example", "right.example:8443"]) {
        let me = sender.send_request(of(host, mei, "/v1/me")).await.unwrap();
        let me = me.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&me).unwrap()["name"], mei.name.as_str());
        let feed = sender.send_request(of(host, tom, "/v1/feed?live=sse")).await.unwrap();
        assert_eq!(feed.status(), 200);
        feeds.push((feed.into_body(), String::new()));
    }
    for (body, text) in &mut feeds {
        read_to(body, text, "\"ready\"").await;
    }
    for ((mei, _, room), host) in sides.iter().zip(["left", "right"]) {
        block_in_place(|| mei.clone().say(room, &format!("only {host}")));
    }
    for ((body, text), (host, other)) in
        feeds.iter_mut().zip([("left", "right"), ("right", "left")])
    {
        read_to(body, text, &format!("only {host}")).await;
        assert!(!text.contains(&format!("only {other}")), "{text}");
    }
    for host in ["other.example", "left.example.evil"] {
        for path in ["/v1/me", "/v1/feed"] {
            let refused = sender.send_request(of(host, &sides[0].0, path)).await.unwrap();
            assert_eq!(refused.status(), 421);
            let body = refused.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"]["code"], "misdirected");
        }
    }
    // If the header contradicts the authority, the request belongs to no site.
    let mut torn = of("left.example", &sides[0].0, "/v1/me");
    torn.headers_mut().insert("host", "right.example".parse().unwrap());
    assert_eq!(sender.send_request(torn).await.unwrap().status(), 421);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http2_connection_serves_several_hosts() {
    let two = block_in_place(Two::start);
    let stream = tokio::net::TcpStream::connect(super::at(&two.server, 1)).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    over_two(sender, "http", two).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http2_connection_under_tls_serves_several_hosts() {
    let (two, roots) = block_in_place(encrypted);
    let connector = tokio_rustls::TlsConnector::from(client(&roots, b"h2"));
    let stream = tokio::net::TcpStream::connect(two.server.tls.unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    over_two(sender, "https", two).await;
}
