//! Blocked visitors: a supervisor ends what somebody may write to a desk.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people};
use encke_engine::{Code, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Sql, params};
use encke_talk::member::parse_person;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::desk::parse_desk;
use crate::staff;

/// The blocked visitors of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlockedVisitors {
    /// Those that are blocked, by their ids.
    people: Vec<Person>,
    /// Whether there are more.
    more: bool,
}

/// A page of blocked visitors.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedBlocked {
    /// The last one of the page before.
    after: Option<String>,
}

/// The blocked visitors of a desk. Owners and supervisors see them.
#[utoipa::path(get, operation_id = "blocked_visitors", path = "/v1/desks/{desk}/blocked", tag = "desk",
    params(("desk" = String, Path), WantedBlocked),
    responses((status = 200, body = BlockedVisitors), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedBlocked>, QueryRejection>,
) -> Result<Json<BlockedVisitors>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let after = wanted.after.map_or(Ok(PersonId::NOBODY), |id| parse_person(&id))?;
    site.take(me, caller.0.role, Act::Read)?;
    let (held, limit) = (site.clone(), desk_limits::BLOCKED_PAGE_MAX);
    let page = site.store.read(move |read| {
        staff::leading(read, house, me)?;
        let query = "SELECT person FROM visitor WHERE house = ?1 AND blocked = 1 AND person > ?2
                     ORDER BY person LIMIT ?3";
        let rows = read.query(query, params![house, after, limit as u64 + 1])?;
        let mut ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<PersonId>, _>>()?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok(BlockedVisitors { people: people(read, &held, me, &ids)?, more })
    });
    Ok(Json(page.await?))
}

/// Blocks a visitor: it may write nothing to the desk any more. Owners and supervisors do it.
#[utoipa::path(put, operation_id = "block_visitor", path = "/v1/desks/{desk}/blocked/{person}", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn block(
    site: State<Arc<Site>>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    set(site, caller, path, true).await
}

/// Lets a visitor write again.
#[utoipa::path(delete, operation_id = "unblock_visitor", path = "/v1/desks/{desk}/blocked/{person}",
    tag = "desk", params(("desk" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn unblock(
    site: State<Arc<Site>>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    set(site, caller, path, false).await
}

async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    on: bool,
) -> Result<StatusCode, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let set = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let update = "UPDATE visitor SET blocked = ?3 WHERE person = ?1 AND house = ?2";
        match tx.execute(update, params![person, house, on])? {
            0 => Err(Error::new(Code::NotFound, "The desk has no such visitor.")),
            _ => Ok(()),
        }
    });
    set.await?;
    Ok(StatusCode::NO_CONTENT)
}
