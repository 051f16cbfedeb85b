//! The shards that accept for several spaces. They read the first request of each plain connection and give the
//! connection to the space of the request's host.
//!
//! These shards belong to no space, so that a space which is full or down blocks no other. They have a third of all
//! places however many spaces there are: each new connection passes through them, and none stays long.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use encke_engine::hub::{Page, PageRequest};
use encke_engine::{Code, Epoch, Error, Position};
use encke_transport::{
    Admission, CredentialTime, FeedRequest, Gate, Reply, Seed, SendAnswer, SendRequest, Shards, Who,
};

use crate::boot::space::Process;

/// Starts the shards that accept for all spaces.
pub fn open(
    process: &Process,
    listener: TcpListener,
    shards: Option<usize>,
) -> Result<Arc<Shards>> {
    let mut config = process.config(vec![listener], shards, process.budget.door);
    config.hosts = Some(process.spaces.seen_by(None));
    let seed = Seed { epoch: Epoch(0), trimmed: Position(0), tail: Vec::new(), head: Position(0) };
    let handoff =
        Arc::new(crate::wire::connections::SharedConnections(process.connections.clone()));
    Ok(Shards::start(config, seed, Arc::new(Nobody), handoff)?)
}

/// A gate that admits no request: each request goes on to a space or is refused before admission.
struct Nobody;

fn refused() -> Error {
    Error::new(Code::Misdirected, "No site is served here.")
}

impl Gate for Nobody {
    fn admit(&self, _: Arc<FeedRequest>, reply: Reply<Admission>) {
        reply.admit(Err(refused().into()));
    }

    fn page(&self, _: PageRequest, reply: Reply<Page>) {
        reply.page(Err(refused()));
    }

    fn command(&self, _: &Who, _: Bytes, reply: Reply<Bytes>) {
        reply.answer(None);
    }

    fn send(&self, _: &SendRequest<'_>, reply: Reply<SendAnswer>) {
        reply.sent(refused().into());
    }

    fn left(&self, _: &Who, reply: Reply<CredentialTime>) {
        reply.left(CredentialTime::Unknown);
    }

    fn acked(&self, _: &Who, _: Position) {}

    fn opened(&self, _: &Who) {}

    fn closed(&self, _: &Who) {}
}
