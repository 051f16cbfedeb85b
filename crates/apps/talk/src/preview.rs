//! Previews of links: what a message shows of the page that its first link leads to.
//!
//! The product that fetches pages hands them to [`show`]. A message has at most one preview: the event that brings
//! another one, or takes it away, erases the one before.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{
    Code, ConversationId, Error, Event, NewEvent, Owner, PersonId, Position, Seq, StreamId,
};
use encke_site::{Act, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Read, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amended::query_messages;
use crate::amendment::{Amending, amend, find_message, message_at};
use crate::audit::{self, Deed};
use crate::edit::{Edited, text_at};
use crate::first_link::first_link;
use crate::growth::whole::Whole;
use crate::message::{is_message, text_of};
use crate::recall::Recalled;

/// What a message shows of the page that its first link leads to. All texts are the page's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkPreview {
    /// The link, as the message has it.
    pub link: String,
    /// The title of the page.
    pub title: String,
    /// What the page says that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// What the page calls its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub site: Option<String>,
    /// The size of its picture, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub picture: Option<PreviewPicture>,
}

/// The picture of a preview. Its bytes are at `/v1/conversations/{id}/messages/{seq}/preview/picture`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewPicture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A message has a preview of its first link from now on, or no longer. It comes from nobody: the server has looked.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Previewed {
    #[schema(value_type = u64)]
    message: Seq,
    /// Absent if the message has none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    preview: Option<LinkPreview>,
}

impl EventBody for Previewed {
    const KIND: &'static str = "previewed";
}

/// A message whose preview may have to change after an event.
pub struct Touched {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The number of the message.
    pub seq: Seq,
    /// The time of the event, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether the event brings a text with a link.
    pub has_link: bool,
}

/// The message whose preview may have to change after an event. `None` if there is none, as after a new message without
/// a link.
pub fn touched(event: &Event) -> Option<Touched> {
    let at_ms = event.at_ms;
    match event.stream.owner() {
        Owner::Conversation(conversation) if is_message(event) => {
            first_link(&text_of(&event.body)?)?;
            Some(Touched { conversation, seq: event.seq, at_ms, has_link: true })
        }
        Owner::Amendments(conversation) => {
            if ![Edited::KIND, Whole::KIND, Recalled::KIND, Previewed::KIND].contains(&&*event.kind)
            {
                return None;
            }
            #[derive(Deserialize)]
            struct Of {
                message: Seq,
                text: Option<String>,
                preview: Option<serde::de::IgnoredAny>,
            }
            let of: Of = serde_json::from_slice(&event.body).ok()?;
            if of.preview.is_some() {
                return None;
            }
            let has_link = of.text.is_some_and(|text| first_link(&text).is_some());
            Some(Touched { conversation, seq: of.message, at_ms, has_link })
        }
        _ => None,
    }
}

/// A message that is to have a preview.
pub struct Wanted {
    /// The position of the message.
    pub position: Position,
    /// The author.
    pub author: Option<PersonId>,
    /// Its first link.
    pub link: String,
    /// Whether it has a preview of this link already.
    pub is_shown: bool,
}

/// The link of a message that is to have a preview; `None` if it is to have none.
pub fn wanted(read: &mut Read<'_>, id: ConversationId, seq: Seq) -> Result<Option<Wanted>, Error> {
    let entry = match find_message(read, id, seq) {
        Ok(entry) => entry,
        Err(e) if matches!(e.code, Code::Erased | Code::NotFound) => return Ok(None),
        Err(e) => return Err(e),
    };
    let state = state_of(read, (id, seq))?;
    if state.is_refused {
        return Ok(None);
    }
    let edit = match newest_edit(read, (id, seq))? {
        Some(at) => read.event(at)?,
        None => None,
    };
    let text = text_of(&edit.as_ref().unwrap_or(&entry).event.body).unwrap_or_default();
    let Some(link) = first_link(&text) else { return Ok(None) };
    let shown = state.position.map(|at| read.event(at)).transpose()?.flatten();
    let is_shown = shown.and_then(|shown| preview_in(&shown.event)).is_some_and(|p| p.link == link);
    let Event { position, from: author, .. } = entry.event;
    Ok(Some(Wanted { position, author, link: link.to_owned(), is_shown }))
}

/// Shows a preview under the message at this position. Returns false if the message is not to have it any more.
pub fn show(tx: &mut Tx<'_>, at: Position, preview: LinkPreview) -> Result<bool, Error> {
    let message = match message_at(tx, at) {
        Ok(entry) => entry.event.clone(),
        Err(e) if matches!(e.code, Code::Erased | Code::NotFound) => return Ok(false),
        Err(e) => return Err(e),
    };
    let Owner::Conversation(id) = message.stream.owner() else { return Ok(false) };
    let key = (id, message.seq);
    let state = state_of(tx, key)?;
    let text = match newest_edit(tx, key)? {
        Some(at) => text_at(tx, at)?,
        None => text_of(&message.body),
    };
    let text = text.unwrap_or_default();
    if state.is_refused || first_link(&text) != Some(&preview.link) {
        return Ok(false);
    }
    set(tx, key, state.position, Some(preview))?;
    Ok(true)
}

