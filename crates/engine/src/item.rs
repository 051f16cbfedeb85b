//! Items: what travels on a feed, as JSON (docs/protocol.md).

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cursor::{Cursor, Reset};
use crate::error::Error;
use crate::event::Event;
use crate::ids::{Epoch, Owner, PersonId, Seq, StreamId};

#[derive(Serialize)]
struct EventItem<'a> {
    r#type: &'static str,
    cursor: String,
    stream: String,
    seq: Seq,
    at: u64,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    body: &'a RawValue,
}

fn line(item: &impl Serialize) -> Bytes {
    serde_json::to_vec(item).expect("items are plain data").into()
}

/// The name of a stream on the wire; a channel's own name is given beside it.
pub fn stream_name(stream: StreamId, channel: Option<&str>) -> String {
    match stream.owner() {
        Owner::Conversation(id) => id.to_string(),
        Owner::Receipts(id) => format!("r{}", id.0),
        Owner::Person(id) => id.to_string(),
        Owner::Channel(_) => format!("channel:{}", channel.unwrap_or_default()),
    }
}

/// An event. Its body must be one JSON value; what is not becomes `null` rather than break the stream.
pub fn event(event: &Event, epoch: Epoch) -> Bytes {
    let body: &RawValue = serde_json::from_slice(&event.body).unwrap_or(RawValue::NULL);
    line(&EventItem {
        r#type: "event",
        cursor: Cursor { epoch, position: event.position }.to_string(),
        stream: stream_name(event.stream, event.channel.as_deref()),
        seq: event.seq,
        at: event.at_ms,
        kind: &event.kind,
        from: event.from,
        // A sender's own clients match its echo by the key; a channel's readers have no use for it.
        key: event.key.as_deref().filter(|_| event.channel.is_none()),
        body,
    })
}

/// The replay is over.
pub fn ready(cursor: Cursor, heartbeat_ms: u64) -> Bytes {
    format!(r#"{{"type":"ready","cursor":"{cursor}","heartbeat_ms":{heartbeat_ms}}}"#).into()
}

/// The cursor can't be replayed; `cursor` is where the log ends now.
pub fn reset(reason: Reset, cursor: Cursor) -> Bytes {
    format!(r#"{{"type":"reset","reason":"{}","cursor":"{cursor}"}}"#, reason.name()).into()
}

/// Why a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bye {
    /// The server goes down: come back.
    Drain,
    /// The reader took nothing for too long: come back and read on.
    Slow,
    /// The credential is no longer good.
    Revoked,
    /// The client was silent for too long: come back.
    Idle,
    /// The person has too many connections; this was the oldest.
    TooMany,
    /// The client broke the protocol.
    Protocol,
}

impl Bye {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Bye::Drain => "drain",
            Bye::Slow => "slow",
            Bye::Revoked => "revoked",
            Bye::Idle => "idle",
            Bye::TooMany => "too_many",
            Bye::Protocol => "protocol",
        }
    }

    /// Whether the client may come back.
    pub fn retry(self) -> bool {
        !matches!(self, Bye::Revoked | Bye::Protocol)
    }
}

/// The connection ends; `after_ms` says when to come back.
pub fn bye(why: Bye, after_ms: u64) -> Bytes {
    let (name, retry) = (why.name(), why.retry());
    format!(r#"{{"type":"bye","reason":"{name}","retry":{retry},"after_ms":{after_ms}}}"#).into()
}

/// A signal of a conversation: typing, presence.
pub fn signal(kind: &str, stream: StreamId, from: PersonId, body: &impl Serialize) -> Bytes {
    line(&serde_json::json!({
        "type": "signal", "kind": kind, "stream": stream_name(stream, None), "from": from, "body": body,
    }))
}

/// Where a send stands: `{"seq","cursor","at"}`.
pub fn sent(seq: Seq, cursor: Cursor, at_ms: u64) -> Bytes {
    format!(r#"{{"seq":{},"cursor":"{cursor}","at":{at_ms}}}"#, seq.0).into()
}

/// The answer to a command that was done.
pub fn ok(id: u64, result: &impl Serialize) -> Bytes {
    line(&serde_json::json!({"type": "ok", "id": id, "result": result}))
}

/// The answer to a command that was refused.
pub fn error(id: Option<u64>, error: &Error) -> Bytes {
    let mut item = serde_json::json!({"type": "error", "error": error.json()});
    if let Some(id) = id {
        item["id"] = id.into();
    }
    line(&item)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{ConversationId, Position};

    #[test]
    fn an_event_keeps_its_text_byte_for_byte() {
        let text = "a\"\\\u{0}\u{1F600}\u{2028}</script>\r\n\u{10FFFF}";
        let body = serde_json::to_vec(&serde_json::json!({"text": text})).unwrap();
        let made = event(
            &Event {
                position: Position(47),
                stream: StreamId::conversation(ConversationId(12)),
                seq: Seq(3),
                back: Position(0),
                at_ms: 5,
                from: Some(PersonId(5)),
                kind: Arc::from("message"),
                key: None,
                body: body.into(),
                channel: None,
            },
            Epoch(0xab),
        );
        assert!(!made.contains(&b'\n'));
        let read: serde_json::Value = serde_json::from_slice(&made).unwrap();
        assert_eq!(read["body"]["text"], text);
        assert_eq!(read["cursor"], "ab.2f");
        assert_eq!(read["stream"], "c12");
        assert_eq!(read["from"], "p5");
    }
}
