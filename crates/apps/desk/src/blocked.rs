//! Blocked visitors: a supervisor ends what somebody may write to a desk.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::params;
use encke_talk::member::parse_person;
use http::StatusCode;

use crate::desk::parse_desk;
use crate::staff;

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
