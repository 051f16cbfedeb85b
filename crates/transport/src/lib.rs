//! The six transports of the feed, over parked sockets.
//!
//! Entry point: [`Shards`]. Each shard is a thread that owns an epoll, a [`Hub`](encke_engine::Hub) and its
//! connections. Shards share nothing on the way of a delivery. Files: `shard/` is the loop and the handling of
//! connections, `request/` reads requests, [`sse`](self), `ndjson`, `iframe`, `poll` and `ws/` are the framings of the
//! transports, `wait` holds requests of other protocols.
//!
//! **States of a connection** (`Phase` in the engine): it waits for a *request*; the gate is *admitting* it; then it is
//! a *poll* or a *stream*; at the end it is *closing* (until all is written) and *lingering* (until the client has read
//! it). A waiting connection is a socket, some 150 bytes, and its session in the hub, without buffers or a timer. It
//! gets a buffer of its own only while a request or a frame is incomplete.
//!
//! **Owner**: the shard, alone. Other threads reach a connection through the shard's inbox only. An answer for a
//! connection that is gone finds another generation in its place and has no effect.
//!
//! **Blocking**: a shard's thread blocks in epoll and nowhere else. The [`Gate`] answers later if it needs the store.
//!
//! **Falling behind and catching up**: bytes that a socket can't take are kept (as references, not copies), and the
//! session falls behind: new events pass it by. When the socket has taken the kept bytes, the session reads on from its
//! position, from the tail or by pages from the store, a bounded turn at a time, until it has everything and is live
//! again. A reader that takes nothing for [`SLOW_READER_MS_MAX`](encke_engine::limits::SLOW_READER_MS_MAX) is cut and
//! comes back with its cursor.
//!
//! **TLS**: rustls does the handshake in the server crate. A connection under TLS 1.3 then comes with the keys of its
//! records (`sealed`) and is parked like any other. The bytes that plain connections share are sealed for each one.
//!
//! **Several sites**: each has its own shards. A request whose host belongs to another site takes its connection there
//! (`hosts`). A process with one site skips this.
//!
//! **Bridges**: HTTP/2, and TLS 1.2, end in the server crate. It hands one end of a socket pair to [`Shards::park`] and
//! carries the bytes from the other end. The shard writes an ordinary HTTP/1.1 answer on it: a head, then the body. The
//! body of a poll has a `Content-Length`, a stream ends with the socket, a WebSocket is 101 and then raw frames, both
//! ways. The bridge ends when either side closes: a closed end tells the shard that the client left.
//!
//! Never in here: SQL, accounts, tokio, hyper, TLS handshakes, a queue for each client, a wall clock.

mod channel_quota;
mod conn;
mod crowd;
mod files;
mod framing;
#[cfg(test)]
mod fuzz;
mod gate;
mod head;
mod hosts;
mod iframe;
mod inbox;
mod ndjson;
mod out;
mod poll;
mod request;
mod ring;
mod sealed;
mod shard;
mod shards;
mod sse;
mod stats;
mod wait;
mod wheel;
mod ws;

pub use crowd::{Candidate, give_way, give_way_count};
pub use encke_engine::connection::Timing;
pub use files::Files;
pub use gate::{Admission, Answer, CredentialTime, Gate, Handoff, Reply, Who};
pub use hosts::{Hosts, OtherSite};
pub use request::{
    Credentials, FeedRequest, KeptSend, LogPlace, PATH, Refusal, SendAnswer, SendPath, SendRequest,
    Transport, check_host,
};
pub use sealed::{Broken, Sealed};
pub use shards::{Config, ConnectionKind, Parked, Seed, Shards};
pub use stats::{DELAY_BOUNDS_US, Stats, TRANSPORTS};
pub use wait::{AnswerLater, ForeignAnswer, ForeignRequest, ParkedWait, Wait, WaitEnd};
