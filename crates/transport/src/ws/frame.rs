//! WebSocket frames from the server: whole, unmasked.

use bytes::{BufMut, Bytes, BytesMut};
use encke_engine::item::Bye;

/// The kinds of frames.
#[allow(missing_docs)]
pub mod opcode {
    pub const CONTINUATION: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PING: u8 = 9;
    pub const PONG: u8 = 10;
}

/// A ping without payload: a heartbeat that the client answers.
pub const PING: Bytes = Bytes::from_static(&[0x80 | opcode::PING, 0]);
/// An unsolicited pong without payload: a heartbeat without an answer (RFC 6455 section 5.5.3).
pub const PONG: Bytes = Bytes::from_static(&[0x80 | opcode::PONG, 0]);

/// One whole frame.
pub fn whole(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    out.put_u8(0x80 | opcode);
    match payload.len() {
        short @ 0..=125 => out.put_u8(short as u8),
        middle @ 126..=0xFFFF => {
            out.put_u8(126);
            out.put_u16(middle as u16);
        }
        long => {
            out.put_u8(127);
            out.put_u64(long as u64);
        }
    }
    out.put_slice(payload);
    out.freeze()
}

/// An item as a text frame.
pub fn text(json: &[u8]) -> Bytes {
    whole(opcode::TEXT, json)
}

/// A close frame.
pub fn close(code: u16, reason: &str) -> Bytes {
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.put_u16(code);
    payload.put_slice(reason.as_bytes());
    whole(opcode::CLOSE, &payload)
}

/// The close frame that follows a `bye`.
pub fn bye(why: Bye) -> Bytes {
    let code = match why {
        Bye::Drain => 1001,
        Bye::Protocol => 1002,
        Bye::Revoked => 1008,
        Bye::Slow | Bye::TooMany | Bye::Idle | Bye::Changed => 1013,
    };
    close(code, why.name())
}
