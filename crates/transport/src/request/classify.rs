//! The first look at the bytes of a request: whether it is for the feed, a send or neither, and whether it is complete.

use std::mem::MaybeUninit;
use std::net::SocketAddr;

use encke_engine::limits::{HEAD_BYTES_MAX, HEADERS_MAX};
use encke_engine::{Code, Error};

use super::send::{self, SendPath, SendRequest, Sending};
use super::{FeedRequest, Refusal};

const FEED: &[u8] = b"GET /v1/feed";
const POST: &[u8] = b"POST ";

/// The kind of a request, as far as its bytes tell.
pub enum RequestKind<'a> {
    /// The request is incomplete: wait for more bytes.
    Partial,
    /// The request is for the HTTP server: it is neither for the feed nor a plain send, or it is not HTTP as it is read
    /// here.
    Other,
    /// A request for the feed, with the length of its head. After a refusal without a length no other request can
    /// follow.
    Feed(Option<usize>, Result<Box<FeedRequest>, Refusal>),
    /// A send, with the length of its head and body.
    Send(usize, SendRequest<'a>),
}

impl RequestKind<'_> {
    /// The host that the request names. The outer `None` says that the host is not known (yet).
    pub fn host(&self) -> Option<Option<&str>> {
        match self {
            RequestKind::Feed(_, Ok(request)) => Some(request.host.as_deref()),
            RequestKind::Send(_, request) => Some(request.host),
            RequestKind::Partial | RequestKind::Other | RequestKind::Feed(_, Err(_)) => None,
        }
    }
}

/// Classifies the bytes of a request. The first `seen` bytes were looked at before; `paths` are those of sends.
pub fn classify<'a>(
    bytes: &'a [u8],
    seen: usize,
    peer: SocketAddr,
    paths: &[SendPath],
) -> RequestKind<'a> {
    let sends = match begins(bytes, paths) {
        Begins::Open => return RequestKind::Partial,
        Begins::Feed => false,
        Begins::Send => true,
        Begins::Other => return RequestKind::Other,
    };
    // Parsing starts at the first byte each time, so it waits for the head's end. The end of a send's head may have
    // arrived long before its body.
    if !has_end(&bytes[if sends { 0 } else { seen.saturating_sub(3) }..]) {
        return match bytes.len() < HEAD_BYTES_MAX {
            true => RequestKind::Partial,
            false if sends => RequestKind::Other,
            false => too_large(),
        };
    }
    let mut lines = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    let head = request.parse_with_uninit_headers(bytes, &mut lines);
    match head {
        _ if sends => send(head, &request, bytes, peer, paths),
        Ok(httparse::Status::Complete(length)) if length > HEAD_BYTES_MAX => too_large(),
        Ok(httparse::Status::Complete(length)) => {
            let (Some(target), Some(minor)) = (request.path, request.version) else {
                return RequestKind::Other;
            };
            let headers = request.headers.iter().map(|h| (h.name, h.value));
            let parsed = FeedRequest::parse(target, minor, headers, peer);
            let bodied = parsed.as_ref().is_err_and(|_| has_body(request.headers));
            RequestKind::Feed((!bodied).then_some(length), parsed.map(Box::new))
        }
        Ok(httparse::Status::Partial) => RequestKind::Partial,
        Err(httparse::Error::TooManyHeaders) => too_large(),
        Err(_) => RequestKind::Other,
    }
}

enum Begins {
    /// The bytes are the beginning of several kinds.
    Open,
    Feed,
    Send,
    Other,
}

fn begins(bytes: &[u8], paths: &[SendPath]) -> Begins {
    let common = |bytes: &[u8], start: &[u8]| {
        let n = bytes.len().min(start.len());
        bytes[..n] == start[..n]
    };
    if common(bytes, POST) {
        let path = bytes.get(POST.len()..).unwrap_or_default();
        let may_be = || paths.iter().any(|send| common(path, send.before.as_bytes()));
        return match paths.iter().any(|send| path.starts_with(send.before.as_bytes())) {
            true => Begins::Send,
            false if may_be() => Begins::Open,
            false => Begins::Other,
        };
    }
    if !common(bytes, FEED) {
        return Begins::Other;
    }
    match bytes.get(FEED.len()) {
        None => Begins::Open,
        Some(b' ' | b'?') => Begins::Feed,
        Some(_) => Begins::Other,
    }
}

fn send<'a>(
    head: httparse::Result<usize>,
    request: &httparse::Request<'_, 'a>,
    bytes: &'a [u8],
    peer: SocketAddr,
    paths: &[SendPath],
) -> RequestKind<'a> {
    let (Ok(httparse::Status::Complete(length)), Some(path), Some(minor)) =
        (head, request.path, request.version)
    else {
        return RequestKind::Other;
    };
    let lines = request.headers.iter().map(|h| (h.name, h.value));
    match send::read(paths, path, minor, lines, bytes, length, peer) {
        Sending::Other => RequestKind::Other,
        Sending::Partial => RequestKind::Partial,
        Sending::Whole(length, request) => RequestKind::Send(length, request),
    }
}

