//! A product: what people do with conversations or streams, in a crate of its own.
//!
//! The server lists its products in one place. [`Product`] is what each of them has; what only some have are traits
//! of their own, which a product answers with if it has them.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Batch, Error, PersonId, Position, StreamId};
use encke_store::{Appended, Migration, Read, Tables};
use futures_util::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;

use crate::command::Sender;
use crate::feed_body::InFeed;
use crate::identity::Identity;
use crate::parts::Parts;
use crate::posted::Posted;
use crate::site::Site;
use crate::snapshot::{Described, Snapshot};

/// Everything that a server serves, lower products first: each may use those before it.
pub type Products = &'static [&'static dyn Product];

/// The tables of all products, as a store is opened with them.
pub fn tables(products: Products) -> Vec<Tables> {
    let of = |p: &&dyn Product| Tables { owner: p.name(), migrations: p.tables() };
    products.iter().map(of).collect()
}

/// What every product has.
pub trait Product: Send + Sync {
    /// A short name, which no other product has and which never changes: notes between nodes carry it, and the store
    /// keeps under it how far the product's tables are.
    fn name(&self) -> &'static str;

    /// What makes its tables, for both engines, the oldest first. A list that was released only grows at its end.
    fn tables(&self) -> &'static [Migration] {
        &[]
    }

    /// Adds what it keeps in memory for one site.
    fn parts(&self, _parts: &mut Parts) {}

    /// Its routes, with their description.
    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new()
    }

    /// The kinds of events, signals and commands that it adds to a feed, for the description of the API.
    fn in_feed(&self) -> InFeed {
        InFeed::default()
    }

    /// Its sends, if it has any.
    fn sends(&self) -> Option<&dyn Sends> {
        None
    }

    /// The commands that it takes over a WebSocket, if any.
    fn commands(&self) -> Option<&dyn Commands> {
        None
    }

    /// What it does with sessions that open, end and acknowledge, if anything.
    fn sessions(&self) -> Option<&dyn Sessions> {
        None
    }

    /// Its part of the snapshot, if it has one.
    fn in_snapshot(&self) -> Option<&dyn InSnapshot> {
        None
    }

    /// What it does after each commit, if anything.
    fn after_commits(&self) -> Option<&dyn AfterCommits> {
        None
    }

    /// What it takes from other nodes, if anything.
    fn peer(&self) -> Option<&dyn Peer> {
        None
    }

    /// What it does from time to time, if anything.
    fn housekeeping(&self) -> Option<&dyn Housekeeping> {
        None
    }
}

/// A POST whose whole effect is one append, and which is therefore answered without a task of its own. Its path is
/// made of a beginning, one name and an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendPath {
    /// What the path begins with, up to the name.
    pub before: &'static str,
    /// What follows the name.
    pub after: &'static str,
}

impl SendPath {
    /// The name in a path of this form.
    pub fn name_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.before)?.strip_suffix(self.after)
    }
}

/// Takes the result of a send once it is durable (P1). It runs on the store's thread and must not block.
pub type Reply = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// Sends over HTTP, by whichever part of the server they were read.
pub trait Sends: Send + Sync {
    /// The path of its sends.
    fn path(&self) -> SendPath;

    /// Does a send. `name` is the part of the path that differs.
    fn post(
        &self,
        site: &Arc<Site>,
        identity: Identity,
        name: &str,
        posted: Posted<'_>,
        reply: Reply,
    );
}

/// Takes the item that answers a command, if any. It must not block.
pub type Answer = Box<dyn FnOnce(Option<Bytes>) + Send>;

/// Commands over a WebSocket: JSON objects with a `type`.
pub trait Commands: Send + Sync {
    /// The types that it takes; no other product takes one of them.
    fn types(&self) -> &'static [&'static str];

    /// Does a command of one of these types. `answer` is called once.
    fn command(&self, site: &Arc<Site>, sender: Sender<'_>, frame: &[u8], answer: Answer);
}

/// What a product does with sessions. Calls come on a thread that serves connections, so they must not block.
pub trait Sessions: Send + Sync {
    /// A session of a person's device began.
    fn opened(&self, _site: &Arc<Site>, _person: PersonId, _device: &str) {}

    /// That session ended.
    fn closed(&self, _site: &Arc<Site>, _person: PersonId, _device: &str) {}

    /// One of a person's clients holds everything up to here.
    fn acked(&self, _site: &Arc<Site>, _person: PersonId, _position: Position) {}
}

/// A product's part of the snapshot, with which a client starts.
pub trait InSnapshot: Send + Sync {
    /// Adds what a person sees of this product, in the view that the cursor belongs to.
    fn add(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        person: PersonId,
        snapshot: &mut Snapshot,
    ) -> Result<(), Error>;

    /// Describes the fields that it adds ([`snapshot::describe`](crate::snapshot::describe)).
    fn describe(&self) -> Described;
}

/// What a product does after each commit.
pub trait AfterCommits: Send + Sync {
    /// Looks at a commit of this node or of another one, before it is published. It runs on the thread that publishes,
    /// so it must neither block nor read the store.
    fn committed(&self, site: &Site, batch: &Batch);
}

/// What a product takes from the same product on other nodes. Nodes are not trusted: what is not understood is
/// nothing.
pub trait Peer: Send + Sync {
    /// Takes a note that [`Site::tell_nodes`] has sent at another node.
    fn noted(&self, _site: &Arc<Site>, _note: &str) {}

    /// Writes a signal of another node anew for the sessions here; `None` if it is not one of this product's.
    fn signal(&self, _stream: StreamId, _item: &[u8]) -> Option<Bytes> {
        None
    }
}

/// What a product does from time to time.
pub trait Housekeeping: Send + Sync {
    /// Brings what it keeps in memory up to date with the store; called once, before the site serves.
    fn begin<'a>(&'a self, _site: &'a Arc<Site>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// One turn, every [`RECEIPTS_FOLD_MS`](encke_engine::limits::RECEIPTS_FOLD_MS). The next one begins when those of
    /// all products are over. `number` counts turns from 0.
    fn turn<'a>(&'a self, _site: &'a Arc<Site>, _number: u64) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Stores what is only in memory; called once, on the way down.
    fn settle<'a>(&'a self, _site: &'a Arc<Site>) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}
