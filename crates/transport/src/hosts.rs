//! Several sites behind one address: whose shards a request belongs to.
//!
//! A proxy sends requests for many hosts over one connection, so the host of every request decides, not that of the
//! first. Where it names another site, the socket goes to that site's shards with all that was read and not answered.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use encke_engine::Error;

use crate::shards::{ConnectionKind, Shards};

/// Knows the sites of this process. Asked on a shard's thread, so it must not block.
pub trait Hosts: Send + Sync {
    /// Who serves a request to this host, if that is not who asks.
    fn other_site(&self, host: Option<&str>) -> Option<OtherSite>;
}

/// Who serves a request.
pub enum OtherSite {
    /// These shards.
    Shards(Arc<Shards>),
    /// Nobody, or nobody right now: it is refused with this.
    Nobody(Error),
}

/// A connection on its way from one site's shards to another's, between two requests.
#[derive(Debug)]
pub struct MovedConnection {
    pub io: OwnedFd,
    pub peer: SocketAddr,
    pub kind: ConnectionKind,
    /// What was read from it and not answered: it begins with a request.
    pub bytes: Vec<u8>,
}
