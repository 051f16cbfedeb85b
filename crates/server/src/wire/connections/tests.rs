//! HTTP/2 connections without requests, on a clock that the test owns.

use http_body_util::Full;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::http::hosts::Hosts;

/// An HTTP/2 connection to a process whose only space is not up yet. The process answers all the same.
fn serve() -> (DuplexStream, JoinHandle<Duration>) {
    let spaces = Spaces::new(Hosts::only(&[], None).unwrap(), vec!["only".to_owned()]);
    let budget = Budget::new(1_000, 1);
    let runtime = Handle::current();
    let (_, draining) = watch::channel(false);
    let served = Connections::new(spaces, Proxies::default(), runtime, &budget, false, draining);
    let (ours, theirs) = duplex(1 << 20);
    let begun = Instant::now();
    let ended = tokio::spawn(async move {
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        let seated = served.seats.take(peer.ip()).expect("a seat");
        let end = End { peer, tls: false };
        served.http2(TokioIo::new(theirs), end, seated.seat.clone()).await;
        begun.elapsed()
    });
    (ours, ended)
}

fn about(took: Duration, ms: u64) -> bool {
    let ms = Duration::from_millis(ms);
    (ms..ms + Duration::from_secs(3)).contains(&took)
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_without_a_request_is_cut() {
    for sent in [&b""[..], b"PRI * HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let (mut ours, ended) = serve();
        ours.write_all(sent).await.unwrap();
        let took = ended.await.unwrap();
        assert!(about(took, limits::HEAD_WAIT_MS_MAX), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_is_ended_after_its_last_request() {
    let (ours, ended) = serve();
    let handshake = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(ours));
    let (mut sender, connection) = handshake.await.unwrap();
    let client = tokio::spawn(connection);
    let rounds = 3;
    for _ in 0..rounds {
        let request =
            Request::get("http://localhost/v1/me").body(Full::<Bytes>::default()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 503);
        tokio::time::sleep(Duration::from_millis(limits::KEEP_ALIVE_MS_MAX - 1_000)).await;
    }
    let took = ended.await.unwrap();
    let before = (rounds - 1) * (limits::KEEP_ALIVE_MS_MAX - 1_000);
    assert!(about(took, before + limits::KEEP_ALIVE_MS_MAX), "{took:?}");
    client.await.unwrap().expect("it was told to end");
}
