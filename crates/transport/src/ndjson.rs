//! NDJSON: one item a line.

use bytes::{BufMut, Bytes, BytesMut};

/// An empty line.
pub const HEARTBEAT: &[u8] = b"\n";

/// An item and a line break.
pub fn frame(json: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(json.len() + 1);
    out.put_slice(json);
    out.put_u8(b'\n');
    out.freeze()
}
