//! Drafts: what a person has begun to write, one in each conversation. The last device that saves decides.
//!
//! An event tells the person's devices that there is another draft, and never what it says: the log would keep each of
//! its states.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, keep_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::member::check_member;
use encke_talk::message::{check_reply_to, check_text};
use encke_talk::parse_conversation;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{Behind, Page, Wanted, WantedPage};
use crate::text::{self, TextId, text_in};

/// The person that this is told to has saved a draft.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftChanged {
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// The time of the draft, in milliseconds since 1970. No later draft of this conversation has the same.
    at: u64,
}

impl EventBody for DraftChanged {
    const KIND: &'static str = "draft_changed";
}

/// The person that this is told to has no draft in a conversation any more.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftRemoved {
    #[schema(value_type = String)]
    conversation: ConversationId,
}

impl EventBody for DraftRemoved {
    const KIND: &'static str = "draft_removed";
}

/// A draft.
#[derive(Serialize, ToSchema)]
pub(crate) struct Draft {
    #[schema(value_type = String)]
    conversation: ConversationId,
    text: String,
    /// The `seq` of the event of the same conversation that it answers; absent if it answers none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    reply_to: Option<Seq>,
    /// The time at which it was saved, in milliseconds since 1970.
    at: u64,
    #[serde(skip)]
    place: TextId,
}

impl Draft {
    /// The columns that [`Draft::of`] reads, of `draft d` and `kept_text t`.
    const COLUMNS: &'static str = "d.conversation, t.bytes, d.reply_to, d.saved_ms, d.text";

    /// Reads a row of these columns.
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Draft {
            conversation: row.get(0)?,
            text: text_in(&row.get::<Vec<u8>>(1)?)?,
            reply_to: row.get(2)?,
            at: row.get(3)?,
            place: TextId(row.get(4)?),
        })
    }
}

/// A draft that a person saves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDraft {
    text: String,
    /// The `seq` of the event of the same conversation that it answers.
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Seq>,
}

/// A draft was saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftSaved {
    /// The time of the draft, as the event that tells of it has it.
    at: u64,
}

/// Saves the caller's draft in a conversation, in place of an earlier one.
#[utoipa::path(put, operation_id = "save_draft", path = "/v1/conversations/{id}/draft",
    tag = "keeping", params(("id" = String, Path)), request_body = NewDraft,
    responses((status = 200, body = DraftSaved), (status = 403, description = "not_member"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn save(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(draft): Body<NewDraft>,
) -> Result<Json<DraftSaved>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    check_text(&draft.text)?;
    site.take_message(me, caller.0.role, draft.text.len())?;
    let at = site.store.write(move |tx| put(tx, me, id, draft)).await?;
    Ok(Json(DraftSaved { at }))
}

fn put(
    tx: &mut Tx<'_>,
    me: PersonId,
    conversation: ConversationId,
    new: NewDraft,
) -> Result<u64, Error> {
    check_member(tx, conversation, me)?;
    check_reply_to(tx, conversation, new.reply_to)?;
    let before = find(tx, me, conversation)?;
    let mut at = tx.now_ms();
    let place = match before {
        Some(before) if before.text == new.text && before.reply_to == new.reply_to => {
            return Ok(before.at);
        }
        Some(before) => {
            at = at.max(before.at + 1);
            text::replace(tx, before.place, &new.text)?
        }
        None => {
            make_room(tx, me)?;
            text::put(tx, &new.text)?
        }
    };
    tx.execute(
        "INSERT INTO draft (person, conversation, text, reply_to, saved_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (person, conversation) DO UPDATE
         SET text = excluded.text, reply_to = excluded.reply_to, saved_ms = excluded.saved_ms",
        params![me, conversation, place.0, new.reply_to, at],
    )?;
    tx.append(event(StreamId::person(me), Some(me), &DraftChanged { conversation, at }))?;
    Ok(at)
}

/// Refuses a person with as many drafts as one may have. Those in conversations that it has left go first: it can't see
/// them.
fn make_room(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let most = keep_limits::DRAFTS_PER_PERSON_MAX;
    let query = "SELECT 1 FROM draft WHERE person = ?1 ORDER BY saved_ms LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![person, most as u64 - 1])?.is_none() {
        return Ok(());
    }
    let query = "SELECT conversation, text FROM draft WHERE person = ?1
                 AND NOT EXISTS (SELECT 1 FROM conversation c
                     JOIN member m ON m.conversation = coalesce(c.parent, c.id)
                     WHERE c.id = draft.conversation AND m.person = ?1)";
    let left = tx.query(query, params![person])?;
    for row in &left {
        forget(tx, person, row.get(0)?, TextId(row.get(1)?))?;
    }
    if !left.is_empty() {
        return Ok(());
    }
    let what = format!("You have {most} drafts, which is the most. Send or delete some.");
    Err(Error::new(Code::Conflict, what))
}

