//! Items: the JSON that travels on a feed (docs/protocol.md).

use bytes::{BufMut, Bytes};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cursor::{Cursor, Reset};
use crate::error::Error;
use crate::event::Event;
use crate::ids::{Epoch, PersonId, Seq};
use crate::reason::reasons;
use crate::stream::{Owner, StreamId};

/// Bytes that an item usually has around an event's body.
const ENVELOPE_BYTES: usize = 320;

fn line(item: &impl Serialize) -> Bytes {
    serde_json::to_vec(item).expect("items are plain data").into()
}

/// The item of an event. An invalid body (anything but one JSON value) becomes `null`, so that it does not break the
/// stream.
///
/// It is written by hand because every delivery needs it: this takes a third of the instructions of a serializer.
pub fn event(event: &Event, epoch: Epoch) -> Bytes {
    let body: &RawValue = serde_json::from_slice(&event.body).unwrap_or(RawValue::NULL);
    let mut json = Vec::with_capacity(body.get().len() + ENVELOPE_BYTES);
    json.put_slice(br#"{"type":"event","cursor":""#);
    Cursor { epoch, position: event.position }.put_into(&mut json);
    json.put_slice(br#"","stream":""#);
    put_stream(&mut json, event.stream, event.channel.as_deref());
    json.put_slice(br#"","seq":"#);
    put_number(&mut json, event.seq.0);
    json.put_slice(br#","at":"#);
    put_number(&mut json, event.at_ms);
    json.put_slice(br#","kind":"#);
    put_text(&mut json, &event.kind);
    if let Some(from) = event.from {
        json.put_slice(br#","from":"p"#);
        put_number(&mut json, from.0);
        json.put_u8(b'"');
    }
    // A sender's own clients match its echo by the key; a channel's readers have no use for it.
    if let (Some(key), None) = (&event.key, &event.channel) {
        json.put_slice(br#","key":"#);
        put_text(&mut json, key);
    }
    json.put_slice(br#","body":"#);
    json.put_slice(body.get().as_bytes());
    json.put_u8(b'}');
    // The item is kept for long, so it gets no spare capacity.
    Bytes::copy_from_slice(&json)
}

fn put_number(json: &mut Vec<u8>, number: u64) {
    json.put_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn put_text(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("text is JSON");
}

/// Writes the name that a stream has on the wire. The caller knows the name of a channel.
fn put_stream(json: &mut Vec<u8>, stream: StreamId, channel: Option<&str>) {
    let (prefix, number) = match stream.owner() {
        Owner::Conversation(id) => (b'c', id.0),
        Owner::Receipts(id) => (b'r', id.0),
        Owner::Amendments(id) => (b'a', id.0),
        Owner::Growth(id) => (b'g', id.0),
        Owner::Notes(id) => (b'n', id.0),
        Owner::Person(id) => (b'p', id.0),
        Owner::Channel(_) => {
            json.put_slice(b"channel:");
            // A channel's name has no character that JSON escapes.
            json.put_slice(channel.unwrap_or_default().as_bytes());
            return;
        }
        Owner::Other(class, number) => {
            json.put_u8(b's');
            put_number(json, class.byte().into());
            (b'.', number)
        }
    };
    json.put_u8(prefix);
    put_number(json, number);
}

/// The item that ends a replay.
pub fn ready(cursor: Cursor, heartbeat_ms: u64) -> Bytes {
    format!(r#"{{"type":"ready","cursor":"{cursor}","heartbeat_ms":{heartbeat_ms}}}"#).into()
}

/// The item that refuses to replay a cursor; `cursor` is where the log ends now.
pub fn reset(reason: Reset, cursor: Cursor) -> Bytes {
    format!(r#"{{"type":"reset","reason":"{}","cursor":"{cursor}"}}"#, reason.name()).into()
}

reasons! {
    /// The reason why a connection ends.
    Bye {
        /// The server goes down: come back.
        Drain = "drain",
        /// The reader took nothing for too long: come back and read on.
        Slow = "slow",
        /// The credential is no longer good.
        Revoked = "revoked",
        /// The client was silent for too long: come back.
        Idle = "idle",
        /// The person has too many connections, and this was the oldest.
        TooMany = "too_many",
        /// The channels open to guests have changed: come back, and see which are still open.
        Changed = "changed",
        /// The client broke the protocol.
        Protocol = "protocol",
    }
}

impl Bye {
    /// Whether the client may come back.
    pub fn retry(self) -> bool {
        !matches!(self, Bye::Revoked | Bye::Protocol)
    }
}

/// The item that ends a connection; `after_ms` says when to come back.
pub fn bye(why: Bye, after_ms: u64) -> Bytes {
    let (name, retry) = (why.name(), why.retry());
    format!(r#"{{"type":"bye","reason":"{name}","retry":{retry},"after_ms":{after_ms}}}"#).into()
}

/// The item of a conversation's signal: typing, presence.
pub fn signal(kind: &str, stream: StreamId, from: PersonId, body: &impl Serialize) -> Bytes {
    let mut name = Vec::new();
    put_stream(&mut name, stream, None);
    let name = String::from_utf8_lossy(&name);
    line(&serde_json::json!({
        "type": "signal", "kind": kind, "stream": name, "from": from, "body": body,
    }))
}

/// The place of a message that was sent: `{"seq","cursor","at"}`.
pub fn sent(seq: Seq, cursor: Cursor, at_ms: u64) -> Vec<u8> {
    let mut json = Vec::with_capacity(128);
    json.put_slice(br#"{"seq":"#);
    put_number(&mut json, seq.0);
    json.put_slice(br#","cursor":""#);
    cursor.put_into(&mut json);
    json.put_slice(br#"","at":"#);
    put_number(&mut json, at_ms);
    json.put_u8(b'}');
    json
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

/// Whether an item says that a command was refused by a quota.
pub fn is_rate_limited(item: &[u8]) -> bool {
    item.starts_with(br#"{"error":{"code":"rate_limited","#)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::error::Code;
    use crate::ids::{ConversationId, Position};
    use crate::stream::StreamClass;

    #[test]
    fn every_stream_has_a_name_of_its_own() {
        let c = ConversationId(12);
        let named = [
            ("c12", StreamId::conversation(c)),
            ("r12", StreamId::receipts(c)),
            ("a12", StreamId::amendments(c)),
            ("g12", StreamId::growth(c)),
            ("n12", StreamId::notes(c)),
            ("p12", StreamId::person(PersonId(12))),
            ("channel:news", StreamId::channel(12)),
            ("s130.12", StreamId::new(StreamClass::of_product(2), 12)),
        ];
        for (name, stream) in named {
            let mut put = Vec::new();
            put_stream(&mut put, stream, Some("news"));
            assert_eq!(String::from_utf8(put).unwrap(), name);
        }
    }

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
                kind: "message".into(),
                key: None,
                body: body.into(),
                erases: Vec::new(),
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

    #[test]
    fn a_refusal_by_a_quota_is_told_from_others() {
        let refused = |code| error(Some(3), &Error::new(code, "Wait.").retry_after_ms(5));
        assert!(is_rate_limited(&refused(Code::RateLimited)));
        assert!(!is_rate_limited(&refused(Code::Overloaded)));
    }
}
