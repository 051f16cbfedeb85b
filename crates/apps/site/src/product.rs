//! A product: what people do with conversations or streams, in a crate of its own.
//!
//! The server lists its products in one place. [`Product`] is the trait that each implements. Optional parts are traits
//! of their own; a product returns those that it has.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Batch, Error, PersonId, Position, StreamClass, StreamId};
use encke_store::{Appended, Migration, Read, Tables};
use futures_util::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;

use crate::command::Sender;
use crate::feed_body::InFeed;
use crate::identity::Identity;
use crate::notices::Notices;
use crate::parts::Parts;
use crate::posted::Posted;
use crate::site::Site;
use crate::snapshot::{Described, Snapshot};

/// All products of a server. Each comes after the products that it may use.
pub type Products = &'static [&'static dyn Product];

/// The tables of all products. A store is opened with them.
pub fn tables(products: Products) -> Vec<Tables> {
    let of = |p: &&dyn Product| Tables { owner: p.name(), migrations: p.tables() };
    products.iter().map(of).collect()
}

/// Refuses products that could not be told apart: each has a name, stream classes, commands and a path of sends of its
/// own.
///
/// # Panics
/// If two have the same one. A list of products is a constant, so the first start of such a build shows it.
pub(crate) fn check(products: Products) {
    let mut owners = HashMap::new();
    for product in products {
        for own in own(*product) {
            if let Some(other) = owners.insert(own.clone(), product.name()) {
                panic!("the products {other} and {} both have {own}", product.name());
            }
        }
    }
}

/// The names, in words, that a product must have to itself.
fn own(product: &dyn Product) -> Vec<String> {
    let mut own = vec![format!("the name {}", product.name())];
    for class in product.classes() {
        assert!(class.is_of_product(), "{} has a stream class of Encke's own", product.name());
        own.push(format!("the stream class {}", class.byte()));
    }
    let commands = product.extras().commands.map_or(&[][..], |commands| commands.types());
    own.extend(commands.iter().map(|kind| format!("the command {kind}")));
    let path = product.extras().sends.map(|sends| sends.path());
    own.extend(path.map(|path| format!("the path of sends {}…{}", path.before, path.after)));
    own
}

/// The parts of a product.
pub trait Product: Send + Sync {
    /// A short name, unique and constant: notes between nodes carry it, and the store keeps the version of the
    /// product's tables under it.
    fn name(&self) -> &'static str;

    /// The migrations of its tables for both engines, the oldest first. A released list only grows at its end.
    fn tables(&self) -> &'static [Migration] {
        &[]
    }

    /// The classes of the streams that are its own ([`StreamClass::of_product`]). A site with two products that have the
    /// same class does not start.
    fn classes(&self) -> &'static [StreamClass] {
        &[]
    }

    /// Adds the state that it keeps in memory for one site.
    fn parts(&self, _parts: &mut Parts) {}

    /// Its routes with their descriptions.
    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new()
    }

    /// The kinds of events, signals and commands that it adds to a feed, for the description of the API.
    fn in_feed(&self) -> InFeed {
        InFeed::default()
    }

    /// The traits that it has besides this one. Asked for each send and each acknowledgement, so it only names them.
    fn extras(&self) -> Extras<'_> {
        Extras::default()
    }
}

/// The traits that only some products have.
#[derive(Clone, Copy, Default)]
pub struct Extras<'a> {
    /// Its sends over HTTP.
    pub sends: Option<&'a dyn Sends>,
    /// Its commands over a WebSocket.
    pub commands: Option<&'a dyn Commands>,
    /// Its work when sessions open, end and acknowledge.
    pub sessions: Option<&'a dyn Sessions>,
    /// Its part of the snapshot.
    pub in_snapshot: Option<&'a dyn InSnapshot>,
    /// Its work after each commit.
    pub after_commits: Option<&'a dyn AfterCommits>,
    /// Its work with notes and signals of other nodes.
    pub peer: Option<&'a dyn Peer>,
    /// Its events that people are told of while they have no page open.
    pub notices: Option<&'a dyn Notices>,
    /// Its work from time to time.
    pub housekeeping: Option<&'a dyn Housekeeping>,
}

