//! The opening handshake of a WebSocket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encke_engine::{Code, Error};
use sha1::{Digest, Sha1};

use crate::request::Refusal;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

fn bad(message: &str) -> Refusal {
    Error::new(Code::BadRequest, message).into()
}

/// Checks a request for an upgrade. Returns the value of `Sec-WebSocket-Accept`.
pub fn check(
    minor: u8,
    connection_upgrade: bool,
    version: Option<&[u8]>,
    key: Option<&[u8]>,
) -> Result<Box<str>, Refusal> {
    if minor < 1 || !connection_upgrade {
        return Err(bad("A WebSocket needs HTTP/1.1 and the header Connection: upgrade."));
    }
    if version.map(<[u8]>::trim_ascii) != Some(b"13") {
        return Err(Refusal {
            status: 426,
            header: Some(("Sec-WebSocket-Version", "13")),
            ..bad("Only version 13 of the WebSocket protocol is spoken here.")
        });
    }
    let key = key.unwrap_or_default().trim_ascii();
    match STANDARD.decode(key) {
        Ok(nonce) if nonce.len() == 16 => Ok(accept(key)),
        _ => Err(bad("Sec-WebSocket-Key must be 16 bytes in base64.")),
    }
}

fn accept(key: &[u8]) -> Box<str> {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    STANDARD.encode(digest).into()
}
