//! Several sites behind one address: each request goes to the shards of the site that its host names.
//!
//! A proxy sends requests for many hosts over one connection. So the host of every request decides, not the host of the
//! first one. If it names another site, the socket goes to that site's shards, with all bytes that wait for an answer.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use encke_engine::Error;

use crate::shards::{ConnectionKind, Shards};

/// The sites of this process, by host. Calls come on a shard's thread, so they must not block.
pub trait Hosts: Send + Sync {
    /// The site that a request to this host belongs to; `None` if it is the site that asks.
    fn other_site(&self, host: Option<&str>) -> Option<OtherSite>;
}

/// The other site that a request belongs to.
pub enum OtherSite {
    /// The shards of the site.
    Shards(Arc<Shards>),
    /// No site has this host, or the site is not served at the moment: the request is refused with this error.
    Nobody(Error),
}

/// A connection on its way to another site's shards, between two requests.
#[derive(Debug)]
pub struct MovedConnection {
    pub io: OwnedFd,
    pub peer: SocketAddr,
    pub kind: ConnectionKind,
    /// The bytes that wait for an answer. They begin with a request.
    pub bytes: Vec<u8>,
}
