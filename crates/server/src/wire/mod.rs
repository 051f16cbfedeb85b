//! Connections: TLS, the connections that hyper serves, how these come from the shards and go back to them, and the
//! gate of the shards to the apps.
//!
//! Entry points: [`connections::Connections`], [`gate::SiteGate`].

pub mod bridge;
pub mod bridge_places;
pub mod client_end;
pub mod connections;
pub mod gate;
pub mod handshake_records;
pub mod head_wait;
pub mod host_dispatch;
pub mod http2_streams;
pub mod rewind;
pub mod sealed_stream;
pub mod seats;
pub mod socket;
pub mod tls;
mod write_through;
