//! Heads of HTTP/1.1 answers.

use bytes::{BufMut, Bytes, BytesMut};
use encke_engine::{Code, Error, item};

use crate::gate::Admission;
use crate::request::{FeedRequest, Refusal, SendAnswer, Transport};
use crate::{iframe, sse};

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused")
}

/// The header lines that let a foreign origin read an answer.
pub fn cors(origin: Option<&str>, credentials: bool) -> Option<String> {
    // The gate echoes what a client sent; a line break in it would be a header of the client's own.
    let origin = origin.filter(|o| o.bytes().all(|b| b.is_ascii_graphic()))?;
    let with = if credentials { "Access-Control-Allow-Credentials: true\r\n" } else { "" };
    Some(format!("Access-Control-Allow-Origin: {origin}\r\n{with}Vary: Origin\r\n"))
}

/// The header lines that let the foreign origin of an admission read the answer.
pub fn cors_of(admission: &Admission) -> Option<String> {
    cors(admission.allow_origin.as_deref(), admission.allow_credentials)
}

/// Bytes reserved for the head of an answer without extra lines.
const HEAD_BYTES: usize = 160;

/// A whole answer with a body of JSON.
pub fn with_body(status: u16, json: &[u8], keep_alive: bool, extra: &str, cors: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(HEAD_BYTES + extra.len() + cors.len() + json.len());
    let mut number = itoa::Buffer::new();
    for piece in [
        "HTTP/1.1 ",
        number.format(status),
        " ",
        reason(status),
        "\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n",
        extra,
        cors,
        if keep_alive { "" } else { "Connection: close\r\n" },
        "Content-Length: ",
        itoa::Buffer::new().format(json.len()),
        "\r\n\r\n",
    ] {
        out.put_slice(piece.as_bytes());
    }
    out.put_slice(json);
    out.freeze()
}

/// An answer of another protocol, or its beginning. Such answers belong to one client, so no cache keeps them, and no
/// browser guesses another type.
pub fn foreign(status: u16, content_type: &str, lines: &[&str], body: &[u8]) -> Bytes {
    let head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n{}\r\n",
        reason(status),
        lines.concat()
    );
    let mut out = BytesMut::with_capacity(head.len() + body.len());
    out.put_slice(head.as_bytes());
    out.put_slice(body);
    out.freeze()
}

/// A refusal as a complete answer.
pub fn refusal(refusal: &Refusal, keep_alive: bool) -> Bytes {
    let Refusal { error, status, header, allow_origin } = refusal;
    let json = format!("{{\"error\":{}}}", error.json());
    let mut extra = String::new();
    if let Some((name, value)) = header {
        extra = format!("{name}: {value}\r\n");
    }
    if let Some(ms) = error.retry_after_ms {
        let seconds = ms.div_ceil(1000);
        extra.push_str(&format!("Retry-After: {seconds}\r\n"));
        if error.code == Code::RateLimited {
            extra.push_str(&format!("RateLimit: \"person\";r=0;t={seconds}\r\n"));
        }
    }
    let cors = cors(allow_origin.as_deref(), true).unwrap_or_default();
    with_body(*status, json.as_bytes(), keep_alive, &extra, &cors)
}

/// The answer to a send: 201 for the first one, 200 for a repeated one.
pub fn sent(answer: &SendAnswer, keep_alive: bool) -> Bytes {
    match &answer.result {
        Ok(stands) => {
            let status = if stands.repeated { 200 } else { 201 };
            let json = item::sent(stands.seq, stands.cursor, stands.at_ms);
            let cors = cors(answer.allow_origin.as_deref(), true).unwrap_or_default();
            with_body(status, &json, keep_alive, "", &cors)
        }
        Err(e) => {
            let allow_origin = answer.allow_origin.clone();
            refusal(&Refusal { allow_origin, ..Refusal::from(e.clone()) }, keep_alive)
        }
    }
}

/// The refusal of a connection when there is no room.
pub fn overloaded() -> Error {
    Error::new(Code::Overloaded, "The server has too much to do; try again soon.")
        .retry_after_ms(2_000)
}

/// The head of a stream, and the stream's first bytes.
pub fn stream(request: &FeedRequest, cors: &str) -> Bytes {
    let (content_type, start) = match request.transport {
        Transport::Sse => ("text/event-stream", Bytes::from_static(sse::START)),
        Transport::Ndjson => ("application/x-ndjson", Bytes::new()),
        Transport::Iframe => {
            let start = iframe::start(&request.callback, request.parent.as_deref());
            ("text/html; charset=utf-8", start)
        }
        Transport::WebSocket => {
            return format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n",
                request.accept
            )
            .into();
        }
        Transport::ShortPoll | Transport::LongPoll => unreachable!("a poll is not a stream"),
    };
    // A frame shows a person's feed, so only the page that it calls may hold it.
    let framed = match (request.transport, &request.parent) {
        (Transport::Iframe, parent) => {
            let by = parent.as_deref().unwrap_or("'self'");
            format!("Content-Security-Policy: frame-ancestors {by}\r\n{}", iframe::ALONE)
        }
        _ => String::new(),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n\
         X-Accel-Buffering: no\r\n{framed}{cors}Connection: close\r\n\r\n"
    );
    let mut out = BytesMut::with_capacity(head.len() + start.len());
    out.put_slice(head.as_bytes());
    out.put_slice(&start);
    out.freeze()
}
