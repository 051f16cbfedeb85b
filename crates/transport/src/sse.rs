//! Server-sent events: each item is one `data:` line with its cursor as `id:`, so that a browser comes back with it.

use bytes::{BufMut, Bytes, BytesMut};
use encke_engine::{Cursor, cursor};

/// The beginning of the stream: a client comes back two seconds after it breaks.
pub const START: &[u8] = b"retry: 2000\n\n";
/// A comment line.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// An item. JSON on one line has no line break, so one `data:` line holds it.
pub fn frame(json: &[u8], id: Option<Cursor>) -> Bytes {
    let mut out = BytesMut::with_capacity(json.len() + cursor::CURSOR_BYTES_MAX + 16);
    if let Some(id) = id {
        out.put_slice(b"id: ");
        out.put_slice(id.to_string().as_bytes());
        out.put_u8(b'\n');
    }
    out.put_slice(b"data: ");
    out.put_slice(json);
    out.put_slice(b"\n\n");
    out.freeze()
}