fn too_large() -> RequestKind<'static> {
    let error = Error::new(Code::TooLarge, "The head of the request is too large.");
    RequestKind::Feed(None, Err(error.into()))
}

/// Whether the request announces a body, which would be taken for the next request.
fn has_body(headers: &[httparse::Header<'_>]) -> bool {
    headers.iter().any(|h| {
        h.name.eq_ignore_ascii_case("content-length")
            || h.name.eq_ignore_ascii_case("transfer-encoding")
    })
}

fn has_end(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes)
        .any(|at| matches!(&bytes[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(bytes: &[u8]) -> RequestKind<'_> {
        let sends = [SendPath { before: "/v1/channels/", after: "/events" }];
        classify(bytes, 0, "127.0.0.1:9".parse().expect("an address"), &sends)
    }

    #[test]
    fn other_requests_than_for_the_feed_are_seen_at_once() {
        for other in [
            "POST /v1/feed HTTP/1.1\r\n",
            "GET /v1/feeds",
            "GET /v1/feed/",
            "G\r\n",
            "PRI * HTTP/2.0",
            "get /v1/feed ",
            "\r\nGET",
            "GET /v1/feed HTTP/9.9\r\n\r\n",
            "\u{16}\u{3}\u{1}",
        ] {
            assert!(matches!(kind_of(other.as_bytes()), RequestKind::Other), "{other}");
        }
    }

    #[test]
    fn a_head_is_waited_for_to_its_end() {
        let head = b"GET /v1/feed?live=sse HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..head.len() {
            assert!(matches!(kind_of(&head[..end]), RequestKind::Partial), "{end}");
        }
        let send = b"POST /v1/channels/n/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
        for end in 0..send.len() {
            assert!(matches!(kind_of(&send[..end]), RequestKind::Partial), "{end}");
        }
        assert!(matches!(kind_of(send), RequestKind::Send(n, _) if n == send.len()));
        let more = [head, b"GET /next".as_slice()].concat();
        assert!(matches!(kind_of(&more), RequestKind::Feed(Some(n), Ok(_)) if n == head.len()));
    }

    #[test]
    fn a_head_without_measure_is_refused() {
        let refused = |bytes: &[u8]| {
            let RequestKind::Feed(None, Err(refusal)) = kind_of(bytes) else {
                panic!("not refused")
            };
            assert_eq!(refusal.status, 413);
        };
        let mut long = b"GET /v1/feed HTTP/1.1\r\nX: ".to_vec();
        long.resize(HEAD_BYTES_MAX, b'x');
        refused(&long);
        long.extend_from_slice(b"\r\n\r\n");
        refused(&long);
        let many = "A: b\r\n".repeat(HEADERS_MAX + 1);
        refused(format!("GET /v1/feed HTTP/1.1\r\n{many}\r\n").as_bytes());
    }

    #[test]
    fn a_send_that_is_not_plain_is_for_the_http_server() {
        for lines in [
            "",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 2\r\nContent-Length: 3\r\n",
            "Content-Length: +2\r\n",
            "Content-Length: 65537\r\n",
            "Content-Length: 2\r\nExpect: 100-continue\r\n",
            "Content-Length: 2\r\nHost: b\r\n",
            "Content-Length: 2\r\nHost: \u{3000}\r\n",
        ] {
            let bytes = format!("POST /v1/channels/n/events HTTP/1.1\r\nHost: a\r\n{lines}\r\nhi");
            assert!(matches!(kind_of(bytes.as_bytes()), RequestKind::Other), "{lines}");
        }
        let nameless = b"POST /v1/channels/n/events HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
        assert!(matches!(kind_of(nameless), RequestKind::Other));
    }

    #[test]
    fn a_request_for_the_feed_names_one_host() {
        let refused = |head: &str| {
            let head = format!("GET /v1/feed {head}\r\n");
            match kind_of(head.as_bytes()) {
                RequestKind::Feed(_, Err(refusal)) => refusal.status == 400,
                RequestKind::Feed(_, Ok(_)) => false,
                _ => panic!("not for the feed: {head}"),
            }
        };
        for head in [
            "HTTP/1.1\r\n",
            "HTTP/1.1\r\nHost:\r\n",
            "HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
            "HTTP/1.0\r\nHost: a\r\nHost: b\r\n",
            "HTTP/1.1\r\nHost: a\u{a0}\r\n",
            "HTTP/1.1\r\nHost: \u{2003}a\r\n",
        ] {
            assert!(refused(head), "{head}");
        }
        assert!(!refused("HTTP/1.1\r\nHost: \t a:80 \r\n") && !refused("HTTP/1.0\r\n"));
    }

    #[test]
    fn nothing_follows_a_request_with_a_body() {
        let lying =
            b"GET /v1/feed HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nGET /v1/feed HTTP/1.1\r\n\r\n";
        assert!(matches!(kind_of(lying), RequestKind::Feed(None, Err(_))));
    }
}
