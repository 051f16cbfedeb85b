//! Messages that are starred or pinned, as candidates of a search in place of those of the index.
//!
//! The index has no marks for them: stars are one person's own, and the index must not be written for each. There are few
//! of these messages, so each is looked at for what the search asks.

use encke_engine::{ConversationId, Error, PersonId, Position};
use encke_site::bulk;
use encke_store::{Read, Sql, StoreError, Value};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Scope;
use crate::conversation::find;

/// What has been made of a message.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Is {
    /// The caller has starred it.
    Starred,
    /// It is pinned in its conversation.
    Pinned,
}

/// A part of the log, between two positions that are not in it.
#[derive(Clone, Copy)]
pub struct Between {
    /// All of it lies above this position.
    pub above: Position,
    /// All of it lies below this position.
    pub below: Position,
    /// The greatest number of messages that are wanted, the newest ones.
    pub count: u64,
}

/// A message that may be found: its place, and the conversation whose members may read it.
pub type Candidate = (Position, ConversationId);

/// The way to the messages that a person has starred, the newest message first, in conversations that it is in. The product
/// that keeps stars adds this to the parts of a site.
#[derive(Clone, Copy)]
pub struct StarsOf(pub fn(&mut Read<'_>, PersonId, Between) -> Result<Vec<Candidate>, StoreError>);

/// Where a search finds its candidates, if not in the index.
#[derive(Clone, Copy)]
pub(super) enum Marked {
    /// Among the stars of the caller.
    Starred(StarsOf),
    /// Among the pinned messages.
    Pinned,
}

impl Marked {
    /// The next candidates, the newest first.
    pub fn candidates(
        self,
        read: &mut Read<'_>,
        me: PersonId,
        scope: &Scope,
        part: Between,
    ) -> Result<Vec<Candidate>, Error> {
        match self {
            Marked::Starred(StarsOf(stars)) => Ok(stars(read, me, part)?),
            Marked::Pinned => Ok(pinned(read, scope, part)?),
        }
    }
}

fn pinned(
    read: &mut Read<'_>,
    scope: &Scope,
    Between { above, below, count }: Between,
) -> Result<Vec<Candidate>, StoreError> {
    let mut params: Vec<Value> = Vec::new();
    let query = match scope {
        Scope::Named(ids) if ids.is_empty() => return Ok(Vec::new()),
        Scope::Named(ids) => {
            for id in ids {
                // What is pinned in a thread is found under the conversation that the thread is part of.
                params.push(find(read, *id)?.map_or(*id, |found| found.house()).into());
            }
            let (values, given) = (bulk::values(ids.len(), 1), ids.len());
            format!(
                "WITH v (id) AS ({values}) SELECT a.position, a.pinned_in FROM v
                 JOIN amended a ON a.pinned_in = v.id
                 WHERE a.pinned_position IS NOT NULL AND a.position > ?{} AND a.position < ?{}
                 ORDER BY a.position DESC LIMIT ?{}",
                given + 1,
                given + 2,
                given + 3
            )
        }
        Scope::Among(_) => "SELECT a.position, a.pinned_in FROM amended a
             WHERE a.pinned_position IS NOT NULL AND a.position > ?1 AND a.position < ?2
             ORDER BY a.position DESC LIMIT ?3"
            .to_owned(),
    };
    params.extend([above.into(), below.into(), count.into()]);
    read.query(&query, &params)?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