/// A POST with one append as its whole effect. It is answered without a task of its own.
///
/// Its path is made of a beginning, one name and an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendPath {
    /// The part of the path before the name.
    pub before: &'static str,
    /// The part of the path after the name.
    pub after: &'static str,
}

impl SendPath {
    /// The name in a path of this form; `None` for other paths.
    pub fn name_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.before)?.strip_suffix(self.after)
    }
}

/// Takes the result of a send once it is durable (P1). It runs on the store's thread and must not block.
pub type Reply = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// Sends over HTTP. Shards and hyper both read them.
pub trait Sends: Send + Sync {
    /// The form of the paths of its sends.
    fn path(&self) -> SendPath;

    /// Does a send. `name` is the name in the path.
    fn post(
        &self,
        site: &Arc<Site>,
        identity: Identity,
        name: &str,
        posted: Posted<'_>,
        reply: Reply,
    );
}

/// Takes the item that answers a command, if there is one. It must not block.
pub type Answer = Box<dyn FnOnce(Option<Bytes>) + Send>;

/// Commands over a WebSocket: JSON objects with a `type`.
pub trait Commands: Send + Sync {
    /// The types of its commands. No other product takes one of them.
    fn types(&self) -> &'static [&'static str];

    /// Does a command of one of these types. `answer` is called once.
    fn command(&self, site: &Arc<Site>, sender: Sender<'_>, frame: &[u8], answer: Answer);
}

/// The work of a product with sessions. The calls come on a thread that serves connections, so they must not block.
pub trait Sessions: Send + Sync {
    /// A session of a person's device began.
    fn opened(&self, _site: &Arc<Site>, _person: PersonId, _device: &str) {}

    /// A session of a person's device ended.
    fn closed(&self, _site: &Arc<Site>, _person: PersonId, _device: &str) {}

    /// One of a person's clients holds all events up to this position.
    fn acked(&self, _site: &Arc<Site>, _person: PersonId, _position: Position) {}
}

/// The part of a product in the snapshot, with which a client starts.
pub trait InSnapshot: Send + Sync {
    /// Adds the state that a person sees of this product, in the view that the cursor belongs to.
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

/// The work of a product after each commit.
pub trait AfterCommits: Send + Sync {
    /// Looks at a commit of this node or of another one before it is published. It runs on the thread that publishes,
    /// so it must neither block nor read the store.
    fn committed(&self, site: &Site, batch: &Batch);
}

/// The work of a product with messages of the same product on other nodes. Other nodes are not trusted: an unreadable
/// message is dropped.
pub trait Peer: Send + Sync {
    /// Takes a note that another node sent with [`Site::tell_nodes`].
    fn noted(&self, _site: &Arc<Site>, _note: &str) {}

    /// Writes a signal of another node anew for the sessions here; `None` if it is not a signal of this product.
    fn signal(&self, _stream: StreamId, _item: &[u8]) -> Option<Bytes> {
        None
    }
}

/// The work of a product from time to time.
pub trait Housekeeping: Send + Sync {
    /// Brings its state in memory up to date with the store. Called once, before the site serves.
    fn begin<'a>(&'a self, _site: &'a Arc<Site>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Does one turn, every [`RECEIPTS_FOLD_MS`](encke_engine::limits::RECEIPTS_FOLD_MS). The next turn begins when
    /// those of all products are over. `number` counts turns from 0.
    fn turn<'a>(&'a self, _site: &'a Arc<Site>, _number: u64) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Stores state that is only in memory. Called once, on the way down.
    fn settle<'a>(&'a self, _site: &'a Arc<Site>) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}
