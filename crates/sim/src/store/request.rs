//! What nodes ask of the store, and what it answers.

use encke_engine::frontier::{Frontier, LogState, MarkedEvent, RightsChange};
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Epoch, PersonId, Position};

use super::state::Commit;
use crate::client::Exchange;
use crate::scene::{ConnId, NodeId};

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Ask {
    /// From whom.
    pub node: NodeId,
    /// The log that it serves,
    pub epoch: Epoch,
    /// and the database that it opened it in.
    pub incarnation: u64,
    /// What.
    pub what: Request,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Request {
    /// The space's row, locked; transactions have numbers.
    Turn(u64),
    /// The end of a transaction.
    Commit(u64, Commit),
    /// How the log stands to a node's frontier, and what follows that.
    Look(Frontier),
    /// A page for a session.
    Page(ConnId, PageRequest),
    /// Who a credential is, and what that person follows.
    View(Purpose, u64),
}

/// What a view is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// A request for the feed.
    Admit {
        /// Whose.
        conn: ConnId,
        /// Who it is, if the node knew.
        known: Option<PersonId>,
        /// The newest revocation when the credential was looked at.
        revocations_seen: u64,
    },
    /// A snapshot for a client.
    Snapshot(Exchange),
}

impl Purpose {
    /// Who it is, if the node knew.
    pub fn known(&self) -> Option<PersonId> {
        match self {
            Purpose::Admit { known, .. } => *known,
            Purpose::Snapshot(_) => None,
        }
    }
}

/// What was seen in one view.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// Whose the credential is, if it is good.
    pub person: Option<PersonId>,
    /// What that person follows,
    pub follows: Vec<Follow>,
    /// at this position.
    pub as_of: Position,
}

/// What a look reads at one moment.
#[derive(Clone, Debug)]
pub struct LookRows {
    /// How the log stands to the frontier.
    pub log: LogState,
    /// Events that follow the frontier; there may be more of them.
    pub events: Vec<MarkedEvent>,
    /// Changes that follow the frontier; there may be more of them.
    pub changes: Vec<RightsChange>,
}

/// What the store answers.
#[derive(Debug)]
pub enum Answer {
    /// It is this transaction's turn.
    Turn(u64),
    /// It is committed.
    Committed,
    /// What a look at the log has read.
    Looked(Frontier, LookRows),
    /// A page; `None` if a part of it was trimmed.
    Paged(ConnId, Option<Page>),
    /// A view.
    Viewed(Purpose, u64, Viewed),
    /// The connection broke: nobody knows what became of it.
    Lost(Request),
    /// This is not the log any more that the node serves.
    Replaced,
}
