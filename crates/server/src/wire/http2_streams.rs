//! The streams of one HTTP/2 connection: their number, how long there was none, and which of them the client leaves
//! unread.
//!
//! hyper gives each stream to an executor as a future. Dropping that future is the only way to reset a stream with a
//! closed window, because nothing else polls it.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use encke_engine::limits;
use http::Response;
use hyper::body::{Body as _, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes of an answer that a stream gets at one time. A stream that is reset leaves no more than this behind.
pub const PIECE_BYTES: usize = 16 * 1024;

/// How long a client may read nothing of the piece that it was given.
const SLOW: Duration = Duration::from_millis(limits::SLOW_READER_MS_MAX);

#[derive(Clone, Copy, Default)]
struct Count {
    active: usize,
    /// Whether there was a stream before.
    begun: bool,
}

/// Runs the streams of a connection and counts them.
#[derive(Clone, Default)]
pub struct Streams(Arc<watch::Sender<Count>>);

/// Counts a stream while it runs.
struct Running(Arc<watch::Sender<Count>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.active -= 1);
    }
}

impl Streams {
    /// Returns when the connection has been without a stream for too long: [`limits::HEAD_WAIT_MS_MAX`] before the
    /// first stream, [`limits::KEEP_ALIVE_MS_MAX`] after one.
    pub async fn idle(&self) {
        let mut counts = self.0.subscribe();
        loop {
            let Count { active, begun } = *counts.borrow_and_update();
            let ms = if begun { limits::KEEP_ALIVE_MS_MAX } else { limits::HEAD_WAIT_MS_MAX };
            if active > 0 {
                let _ = counts.changed().await;
            } else if timeout(Duration::from_millis(ms), counts.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Returns when there is no stream.
    pub async fn none(&self) {
        let _ = self.0.subscribe().wait_for(|count| count.active == 0).await;
    }

    /// Whether there was a stream before.
    pub fn has_begun(&self) -> bool {
        self.0.borrow().begun
    }

    fn begin(&self) -> Running {
        self.0.send_modify(|count| *count = Count { active: count.active + 1, begun: true });
        Running(self.0.clone())
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let running = self.begin();
        tokio::spawn(async move {
            let _running = running;
            unless_stalled(stream).await;
        });
    }
}

/// The time since which a piece of a stream's answer waits for the client to read it.
#[derive(Default)]
struct Given(Mutex<Option<Instant>>);

impl Given {
    fn set(&self, given: Option<Instant>) {
        *self.0.lock().expect("not poisoned") = given;
    }

    fn get(&self) -> Option<Instant> {
        *self.0.lock().expect("not poisoned")
    }
}

tokio::task_local! {
    static GIVEN: Arc<Given>;
}

/// Runs a stream to its end, or until its client has read nothing for too long. Then the stream is dropped, which
/// resets it.
async fn unless_stalled(stream: impl Future<Output = ()>) {
    let given = Arc::<Given>::default();
    let mut stream = pin!(GIVEN.scope(given.clone(), stream));
    let mut over = pin!(sleep_until(Instant::now()));
    std::future::poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(since) = given.get() else { return Poll::Pending };
        if over.deadline() != since + SLOW {
            over.as_mut().reset(since + SLOW);
        }
        let over = over.as_mut().poll(cx);
        if over.is_ready() {
            tracing::debug!("a stream of HTTP/2 was reset: its client takes nothing");
        }
        over
    })
    .await;
}

/// The body of an answer over HTTP/2 in pieces. A piece counts as unread until hyper asks for the next.
pub struct Paced {
    body: Body,
    rest: Bytes,
}

/// Cuts an answer into pieces.
pub fn paced(response: Response<Body>) -> Response<Paced> {
    response.map(|body| Paced { body, rest: Bytes::new() })
}

impl Paced {
    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(e)) => return Poll::Ready(Some(Err(e))),
                None => return Poll::Ready(None),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.poll_piece(cx);
        let given = matches!(polled, Poll::Ready(Some(Ok(_)))).then(Instant::now);
        let _ = GIVEN.try_with(|noted| noted.set(given));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower() + rest);
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, Full};
    use hyper::Request;
    use hyper::body::Incoming;
    use hyper::client::conn::http2::{self as client, SendRequest};
    use hyper::server::conn::http2 as server;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    use super::*;

    /// A body that sends nothing for a long time.
    struct Late(Pin<Box<tokio::time::Sleep>>, Bytes);

    impl hyper::body::Body for Late {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.1.is_empty() {
                return Poll::Ready(None);
            }
            std::task::ready!(self.0.as_mut().poll(cx));
            Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.1)))))
        }
    }

    /// A client with a window of this many bytes for each stream, and the server's count of its streams.
    async fn serve(window: u32) -> (SendRequest<Full<Bytes>>, Streams) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let streams = Streams::default();
        let service = service_fn(|request: Request<Incoming>| async move {
            let body = match request.uri().path() {
                "/late" => {
                    let after = tokio::time::sleep(3 * SLOW);
                    Body::new(Late(Box::pin(after), Bytes::from_static(b"late")))
                }
                _ => Body::from(vec![b'x'; 8 * PIECE_BYTES]),
            };
            Ok::<_, Infallible>(paced(Response::new(body)))
        });
        let connection =
            server::Builder::new(streams.clone()).serve_connection(TokioIo::new(theirs), service);
        tokio::spawn(connection);
        let mut builder = client::Builder::new(TokioExecutor::new());
        let builder = builder.initial_stream_window_size(window);
        let (sender, connection) = builder.handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(connection);
        (sender, streams)
    }

    async fn ask(sender: &mut SendRequest<Full<Bytes>>, path: &str) -> Incoming {
        let request = Request::get(format!("http://x{path}")).body(Full::default()).unwrap();
        sender.send_request(request).await.unwrap().into_body()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_its_client_does_not_read_is_reset_and_others_go_on() {
        let (mut sender, streams) = serve(0).await;
        let begun = Instant::now();
        let body = ask(&mut sender, "/").await;
        let waits = ask(&mut sender, "/late").await;
        assert!(body.collect().await.is_err(), "it was reset");
        let took = begun.elapsed();
        assert!((SLOW..SLOW + Duration::from_secs(2)).contains(&took), "{took:?}");
        assert_eq!(streams.0.borrow().active, 1, "the other one is still waited for");
        // The client does not read the late bytes either.
        assert!(waits.collect().await.is_err());
        let took = begun.elapsed();
        assert!((4 * SLOW..4 * SLOW + Duration::from_secs(2)).contains(&took), "{took:?}");
        assert_eq!(streams.0.borrow().active, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_a_little_now_and_then_gets_all() {
        let (mut sender, _) = serve(PIECE_BYTES as u32).await;
        let mut body = ask(&mut sender, "/").await;
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.unwrap().into_data().unwrap().len();
            tokio::time::sleep(SLOW / 2).await;
        }
        assert_eq!(bytes, 8 * PIECE_BYTES);
        let late = ask(&mut sender, "/late").await.collect().await.unwrap();
        assert_eq!(late.to_bytes(), "late");
    }
}
