//! Blocking people: in the direct conversation of two neither writes, as long as one of them blocks the other.
//!
//! The conversation's row says so, and all appends to it are reserved in the store. So ordinary sends ask nothing more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, blocked_by, has_blocked, people, set_blocked};
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, limits};
use encke_site::{Act, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Sql, Tx, params};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::check_present;

/// The person blocks another one from here on, or no longer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blocked {
    #[schema(value_type = String)]
    person: PersonId,
    on: bool,
}

impl EventBody for Blocked {
    const KIND: &'static str = "blocked";
}

/// Blocks a person: it can't write to the caller, nor bring the caller into a room, and doesn't see its presence.
#[utoipa::path(put, operation_id = "block", path = "/v1/blocks/{person}", tag = "people",
    params(("person" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn block(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(person): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (other, me) = (parse(&person)?, caller.0.person);
    if other == me {
        return Err(Refusal::new(Code::Invalid, "Nobody blocks itself."));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let blocked = site.store.write(move |tx| {
        check_present(tx, other)?;
        let most = limits::BLOCKS_PER_PERSON_MAX;
        if blocked_by(tx, me)?.len() >= most && !has_blocked(tx, me, other)? {
            let what = format!("You block at most {most} people. Unblock one.");
            return Err(Error::new(Code::Conflict, what));
        }
        set(tx, me, other, true)
    });
    blocked.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// No longer blocks a person.
#[utoipa::path(delete, operation_id = "unblock", path = "/v1/blocks/{person}", tag = "people",
    params(("person" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn unblock(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(person): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (other, me) = (parse(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    site.store.write(move |tx| set(tx, me, other, false)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(person: &str) -> Result<PersonId, Error> {
    person.parse().map_err(|_| Error::new(Code::NotFound, "There is no such person."))
}

fn set(tx: &mut Tx<'_>, me: PersonId, other: PersonId, on: bool) -> Result<(), Error> {
    if !set_blocked(tx, me, other, on)? {
        return Ok(());
    }
    let query = "SELECT id FROM conversation WHERE first_person = ?1 AND second_person = ?2";
    if let Some(row) = tx.query_one(query, params![me.min(other), me.max(other)])? {
        let is_closed = on || has_blocked(tx, other, me)?;
        close(tx, row.get(0)?, is_closed)?;
    }
    let body = Blocked { person: other, on };
    tx.append(event(StreamId::person(me), Some(me), &body)).map(drop)
}

/// Closes a direct conversation to both sides, or opens it.
fn close(tx: &mut Tx<'_>, id: ConversationId, is_closed: bool) -> Result<(), Error> {
    tx.execute("UPDATE conversation SET blocked = ?2 WHERE id = ?1", params![id, is_closed])?;
    let said = StreamId::conversation(id);
    if is_closed {
        tx.reserve(said, None)?
    } else {
        tx.free(said, None)?
    }
    Ok(())
}

/// Refuses two people of whom one has blocked the other.
pub fn check_not_blocked(sql: &mut impl Sql, a: PersonId, b: PersonId) -> Result<(), Error> {
    if has_blocked(sql, a, b)? || has_blocked(sql, b, a)? { Err(blocked()) } else { Ok(()) }
}

/// The refusal between two people of whom one has blocked the other.
pub(crate) fn blocked() -> Error {
    let what = "One of you has blocked the other. Whoever did so may unblock.";
    Error::new(Code::Blocked, what)
}

/// A person that the caller blocks.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlockedPerson {
    #[schema(value_type = String)]
    person: PersonId,
    /// Time of the block, in milliseconds since 1970.
    at: u64,
}

/// The people whom the caller blocks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blocks {
    /// The newest first.
    blocks: Vec<BlockedPerson>,
    people: Vec<Person>,
}

/// The people whom the caller blocks.
#[utoipa::path(get, operation_id = "blocks", path = "/v1/blocks", tag = "people",
    responses((status = 200, body = Blocks), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Blocks>, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let blocks = site.store.read(move |read| {
        let all = blocked_by(read, me)?;
        let ids: Vec<_> = all.iter().map(|(person, _)| *person).collect();
        let blocks = all.into_iter().map(|(person, at)| BlockedPerson { person, at }).collect();
        Ok(Blocks { people: people(read, &held, me, &ids)?, blocks })
    });
    Ok(Json(blocks.await?))
}
