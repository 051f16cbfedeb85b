//! The framing of each stream: the number under which an [`Entry`] keeps it, and the function that makes it.

use bytes::Bytes;
use encke_engine::{Cursor, Entry, Epoch};

use crate::request::Transport;
use crate::{iframe, ndjson, sse, ws};

/// The number of a stream's framing, below [`encke_engine::entry::FRAMINGS`].
pub fn number(transport: Transport) -> usize {
    match transport {
        Transport::WebSocket => 0,
        Transport::Sse => 1,
        Transport::Ndjson => 2,
        Transport::Iframe => 3,
        Transport::ShortPoll | Transport::LongPoll => unreachable!("a poll is not a stream"),
    }
}

/// An item in the framing of a stream; `id` is the item's cursor, if it has one.
pub fn item(transport: Transport, json: &Bytes, id: Option<Cursor>) -> Bytes {
    match transport {
        Transport::WebSocket => ws::frame::text(json),
        Transport::Sse => sse::frame(json, id),
        Transport::Ndjson => ndjson::frame(json),
        Transport::Iframe => iframe::frame(json),
        Transport::ShortPoll | Transport::LongPoll => unreachable!("a poll is not a stream"),
    }
}

/// An event in the framing of a stream. It is made once, and all streams of this kind share it.
pub fn event(transport: Transport, entry: &Entry, epoch: Epoch) -> &Bytes {
    entry.framed(number(transport), |entry| {
        let cursor = Cursor { epoch, position: entry.event.position };
        item(transport, entry.json(), Some(cursor))
    })
}

/// The bytes that keep a silent stream alive.
pub fn heartbeat(transport: Transport) -> Bytes {
    match transport {
        Transport::WebSocket => ws::frame::PONG,
        Transport::Sse => Bytes::from_static(sse::HEARTBEAT),
        Transport::Ndjson => Bytes::from_static(ndjson::HEARTBEAT),
        Transport::Iframe => iframe::HEARTBEAT.clone(),
        Transport::ShortPoll | Transport::LongPoll => unreachable!("a poll is not a stream"),
    }
}
