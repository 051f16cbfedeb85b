//! WebSocket (RFC 6455), as much of it as a feed needs: no extensions, no fragments from us, text only.

pub mod frame;
pub mod handshake;
pub mod reader;
