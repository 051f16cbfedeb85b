//! Connections that hyper serves: all requests except those for the feed, and everything over HTTP/2.
//!
//! A connection comes from a shard with the bytes that were read, or from a TLS handshake. If a request on it asks for
//! the feed, the connection goes to a shard: hyper stops before the answer, and the bare socket is parked, with its
//! keys if it is under TLS. Connections over HTTP/2 or TLS 1.2 can't be parked, so they are bridged.

mod feed;

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::net::{IpAddr, SocketAddr, TcpStream as StdStream};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use encke_engine::{Error, PersonId, limits};
use encke_gateway::Parking;
use encke_site::{Peer, Refusal, Scheme};
use encke_transport::{FeedRequest, Handoff, Parked, ParkedWait, Sealed, Shards, Wait};
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;
use tracing::Instrument;

use self::feed::{admitted, from_request, is_feed, no_place, not_bridged, wrapped};
use crate::boot::budget::Budget;
use crate::boot::spaces::{Serving, Spaces};
use crate::http::proxies::Proxies;
use crate::wire::bridge;
use crate::wire::bridge_places::{Full, OnConnection, Place, Places};
use crate::wire::client_end::{LINGER_MAX, Wire};
use crate::wire::handshake_records::Records;
use crate::wire::head_wait::HeadWait;
use crate::wire::http2_streams::{PIECE_BYTES, Streams, paced};
use crate::wire::rewind::Rewind;
use crate::wire::seats::{NoSeat, Open, Seat, Seated, Seats};

/// Requests under way on one HTTP/2 connection, feeds included.
const STREAMS_MAX: u32 = 100;
/// Bytes of one stream that may wait for the socket.
const STREAM_BYTES_MAX: usize = 4 * PIECE_BYTES;
/// The first bytes of an HTTP/2 connection.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// Serves the connections that the shards hand over.
pub struct Connections {
    spaces: Arc<Spaces>,
    proxies: Proxies,
    runtime: Handle,
    seats: Arc<Seats>,
    handshakes: Arc<Seats>,
    places: Arc<Places>,
    /// The greatest size of a request's head.
    head_bytes_max: usize,
    draining: watch::Receiver<bool>,
}

impl Connections {
    /// Makes the server of connections to these spaces. It runs on this runtime until `draining` says that the server
    /// goes down. `long_heads` is for gateways whose texts travel in URLs.
    pub fn new(
        spaces: Arc<Spaces>,
        proxies: Proxies,
        runtime: Handle,
        budget: &Budget,
        long_heads: bool,
        draining: watch::Receiver<bool>,
    ) -> Arc<Self> {
        let seats = |what, of| Seats::new(what, of, budget.files.clone(), proxies.clone());
        let longest = if long_heads { limits::LONG_HEAD_BYTES_MAX } else { 0 };
        Arc::new(Connections {
            seats: seats("HTTP connections", [budget.connections, budget.left / 2]),
            handshakes: seats("TLS handshakes", [budget.handshakes, 0]),
            spaces,
            proxies,
            runtime,
            places: Places::new(budget.bridges),
            head_bytes_max: limits::HEAD_BYTES_MAX.max(longest),
            draining,
        })
    }

    /// Waits until each connection has finished its requests, but not longer than this.
    pub async fn drained(&self, within: Duration) {
        let _ = tokio::time::timeout(within, self.seats.are_empty()).await;
    }

    /// Takes a seat for a TLS handshake with this address.
    ///
    /// If all seats are held by handshakes that wait for this server, the call waits a moment for one. An address with
    /// too many handshakes is refused at once, so that it keeps nobody waiting.
    pub async fn handshake(&self, peer: IpAddr) -> Option<Seated> {
        let pause = Duration::from_millis(limits::HANDSHAKE_QUEUE_MS_MAX / 10);
        for _ in 0..10 {
            match self.handshakes.take(peer) {
                Ok(seated) => {
                    seated.seat.works(true);
                    return Some(seated);
                }
                Err(NoSeat::ForAddress) => break,
                Err(NoSeat::ForAnybody) => tokio::time::sleep(pause).await,
            }
        }
        self.handshakes.refused();
        None
    }

    /// Serves a connection until it ends or has to give up its seat.
    async fn seated(seated: Seated, served: impl Future<Output = ()>) {
        tokio::select! {
            () = served => {}
            () = seated.seat.is_over() => {}
        }
    }

