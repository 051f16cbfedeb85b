//! Banned people: they don't get back into a room, by whatever way they come.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::audit::{self, AuditNote, Deed};
use crate::conversation::{check_present, parse};
use crate::member::{keep_an_owner, member_of, no_such_member, parse_person, take_out};
use crate::rights::{check_may_act_on, moderator_of};

/// The number of bans in a page if the request names none.
const BANS_DEFAULT: u64 = 50;

/// Bans a person from a room, and takes it out if it is a member. Only a moderator lets it back in.
#[utoipa::path(put, operation_id = "ban", path = "/v1/conversations/{id}/bans/{person}",
    tag = "conversations", params(("id" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn ban(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    if person == me {
        return Err(Refusal::new(Code::Invalid, "Nobody bans itself. You may leave the room."));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let banned = site.store.write(move |tx| {
        let (_, mine) = moderator_of(tx, id, me)?;
        let member = member_of(tx, id, person)?;
        match &member {
            Some(member) => check_may_act_on(mine, member.member.role)?,
            None => check_present(tx, person)?,
        }
        check_may_have_one_more(tx, id)?;
        let insert = "INSERT INTO ban (conversation, person, banned_by, at_ms)
                      VALUES (?1, ?2, ?3, ?4) ON CONFLICT (conversation, person) DO NOTHING";
        let made = tx.execute(insert, params![id, person, me, tx.now_ms()])?;
        if made > 0 {
            audit::note(tx, id, me, AuditNote::of(Deed::Banned, person))?;
        }
        if member.is_some() {
            take_out(tx, id, person, me, true)?;
            keep_an_owner(tx, id, me)?;
        }
        Ok(())
    });
    banned.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_may_have_one_more(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), Error> {
    let most = limits::BANS_PER_ROOM_MAX;
    let query = "SELECT 1 FROM ban WHERE conversation = ?1 ORDER BY person LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![id, most as u64 - 1])?.is_none() {
        return Ok(());
    }
    let what = format!("A room bans at most {} people. Lift some of the bans.", grouped(most));
    Err(Error::new(Code::Conflict, what))
}

/// Lifts the ban of a person, which may join or be invited again.
#[utoipa::path(delete, operation_id = "lift_ban", path = "/v1/conversations/{id}/bans/{person}",
    tag = "conversations", params(("id" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn lift(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let lifted = site.store.write(move |tx| {
        moderator_of(tx, id, me)?;
        let delete = "DELETE FROM ban WHERE conversation = ?1 AND person = ?2";
        if tx.execute(delete, params![id, person])? == 0 {
            return Err(no_such_member());
        }
        audit::note(tx, id, me, AuditNote::of(Deed::Unbanned, person))
    });
    lifted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a person that is banned from a room.
pub fn check_not_banned(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    let query = "SELECT 1 FROM ban WHERE conversation = ?1 AND person = ?2";
    match sql.query_one(query, params![id, person])? {
        Some(_) => Err(Error::new(Code::Banned, "This person is banned from the room.")),
        None => Ok(()),
    }
}

/// A choice of bans.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedBans {
    /// Go on behind the page that gave this as `next`.
    after: Option<String>,
    /// Greatest number of bans in the page; 50 if absent, 100 at most.
    limit: Option<u64>,
}

/// A person that is banned from a room.
#[derive(Serialize, ToSchema)]
pub(crate) struct BannedPerson {
    #[schema(value_type = String)]
    person: PersonId,
    /// The moderator who banned it.
    #[schema(value_type = String)]
    by: PersonId,
    /// Time of the ban, in milliseconds since 1970.
    at: u64,
}

/// A page of bans.
#[derive(Serialize, ToSchema)]
pub(crate) struct BanPage {
    bans: Vec<BannedPerson>,
    /// The people that the bans name.
    people: Vec<Person>,
    /// The `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// The people that are banned from a room, for its owners and moderators.
#[utoipa::path(get, operation_id = "bans", path = "/v1/conversations/{id}/bans", tag = "conversations",
    params(("id" = String, Path), WantedBans),
    responses((status = 200, body = BanPage),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    wanted: Result<Query<WantedBans>, QueryRejection>,
) -> Result<Json<BanPage>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let wrong = |_| Error::new(Code::BadRequest, "`after` is not the `next` of a page.");
    let after: PersonId =
        wanted.after.map_or(Ok(PersonId(0)), |after| after.parse()).map_err(wrong)?;
    let limit = wanted.limit.unwrap_or(BANS_DEFAULT).clamp(1, limits::BANS_PAGE_MAX as u64);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        moderator_of(read, id, me)?;
        let query = "SELECT person, banned_by, at_ms FROM ban
                     WHERE conversation = ?1 AND person > ?2 ORDER BY person LIMIT ?3";
        let rows = read.query(query, params![id, after, limit + 1])?;
        let ban =
            |row: &Row| Ok(BannedPerson { person: row.get(0)?, by: row.get(1)?, at: row.get(2)? });
        let shown = rows.iter().take(limit as usize).map(ban);
        let bans = shown.collect::<Result<Vec<_>, StoreError>>()?;
        let more = rows.len() > bans.len();
        let next = bans.last().filter(|_| more).map(|ban| ban.person.to_string());
        let named = bans.iter().flat_map(|ban| [ban.person, ban.by]);
        Ok(BanPage { people: people_named(read, &held, me, named)?, bans, next })
    });
    Ok(Json(page.await?))
}
