//! The bridge: the feed over HTTP/2 and TLS 1.2. A shard serves one end of a socket pair as if it were a client's
//! connection. This module copies bytes between the other end and the client.
//!
//! A pair is made only for a request that was admitted and has a place in [`Places`]. It lives no longer than the
//! stream that it serves.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as StdStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use encke_engine::limits;
use encke_transport::{
    Admission, ConnectionKind, FeedRequest, Parked, ParkedWait, Shards, Transport, Wait, WaitEnd,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body, Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::UnixStream;

use crate::wire::bridge_places::Place;

/// Bytes that are copied at one time.
const CHUNK_BYTES: usize = 16 * 1024;

/// The body of a shard's answer, read from the socket pair.
pub struct Carried {
    first: Bytes,
    /// `None` after the answer to a WebSocket's handshake, or to a request without a place: no body follows these.
    from: Option<UnixStream>,
    _place: Option<Place>,
}

impl Body for Carried {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first)))));
        }
        let Some(from) = &mut self.from else { return Poll::Ready(None) };
        let mut chunk = [0; CHUNK_BYTES];
        let mut buf = ReadBuf::new(&mut chunk);
        ready!(Pin::new(from).poll_read(cx, &mut buf))?;
        let filled = buf.filled();
        Poll::Ready((!filled.is_empty()).then(|| Ok(Frame::data(Bytes::copy_from_slice(filled)))))
    }
}

/// Lets the shards answer an admitted request that came over another kind of connection.
pub async fn answer(
    shards: &Shards,
    feed: Arc<FeedRequest>,
    admission: Box<Admission>,
    request: Request<Incoming>,
    place: Place,
) -> io::Result<Response<Carried>> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let peer = feed.peer;
    let socket = feed.transport == Transport::WebSocket;
    shards.park(Parked {
        io: theirs.into(),
        peer,
        request: feed,
        admission: Some(admission),
        leftover: Bytes::new(),
        kind: ConnectionKind::Bridged,
    });
    let mut from = UnixStream::from_std(ours)?;
    let (response, first) = head(&mut from).await?;
    if socket && response.status() == StatusCode::SWITCHING_PROTOCOLS {
        tokio::spawn(carry(request, from, first, place));
        return Ok(response.map(|()| Carried { first: Bytes::new(), from: None, _place: None }));
    }
    Ok(carried(response, first, Some(from), Some(place)))
}

/// Lets the shards hold a request of another protocol that came over another kind of connection.
pub async fn wait(
    shards: &Shards,
    wait: Wait,
    peer: SocketAddr,
    place: Place,
) -> io::Result<Response<Carried>> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let (io, leftover, kind) = (theirs.into(), Bytes::new(), ConnectionKind::Bridged);
    shards.wait(ParkedWait { io, peer, leftover, kind, wait });
    let mut from = UnixStream::from_std(ours)?;
    let (response, first) = head(&mut from).await?;
    Ok(carried(response, first, Some(from), Some(place)))
}

/// The answer to a request of another protocol when it has no place to wait. The answer has the form of that protocol.
pub fn turned_away(wait: Wait) -> io::Result<Response<Carried>> {
    let answer = wait.turned_away(WaitEnd::Drain);
    let whole = || io::Error::new(io::ErrorKind::InvalidData, "an answer without an end");
    let (response, length) = parse(&answer)?.ok_or_else(whole)?;
    Ok(carried(response, answer.slice(length..), None, None))
}

/// Makes an answer of hyper's out of the head and body of a shard's answer.
fn carried(
    mut response: Response<()>,
    first: Bytes,
    from: Option<UnixStream>,
    _place: Option<Place>,
) -> Response<Carried> {
    // HTTP/2 has none of these headers, and over HTTP/1.1 hyper sets its own.
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
        response.headers_mut().remove(name);
    }
    response.map(|()| Carried { first, from, _place })
}

/// Reads the head of the shard's answer, and the part of the body that came with it.
async fn head(from: &mut UnixStream) -> io::Result<(Response<()>, Bytes)> {
    let mut buf = BytesMut::with_capacity(1024);
    loop {
        if from.read_buf(&mut buf).await? == 0 || buf.len() > limits::HEAD_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer from the shard"));
        }
        if let Some((response, length)) = parse(&buf)? {
            return Ok((response, buf.freeze().slice(length..)));
        }
    }
}

fn parse(buf: &[u8]) -> io::Result<Option<(Response<()>, usize)>> {
    let bad = |e: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, e.to_string());
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(buf).map_err(|e| bad(&e))? else {
        return Ok(None);
    };
    let mut response = Response::builder().status(head.code.unwrap_or(500));
    for line in head.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|e| bad(&e))?;
        response = response.header(name, HeaderValue::from_bytes(line.value).map_err(|e| bad(&e))?);
    }
    Ok(Some((response.body(()).map_err(|e| bad(&e))?, length)))
}

/// Copies WebSocket frames both ways once the connection is upgraded.
async fn carry(request: Request<Incoming>, mut shard: UnixStream, first: Bytes, _place: Place) {
    let carried = async {
        let upgraded = hyper::upgrade::on(request).await.map_err(io::Error::other)?;
        let mut client = TokioIo::new(upgraded);
        client.write_all(&first).await?;
        tokio::io::copy_bidirectional(&mut client, &mut shard).await
    };
    // Both sides may end the connection. The client comes back with its cursor.
    if let Err(e) = carried.await {
        tracing::debug!("a bridged WebSocket ended: {e}");
    }
}