    async fn from_shard(
        self: Arc<Self>,
        stream: StdStream,
        sealed: Option<Box<Sealed>>,
        already_read: Vec<u8>,
        peer: SocketAddr,
        seat: Arc<Seat>,
    ) {
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        // The client has sent bytes to be answered, but tokio does not know yet whether the socket can be written to.
        // hyper does not wait for that before it refuses the bytes.
        if stream.writable().await.is_err() {
            return;
        }
        let two = already_read.starts_with(PREFACE);
        let end = End { peer, tls: sealed.is_some() };
        let io = Rewind::new(Wire::of(stream.into(), sealed), already_read.into());
        if two {
            self.http2(TokioIo::new(io), end, seat).await;
        } else {
            self.http1(io, end, seat).await;
        }
    }

    /// Serves a connection after its TLS handshake.
    pub async fn encrypted(
        self: Arc<Self>,
        stream: TlsStream<Records>,
        peer: SocketAddr,
        handshake: Seated,
    ) {
        let Ok(seated) = self.seats.take(peer.ip()) else { return self.seats.refused() };
        drop(handshake);
        let (seat, end) = (seated.seat.clone(), End { peer, tls: true });
        let span = tracing::debug_span!("connection", %peer);
        Self::seated(seated, self.decrypted(stream, end, seat)).instrument(span).await;
    }

