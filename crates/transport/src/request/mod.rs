//! A request for the feed. It is parsed and checked once, by the shard or for the HTTP server.

mod classify;
mod credentials;
mod host;
mod query;
mod repeat;
mod send;

use std::net::SocketAddr;

use encke_credentials::{SessionCookie, with_cookies};
use encke_engine::{Code, Cursor, Error, limits};

pub(crate) use classify::{RequestKind, classify};
pub use credentials::Credentials;
pub use host::check as check_host;
pub(crate) use repeat::Repeat;
pub use send::{KeptSend, LogPlace, SendAnswer, SendPath, SendRequest};

use crate::ws::handshake;

/// The path of the feed.
pub const PATH: &str = "/v1/feed";

pub use encke_engine::connection::Transport;

/// A refusal as an HTTP answer: an error, which sometimes has a status or a header of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The error in the body.
    pub error: Error,
    /// The HTTP status.
    pub status: u16,
    /// A further header of the refusal.
    pub header: Option<(&'static str, &'static str)>,
    /// The foreign origin that may read the refusal.
    pub allow_origin: Option<Box<str>>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { status: error.code.status(), error, header: None, allow_origin: None }
    }
}

/// A request for the feed. Its credentials are not checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedRequest {
    /// The transport of the answer.
    pub transport: Transport,
    /// The cursor that the client holds.
    pub cursor: Option<Cursor>,
    /// Seconds that a long poll may wait.
    pub wait_s: u64,
    /// The names of the channels asked for, each once.
    pub channels: Vec<Box<str>>,
    /// Whether the client asks for the caller's conversations.
    pub conversations: bool,
    /// The client's own name for its device or tab; empty if it gave none.
    pub client: Box<str>,
    /// Iframe: the function of the parent page.
    pub callback: Box<str>,
    /// Iframe: the parent page's origin, if it is another one. The gate decides whether it is allowed.
    pub parent: Option<Box<str>>,
    /// The credentials, unchecked.
    pub credentials: Credentials,
    /// The origin of the page that sends the request.
    pub origin: Option<Box<str>>,
    /// The host that the request names.
    pub host: Option<Box<str>>,
    /// The address at the other end of the connection.
    pub peer: SocketAddr,
    /// The connection itself is under TLS.
    pub tls: bool,
    /// Whether the last `X-Forwarded-Proto` says `https`. Any client can write this header.
    pub forwarded_https: Option<bool>,
    /// Whether the connection may serve another request afterwards.
    pub(crate) keep_alive: bool,
    /// WebSocket: the value of `Sec-WebSocket-Accept`.
    pub(crate) accept: Box<str>,
}

/// The headers that matter, as they came.
#[derive(Default)]
struct Headers<'a> {
    accept: &'a [u8],
    authorization: Option<&'a [u8]>,
    session: Option<SessionCookie<'a>>,
    origin: Option<&'a str>,
    host: Option<&'a str>,
    last_event_id: Option<&'a str>,
    fetch_dest: Option<&'a [u8]>,
    connection_close: bool,
    connection_keep_alive: bool,
    connection_upgrade: bool,
    upgrade_websocket: bool,
    ws_version: Option<&'a [u8]>,
    ws_key: Option<&'a [u8]>,
    content_type: Option<&'a str>,
    key: Option<&'a str>,
    content_length: Option<usize>,
    forwarded_https: Option<bool>,
    body: bool,
    /// The body, or the way to answer it, is unusual: only the HTTP server understands it.
    unusual: bool,
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, message)
}

fn once<'a, T>(
    name: &str,
    field: &mut Option<T>,
    value: &'a [u8],
    read: impl FnOnce(&'a [u8]) -> Option<T>,
) -> Result<(), Error> {
    let value = read(value)
        .ok_or_else(|| bad(format!("The header {name} has a value that can't be read.")))?;
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(bad(format!("The header {name} may come only once."))),
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value.trim_ascii()).ok()
}

