//! Recalling a message: its text, its edits, its files and its votes are gone for everybody (P10). That it was there stays.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error, Seq};
use encke_site::{Act, CallerOrVisitor, EventBody, Path, Refusal, Site};
use encke_store::Tx;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amendment::{Amending, amend, edits_of, wipe};
use crate::audit::{self, Deed};
use crate::{growth, poll_result, preview, thread};

/// A message is gone, with its edits and files. Whoever holds them forgets them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recalled {
    #[schema(value_type = u64)]
    message: Seq,
}

impl EventBody for Recalled {
    const KIND: &'static str = "recalled";
}

/// The place of an event whose content was erased: a message that was recalled, or an edit of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Erased {}

impl EventBody for Erased {
    const KIND: &'static str = encke_engine::event::ERASED;
}

/// Recalls a message: the author's own, or any in a room of which the caller is an owner or a moderator. One that is
/// recalled already stays so. Its thread stays.
#[utoipa::path(delete, operation_id = "recall_message",
    path = "/v1/conversations/{id}/messages/{seq}", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member, not_yours"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn recall(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    match amend(&site, caller.0, (&id, &seq), take_back).await {
        // The answer to an earlier request was lost, or two people recall the message at once.
        Err(Refusal(e)) if e.code == Code::Erased => Ok(StatusCode::NO_CONTENT),
        other => other,
    }
}

fn take_back(tx: &mut Tx<'_>, it: &Amending) -> Result<(), Error> {
    if it.message.from != Some(it.me) && !it.moderates() {
        let what = "Only its author, or an owner or moderator of the room, may recall a message.";
        return Err(Error::new(Code::NotYours, what));
    }
    wipe_message(tx, it)?;
    thread::answer_recalled(tx, &it.conversation, it.me)?;
    audit::note_of_message(tx, it, Deed::Recalled)
}

/// Erases a message with all that was made of it, and tells the conversation.
pub(crate) fn wipe_message(tx: &mut Tx<'_>, it: &Amending) -> Result<(), Error> {
    let (conversation, seq) = it.key();
    let mut erases = edits_of(tx, it.key())?;
    erases.push(it.message.position);
    erases.extend(poll_result::told_at(tx, it.key())?);
    erases.extend(preview::forget(tx, it.key())?);
    erases.extend(growth::forget(tx, it.key())?);
    wipe(tx, it.key())?;
    encke_files::let_go(tx, conversation, seq)?;
    it.append_erasing(tx, &Recalled { message: seq }, erases).map(drop)
}
