//! The answers to a message in its thread, and who follows it: the routes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, Seq, StreamId};
use encke_site::sent::{self, Sent};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amendment::{find_event, no_such_message, parse_seq};
use crate::composed;
use crate::conversation::{Parent, parse};
use crate::kind::Kind;
use crate::member::{check_member, in_conversation};
use crate::message::{ReadMessage, is_message};
use crate::thread::{self, find_or_make, thread_at};

/// An answer in a thread.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnswer {
    /// The text; it may be empty if there are files.
    text: String,
    /// Ids of its files: uploaded ones of the sender, or ones of messages that the sender may read.
    #[serde(default)]
    files: Vec<String>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// The place of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerSent {
    /// The thread, which is a conversation.
    #[schema(value_type = String)]
    thread: ConversationId,
    #[serde(flatten)]
    sent: Sent,
}

/// Answers a message in its thread. The first answer makes the thread; its author and the author of the message follow it.
#[utoipa::path(post, operation_id = "answer",
    path = "/v1/conversations/{id}/messages/{seq}/thread", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewAnswer,
    responses((status = 201, body = AnswerSent), (status = 200, body = AnswerSent),
        (status = 403, description = "muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"),
        (status = 410, description = "erased"), (status = 429, description = "rate_limited")))]
pub(crate) async fn answer(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    headers: HeaderMap,
    Body(NewAnswer { text, files, key }): Body<NewAnswer>,
) -> Result<(StatusCode, Json<AnswerSent>), Refusal> {
    let (conversation, message) = (parse(&id)?, parse_seq(&seq)?);
    let me = caller.0.person;
    let key = sent::key_of(&headers, key.as_deref())?;
    let files = composed::ids(&files)?;
    site.take_message(me, caller.0.role, text.len())?;
    let found = site.store.read(move |read| {
        check_member(read, conversation, me)?;
        let entry = find_event(read, conversation, message)?;
        // A recalled message may have a thread, which stays.
        let answerable = is_message(&entry.event) || entry.event.is_erased();
        answerable.then_some(entry.event.position).ok_or_else(no_such_message)
    });
    let position = found.await?;
    let parent = Parent { conversation, message };
    let held = site.clone();
    let answered = site.store.write(move |tx| {
        check_has_threads(tx, conversation, me)?;
        let thread = find_or_make(tx, parent, position, me)?;
        let (conversation, (reply_to, clear_draft, poll, card)) = (thread, Default::default());
        let answer =
            ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card };
        Ok((thread, composed::append(tx, &held, me, answer)?))
    });
    let (thread, appended) = answered.await?;
    let (status, Json(sent)) = Sent::answer(&site, appended);
    Ok((status, Json(AnswerSent { thread, sent })))
}

/// Refuses an answer in a thread of a thread, or of a ticket: there it would pass by those who decide on what is said.
fn check_has_threads(
    tx: &mut encke_store::Tx<'_>,
    id: ConversationId,
    me: encke_engine::PersonId,
) -> Result<(), Error> {
    let (found, _) = in_conversation(tx, id, me)?;
    if found.parent.is_some() {
        let what = "An answer in a thread has no thread of its own. Answer in the thread.";
        return Err(Error::new(Code::Invalid, what));
    }
    if found.kind == Kind::Ticket {
        let what = "A ticket has no threads: answer in it, or write a note.";
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}

/// Follows a thread: its events come in the feed, and what is new counts as unread. A thread that is followed already stays
/// so.
#[utoipa::path(put, operation_id = "follow_thread", path = "/v1/conversations/{id}/follow",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn follow(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let followed = site.store.write(move |tx| {
        check_member(tx, id, me)?;
        let parent = thread_at(tx, id)?;
        let head: Seq = tx.head(StreamId::conversation(id))?.seq;
        thread::follow(tx, id, parent, me, head)
    });
    followed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Follows a thread no longer. Its next answer, or a mention there, makes the caller follow it again.
#[utoipa::path(delete, operation_id = "unfollow_thread", path = "/v1/conversations/{id}/follow",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn unfollow(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let unfollowed = site.store.write(move |tx| {
        check_member(tx, id, me)?;
        thread::unfollow(tx, id, me)
    });
    unfollowed.await?;
    Ok(StatusCode::NO_CONTENT)
}
