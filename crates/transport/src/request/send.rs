//! A send over plain HTTP/1.1: the one request beside the feed that shards read themselves.
//!
//! It is the most frequent request after the feed, and it is small, so it skips the HTTP stack. Only the plain case is
//! taken here: a body of known, bounded length and nothing unusual. All other requests go to the HTTP server, which
//! serves the same addresses by the same rules.

use std::net::SocketAddr;

use encke_credentials::SessionCookie;
use encke_engine::{Cursor, Error, Seq, limits};

use super::{Headers, credentials};

/// The paths of one kind of send: a beginning, one name, an end. The server lists the kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendPath {
    /// The beginning of the path, up to the name.
    pub before: &'static str,
    /// The end of the path, after the name.
    pub after: &'static str,
}

impl SendPath {
    /// Whether a path is one of this kind.
    fn matches(&self, path: &str) -> bool {
        let name = path.strip_prefix(self.before).and_then(|rest| rest.strip_suffix(self.after));
        name.is_some_and(|name| {
            !name.is_empty() && !name.bytes().any(|b| matches!(b, b'/' | b'%' | b'?' | b'#'))
        })
    }
}

/// A send in the shard's buffer. Nothing in it is checked yet.
#[derive(Clone, Copy)]
pub struct SendRequest<'a> {
    /// The path. It was only compared with the paths of sends.
    pub path: &'a str,
    /// The token of `Authorization: Bearer …`.
    pub bearer: Option<&'a str>,
    /// The session's cookie, and whether it is `__Host-encke_session`.
    pub session: Option<SessionCookie<'a>>,
    /// The origin of the page that sends the request.
    pub origin: Option<&'a str>,
    /// The host that the request names.
    pub host: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: &'a str,
    /// `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
    /// The address at the other end of the connection.
    pub peer: SocketAddr,
    /// The connection itself is under TLS.
    pub tls: bool,
    /// Whether the last `X-Forwarded-Proto` says `https`. Any client can write this header.
    pub forwarded_https: Option<bool>,
    pub(crate) keep_alive: bool,
}

/// A copy of a [`SendRequest`], kept while the server finds out who sends it.
pub struct KeptSend {
    path: Box<str>,
    bearer: Option<Box<str>>,
    session: Option<(Box<str>, bool)>,
    origin: Option<Box<str>>,
    host: Option<Box<str>>,
    content_type: Box<str>,
    key: Option<Box<str>>,
    body: Box<[u8]>,
    peer: SocketAddr,
    tls: bool,
    forwarded_https: Option<bool>,
    keep_alive: bool,
}

impl SendRequest<'_> {
    /// A copy to keep.
    pub fn keep(&self) -> KeptSend {
        KeptSend {
            path: self.path.into(),
            bearer: self.bearer.map(Into::into),
            session: self.session.map(|(value, hosts)| (value.into(), hosts)),
            origin: self.origin.map(Into::into),
            host: self.host.map(Into::into),
            content_type: self.content_type.into(),
            key: self.key.map(Into::into),
            body: self.body.into(),
            peer: self.peer,
            tls: self.tls,
            forwarded_https: self.forwarded_https,
            keep_alive: self.keep_alive,
        }
    }
}

impl KeptSend {
    /// The request, borrowed from the copy.
    pub fn request(&self) -> SendRequest<'_> {
        SendRequest {
            path: &self.path,
            bearer: self.bearer.as_deref(),
            session: self.session.as_ref().map(|(value, hosts)| (&**value, *hosts)),
            origin: self.origin.as_deref(),
            host: self.host.as_deref(),
            content_type: &self.content_type,
            key: self.key.as_deref(),
            body: &self.body,
            peer: self.peer,
            tls: self.tls,
            forwarded_https: self.forwarded_https,
            keep_alive: self.keep_alive,
        }
    }
}

/// The place of a send in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogPlace {
    /// The number of the event in its stream.
    pub seq: Seq,
    /// The cursor at the event.
    pub cursor: Cursor,
    /// The time of the append, in milliseconds since 1970.
    pub at_ms: u64,
    /// The event was there already, because an earlier send had the same key.
    pub repeated: bool,
}

/// The outcome of a send. The shard writes it out, because the thread that answers is the store's only writer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendAnswer {
    /// The place in the log, or the reason of a refusal.
    pub result: Result<LogPlace, Error>,
    /// The foreign origin that may read the answer and send cookies.
    pub allow_origin: Option<Box<str>>,
}

impl From<Error> for SendAnswer {
    fn from(e: Error) -> Self {
        SendAnswer { result: Err(e), allow_origin: None }
    }
}

/// The state of a send whose head is complete.
pub(super) enum Sending<'a> {
    /// The HTTP server takes it.
    Other,
    /// The body is incomplete.
    Partial,
    /// The send is complete; its head and body take this many bytes.
    Whole(usize, SendRequest<'a>),
}

/// Reads a POST whose head takes `length` bytes.
pub(super) fn read<'a>(
    sends: &[SendPath],
    path: &'a str,
    minor: u8,
    lines: impl Iterator<Item = (&'a str, &'a [u8])>,
    bytes: &'a [u8],
    length: usize,
    peer: SocketAddr,
) -> Sending<'a> {
    if minor == 0 || !sends.iter().any(|send| send.matches(path)) {
        return Sending::Other;
    }
    // The HTTP server refuses an unreadable request.
    let Ok(h) = Headers::read(lines) else { return Sending::Other };
    let Some(size) = h.content_length else { return Sending::Other };
    if h.unusual || h.upgrade_websocket || h.host.is_none() || size > limits::BODY_BYTES_MAX {
        return Sending::Other;
    }
    let Some(body) = bytes.get(length..length + size) else { return Sending::Partial };
    let Ok(bearer) = credentials::bearer(h.authorization) else { return Sending::Other };
    let request = SendRequest {
        path,
        bearer,
        session: h.session,
        origin: h.origin,
        host: h.host,
        content_type: h.content_type.unwrap_or_default(),
        key: h.key,
        body,
        peer,
        tls: false,
        forwarded_https: h.forwarded_https,
        keep_alive: !h.connection_close,
    };
    Sending::Whole(length + size, request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_addresses_of_sends_are_taken() {
        let send = SendPath { before: "/v1/channels/", after: "/events" };
        for good in ["/v1/channels/c1/events", "/v1/channels/a.b:c/events"] {
            assert!(send.matches(good), "{good}");
        }
        for other in [
            "/v1/channels//events",
            "/v1/channels/c1/events/",
            "/v1/channels/c1/events?x=1",
            "/v1/channels/c1/x/events",
            "/v1/channels/%6e/events",
            "/v1/conversations/c1/events",
            "/v1/channels/events",
        ] {
            assert!(!send.matches(other), "{other}");
        }
    }
}
