//! HTTP/2 clients that never read the answers to their requests.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::block_in_place;

use crate::encrypted::{bearer, pair};
use crate::harness::{Server, Site, eventually};

/// Streams that one connection may have.
const STREAMS: usize = 100;

/// A connection whose client never takes a body.
struct Stalled {
    sender: SendRequest<Full<Bytes>>,
    base: String,
    answers: Vec<Response<Incoming>>,
}

impl Stalled {
    async fn connect(server: &Server) -> Stalled {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let mut builder = Builder::new(TokioExecutor::new());
        let builder = builder.initial_stream_window_size(0);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Stalled { sender, base: format!("http://{}", server.address), answers: Vec::new() }
    }

    /// Asks as often as the connection has streams; returns how many answers had each status.
    async fn ask(&mut self, path: &str, bearer: Option<&str>) -> Vec<(u16, usize)> {
        let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
        for _ in 0..STREAMS {
            let mut request = Request::get(format!("{}{path}", self.base));
            if let Some(bearer) = bearer {
                request = request.header("authorization", bearer);
            }
            let request = request.body(Full::default()).unwrap();
            let answer = self.sender.send_request(request).await.unwrap();
            *statuses.entry(answer.status().as_u16()).or_default() += 1;
            self.answers.push(answer);
        }
        statuses.into_iter().collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_without_a_session_hold_no_files_over_http2() {
    let site = block_in_place(Site::start);
    let before = site.server.files();
    let mut all = Vec::new();
    for _ in 0..3 {
        let mut stalled = Stalled::connect(&site.server).await;
        for path in ["/v1/feed", "/v1/feed?live=sse"] {
            // The second hundred need not be refused: they wait for the streams of the first.
            assert_eq!(stalled.ask(path, None).await, [(401, STREAMS)]);
            stalled.answers.clear();
        }
        stalled.ask("/v1/feed?live=ndjson", None).await;
        all.push(stalled);
    }
    let held = site.server.files() - before;
    assert!(held <= 20, "{held} files for three connections");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feeds_over_http2_are_counted_on_a_connection_and_for_a_person() {
    let site = block_in_place(Site::start);
    let (mut mei, tom, room) = block_in_place(|| pair(&site));
    let before = site.server.files();
    let mut all = Vec::new();
    let mut open = 0;
    for (refused, most) in [(503, 80), (429, 48), (429, 0)] {
        let mut stalled = Stalled::connect(&site.server).await;
        let statuses = stalled.ask("/v1/feed?live=sse", Some(&bearer(&tom))).await;
        let of = |status| statuses.iter().find(|(s, _)| *s == status).map_or(0, |(_, n)| *n);
        assert_eq!((of(200), of(refused)), (most, STREAMS - most), "{statuses:?}");
        open += most;
        all.push(stalled);
    }
    // Two files for each at most, and the connections.
    let held = site.server.files() - before;
    assert!(held <= 2 * open + 20, "{held} files for {open} feeds");
    // Other clients notice nothing, and the places are free when the connections are gone.
    block_in_place(|| mei.say(&room, "still there"));
    assert_eq!(
        Stalled::connect(&site.server).await.ask("/v1/feed", Some(&bearer(&mei))).await[0],
        (200, 80)
    );
    drop(all);
    block_in_place(|| {
        eventually("the files", || (site.server.files() <= before + 20).then_some(()))
    });
    let again = Stalled::connect(&site.server).await.ask("/v1/feed", Some(&bearer(&tom))).await;
    assert_eq!(again[0], (200, 80));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_of_the_api_is_made_once() {
    let site = block_in_place(Site::start);
    let (length, etag) = block_in_place(|| {
        let answer = site.server.visitor().get("/openapi.json").is(200);
        let etag = answer.header("etag").expect("a tag").to_owned();
        let known = [("If-None-Match", etag.as_str())];
        let unchanged = site.server.visitor().ask("GET", "/openapi.json", &known, None).is(304);
        assert_eq!((unchanged.header("etag"), unchanged.body.len()), (Some(etag.as_str()), 0));
        (answer.body.len(), etag)
    });
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    let before = site.server.memory();
    let mut all = Vec::new();
    for _ in 0..8 {
        let mut stalled = Stalled::connect(&site.server).await;
        assert_eq!(stalled.ask("/openapi.json", None).await, [(200, STREAMS)]);
        all.push(stalled);
    }
    let grown = site.server.memory().saturating_sub(before) as usize;
    let copies = 8 * STREAMS * length;
    assert!(grown < copies / 3, "{grown} bytes for what would be {copies} in copies");
}
