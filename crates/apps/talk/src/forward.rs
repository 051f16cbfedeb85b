//! Forwarding: a member of two conversations copies a message of the one into the other.
//!
//! The copy is a message of whoever forwards it. It says who wrote the first one, by the name of that moment, and nothing of
//! the conversation that it comes from: a private room stays unknown to those who get it. The names of people that the text
//! mentions stand in the copy as words, so it calls nobody. Of a poll, the question and the options go along as text: its
//! votes belong to those who gave them. A copy of what was said in a ticket goes when its visitor is erased (`ticket_copy`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::people;
use encke_engine::{Code, ConversationId, Error, Event, PersonId, Position, Seq, StreamId, limits};
use encke_files::{FileId, for_message};
use encke_site::sent::{self, Sent};
use encke_site::{Act, Body, Caller, Path, Refusal, Site, event};
use encke_store::{Appended, Sql, Tx};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amended::newest_edits;
use crate::amendment::{find_event, message_at, no_such_message};
use crate::composed::{append_said, sent_before};
use crate::conversation::parse;
use crate::member::{check_member, in_conversation};
use crate::message::{Said, text_of};
use crate::rights::check_may_write;
use crate::view::View;
use crate::{growth, mention, mute, ticket, ticket_copy};

/// The first message behind a forwarded one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Forwarded {
    /// The person who wrote it.
    #[schema(value_type = String)]
    from: PersonId,
    /// The name of that person when the message was forwarded.
    name: String,
    /// The time of the first message, in milliseconds since 1970.
    at: u64,
}

/// A message that is to be forwarded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewForward {
    /// The conversation that the message is in.
    conversation: String,
    /// The `seq` of the message.
    message: u64,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Forwards a message into a conversation. The text that it has now and its files go with it.
