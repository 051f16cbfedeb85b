//! Connections that hyper serves: all that is not the feed, and everything over HTTP/2 and TLS.
//!
//! A plain connection comes from a shard with the bytes already read. If it then asks for the feed, it goes back:
//! hyper is stopped while the answer is pending, and the bare socket is parked.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpStream as StdStream};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use encke_apps::{Peer, Refusal};
use encke_engine::{Code, Error, limits};
use encke_transport::{FeedRequest, Handoff, Kind, Parked, Shards};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tower::ServiceExt;

use crate::bridge;
use crate::head_wait::HeadWait;
use crate::rewind::Rewind;

/// Connections that hyper serves at one time.
const CONNECTIONS_MAX: usize = 4_096;
/// Requests under way on one HTTP/2 connection; feeds count.
const STREAMS_MAX: u32 = 100;
/// How an HTTP/2 connection begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// Serves what the shards hand over.
pub struct Connections {
    router: axum::Router,
    runtime: Handle,
    shards: OnceLock<Arc<Shards>>,
    room: Arc<Semaphore>,
    draining: watch::Sender<bool>,
}

impl Connections {
    /// Connections served by this router, on this runtime.
    pub fn new(router: axum::Router, runtime: Handle) -> Arc<Self> {
        Arc::new(Connections {
            router,
            runtime,
            shards: OnceLock::new(),
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            draining: watch::Sender::new(false),
        })
    }

    /// Connects the shards, once, before the first connection is served.
    pub fn hand_feeds_to(&self, shards: Arc<Shards>) {
        let _ = self.shards.set(shards);
    }

    /// Lets each connection finish what it has begun, and waits for all of them, but not longer than this.
    pub async fn drain(&self, within: Duration) {
        self.draining.send_replace(true);
        let all = self.room.acquire_many(CONNECTIONS_MAX as u32);
        let _ = tokio::time::timeout(within, all).await;
    }

    async fn plain(self: Arc<Self>, stream: StdStream, already_read: Vec<u8>, peer: SocketAddr) {
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        // Bytes are there to be answered at once, but tokio has not looked yet whether the socket takes an answer, and
        // hyper does not wait for that when the answer is a refusal of those bytes.
        if stream.writable().await.is_err() {
            return;
        }
        let two = already_read.starts_with(PREFACE);
        let io = Rewind::new(stream, already_read.into());
        if two {
            self.http2(TokioIo::new(io), peer, false).await;
        } else {
            self.http1_plain(io, peer).await;
        }
    }

    /// A connection after its TLS handshake.
    pub async fn encrypted(
        self: Arc<Self>,
        stream: tokio_rustls::server::TlsStream<TcpStream>,
        peer: SocketAddr,
    ) {
        let Ok(_place) = self.room.clone().try_acquire_owned() else { return };
        let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if two {
            self.http2(TokioIo::new(stream), peer, true).await
        } else {
            self.http1_tls(stream, peer).await
        }
    }

