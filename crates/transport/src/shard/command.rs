//! The messages of a WebSocket: commands, pings, the end.

use bytes::Bytes;
use encke_engine::connection::Phase;
use encke_engine::item::{self, Bye};
use encke_engine::{Cursor, limits};

use super::Shard;
use crate::framing;
use crate::gate::{ConnectionKey, Reply};
use crate::request::Transport;
use crate::ws::frame::{self, opcode};
use crate::ws::reader::{self, WsFault, WsInput};

impl Shard {
    /// Takes bytes from a WebSocket.
    pub(super) fn frames(&mut self, to: ConnectionKey, bytes: &mut [u8]) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let mut partial = conn.partial.take();
        let result = reader::read(&mut partial, bytes, |heard| self.hear(to, heard));
        let Some(conn) = self.conns.get_mut(to) else { return };
        if conn.state.phase != Phase::Stream {
            return;
        }
        match result {
            Ok(()) => conn.partial = partial,
            Err(WsFault(code, reason)) => {
                let bye = framing::item(Transport::WebSocket, &item::bye(Bye::Protocol, 0), None);
                self.end_with(to, &[bye, frame::close(code, reason)]);
            }
        }
    }

    /// Handles a message. Returns whether to read on.
    fn hear(&mut self, to: ConnectionKey, heard: WsInput<'_>) -> bool {
        match heard {
            WsInput::Text(text) => self.command(to, text),
            WsInput::Ping(payload) => self.reply(to, &frame::whole(opcode::PONG, payload)),
            WsInput::Pong => {}
            WsInput::Close(code) => {
                let echo = match code {
                    Some(code) => frame::close(code, ""),
                    None => frame::whole(opcode::CLOSE, &[]),
                };
                self.end_with(to, &[echo]);
            }
        }
        self.conns.get(to).is_some_and(|conn| conn.state.phase == Phase::Stream)
    }

    fn command(&mut self, to: ConnectionKey, text: &str) {
        if self.is_ack(to, text) {
            return;
        }
        let Some(conn) = self.conns.get_mut(to) else { return };
        let Err(refused) = conn.state.takes_command() else {
            if let Some(who) = &conn.who {
                let frame = Bytes::copy_from_slice(text.as_bytes());
                self.shared.gate.command(who, frame, Reply::new(to, self.inbox.clone()));
            }
            return;
        };
        let json = item::error(cheap_id(text), &refused);
        self.pause(to);
        self.reply(to, &frame::text(&json));
    }

    /// Takes a plain ack here: acks are frequent, have no answer, and must not use up a place among the unanswered
    /// commands. Any other ack, or one ahead of this hub, goes to the gate.
    fn is_ack(&mut self, to: ConnectionKey, text: &str) -> bool {
        let Some(position) = ack(text).filter(|c| c.epoch == self.epoch).map(|c| c.position) else {
            return false;
        };
        let Some(who) = self.conns.get(to).and_then(|conn| conn.who.as_ref()) else { return false };
        if position > self.hub.head() {
            return false;
        }
        self.shared.gate.acked(who, position);
        true
    }

    /// Takes the answer to a command.
    pub(super) fn answered(&mut self, to: ConnectionKey, item: Option<Bytes>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let over = conn.state.command_answered();
        if conn.state.phase != Phase::Stream {
            return;
        }
        if let Some(item) = item {
            if item::is_rate_limited(&item) {
                self.pause(to);
            }
            self.reply(to, &frame::text(&item));
        }
        if over {
            self.end(to, Bye::Drain);
        }
    }

    /// Writes a frame without an event. A client that lets too many of them wait is cut.
    fn reply(&mut self, to: ConnectionKey, frame: &Bytes) {
        self.put(to, &[frame]);
        if let Some(out) = self.conns.get_mut(to).and_then(|conn| conn.out.as_mut()) {
            out.answers += frame.len();
            if out.answers > limits::OUT_BYTES_MAX {
                self.cut(to);
            }
        }
    }
}

/// The length of the longest plain ack.
const ACK_BYTES_MAX: usize = 96;

/// The cursor of a plain ack.
fn ack(text: &str) -> Option<Cursor> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ack<'a> {
        r#type: &'a str,
        cursor: &'a str,
    }
    if text.len() > ACK_BYTES_MAX || !text.trim_start().starts_with('{') {
        return None;
    }
    let Ack { r#type, cursor } = serde_json::from_str(text).ok()?;
    if r#type == "ack" { cursor.parse().ok() } else { None }
}

/// The `id` of an unparsed command: the first one outside of a string.
fn cheap_id(text: &str) -> Option<u64> {
    let after = text.split_once("\"id\"")?.1.trim_start().strip_prefix(':')?.trim_start();
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_ack_is_one() {
        assert_eq!(ack(r#"{"type":"ack","cursor":"e.7"}"#), "e.7".parse().ok());
        assert_eq!(ack(r#"{ "cursor" : "e.7", "type":"ack" }"#), "e.7".parse().ok());
        for other in [
            r#"{"type":"ack","cursor":"x"}"#,
            r#"{"type":"ack","cursor":"e.7","id":1}"#,
            r#"{"type":"ping","cursor":"e.7"}"#,
            r#"{"type":"ack"}"#,
            r#"["ack","e.7"]"#,
            "",
        ] {
            assert_eq!(ack(other), None, "{other}");
        }
    }

    #[test]
    fn an_id_is_read_cheaply_and_never_out_of_a_text() {
        assert_eq!(cheap_id(r#"{"type":"send","id": 17,"text":"x"}"#), Some(17));
        assert_eq!(cheap_id(r#"{"text":"\"id\":5"}"#), None);
        assert_eq!(cheap_id(r#"{"type":"typing"}"#), None);
        assert_eq!(cheap_id(r#"{"id":-1}"#), None);
        assert_eq!(cheap_id(r#"{"id":"1"}"#), None);
    }
}
