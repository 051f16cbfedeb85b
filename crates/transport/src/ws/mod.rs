//! WebSocket (RFC 6455), the part that a feed needs: no extensions, no fragments from the server, text only.

pub mod frame;
pub mod handshake;
pub mod reader;
