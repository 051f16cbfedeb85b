//! Hiding a message from oneself: nobody else notices, and all devices of the person leave it out.
//!
//! The shared feed is the same for all members, so a client leaves out what is hidden: pages of history name the numbers,
//! and an event in the person's own stream tells of each change. What is made for one person alone (search, pins, unread
//! mentions, notifications) leaves such a message out by itself.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Entry, Error, Event, PersonId, Seq, StreamId, limits};
use encke_site::{Act, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use http::StatusCode;
use rustc_hash::FxHashSet;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amended::query_parts;
use crate::amendment::{find_event, no_such_message, parse_seq};
use crate::conversation::parse;
use crate::member::check_member;
use crate::message::is_message;

/// The person that this is told to has hidden a message from itself, or shows it again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hidden {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(value_type = u64)]
    message: Seq,
    on: bool,
}

impl EventBody for Hidden {
    const KIND: &'static str = "hidden";
}

/// Hides a message from the caller alone. What is left of one that was recalled may be hidden, too. One that is hidden
/// already stays so.
#[utoipa::path(put, operation_id = "hide_message",
    path = "/v1/conversations/{id}/messages/{seq}/hide", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn hide(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    set(&site, caller, (&id, &seq), true).await
}

/// Shows a message again that the caller has hidden. One that is not hidden stays as it is.
#[utoipa::path(delete, operation_id = "show_message",
    path = "/v1/conversations/{id}/messages/{seq}/hide", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    set(&site, caller, (&id, &seq), false).await
}

async fn set(
    site: &Arc<Site>,
    caller: Caller,
    (id, seq): (&str, &str),
    on: bool,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    let (message, me) = ((parse(id)?, parse_seq(seq)?), caller.0.person);
    let found = site.store.read(move |read| {
        check_member(read, message.0, me)?;
        let entry = find_event(read, message.0, message.1)?;
        check_can_be_hidden(&entry.event)
    });
    found.await?;
    site.store.write(move |tx| set_in(tx, me, message, on)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses events that are no messages: the membership of a room is no matter of one person.
fn check_can_be_hidden(event: &Event) -> Result<(), Error> {
    if is_message(event) || event.is_erased() {
        return Ok(());
    }
    Err(no_such_message())
}

fn set_in(
    tx: &mut Tx<'_>,
    me: PersonId,
    (conversation, message): (ConversationId, Seq),
    on: bool,
) -> Result<(), Error> {
    // A message stays where it is, but its reader may have left meanwhile.
    check_member(tx, conversation, me)?;
    if among(tx, me, &[(conversation, message)])?.is_empty() != on {
        return Ok(());
    }
    let key = params![me, conversation, message];
    if on {
        check_room_for_one(tx, me)?;
        let insert = "INSERT INTO hidden (person, conversation, seq) VALUES (?1, ?2, ?3)";
        tx.execute(insert, key)?;
    } else {
        let delete = "DELETE FROM hidden WHERE person = ?1 AND conversation = ?2 AND seq = ?3";
        tx.execute(delete, key)?;
    }
    let body = Hidden { conversation, message, on };
    tx.append(event(StreamId::person(me), Some(me), &body))?;
    Ok(())
}

/// Refuses a person that hides as many messages as one may.
fn check_room_for_one(tx: &mut Tx<'_>, me: PersonId) -> Result<(), Error> {
    let most = limits::HIDDEN_PER_PERSON_MAX;
    let query = "SELECT 1 FROM hidden WHERE person = ?1 LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![me, most as u64 - 1])?.is_none() {
        return Ok(());
    }
    let most = grouped(most);
    let what =
        format!("You have hidden {most} messages, which is the most. Show some of them again.");
    Err(Error::new(Code::Conflict, what))
}

/// Those of these messages that a person has hidden.
pub fn among(
    sql: &mut impl Sql,
    person: PersonId,
    messages: &[(ConversationId, Seq)],
) -> Result<FxHashSet<(ConversationId, Seq)>, StoreError> {
    let filler = [ConversationId(0).into(), Seq(0).into()];
    let params_of = |(id, seq): (ConversationId, Seq)| [id.into(), seq.into()];
    let rows = query_parts(sql, messages, params_of, filler, &[person.into()], |v, given| {
        let me = given + 1;
        format!(
            "WITH v (conversation, seq) AS ({v})
             SELECT h.conversation, h.seq FROM v JOIN hidden h
             ON h.person = ?{me} AND h.conversation = v.conversation AND h.seq = v.seq"
        )
    })?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Whether a person has hidden a message.
pub(crate) fn is_hidden(
    sql: &mut impl Sql,
    person: PersonId,
    message: (ConversationId, Seq),
) -> Result<bool, StoreError> {
    Ok(!among(sql, person, &[message])?.is_empty())
}

/// The numbers of the events of a page that a person has hidden, rising.
pub(crate) fn in_page(
    sql: &mut impl Sql,
    person: PersonId,
    id: ConversationId,
    entries: &[Arc<Entry>],
) -> Result<Vec<Seq>, StoreError> {
    let [Some(first), Some(last)] = [entries.first(), entries.last()] else {
        return Ok(Vec::new());
    };
    let query = "SELECT seq FROM hidden
                 WHERE person = ?1 AND conversation = ?2 AND seq BETWEEN ?3 AND ?4 ORDER BY seq";
    let rows = sql.query(query, params![person, id, first.event.seq, last.event.seq])?;
    rows.iter().map(|row| row.get(0)).collect()
}
