//! Editing one's own message, and the texts that it had.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, Position, Seq, limits};
use encke_site::{Act, Body, CallerOrVisitor, EventBody, Path, Refusal, Site, sent};
use encke_store::{Sql, Tx, params};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amendment::{Amending, amend, edits_of, find_message, parse_seq};
use crate::card;
use crate::conversation::parse;
use crate::forward;
use crate::growth;
use crate::kind::Kind;
use crate::member::role_in;
use crate::message::{check_text, text_of};
use crate::poll;
use crate::preview;

/// The author of a message has given it another text.
#[derive(Serialize, ToSchema)]
pub(crate) struct Edited {
    #[schema(value_type = u64)]
    message: Seq,
    text: String,
    /// The number of edits so far, this one included.
    edits: u64,
}

impl EventBody for Edited {
    const KIND: &'static str = "edited";
}

/// The new text of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewText {
    text: String,
}

/// Gives a message of the caller's own another text. The text that it has already changes nothing.
#[utoipa::path(patch, operation_id = "edit_message", path = "/v1/conversations/{id}/messages/{seq}",
    tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewText,
    responses((status = 204),
        (status = 403, description = "blocked, muted, not_member, not_yours, read_only"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict, key_reused"),
        (status = 410, description = "erased"), (status = 429, description = "rate_limited")))]
pub(crate) async fn edit(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq)): Path<(String, String)>,
    headers: HeaderMap,
    Body(NewText { text }): Body<NewText>,
) -> Result<StatusCode, Refusal> {
    let key = sent::key_of(&headers, None)?;
    check_text(&text)?;
    site.take_message(caller.0.person, caller.0.role, text.len())?;
    amend(&site, caller.0, (&id, &seq), move |tx, it| change(tx, it, text, key)).await
}

fn change(
    tx: &mut Tx<'_>,
    it: &Amending,
    text: String,
    key: Option<Box<str>>,
) -> Result<(), Error> {
    if it.message.from != Some(it.me) {
        return Err(Error::new(Code::NotYours, "Only its author may edit a message."));
    }
    if forward::is_forwarded(&it.message) {
        let what = "A forwarded message keeps the words of whoever wrote it. Recall it instead.";
        return Err(Error::new(Code::NotYours, what));
    }
    if poll::poll_in(&it.message).is_some() {
        let what = "A poll keeps its question, for people have voted on it. Recall it instead.";
        return Err(Error::new(Code::Conflict, what));
    }
    if card::is_card(&it.message) {
        return Err(Error::new(Code::Conflict, "A card stays as it is. Recall it instead."));
    }
    growth::check_is_whole(tx, it.key())?;
    it.check_may_write(tx)?;
    if let Some(key) = &key
        && let Some(before) = edited_with(tx, it, key)?
    {
        let what = "This idempotency key was used for another text.";
        return if before == text { Ok(()) } else { Err(Error::new(Code::KeyReused, what)) };
    }
    let (id, seq) = it.key();
    let query = "SELECT edited_position, edits FROM amended WHERE conversation = ?1 AND seq = ?2";
    let (edited, edits): (Option<Position>, u64) = match tx.query_one(query, params![id, seq])? {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (None, 0),
    };
    let now = match edited {
        Some(position) => text_at(tx, position)?,
        None => text_of(&it.message.body),
    };
    if now.as_ref() == Some(&text) {
        return Ok(());
    }
    let most = limits::EDITS_PER_MESSAGE_MAX as u64;
    if edits >= most {
        let what = format!("A message is edited {most} times at most.");
        return Err(Error::new(Code::Conflict, what));
    }
    let edits = edits + 1;
    let body = Edited { message: seq, text, edits };
    let appended = it.append(tx, &body)?;
    preview::edited(tx, it, &body.text)?;
    tx.execute(
        "INSERT INTO amended (conversation, seq, position, edited_position, edits)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (conversation, seq) DO UPDATE
         SET edited_position = excluded.edited_position, edits = excluded.edits",
        params![id, seq, it.message.position, appended.position, edits],
    )?;
    tx.execute(
        "INSERT INTO edit (conversation, seq, number, position, key) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, seq, edits, appended.position, key.as_deref()],
    )?;
    Ok(())
}

/// The text of the edit that had this idempotency key.
fn edited_with(tx: &mut Tx<'_>, it: &Amending, key: &str) -> Result<Option<String>, Error> {
    let (id, seq) = it.key();
    let query = "SELECT position FROM edit WHERE conversation = ?1 AND seq = ?2 AND key = ?3";
    let Some(row) = tx.query_one(query, params![id, seq, key])? else { return Ok(None) };
    text_at(tx, row.get(0)?)
}

pub(crate) fn text_at(tx: &mut Tx<'_>, position: Position) -> Result<Option<String>, Error> {
    Ok(tx.event(position)?.and_then(|entry| text_of(&entry.event.body)))
}

/// A text that a message had, or has.
#[derive(Serialize, ToSchema)]
pub(crate) struct Wording {
    text: String,
    /// The time since which it had this text, in milliseconds since 1970.
    at: u64,
}

/// The texts of a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct Wordings {
    /// The oldest first, which is the original.
    edits: Vec<Wording>,
}

/// The texts that a message had, for its author and for the owners and moderators of a room.
#[utoipa::path(get, operation_id = "edits", path = "/v1/conversations/{id}/messages/{seq}/edits",
    tag = "conversations", params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 200, body = Wordings),
        (status = 403, description = "not_member, not_yours"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn edits(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq)): Path<(String, String)>,
) -> Result<Json<Wordings>, Refusal> {
    let (id, seq, me) = (parse(&id)?, parse_seq(&seq)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        let (conversation, role) = role_in(read, id, me)?;
        let message = find_message(read, id, seq)?;
        let moderates = conversation.kind != Kind::Direct && role.moderates();
        if message.event.from != Some(me) && !moderates {
            let what = "Only its author and those who keep order in the room may see what a message was before.";
            return Err(Error::new(Code::NotYours, what));
        }
        let mut all = vec![message];
        for position in edits_of(read, (id, seq))? {
            all.extend(read.event(position)?);
        }
        let wording = |entry: &Arc<encke_engine::Entry>| {
            let text = text_of(&entry.event.body)?;
            Some(Wording { text, at: entry.event.at_ms })
        };
        Ok(Wordings { edits: all.iter().filter_map(wording).collect() })
    });
    Ok(Json(found.await?))
}
