//! Muted members: they read, and may not write for a time.
//!
//! The table `mute` outlives a membership, so nobody gets rid of it by leaving and joining again. The row in `member` has
//! a copy of the time, which others see. The appends of a muted member are reserved in the store
//! ([`Tx::reserve`](encke_store::Tx::reserve)), so that an ordinary send need not ask for it.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::{self, AuditNote, Deed};
use crate::conversation::{MemberRow, parse};
use crate::member::{member_of, no_such_member, parse_person};
use crate::rights::{check_may_act_on, moderator_of};

/// A member may only read for a time, or may write again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberMuted {
    #[schema(value_type = String)]
    person: PersonId,
    /// The time until which it may only read, in milliseconds since 1970; null if it may write again.
    #[schema(required)]
    until: Option<u64>,
    #[schema(value_type = String)]
    by: PersonId,
}

impl EventBody for MemberMuted {
    const KIND: &'static str = "member_muted";
}

/// The time for which a member may only read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteTime {
    /// Seconds, from a minute to a leap year.
    #[schema(minimum = 60, maximum = 31_622_400)]
    seconds: u64,
}

/// Lets a member of a room only read for a time. A mute that is there already is replaced.
#[utoipa::path(put, operation_id = "mute_member",
    path = "/v1/conversations/{id}/members/{person}/mute", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)), request_body = MuteTime,
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn mute(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
    Body(MuteTime { seconds }): Body<MuteTime>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    if !limits::MUTE_S.contains(&seconds) {
        let (least, most) = (limits::MUTE_S.start(), limits::MUTE_S.end());
        let what = format!("A member is muted for {least} to {most} seconds.");
        return Err(Refusal::new(Code::Invalid, what));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let muted = site.store.write(move |tx| {
        let member = check_may_mute(tx, id, me, person)?;
        let until = tx.now_ms() + seconds * 1_000;
        note(tx, id, person, until)?;
        tell(tx, &member, Some(until), me)
    });
    muted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a muted member write again.
#[utoipa::path(delete, operation_id = "unmute_member",
    path = "/v1/conversations/{id}/members/{person}/mute", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn unmute(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let unmuted = site.store.write(move |tx| {
        let member = check_may_mute(tx, id, me, person)?;
        if member.member.muted_until.is_none() {
            return Ok(());
        }
        forget(tx, id, person)?;
        tell(tx, &member, None, me)
    });
    unmuted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The row of a member that the caller may mute.
fn check_may_mute(
    tx: &mut Tx<'_>,
    id: ConversationId,
    me: PersonId,
    person: PersonId,
) -> Result<MemberRow, Error> {
    let (_, mine) = moderator_of(tx, id, me)?;
    let member = member_of(tx, id, person)?.ok_or_else(no_such_member)?;
    check_may_act_on(mine, member.member.role)?;
    if member.member.role.moderates() {
        let what = "Owners and moderators can't be muted. Take the role away first.";
        return Err(Error::new(Code::Forbidden, what));
    }
    Ok(member)
}

fn tell(
    tx: &mut Tx<'_>,
    member: &MemberRow,
    until: Option<u64>,
    by: PersonId,
) -> Result<(), Error> {
    let (id, person) = (member.conversation, member.member.person);
    let deed = if until.is_some() { Deed::Muted } else { Deed::Unmuted };
    audit::note(tx, id, by, AuditNote { until, ..AuditNote::of(deed, person) })?;
    let body = MemberMuted { person, until, by };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// Notes that a member is muted.
fn note(tx: &mut Tx<'_>, id: ConversationId, person: PersonId, until: u64) -> Result<(), Error> {
    // Those that left while they were muted, and never came back.
    let delete = "DELETE FROM mute WHERE conversation = ?1 AND until_ms <= ?2";
    tx.execute(delete, params![id, tx.now_ms()])?;
    let query = "SELECT 1 FROM mute WHERE conversation = ?1 AND person <> ?2
                 ORDER BY person LIMIT 1 OFFSET ?3";
    let most = limits::MUTES_PER_ROOM_MAX as u64;
    if tx.query_one(query, params![id, person, most - 1])?.is_some() {
        let what = format!("A room has at most {most} muted members.");
        return Err(Error::new(Code::Conflict, what));
    }
    tx.execute(
        "INSERT INTO mute (conversation, person, until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation, person) DO UPDATE SET until_ms = excluded.until_ms",
        params![id, person, until],
    )?;
    Ok(show(tx, id, person, until)?)
}

/// Shows the others that a member is muted, and has its sends looked at.
fn show(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    until: u64,
) -> Result<(), StoreError> {
    let update = "UPDATE member SET muted_until_ms = ?3 WHERE conversation = ?1 AND person = ?2";
    tx.execute(update, params![id, person, until])?;
    tx.reserve(StreamId::conversation(id), Some(person))
}

/// Mutes a new member that left while it was muted. Returns the time at which this ends.
pub(crate) fn take_up(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
) -> Result<Option<u64>, StoreError> {
    let query = "SELECT until_ms FROM mute
                 WHERE conversation = ?1 AND person = ?2 AND until_ms > ?3";
    let Some(row) = tx.query_one(query, params![id, person, tx.now_ms()])? else { return Ok(None) };
    let until = row.get(0)?;
    show(tx, id, person, until)?;
    Ok(Some(until))
}

/// Forgets that a member was muted.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
) -> Result<(), StoreError> {
    let delete = "DELETE FROM mute WHERE conversation = ?1 AND person = ?2";
    tx.execute(delete, params![id, person])?;
    let update = "UPDATE member SET muted_until_ms = NULL WHERE conversation = ?1 AND person = ?2";
    tx.execute(update, params![id, person])?;
    tx.free(StreamId::conversation(id), Some(person))
}

/// Ends a mute whose time has passed, when the member writes again. Its sends take the short way from here on.
pub(crate) fn end_if_over(tx: &mut Tx<'_>, me: &MemberRow) -> Result<(), StoreError> {
    if me.member.muted_until.is_none_or(|until| until > tx.now_ms()) {
        return Ok(());
    }
    forget(tx, me.conversation, me.member.person)
}