/// A number of bytes in plain digits.
fn length(value: &[u8]) -> Option<usize> {
    let digits = value.trim_ascii();
    let plain = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    if plain { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// The refusal for a window that opens the iframe transport by itself.
const NOT_FRAMED: &str =
    "This address answers only inside of a frame; it can't be opened by itself.";

/// Whether a browser loads this into a frame. An old client may not say where it loads the page; the page itself does
/// nothing outside of a frame.
fn is_framed(fetch_dest: Option<&[u8]>) -> bool {
    fetch_dest.is_none_or(|dest| matches!(dest.trim_ascii(), b"iframe" | b"frame"))
}

fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|b| *b == b',').any(|t| t.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

impl<'a> Headers<'a> {
    fn read(lines: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Error> {
        let mut h = Headers::default();
        for (name, value) in lines {
            h.line(name, value)?;
        }
        Ok(h)
    }

    fn line(&mut self, name: &'a str, value: &'a [u8]) -> Result<(), Error> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // The length is compared first, because most headers of a browser have another one.
        match name.len() {
            4 if is("host") => once("Host", &mut self.host, value, host::plain),
            6 if is("accept") => {
                self.accept = value;
                Ok(())
            }
            6 if is("cookie") => {
                self.session = with_cookies(self.session, value);
                Ok(())
            }
            6 if is("origin") => once("Origin", &mut self.origin, value, text),
            7 if is("upgrade") => {
                self.upgrade_websocket |= has_token(value, "websocket");
                Ok(())
            }
            10 if is("connection") => {
                self.connection_close |= has_token(value, "close");
                self.connection_keep_alive |= has_token(value, "keep-alive");
                self.connection_upgrade |= has_token(value, "upgrade");
                Ok(())
            }
            13 if is("authorization") => {
                once("Authorization", &mut self.authorization, value, Some)
            }
            13 if is("last-event-id") => {
                once("Last-Event-ID", &mut self.last_event_id, value, text)
            }
            14 if is("content-length") => {
                self.body |= value.trim_ascii() != b"0";
                self.unusual |= self.content_length.is_some();
                self.content_length = length(value);
                self.unusual |= self.content_length.is_none();
                Ok(())
            }
            14 if is("sec-fetch-dest") => once("Sec-Fetch-Dest", &mut self.fetch_dest, value, Some),
            6 if is("expect") => {
                self.unusual = true;
                Ok(())
            }
            12 if is("content-type") => once("Content-Type", &mut self.content_type, value, text),
            15 if is("idempotency-key") => once("Idempotency-Key", &mut self.key, value, text),
            16 if is("content-encoding") => {
                self.unusual = true;
                Ok(())
            }
            17 if is("transfer-encoding") => {
                self.body = true;
                self.unusual = true;
                Ok(())
            }
            17 if is("x-forwarded-proto") => {
                // Each proxy adds its word at the end.
                let last = value.rsplit(|b| *b == b',').next().unwrap_or_default();
                self.forwarded_https = Some(last.trim_ascii().eq_ignore_ascii_case(b"https"));
                Ok(())
            }
            17 if is("sec-websocket-key") => {
                once("Sec-WebSocket-Key", &mut self.ws_key, value, Some)
            }
            21 if is("sec-websocket-version") => {
                once("Sec-WebSocket-Version", &mut self.ws_version, value, Some)
            }
            _ => Ok(()),
        }
    }
}

impl FeedRequest {
    /// Parses a GET of the feed. `target` is path and query; `minor` is the minor version of HTTP/1, 1 for HTTP/2.
    pub fn parse<'a>(
        target: &str,
        minor: u8,
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
        peer: SocketAddr,
    ) -> Result<Self, Refusal> {
        let headers = Headers::read(headers)?;
        if minor > 0 && headers.host.is_none() {
            return Err(host::missing().into());
        }
        if headers.body {
            return Err(bad("A request for the feed has no body.").into());
        }
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query = query::Query::parse(query)?;
        let mut accept = Box::<str>::default();
        let transport = if headers.upgrade_websocket {
            accept = handshake::check(
                minor,
                headers.connection_upgrade,
                headers.ws_version,
                headers.ws_key,
            )?;
            Transport::WebSocket
        } else {
            match query.live {
                Some(live) => live,
                None if memchr::memmem::find(headers.accept, b"text/event-stream").is_some() => {
                    Transport::Sse
                }
                None => Transport::ShortPoll,
            }
        };
        if transport == Transport::Iframe && !is_framed(headers.fetch_dest) {
            return Err(Error::new(Code::Forbidden, NOT_FRAMED).into());
        }
        let cursor = match headers.last_event_id {
            Some(id) if !id.is_empty() => Some(id.parse()?),
            _ => query.cursor,
        };
        let keep_alive = !headers.connection_close && (minor > 0 || headers.connection_keep_alive);
        Ok(FeedRequest {
            transport,
            cursor,
            wait_s: query.wait_s.unwrap_or(limits::POLL_WAIT_S_DEFAULT),
            channels: query.channels,
            conversations: query.conversations,
            client: query.client,
            callback: query.callback,
            parent: query.parent,
            credentials: Credentials {
                bearer: credentials::bearer(headers.authorization)?.map(Into::into),
                session: headers.session.map(|(value, _)| value.into()),
                session_is_hosts: headers.session.is_some_and(|(_, hosts)| hosts),
                pass: query.ticket,
            },
            origin: headers.origin.map(Into::into),
            host: headers.host.map(Into::into),
            peer,
            tls: false,
            forwarded_https: headers.forwarded_https,
            keep_alive,
            accept,
        })
    }

    /// Parses a request that hyper has read. Its method must be GET and its path [`PATH`].
    pub fn from_parts(parts: &http::request::Parts, peer: SocketAddr) -> Result<Self, Refusal> {
        let target = parts.uri.path_and_query().map_or("", |t| t.as_str());
        let minor = u8::from(parts.version != http::Version::HTTP_10);
        let lines = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        // HTTP/2 names the host in a field of its own.
        let is_named = minor == 0
            || parts.version == http::Version::HTTP_11
            || parts.headers.contains_key(http::header::HOST);
        let authority = parts.uri.authority().filter(|_| !is_named);
        let host = authority.map(|a| ("host", a.as_str().as_bytes()));
        Self::parse(target, minor, host.into_iter().chain(lines), peer)
    }
}

#[cfg(test)]
mod tests;
