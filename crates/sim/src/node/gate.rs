//! The gate: it admits requests and remembers what people follow, like `crates/server/src/wire/gate.rs` and the apps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use encke_engine::marks::MarksMoved;
use encke_engine::presence::Roll;
use encke_engine::{Batch, Code, Cursor, Epoch, PersonId, Position, Step};

use super::Follows;
use crate::scene::{ConnId, NodeId, Scene};
use crate::store::{Ask, Purpose, Request, Viewed};

/// The number of changes, of any person, after which a remembered list of follows is read again.
const CHANGES_MAX: usize = 16;

/// The admission of a request.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The person.
    pub person: PersonId,
    /// The streams that the session follows, and the position of that knowledge.
    pub follows: Follows,
    /// The newest revocation that was known before the credential was checked.
    pub revocations_seen: u64,
    /// The newest position that is known to be committed.
    pub known: Position,
}

/// The gate; see the top of this file.
pub struct Gate {
    pub node: NodeId,
    pub epoch: Epoch,
    incarnation: u64,
    /// Everything up to this position was handed to the shards.
    pub position: Position,
    revocations: u64,
    identities: BTreeMap<u64, PersonId>,
    follows: BTreeMap<PersonId, Follows>,
    changes: VecDeque<Position>,
    pub roll: Roll,
    pub moved: MarksMoved,
}

impl Gate {
    pub fn new(node: NodeId, epoch: Epoch, incarnation: u64, position: Position) -> Self {
        let (revocations, identities, follows, changes) = Default::default();
        let (roll, moved) = Default::default();
        Gate {
            node,
            epoch,
            incarnation,
            position,
            revocations,
            identities,
            follows,
            changes,
            roll,
            moved,
        }
    }

    /// Notes the changes of follows in a commit, before it is published.
    pub fn committed(&mut self, batch: &Batch) {
        let changes = batch.steps.iter().filter(|s| !matches!(s, Step::Event(_))).count();
        self.changes.extend(std::iter::repeat_n(self.position, changes));
        let old = self.changes.len().saturating_sub(CHANGES_MAX);
        self.changes.drain(..old);
    }

    /// Counts a revocation and forgets the memories that rest on it. Returns its number.
    pub fn revoke(&mut self, person: PersonId, credential: Option<u64>) -> u64 {
        self.revocations += 1;
        self.identities.retain(|c, p| *p != person || credential.is_some_and(|gone| gone != *c));
        self.revocations
    }

    fn is_fresh(&self, as_of: Position) -> bool {
        let oldest = self.changes.front();
        self.changes.len() < CHANGES_MAX || oldest.is_none_or(|oldest| as_of >= *oldest)
    }

    fn known_follows(&self, person: PersonId, cursor: Cursor) -> Option<Follows> {
        if cursor.position > self.position {
            // Another node may have been quicker, so the store is asked.
            return None;
        }
        self.follows.get(&person).filter(|(_, as_of)| self.is_fresh(*as_of)).cloned()
    }

    /// Admits a request at once if everything is known. Otherwise it asks the store.
    pub fn admit(
        &mut self,
        conn: ConnId,
        credential: u64,
        cursor: Cursor,
        scene: &mut Scene,
    ) -> Option<Admission> {
        let revocations_seen = self.revocations;
        let known = self.identities.get(&credential).copied();
        if let Some(person) = known
            && let Some(follows) = self.known_follows(person, cursor)
        {
            let known = self.position.max(follows.1);
            return Some(Admission { person, follows, revocations_seen, known });
        }
        let what = Request::View(Purpose::Admit { conn, known, revocations_seen }, credential);
        let Gate { node, epoch, incarnation, .. } = *self;
        scene.ask(Ask { node, epoch, incarnation, what });
        None
    }

    /// Takes the store's view.
    pub fn viewed(
        &mut self,
        credential: u64,
        revocations_seen: u64,
        viewed: Viewed,
    ) -> Result<Admission, Code> {
        let person = viewed.person.ok_or(Code::NotSignedIn)?;
        // An identity that was revoked during the look-up must not be remembered.
        if self.revocations == revocations_seen {
            self.identities.insert(credential, person);
        }
        let follows: Follows = (Arc::from(viewed.follows), viewed.as_of);
        self.follows.insert(person, follows.clone());
        let known = self.position.max(viewed.as_of);
        Ok(Admission { person, follows, revocations_seen, known })
    }
}
