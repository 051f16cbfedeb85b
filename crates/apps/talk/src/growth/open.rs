//! Opening a message that grows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::FirstAppend;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, growth_limits, limits};
use encke_site::sent::{self, Sent};
use encke_site::{Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Appended, Tx, params};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::composed::{append_said, sent_before};
use crate::conversation::parse;
use crate::member::in_conversation;
use crate::message::{Said, check_reply_to};
use crate::rights::check_may_write;
use crate::{mute, ticket};

/// A growing message to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGrowing {
    /// The beginning of the text; it may be empty.
    #[serde(default)]
    text: String,
    /// The `seq` of the event of the same conversation that it answers.
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Seq>,
    /// Seconds without a piece after which it is broken off; 60 if absent.
    silence_s: Option<u64>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

struct Opening {
    id: ConversationId,
    me: PersonId,
    text: String,
    reply_to: Option<Seq>,
    silence_ms: u64,
    key: Option<Box<str>>,
}

/// Opens a message that grows: all see its beginning, then each piece, until it is closed. What it mentions calls nobody.
#[utoipa::path(post, operation_id = "open_growing", path = "/v1/conversations/{id}/growing",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewGrowing,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict, key_reused"),
        (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn open(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewGrowing>,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let key = sent::key_of(&headers, new.key.as_deref())?;
    let NewGrowing { text, reply_to, silence_s, .. } = new;
    check_size(text.len() as u64)?;
    let silence_s = silence_s.unwrap_or(growth_limits::GROWTH_SILENCE_DEFAULT_S);
    if !growth_limits::GROWTH_SILENCE_S.contains(&silence_s) {
        let (least, most) = growth_limits::GROWTH_SILENCE_S.into_inner();
        let what = format!("`silence_s` is {least} to {most}.");
        return Err(Error::new(Code::Invalid, what).into());
    }
    site.take_message(me, caller.0.role, text.len())?;
    let opening = Opening { id, me, text, reply_to, silence_ms: silence_s * 1_000, key };
    let held = site.clone();
    let appended = site.store.write(move |tx| opening.append(tx, &held)).await?;
    Ok(Sent::answer(&site, appended))
}

/// Refuses a growing message whose text would have more bytes than a message may.
pub(super) fn check_size(bytes: u64) -> Result<(), Error> {
    let most = limits::TEXT_BYTES_MAX;
    if bytes > most as u64 {
        let what =
            format!("A message has at most {most} bytes. Close it, and go on in another one.");
        return Err(Error::new(Code::TooLarge, what));
    }
    Ok(())
}

impl Opening {
    fn append(self, tx: &mut Tx<'_>, site: &Site) -> Result<Appended, Error> {
        let is_same = |_: &mut Tx<'_>, first: &FirstAppend| Ok(self.is_same(first));
        if let Some(first) = sent_before(tx, self.me, self.id, self.key.as_deref(), is_same)? {
            return Ok(first);
        }
        let Opening { id, me, text, reply_to, silence_ms, key } = self;
        let (found, member) = in_conversation(tx, id, me)?;
        check_may_write(&found, &member.member, tx.now_ms())?;
        ticket::check_may_say(tx, site, &found, me)?;
        mute::end_if_over(tx, &member)?;
        check_reply_to(tx, id, reply_to)?;
        check_open(tx, me, id)?;
        let bytes = text.len() as u64;
        let (mentions, everyone, files, forwarded, poll, card) = Default::default();
        let (text, growing) = (text.into(), Some(true));
        let said =
            Said { text, reply_to, mentions, everyone, files, forwarded, poll, card, growing };
        let mut new = event(StreamId::conversation(id), Some(me), &said);
        new.key = key;
        let appended = append_said(tx, site, &found, me, new, &said)?;
        // Pages look for what has become of its messages from now on.
        tx.execute(
            "UPDATE conversation SET amended = 1 WHERE id = ?1 AND amended = 0",
            params![id],
        )?;
        let now = tx.now_ms();
        let ends = now.saturating_add(growth_limits::GROWTH_MS_MAX);
        tx.execute(
            "INSERT INTO growing (conversation, seq, position, person, state, pieces, bytes, live,
                 silence_ms, ends_ms, due_ms, stop_by)
             VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, '', ?6, ?7, ?8, NULL)",
            params![
                id,
                appended.seq,
                appended.position,
                me,
                bytes,
                silence_ms,
                ends,
                ends.min(now.saturating_add(silence_ms))
            ],
        )?;
        Ok(appended)
    }

    /// Whether the first send with the same key opened the same message.
    fn is_same(&self, first: &FirstAppend) -> bool {
        first.kind == Said::KIND
            && serde_json::from_slice::<Said<'_>>(&first.body).is_ok_and(|said| {
                said.growing.is_some()
                    && said.text == self.text.as_str()
                    && said.reply_to == self.reply_to
            })
    }
}

/// Refuses a person that has too many growing messages open.
fn check_open(tx: &mut Tx<'_>, me: PersonId, id: ConversationId) -> Result<(), Error> {
    let here = growth_limits::GROWING_PER_CONVERSATION_MAX;
    let most = growth_limits::GROWING_PER_PERSON_MAX;
    if super::count_open(tx, me, Some(id))? >= here {
        let what = format!("You write {here} messages here already. Close one of them.");
        return Err(Error::new(Code::Conflict, what));
    }
    if super::count_open(tx, me, None)? >= most {
        let what = format!("You write {most} messages already. Close one of them.");
        return Err(Error::new(Code::Conflict, what));
    }
    Ok(())
}