    async fn decrypted(self: Arc<Self>, stream: TlsStream<Records>, end: End, seat: Arc<Seat>) {
        let (_, tls) = stream.get_ref();
        if tls.alpn_protocol() == Some(b"h2") {
            self.http2(TokioIo::new(stream), end, seat).await;
        } else if tls.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            match Wire::after_handshake(stream) {
                Ok(sealed) => self.http1(Rewind::new(sealed, Bytes::new()), end, seat).await,
                Err(e) => tracing::debug!("a TLS connection could not go on: {e}"),
            }
        } else {
            self.http1_bridged(stream, end, seat).await;
        }
    }

    /// Serves HTTP/1.1 on a connection whose feeds can be parked.
    async fn http1(self: Arc<Self>, io: Rewind, end: End, seat: Arc<Seat>) {
        let (io, requests) = HeadWait::around(io);
        let parked: Arc<Mutex<Option<ToPark>>> = Arc::default();
        let asked = Arc::new(Notify::new());
        let service = service_fn(|request: Request<Incoming>| {
            let (this, parked, asked) = (self.clone(), parked.clone(), asked.clone());
            let turn = (requests.begin(), seat.begin());
            // Boxed, because a connection that is abandoned half-way must not be pinned in place.
            Box::pin(async move {
                let _turn = turn;
                let serving = match this.serving(&request) {
                    Ok(serving) => serving,
                    Err(refused) => return Ok::<_, Infallible>(*refused),
                };
                let found = if is_feed(&request) {
                    match from_request(request, end) {
                        Err(refused) => return Ok(*refused),
                        Ok((feed, _)) => Asked::Feed(feed),
                    }
                } else {
                    let mut response = this.route(serving, request, end).await;
                    match Parking::take(&mut response) {
                        None => return Ok(response),
                        Some(wait) => Asked::Wait(wait),
                    }
                };
                *parked.lock().expect("not poisoned") = Some((found, serving.shards.clone()));
                asked.notify_one();
                std::future::pending().await
            })
        });
        let mut builder = http1_builder(self.head_bytes_max);
        // A client that closes its side after a request still gets its answer.
        let mut connection = builder.half_close(true).serve_connection(TokioIo::new(io), service);
        let ended = self
            .until_it_ends(
                Pin::new(&mut connection),
                |connection, cx| connection.get_mut().poll_without_shutdown(cx),
                |connection| connection.graceful_shutdown(),
                asked.notified(),
            )
            .await;
        let parts = connection.into_parts();
        let request = parked.lock().expect("not poisoned").take();
        let (wire, unread) = parts.io.into_inner().into_inner().into_parts();
        if let Some(ended) = ended {
            log_end(ended);
            return wire.linger().await;
        }
        let Some((request, shards)) = request else { return };
        let peer = end.peer;
        match wire.into_parked().await {
            Ok((stream, kind, plain)) => {
                let (io, leftover) =
                    (stream.into(), [parts.read_buf, unread, plain].concat().into());
                match request {
                    Asked::Feed(request) => {
                        shards.park(Parked { io, peer, request, admission: None, leftover, kind });
                    }
                    Asked::Wait(wait) => shards.wait(ParkedWait { io, peer, leftover, kind, wait }),
                }
            }
            Err(e) => tracing::debug!("a connection could not be parked: {e}"),
        }
    }

    /// Serves HTTP/1.1 on a connection whose feeds are bridged.
    async fn http1_bridged<S>(self: Arc<Self>, io: S, end: End, seat: Arc<Seat>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (io, requests) = HeadWait::around(io);
        let here = OnConnection::default();
        let service = service_fn(|request| {
            let turn = (requests.begin(), seat.begin());
            let answer = self.clone().bridged(request, end, seat.clone(), here.clone());
            async move {
                let _turn = turn;
                answer.await
            }
        });
        let builder = http1_builder(self.head_bytes_max);
        let connection = builder.serve_connection(TokioIo::new(io), service).with_upgrades();
        let connection = pin!(connection);
        let shut_down =
            |connection: Pin<&mut _>| UpgradeableConnection::graceful_shutdown(connection);
        let ended = self.until_it_ends(connection, Future::poll, shut_down, pending()).await;
        if let Some(ended) = ended {
            log_end(ended);
        }
    }

    /// Drives a connection until it ends, or until `stop` is ready; then returns `None`.
    ///
    /// When the server goes down, the connection is shut down gracefully: it finishes the requests that it has begun
    /// and takes no new ones.
    async fn until_it_ends<C, E>(
        &self,
        mut connection: Pin<&mut C>,
        mut poll: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<E>,
        shut_down: impl Fn(Pin<&mut C>),
        stop: impl Future<Output = ()>,
    ) -> Option<E> {
        let mut drain = self.draining.clone();
        let mut stop = pin!(stop);
        let mut is_told = false;
        loop {
            tokio::select! {
                ended = poll_fn(|cx| poll(connection.as_mut(), cx)) => return Some(ended),
                () = &mut stop => return None,
                Ok(_) = drain.wait_for(|d| *d), if !is_told => {
                    is_told = true;
                    shut_down(connection.as_mut());
                }
            }
        }
    }

    async fn http2<S>(self: Arc<Self>, io: TokioIo<S>, end: End, seat: Arc<Seat>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (streams, here) = (Streams::default(), OnConnection::default());
        let this = self.clone();
        let service = service_fn(move |request| {
            let turn = seat.begin();
            let answer = this.clone().bridged(request, end, seat.clone(), here.clone());
            async move {
                let _turn = turn;
                answer.await.map(paced)
            }
        });
        let mut builder = http2::Builder::new(streams.clone());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_send_buf_size(STREAM_BYTES_MAX)
            .max_header_list_size(self.head_bytes_max as u32)
            .keep_alive_interval(Duration::from_millis(limits::HEARTBEAT_MS))
            .keep_alive_timeout(Duration::from_millis(limits::SLOW_READER_MS_MAX));
        let mut connection = pin!(builder.serve_connection(io, service));
        let shut_down = |connection: Pin<&mut _>| http2::Connection::graceful_shutdown(connection);
        let ended =
            self.until_it_ends(connection.as_mut(), Future::poll, shut_down, streams.idle()).await;
        if let Some(ended) = ended {
            return log_end(ended);
        }
        if streams.has_begun() {
            // A request may be under way from the client.
            connection.as_mut().graceful_shutdown();
            let over = async {
                tokio::time::sleep(LINGER_MAX).await;
                streams.none().await;
            };
            tokio::select! {
                ended = &mut connection => log_end(ended),
                () = over => {}
            }
        }
    }

    async fn bridged(
        self: Arc<Self>,
        request: Request<Incoming>,
        end: End,
        seat: Arc<Seat>,
        here: OnConnection,
    ) -> Result<Response<Body>, Infallible> {
        let serving = match self.serving(&request) {
            Ok(serving) => serving,
            Err(refused) => return Ok(*refused),
        };
        let shards = &serving.shards;
        if !is_feed(&request) {
            let mut response = self.route(serving, request, end).await;
            let Some(wait) = Parking::take(&mut response) else { return Ok(response) };
            let person = wait.who.as_ref().map(|who| who.person);
            let bridged = match self.place(&here, shards, person) {
                Ok(place) => bridge::wait(shards, wait, end.peer, place).await,
                Err(_) => bridge::turned_away(wait),
            };
            return Ok(bridged.map_or_else(not_bridged, wrapped));
        }
        let (feed, request) = match from_request(request, end) {
            Ok(both) => both,
            Err(refused) => return Ok(*refused),
        };
        // Admission comes first, so that a refused request never holds a place.
        let admission = match admitted(shards, feed.clone()).await {
            Ok(admission) => admission,
            Err(refused) => return Ok(refused),
        };
        let place = match self.place(&here, shards, Some(admission.who.person)) {
            Ok(place) => place,
            Err(full) => return Ok(no_place(full)),
        };
        let open = |answer: Response<_>| answer.map(|body| Body::new(Open::on(&seat, body)));
        let answer = bridge::answer(shards, feed, admission, request, place);
        Ok(answer.await.map_or_else(not_bridged, open))
    }

    fn place(
        &self,
        here: &OnConnection,
        shards: &Arc<Shards>,
        person: Option<PersonId>,
    ) -> Result<Place, Full> {
        let site = Arc::as_ptr(shards) as usize;
        self.places.take(here, person.map(|person| (site, person)))
    }

    /// Finds the space that a request is for. The error is the answer to a request for no space; it still answers
    /// `/healthz`, because the process is alive.
    fn serving(&self, request: &Request<Incoming>) -> Result<&Serving, Box<Response<Body>>> {
        encke_transport::check_host(request).map_err(|e| Box::new(Refusal(e).into_response()))?;
        let refused = match self.spaces.of(request) {
            Ok(serving) => return Ok(serving),
            Err(e) => Refusal(e).into_response(),
        };
        match request.uri().path() {
            "/healthz" => Err(Box::new("ok\n".into_response())),
            // A load balancer may call a node by any name.
            "/readyz" => self.spaces.only().ok_or_else(|| Box::new(refused)),
            _ => Err(Box::new(refused)),
        }
    }

    async fn route(
        &self,
        serving: &Serving,
        request: Request<Incoming>,
        end: End,
    ) -> Response<Body> {
        if *self.draining.borrow() && !encke_gateway::answers_for_itself(request.uri().path()) {
            let refused = Error::draining().retry_after_ms(limits::DRAIN_SPREAD_MS);
            return Refusal(refused).into_response();
        }
        let mut request = request.map(Body::new);
        let visitor = self.proxies.visitor(end.peer.ip(), request.headers());
        let (scheme, named) = serving.schemes.reached(&request, end.tls, end.peer.ip());
        request.extensions_mut().insert(Peer(visitor));
        request.extensions_mut().insert(scheme);
        let answer = serving.router.clone().oneshot(request).instrument(serving.span.clone());
        let mut response = match answer.await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if scheme == Scheme::Https && named {
            let age = format!("max-age={}", limits::HSTS_AGE_S);
            let age = HeaderValue::try_from(age).expect("a number");
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, age);
        }
        response
    }
}

