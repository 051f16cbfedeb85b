//! The snapshot: the present state and the cursor at which it is true.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{ConversationId, Error, PersonId, StreamId};
use encke_store::{Read, Sql, params};
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::invitation::{self, Invitation};
use encke_account::{Me, Person, me, people};
use encke_site::Act;
use encke_site::Site;
use encke_site::caller::Caller;
use encke_site::reply::Refusal;
use encke_talk::conversation::{Conversation, Found, MemberRow, seen_by};

/// All that a client starts from.
#[derive(Serialize, ToSchema)]
pub(crate) struct Snapshot {
    cursor: String,
    me: Me,
    people: Vec<Person>,
    conversations: Vec<Conversation>,
    /// Those that wait for an answer.
    invitations: Vec<Invitation>,
}

/// The present state of everything that the caller sees.
#[utoipa::path(get, path = "/v1/snapshot", tag = "feed",
    responses((status = 200, body = Snapshot)))]
pub(crate) async fn snapshot(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Snapshot>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let house = site.clone();
    let taken = site.store.read(move |read| take(read, &house, caller.0.person));
    Ok(Json(taken.await?))
}

fn take(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<Snapshot, Error> {
    let conversations = conversations(read, site, person)?;
    let mut ids: Vec<_> =
        conversations.iter().flat_map(|c| c.members.iter().map(|m| m.person)).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(Snapshot {
        cursor: read.cursor().to_string(),
        me: me(read, site, person)?,
        people: people(read, site, &ids)?,
        invitations: invitation::of(read, site, person)?,
        conversations,
    })
}

fn conversations(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
) -> Result<Vec<Conversation>, Error> {
    let mine = "SELECT conversation FROM member WHERE person = ?1";
    let columns = MemberRow::COLUMNS;
    let rows = read.query(
        &format!(
            "SELECT {columns} FROM member m WHERE m.conversation IN ({mine})
             ORDER BY m.joined_ms, m.person"
        ),
        params![person],
    )?;
    let mut members: FxHashMap<ConversationId, Vec<MemberRow>> = FxHashMap::default();
    for row in &rows {
        let row = MemberRow::of(row)?;
        members.entry(row.conversation).or_default().push(row);
    }
    let columns = Found::COLUMNS;
    let found = read.query(
        &format!("SELECT {columns} FROM conversation c WHERE c.id IN ({mine}) ORDER BY c.id"),
        params![person],
    )?;
    let found: Vec<Found> = found.iter().map(Found::of).collect::<Result<_, _>>()?;
    let said: Vec<_> = found.iter().map(|c| StreamId::conversation(c.id)).collect();
    let receipts: Vec<_> = found.iter().map(|c| StreamId::receipts(c.id)).collect();
    read.expect_newest(&said)?;
    read.expect(&receipts)?;
    let mut all = Vec::new();
    for found in found {
        let members = members.remove(&found.id).unwrap_or_default();
        all.extend(seen_by(read, site, found, members, person)?);
    }
    Ok(all)
}
