//! Polls: each answer is one JSON object, written with its HTTP head in one piece.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use encke_engine::cursor::Reset;
use encke_engine::{Cursor, Entry, Position, limits};

use crate::head;

/// The content of an answer.
#[derive(Clone, Copy, Default)]
pub struct Body<'a> {
    /// The events, in order.
    pub events: &'a [&'a Arc<Entry>],
    /// Whether more events follow because the body is full.
    pub more: bool,
    /// Signals, as items of JSON.
    pub signals: &'a [Bytes],
    /// The reason why the cursor can't be replayed.
    pub reset: Option<Reset>,
    /// The item `bye`, if the session ends.
    pub bye: Option<&'a [u8]>,
}

fn list(out: &mut BytesMut, items: impl Iterator<Item: AsRef<[u8]>>) {
    for (n, item) in items.enumerate() {
        if n > 0 {
            out.put_u8(b',');
        }
        out.put_slice(item.as_ref());
    }
}

/// The complete answer, head and body.
pub fn answer(body: Body<'_>, cursor: Cursor, keep_alive: bool, cors: &str) -> Bytes {
    let Body { events, more, signals, reset, bye } = body;
    let events_bytes: usize = events.iter().map(|e| e.json().len() + 1).sum();
    let mut json = BytesMut::with_capacity(events_bytes + 128);
    json.put_slice(b"{\"events\":[");
    list(&mut json, events.iter().map(|e| e.json()));
    json.put_slice(format!("],\"cursor\":\"{cursor}\"").as_bytes());
    match reset {
        Some(reason) => json.put_slice(format!(",\"reset\":\"{}\"", reason.name()).as_bytes()),
        None => json.put_slice(if more { b",\"more\":true" } else { b",\"more\":false" }),
    }
    if !signals.is_empty() {
        json.put_slice(b",\"signals\":[");
        list(&mut json, signals.iter());
        json.put_u8(b']');
    }
    if let Some(bye) = bye {
        json.put_slice(b",\"bye\":");
        json.put_slice(bye);
    }
    json.put_u8(b'}');
    head::with_body(200, &json, keep_alive, "", cors)
}

/// The number of these events that fit into one answer, at least one.
pub fn fit<'a>(events: impl Iterator<Item = &'a Arc<Entry>>) -> usize {
    let mut bytes = 0;
    let fits = events.take(limits::REPLAY_EVENTS_MAX).take_while(|e| {
        bytes += e.event.body.len();
        bytes <= limits::REPLAY_BYTES_MAX
    });
    fits.count().max(1)
}

/// The last answer that was made for a long poll. Most waiting polls get the same answer, so it is made once.
#[derive(Default)]
pub struct LastAnswer {
    positions: Vec<Position>,
    cursor: Option<Cursor>,
    answer: Bytes,
}

impl LastAnswer {
    /// The answer to a kept-alive poll without a foreign origin.
    pub fn answer(&mut self, events: &[&Arc<Entry>], cursor: Cursor) -> &Bytes {
        let same = self.cursor == Some(cursor)
            && self.positions.len() == events.len()
            && self.positions.iter().zip(events).all(|(p, e)| *p == e.event.position);
        if !same {
            self.answer = answer(Body { events, ..Body::default() }, cursor, true, "");
            self.positions.clear();
            self.positions.extend(events.iter().map(|e| e.event.position));
            self.cursor = Some(cursor);
        }
        &self.answer
    }
}
