//! The six transports of the feed, over parked sockets.
//!
//! Entry point: [`Shards`]. Each shard is a thread that owns an epoll, a [`Hub`](encke_engine::Hub) and its
//! connections; nothing is shared between shards on the way of a delivery. Files: `shard/` is the loop and what
//! happens to connections, `request/` is how a request is read, [`sse`](self), `ndjson`, `iframe`, `poll` and `ws/`
//! are how each transport looks on the wire, `wait` is how requests of other protocols wait beside them.
//!
//! **States of a connection** (`conn::Phase`): it waits for a *request*; the gate is *admitting* it; then it is a
//! *poll* or a *stream*; at the end it is *closing* (until what waits is written) and *lingering* (until the client
//! has read it). A waiting connection is a socket, some 150 bytes, and its session in the hub: no buffers, no
//! timer. It gets a buffer of its own only while a request or a frame is incomplete, and loses it afterwards.
//!
//! **Who owns it**: the shard, alone. Others reach it through the shard's inbox only; an answer for a connection
//! that is gone finds another generation in its place and vanishes.
//!
//! **What may block**: nothing on a shard's thread but epoll. The [`Gate`] answers later if it needs the store.
//!
//! **How it gets behind and catches up**: what a socket can't take is kept (references, no copies), and its session
//! falls behind: new events pass it by. When the socket has taken what was kept, the session reads on from its
//! position, from the tail or by pages from the store, a bounded turn at a time, until it has everything and is live
//! again. Whoever takes nothing for [`SLOW_READER_MS_MAX`](encke_engine::limits::SLOW_READER_MS_MAX) is cut and
//! comes back with its cursor.
//!
//! **TLS**: the handshake is done in the server crate, by rustls. A connection under TLS 1.3 then comes with the keys of
//! its records (`sealed`) and is parked like any other; what is shared between plain connections is sealed for each.
//!
//! **Several sites**: each has its own shards. A request whose host belongs to another site takes its connection there
//! (`hosts`). With one site nothing of this is looked at.
//!
//! **Bridges**: HTTP/2, and TLS 1.2, end in the server crate. It hands one end of a socket pair to [`Shards::park`] and
//! carries the bytes from the other. On it the shard writes an ordinary HTTP/1.1 answer: a head, then the body. A
//! poll's has `Content-Length`; a stream's ends when the socket does; a WebSocket's is 101 and then raw frames,
//! both ways. The bridge ends when either side closes: closing its end tells the shard that the client left.
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