    async fn http1_plain(self: Arc<Self>, io: Rewind, peer: SocketAddr) {
        let (io, requests) = HeadWait::around(io);
        let parked: Arc<Mutex<Option<FeedRequest>>> = Arc::default();
        let asked = Arc::new(Notify::new());
        let service = service_fn(|request: Request<Incoming>| {
            let (this, parked, asked) = (self.clone(), parked.clone(), asked.clone());
            let turn = requests.begin();
            // Boxed, because a connection that is given up half-way must not be pinned in place.
            Box::pin(async move {
                let _turn = turn;
                if !is_feed(&request) {
                    return Ok::<_, Infallible>(this.route(request, peer).await);
                }
                match from_request(request, peer, false) {
                    Err(refused) => Ok(*refused),
                    Ok((feed, _)) => {
                        *parked.lock().expect("not poisoned") = Some(feed);
                        asked.notify_one();
                        std::future::pending().await
                    }
                }
            })
        });
        let mut connection = http1().serve_connection(TokioIo::new(io), service);
        let mut drain = self.draining.subscribe();
        let mut draining = false;
        loop {
            tokio::select! {
                ended = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => {
                    return log_end(ended);
                }
                () = asked.notified() => break,
                _ = drain.wait_for(|d| *d), if !draining => {
                    draining = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
        let parts = connection.into_parts();
        let request = parked.lock().expect("not poisoned").take();
        let (stream, unread) = parts.io.into_inner().into_inner().into_parts();
        let mut leftover = parts.read_buf.to_vec();
        leftover.extend_from_slice(&unread);
        if let (Some(request), Ok(stream), Some(shards)) =
            (request, stream.into_std(), self.shards.get())
        {
            let (io, leftover, kind) = (stream.into(), leftover.into(), Kind::Direct);
            shards.park(Parked { io, peer, request, leftover, kind });
        }
    }

    async fn http1_tls<S>(self: Arc<Self>, io: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (io, requests) = HeadWait::around(io);
        let service = service_fn(|request| {
            let turn = requests.begin();
            let answer = self.clone().bridged(request, peer, true);
            async move {
                let _turn = turn;
                answer.await
            }
        });
        let connection = http1().serve_connection(TokioIo::new(io), service).with_upgrades();
        let mut connection = pin!(connection);
        let mut drain = self.draining.subscribe();
        let mut draining = false;
        loop {
            tokio::select! {
                ended = &mut connection => return log_end(ended),
                _ = drain.wait_for(|d| *d), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn http2<S>(self: Arc<Self>, io: TokioIo<S>, peer: SocketAddr, secure: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let this = self.clone();
        let service = service_fn(move |request| this.clone().bridged(request, peer, secure));
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(limits::HEAD_BYTES_MAX as u32)
            .keep_alive_interval(Duration::from_millis(limits::HEARTBEAT_MS))
            .keep_alive_timeout(Duration::from_millis(limits::SLOW_READER_MS_MAX));
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut drain = self.draining.subscribe();
        let mut draining = false;
        loop {
            tokio::select! {
                ended = &mut connection => return log_end(ended),
                _ = drain.wait_for(|d| *d), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn bridged(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
        secure: bool,
    ) -> Result<Response<Body>, Infallible> {
        if !is_feed(&request) {
            return Ok(self.route(request, peer).await);
        }
        let (feed, request) = match from_request(request, peer, secure) {
            Ok(both) => both,
            Err(refused) => return Ok(*refused),
        };
        let Some(shards) = self.shards.get() else { return Ok(unavailable()) };
        Ok(match bridge::answer(shards, feed, request).await {
            Ok(response) => response.map(Body::new),
            Err(e) => {
                tracing::warn!("a feed could not be bridged: {e}");
                unavailable()
            }
        })
    }

    async fn route(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        if *self.draining.borrow() {
            return Refusal(
                Error::new(Code::Draining, "The server goes down; try again.")
                    .retry_after_ms(limits::DRAIN_SPREAD_MS),
            )
            .into_response();
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer.ip()));
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The connections as the shards hold them.
pub struct Shared(pub Arc<Connections>);

impl Handoff for Shared {
    fn http(&self, stream: StdStream, already_read: Vec<u8>, peer: SocketAddr) {
        let Ok(place) = self.0.room.clone().try_acquire_owned() else {
            tracing::warn!("{CONNECTIONS_MAX} connections are being served; one more was closed");
            return;
        };
        let this = self.0.clone();
        self.0.runtime.spawn(async move {
            this.plain(stream, already_read, peer).await;
            drop(place);
        });
    }
}

fn http1() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Counts from the end of the answer before, so it bounds the idle time; [`HeadWait`] bounds the head.
        .header_read_timeout(Duration::from_millis(limits::KEEP_ALIVE_MS_MAX))
        .max_headers(limits::HEADERS_MAX)
        .max_buf_size(limits::HEAD_BYTES_MAX.max(8 * 1024));
    builder
}

fn is_feed(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET && request.uri().path() == encke_transport::PATH
}

type Asked = (FeedRequest, Request<Incoming>);

fn from_request(
    request: Request<Incoming>,
    peer: SocketAddr,
    secure: bool,
) -> Result<Asked, Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    match FeedRequest::from_parts(&parts, peer, secure) {
        Ok(feed) => Ok((feed, Request::from_parts(parts, body))),
        Err(refused) => {
            let mut response = Refusal(refused.error).into_response();
            if let Ok(status) = http::StatusCode::from_u16(refused.status) {
                *response.status_mut() = status;
            }
            if let Some((name, value)) = refused.header
                && let Ok(value) = http::HeaderValue::from_str(value)
            {
                response.headers_mut().insert(name, value);
            }
            Err(Box::new(response))
        }
    }
}

fn unavailable() -> Response<Body> {
    Refusal(Error::new(Code::Overloaded, "The feed is not to be had right now.")).into_response()
}

fn log_end(ended: Result<(), impl std::fmt::Display>) {
    if let Err(e) = ended {
        tracing::debug!("a connection ended: {e}");
    }
}
