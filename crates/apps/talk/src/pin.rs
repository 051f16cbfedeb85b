//! Pins: messages that a conversation keeps at hand.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error, Position, Seq, limits};
use encke_site::{Act, Caller, EventBody, FeedEvent, JsonObject, Path, Refusal, Site};
use encke_store::{Sql, Tx, params};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amended::{Amended, Page};
use crate::amendment::{Amending, amend};
use crate::conversation::parse;
use crate::hidden;
use crate::member::check_member;
use encke_account::Person;

/// A message is pinned from now on, or no longer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pinned {
    #[schema(value_type = u64)]
    message: Seq,
    on: bool,
}

impl EventBody for Pinned {
    const KIND: &'static str = "pinned";
}

/// Pins a message. In a room only owners and moderators do it. A message that is pinned already stays as it is.
#[utoipa::path(put, operation_id = "pin",
    path = "/v1/conversations/{id}/messages/{seq}/pin", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "blocked, forbidden, muted, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 410, description = "erased"), (status = 429, description = "rate_limited")))]
pub(crate) async fn pin(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), |tx, it| set(tx, it, true)).await
}

/// Takes a pin away. A message that is not pinned stays as it is.
#[utoipa::path(delete, operation_id = "unpin",
    path = "/v1/conversations/{id}/messages/{seq}/pin", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "blocked, forbidden, muted, not_member"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn unpin(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), |tx, it| set(tx, it, false)).await
}

fn set(tx: &mut Tx<'_>, it: &Amending, on: bool) -> Result<(), Error> {
    if it.is_in_a_room(tx)? && !it.moderates() {
        let what = "Only owners and moderators of the room may pin its messages.";
        return Err(Error::new(Code::Forbidden, what));
    }
    it.check_may_speak(tx)?;
    let (id, seq) = it.key();
    let query = "SELECT 1 FROM amended
                 WHERE conversation = ?1 AND seq = ?2 AND pinned_position IS NOT NULL";
    if tx.query_one(query, params![id, seq])?.is_some() == on {
        return Ok(());
    }
    if on {
        let query = "SELECT count(*) FROM amended
                     WHERE conversation = ?1 AND pinned_position IS NOT NULL";
        let pins: u64 = tx.query_one(query, params![id])?.map_or(Ok(0), |row| row.get(0))?;
        let most = limits::PINS_PER_CONVERSATION_MAX;
        if pins >= most as u64 {
            let what = format!("A conversation has at most {most} pinned messages.");
            return Err(Error::new(Code::Conflict, what));
        }
    }
    let appended = it.append(tx, &Pinned { message: seq, on })?;
    let (pinned, by) = (on.then_some(appended.position), on.then_some(it.me));
    let house = on.then_some(it.conversation.house());
    tx.execute(
        "INSERT INTO amended (conversation, seq, position, edits, pinned_position, pinned_by,
             pinned_in)
         VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)
         ON CONFLICT (conversation, seq) DO UPDATE
         SET pinned_position = excluded.pinned_position, pinned_by = excluded.pinned_by,
             pinned_in = excluded.pinned_in",
        params![id, seq, it.message.position, pinned, by, house],
    )?;
    Ok(())
}

/// The pinned messages of a conversation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct Pins {
    /// The messages, the one that was pinned last first. Those that the caller has hidden are not among them.
    events: Vec<FeedEvent>,
    /// What has been made of them.
    amended: Vec<Amended>,
    /// The `seq` of the newest amendment that this answer knows of.
    amendments_seq: u64,
    /// The people that the messages and amendments name.
    people: Vec<Person>,
}

/// The pinned messages of a conversation.
#[utoipa::path(get, operation_id = "pins", path = "/v1/conversations/{id}/pins",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Pins), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn pins(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<JsonObject, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let pins = site.store.read(move |read| {
        check_member(read, id, me)?;
        let query = "SELECT position FROM amended
                     WHERE conversation = ?1 AND pinned_position IS NOT NULL
                     ORDER BY pinned_position DESC";
        let rows = read.query(query, params![id])?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            entries.extend(read.event(row.get::<Position>(0)?)?);
        }
        let seqs: Vec<_> = entries.iter().map(|entry| (id, entry.event.seq)).collect();
        let hidden = hidden::among(read, me, &seqs)?;
        entries.retain(|entry| !hidden.contains(&(id, entry.event.seq)));
        Page::of(read, id, me, entries)?.json(read, &held)
    });
    Ok(pins.await?)
}
