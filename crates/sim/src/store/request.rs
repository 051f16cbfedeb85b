//! The requests of nodes to the store, and its answers.

use encke_engine::frontier::{Frontier, LogState, MarkedEvent, RightsChange};
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Epoch, PersonId, Position};

use super::state::Commit;
use crate::client::Exchange;
use crate::scene::{ConnId, NodeId};

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The node that asks.
    pub node: NodeId,
    /// The epoch of the log that it serves.
    pub epoch: Epoch,
    /// The incarnation of the database in which it opened the log.
    pub incarnation: u64,
    /// The request itself.
    pub what: Request,
}

/// The content of a request.
#[derive(Clone, Debug)]
pub enum Request {
    /// The space's row, locked; transactions have numbers.
    Turn(u64),
    /// The end of a transaction.
    Commit(u64, Commit),
    /// A look: the state of the log at a node's frontier, and the part that follows.
    Look(Frontier),
    /// A page for a session.
    Page(ConnId, PageRequest),
    /// The person of a credential, and the streams that this person follows.
    View(Purpose, u64),
}

/// The purpose of a view.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// A request for the feed.
    Admit {
        /// The connection.
        conn: ConnId,
        /// The person, if the node knew.
        known: Option<PersonId>,
        /// The newest revocation before the credential was checked.
        revocations_seen: u64,
    },
    /// A snapshot for a client.
    Snapshot(Exchange),
}

impl Purpose {
    /// The person, if the node knew.
    pub fn known(&self) -> Option<PersonId> {
        match self {
            Purpose::Admit { known, .. } => *known,
            Purpose::Snapshot(_) => None,
        }
    }
}

/// The findings of one view.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The person of the credential, if it is good.
    pub person: Option<PersonId>,
    /// The streams that the person follows.
    pub follows: Vec<Follow>,
    /// The position at which they were read.
    pub as_of: Position,
}

/// The findings of one look.
#[derive(Clone, Debug)]
pub struct LookRows {
    /// The state of the log, compared with the frontier.
    pub log: LogState,
    /// Events that follow the frontier; there may be more of them.
    pub events: Vec<MarkedEvent>,
    /// Changes that follow the frontier; there may be more of them.
    pub changes: Vec<RightsChange>,
}

/// An answer of the store.
#[derive(Debug)]
pub enum Answer {
    /// It is this transaction's turn.
    Turn(u64),
    /// The transaction is committed.
    Committed,
    /// The result of a look.
    Looked(Frontier, LookRows),
    /// A page; `None` if a part of it was trimmed.
    Paged(ConnId, Option<Page>),
    /// The result of a view.
    Viewed(Purpose, u64, Viewed),
    /// The connection broke, and the fate of the request is unknown.
    Lost(Request),
    /// The database no longer holds the log that the node serves.
    Replaced,
}