/// Deletes the caller's draft in a conversation, if there is one. It works in conversations that one has left, too.
#[utoipa::path(delete, operation_id = "delete_draft", path = "/v1/conversations/{id}/draft",
    tag = "keeping", params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    site.store.write(move |tx| clear(tx, me, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes the draft of a person in a conversation, if there is one, and tells the person's devices.
pub(crate) fn clear(
    tx: &mut Tx<'_>,
    person: PersonId,
    conversation: ConversationId,
) -> Result<(), Error> {
    let query = "SELECT text FROM draft WHERE person = ?1 AND conversation = ?2";
    if let Some(row) = tx.query_one(query, params![person, conversation])? {
        forget(tx, person, conversation, TextId(row.get(0)?))?;
        let body = DraftRemoved { conversation };
        tx.append(event(StreamId::person(person), Some(person), &body))?;
    }
    Ok(())
}

fn forget(
    tx: &mut Tx<'_>,
    person: PersonId,
    conversation: ConversationId,
    place: TextId,
) -> Result<(), Error> {
    let delete = "DELETE FROM draft WHERE person = ?1 AND conversation = ?2";
    tx.execute(delete, params![person, conversation])?;
    text::clear(tx, place)
}

fn find(
    sql: &mut impl Sql,
    person: PersonId,
    id: ConversationId,
) -> Result<Option<Draft>, StoreError> {
    let columns = Draft::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM draft d JOIN kept_text t ON t.id = d.text
         WHERE d.person = ?1 AND d.conversation = ?2"
    );
    sql.query_one(&query, params![person, id])?.as_ref().map(Draft::of).transpose()
}

/// The caller's draft in a conversation.
#[utoipa::path(get, operation_id = "draft", path = "/v1/conversations/{id}/draft",
    tag = "keeping", params(("id" = String, Path)),
    responses((status = 200, body = Draft), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Draft>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        Ok(find(read, me, id)?)
    });
    let none = || Refusal::new(Code::NotFound, "You have no draft in this conversation.");
    Ok(Json(found.await?.ok_or_else(none)?))
}

/// A page of drafts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Drafts {
    /// The drafts, the one that was saved last first. Those of conversations that the caller has left are not among
    /// them.
    drafts: Vec<Draft>,
    /// The `next` of the page behind this one; null on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// The caller's drafts in all conversations that it is in.
#[utoipa::path(get, operation_id = "drafts", path = "/v1/drafts", tag = "keeping",
    params(WantedPage),
    responses((status = 200, body = Drafts), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Wanted,
) -> Result<Json<Drafts>, Refusal> {
    let (page, me) = (Page::of(wanted)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        let mut drafts = newest(read, me, page.behind, page.limit + 1)?;
        let next = page.cut(&mut drafts, |draft| Behind(draft.at, draft.conversation.0));
        Ok(Drafts { drafts, next })
    });
    Ok(Json(found.await?))
}

/// The newest drafts of a person, at most `count`, in conversations that it is in.
pub(crate) fn newest(
    sql: &mut impl Sql,
    person: PersonId,
    behind: Option<Behind>,
    count: usize,
) -> Result<Vec<Draft>, StoreError> {
    let Behind(at, conversation) = behind.unwrap_or(Behind(i64::MAX as u64, 0));
    let columns = Draft::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM draft d
         JOIN kept_text t ON t.id = d.text
         JOIN conversation c ON c.id = d.conversation
         JOIN member m ON m.conversation = coalesce(c.parent, c.id) AND m.person = d.person
         WHERE d.person = ?1 AND (d.saved_ms, d.conversation) < (?2, ?3)
         ORDER BY d.saved_ms DESC, d.conversation DESC LIMIT ?4"
    );
    let rows = sql.query(&query, params![person, at, conversation, count as u64])?;
    rows.iter().map(Draft::of).collect()
}