/// The connections as the shards hold them: a type of this crate, so that it can implement their [`Handoff`].
pub struct SharedConnections(pub Arc<Connections>);

impl Handoff for SharedConnections {
    fn http(
        &self,
        stream: StdStream,
        sealed: Option<Box<Sealed>>,
        already_read: Vec<u8>,
        peer: SocketAddr,
    ) {
        let Ok(seated) = self.0.seats.take(peer.ip()) else { return self.0.seats.refused() };
        let (this, seat) = (self.0.clone(), seated.seat.clone());
        let served = this.from_shard(stream, sealed, already_read, peer, seat);
        let span = tracing::debug_span!("connection", %peer);
        self.0.runtime.spawn(Connections::seated(seated, served).instrument(span));
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.0.proxies.are(address)
    }
}

/// The client's end of a connection.
#[derive(Clone, Copy)]
struct End {
    peer: SocketAddr,
    /// Whether this server ended the TLS of the connection.
    tls: bool,
}

/// A request that leaves hyper for a shard.
enum Asked {
    Feed(Arc<FeedRequest>),
    Wait(Wait),
}

/// A request that goes to a shard, and the shards of its space.
type ToPark = (Asked, Arc<Shards>);

fn http1_builder(head_bytes_max: usize) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // hyper counts from the end of the answer before, so this bounds the idle time. [`HeadWait`] bounds the head.
        .header_read_timeout(Duration::from_millis(limits::KEEP_ALIVE_MS_MAX))
        .max_headers(limits::HEADERS_MAX)
        .max_buf_size(head_bytes_max.max(8 * 1024));
    builder
}

fn log_end(ended: Result<(), impl std::fmt::Display>) {
    if let Err(e) = ended {
        tracing::debug!("a connection ended: {e}");
    }
}

#[cfg(test)]
mod tests;