#[utoipa::path(post, operation_id = "forward_message", path = "/v1/conversations/{id}/forwards",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewForward,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"),
        (status = 410, description = "erased"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn forward(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewForward>,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let key = sent::key_of(&headers, new.key.as_deref())?;
    let (me, role) = (caller.0.person, caller.0.role);
    let (to, of, seq) = (parse(&id)?, parse(&new.conversation)?, Seq(new.message));
    site.take(me, role, Act::Read)?;
    // Whether the caller may read it is asked in the write: a retry is the same send even if it has left meanwhile.
    let found = site.store.read(move |read| {
        let entry = match find_event(read, of, seq) {
            Ok(entry) => entry,
            Err(e) if e.code == Code::NotFound => return Ok((None, 0)),
            Err(e) => return Err(e),
        };
        let bytes = match check_member(read, of, me) {
            Ok(_) => text_now(read, of, &entry.event)?.len(),
            Err(_) => 0,
        };
        Ok((Some(entry.event.position), bytes))
    });
    let (at, bytes) = found.await?;
    site.take_message(me, role, bytes)?;
    let it = Forwarding { me, to, of, at, key };
    let held = site.clone();
    let appended = site.store.write(move |tx| it.append(tx, &held)).await?;
    Ok(Sent::answer(&site, appended))
}

/// A message on its way from one conversation to another.
struct Forwarding {
    me: PersonId,
    to: ConversationId,
    of: ConversationId,
    /// The place of the message, which never changes; `None` if there is none.
    at: Option<Position>,
    key: Option<Box<str>>,
}

impl Forwarding {
    fn append(self, tx: &mut Tx<'_>, site: &Site) -> Result<Appended, Error> {
        if let Some(first) = self.sent_before(tx)? {
            return Ok(first);
        }
        let Forwarding { me, to, of, at, key } = self;
        check_member(tx, of, me)?;
        let (target, member) = in_conversation(tx, to, me)?;
        check_may_write(&target, &member.member, tx.now_ms())?;
        mute::end_if_over(tx, &member)?;
        let message = message_at(tx, at.ok_or_else(no_such_message)?)?;
        growth::check_is_whole(tx, (of, message.event.seq))?;
        let body = said_in(&message.event)?;
        let ids: Vec<FileId> = body.files.iter().map(|file| file.id.clone()).collect();
        let files = for_message(tx, me, &ids)?;
        let text = words_of(tx, site, me, of, &message.event)?;
        let forwarded = Some(origin(tx, site, me, &message.event)?);
        let (reply_to, mentions, everyone, poll, growing) = Default::default();
        let (text, card) = (text.into(), body.card);
        let said =
            Said { text, reply_to, mentions, everyone, files, forwarded, poll, card, growing };
        let mut new = event(StreamId::conversation(to), Some(me), &said);
        new.key = key;
        ticket::check_may_say(tx, site, &target, me)?;
        let appended = append_said(tx, site, &target, me, new, &said)?;
        ticket_copy::note(tx, (of, message.event.position), (to, appended.position))?;
        Ok(appended)
    }

    /// The first send with the same key, whatever became of either message.
    fn sent_before(&self, tx: &mut Tx<'_>) -> Result<Option<Appended>, Error> {
        sent_before(tx, self.me, self.to, self.key.as_deref(), |tx, first| {
            let Some(source) = self.at.map(|at| tx.event(at)).transpose()?.flatten() else {
                return Ok(false);
            };
            let edits = newest_edits(tx, &[(self.of, source.event.seq)])?;
            Ok(is_copy(&first.body, &source.event, !edits.is_empty()))
        })
    }
}

/// Whether the body of a message's event is the copy of this one. Of a message that was erased nothing is left to compare.
fn is_copy(body: &[u8], source: &Event, is_edited: bool) -> bool {
    let Ok(Said { text, forwarded: Some(copy), .. }) = serde_json::from_slice(body) else {
        return false;
    };
    let Ok(said) = said_in(source) else { return source.is_erased() };
    // One may say two things in one millisecond. What a copy says of an edit, a mention or a poll may have changed since.
    let is_plain =
        !is_edited && said.mentions.is_empty() && said.everyone.is_none() && said.poll.is_none();
    let is_first = match said.forwarded {
        Some(first) => first == copy,
        None => source.from == Some(copy.from) && source.at_ms == copy.at,
    };
    is_first && (!is_plain || said.text == text)
}

/// Whether a message was forwarded.
pub(crate) fn is_forwarded(message: &Event) -> bool {
    said_in(message).is_ok_and(|said| said.forwarded.is_some())
}

fn said_in(message: &Event) -> Result<Said<'_>, Error> {
    serde_json::from_slice(&message.body).map_err(|_| no_such_message())
}

/// The text that a message has now.
fn text_now(view: &mut impl View, id: ConversationId, message: &Event) -> Result<String, Error> {
    let edit = newest_edits(view, &[(id, message.seq)])?.remove(&id);
    let edit = edit.map(|at| view.event_at(at)).transpose()?.flatten();
    let body = edit.as_ref().map_or(&message.body, |edit| &edit.event.body);
    Ok(text_of(body).unwrap_or_default())
}

/// The text of a copy: with names in place of mentions, unless it gets too long by them.
fn words_of(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    id: ConversationId,
    message: &Event,
) -> Result<String, Error> {
    let mut text = text_now(tx, id, message)?;
    if let Some(poll) = said_in(message)?.poll {
        poll.list_in(&mut text);
    }
    let named = mention::with_names(tx, site, me, &text)?;
    Ok(if named.len() <= limits::TEXT_BYTES_MAX { named } else { text })
}

/// The first message behind a message: the message itself, unless it was forwarded.
fn origin(
    sql: &mut impl Sql,
    site: &Site,
    me: PersonId,
    message: &Event,
) -> Result<Forwarded, Error> {
    if let Some(first) = said_in(message)?.forwarded {
        return Ok(first);
    }
    let from = message.from.ok_or_else(no_such_message)?;
    let author = people(sql, site, me, &[from])?.pop();
    let name = author.map(|author| author.display_name).unwrap_or_default();
    Ok(Forwarded { from, name, at: message.at_ms })
}