/// The state of a message's preview.
#[derive(Default)]
struct PreviewState {
    /// The event that brought the preview.
    position: Option<Position>,
    /// Whether somebody has removed it for good.
    is_refused: bool,
}

fn state_of(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<PreviewState, StoreError> {
    let query = "SELECT position, refused FROM previewed WHERE conversation = ?1 AND seq = ?2";
    Ok(match sql.query_one(query, params![id, seq])? {
        Some(row) => PreviewState { position: row.get(0)?, is_refused: row.get(1)? },
        None => PreviewState::default(),
    })
}

fn newest_edit(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<Option<Position>, StoreError> {
    let query = "SELECT edited_position FROM amended WHERE conversation = ?1 AND seq = ?2";
    sql.query_one(query, params![id, seq])?.map_or(Ok(None), |row| row.get(0))
}

fn preview_in(event: &Event) -> Option<LinkPreview> {
    serde_json::from_slice::<Previewed>(&event.body).ok()?.preview
}

/// Puts a preview in the place of the one before, or nothing.
fn set(
    tx: &mut Tx<'_>,
    (id, seq): (ConversationId, Seq),
    before: Option<Position>,
    preview: Option<LinkPreview>,
) -> Result<(), Error> {
    tx.execute("UPDATE conversation SET amended = 1 WHERE id = ?1 AND amended = 0", params![id])?;
    let is_shown = preview.is_some();
    let body = Previewed { message: seq, preview };
    let amendment = event(StreamId::amendments(id), None, &body);
    let erases = before.into_iter().collect();
    let appended = tx.append(NewEvent { erases, ..amendment })?;
    let position = is_shown.then_some(appended.position);
    tx.execute(
        "INSERT INTO previewed (conversation, seq, position, refused) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (conversation, seq) DO UPDATE SET position = excluded.position",
        params![id, seq, position],
    )?;
    Ok(())
}

/// Takes the preview of a message away if the text that an edit gives it has another first link.
pub(crate) fn edited(tx: &mut Tx<'_>, it: &Amending, text: &str) -> Result<(), Error> {
    let Some(position) = state_of(tx, it.key())?.position else { return Ok(()) };
    let shown = tx.event(position)?.and_then(|entry| preview_in(&entry.event));
    if shown.is_some_and(|shown| first_link(text) == Some(&shown.link)) {
        return Ok(());
    }
    set(tx, it.key(), Some(position), None)
}

/// Forgets the preview of a message that is recalled. Returns the event that has to be erased with it.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    (id, seq): (ConversationId, Seq),
) -> Result<Option<Position>, StoreError> {
    let position = state_of(tx, (id, seq))?.position;
    tx.execute("DELETE FROM previewed WHERE conversation = ?1 AND seq = ?2", params![id, seq])?;
    Ok(position)
}

/// Removes the preview of a message for good: the author's own, or any in a room of which the caller is an owner or a
/// moderator. The link stays.
#[utoipa::path(delete, operation_id = "remove_preview",
    path = "/v1/conversations/{id}/messages/{seq}/preview", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member, not_yours"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn remove(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), refuse).await
}

fn refuse(tx: &mut Tx<'_>, it: &Amending) -> Result<(), Error> {
    if it.message.from != Some(it.me) && !it.moderates() {
        let what = "Only its author, or an owner or moderator of the room, may remove the preview of a message.";
        return Err(Error::new(Code::NotYours, what));
    }
    let (id, seq) = it.key();
    if let position @ Some(_) = state_of(tx, it.key())?.position {
        set(tx, it.key(), position, None)?;
        audit::note_of_message(tx, it, Deed::PreviewRemoved)?;
    }
    tx.execute(
        "INSERT INTO previewed (conversation, seq, position, refused) VALUES (?1, ?2, NULL, 1)
         ON CONFLICT (conversation, seq) DO UPDATE SET refused = 1",
        params![id, seq],
    )?;
    Ok(())
}

/// The previews of these messages.
pub(crate) fn of_messages(
    read: &mut Read<'_>,
    id: ConversationId,
    messages: &[Seq],
) -> Result<Vec<(Seq, LinkPreview)>, Error> {
    let rows = query_messages(read, id, messages, &[], |conversation| {
        format!(
            "SELECT p.seq, p.position FROM v
             JOIN previewed p ON p.conversation = ?{conversation} AND p.seq = v.seq
             WHERE p.position IS NOT NULL"
        )
    })?;
    let at = rows.iter().map(|row| row.get(1)).collect::<Result<Vec<Position>, _>>()?;
    read.expect_events(&at)?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, at) in rows.iter().zip(at) {
        let preview = read.event(at)?.and_then(|entry| preview_in(&entry.event));
        found.extend(preview.map(|preview| row.get(0).map(|seq| (seq, preview))).transpose()?);
    }
    Ok(found)
}
