//! Requests to servers outside, against servers of this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use encke_egress::{Answer, Egress, EgressError, EgressOptions, Outgoing};
use encke_engine::outgoing_limits;
use http::{HeaderMap, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers each request alike, and counts the connections that it takes.
struct Outside {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Outside {
    async fn begin(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answer) = (connections.clone(), answer.into());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 4_096];
                let _ = socket.read(&mut head).await;
                let _ = socket.write_all(&answer).await;
            }
        });
        Outside { address, connections }
    }

    async fn ok() -> Self {
        Self::begin("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi").await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/x", self.address.port())
    }
}

fn closed() -> Egress {
    Egress::new(&EgressOptions::default()).expect("options")
}

fn open() -> Egress {
    Egress::new(&EgressOptions::allowing(&["127.0.0.0/8"])).expect("options")
}

async fn get(egress: &Egress, url: &str) -> Result<Answer, EgressError> {
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    let url = egress.check(url)?;
    egress.send(Outgoing { method: Method::GET, url, headers, body }).await
}

#[tokio::test]
async fn every_spelling_of_an_address_of_this_machine_is_refused() {
    let outside = Outside::ok().await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "10.0.0.1",
        "192.168.1.1",
        "172.20.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "224.0.0.1",
        "[ff02::1]",
        "１２７.0.0.1",
    ] {
        for scheme in ["https", "http"] {
            let tried = get(&closed(), &outside.url(scheme, host)).await;
            assert!(matches!(tried, Err(EgressError::Refused(_))), "{scheme} {host}: {tried:?}");
        }
    }
    for url in
        ["ftp://1.1.1.1/", "file:///etc/passwd", "//1.1.1.1", "", "https://", "http://1.1.1.1/"]
    {
        assert!(matches!(closed().check(url), Err(EgressError::Refused(_))), "{url}");
        assert!(matches!(open().check(url), Err(EgressError::Refused(_))), "{url}");
    }
    for url in [
        "https://a:b@1.1.1.1/",
        "https://a@1.1.1.1/",
        &format!("https://1.1.1.1/{}", "x".repeat(2_048)),
    ] {
        assert!(matches!(closed().check(url), Err(EgressError::Refused(_))), "{url}");
    }
    assert!(closed().check("https://1.1.1.1/x").is_ok());
    assert!(closed().check("https://push.example.com/x").is_ok());
    assert_eq!(outside.connections(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_refused_when_the_request_is_sent() {
    let outside = Outside::ok().await;
    for name in ["localhost", "LOCALHOST"] {
        let tried = get(&closed(), &outside.url("https", name)).await;
        assert!(matches!(tried, Err(EgressError::Refused(_))), "{name}: {tried:?}");
    }
    assert_eq!(outside.connections(), 0);
    // The same name is reached where an option allows it, so the address alone was the reason.
    let answer = get(&open(), &outside.url("http", "localhost")).await.expect("an answer");
    assert_eq!((answer.status, &answer.body[..]), (201, &b"hi"[..]));
    assert_eq!(outside.connections(), 1);
}

#[tokio::test]
async fn an_allowed_network_is_reached_without_tls_and_others_are_not() {
    let outside = Outside::ok().await;
    let answer = get(&open(), &outside.url("http", "[::ffff:127.0.0.1]")).await;
    assert_eq!(answer.map(|a| a.status), Ok(201));
    let other =
        Egress::new(&EgressOptions::allowing(&["10.0.0.0/8", "127.0.0.2"])).expect("options");
    for host in ["127.0.0.1", "localhost"] {
        let tried = get(&other, &outside.url("http", host)).await;
        assert!(matches!(tried, Err(EgressError::Refused(_))), "{host}: {tried:?}");
    }
    assert_eq!(outside.connections(), 1);
    for wrong in ["", "10.0.0.0/33", "example.com", "10.0.0"] {
        assert!(Egress::new(&EgressOptions::allowing(&[wrong])).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let secret = Outside::ok().await;
    for host in ["127.0.0.1", "localhost"] {
        let to = secret.url("http", host);
        let line = format!("HTTP/1.1 307 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let outside = Outside::begin(line).await;
        let answer = get(&open(), &outside.url("http", "127.0.0.1")).await.expect("an answer");
        assert_eq!(answer.status, 307);
    }
    assert_eq!(secret.connections(), 0);
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut() {
    let most = outgoing_limits::EGRESS_ANSWER_BYTES_MAX;
    let long =
        format!("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{}", "x".repeat(2 * most));
    let outside = Outside::begin(long).await;
    let answer = get(&open(), &outside.url("http", "127.0.0.1")).await.expect("an answer");
    assert_eq!(answer.body.len(), most);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let tried = get(&open(), &url).await;
    assert!(
        matches!(&tried, Err(EgressError::Failed(why)) if why.contains("in time")),
        "{tried:?}"
    );
    drop(listener);
}

#[tokio::test]
async fn an_error_does_not_tell_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/the-secret", listener.local_addr().expect("an address"));
    drop(listener);
    let tried = get(&open(), &url).await.expect_err("nobody listens");
    assert!(!tried.to_string().contains("the-secret"), "{tried}");
}
