//! Invitations: an agent that sees a visitor on the site begins to talk. It is a ticket that the desk opens, with the agent as its
//! owner and with its first message; the visitor's window is told of it as of any message.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::key_reused;
use encke_engine::{Code, ConversationId, Error, Owner, PersonId, StreamId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site, sent};
use encke_store::{Sql, Tx, params};
use encke_talk::member::parse_person;
use encke_talk::message::{Message, check_text, say_message, text_of};
use encke_talk::ticket::open;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::claim::own;
use crate::desk::parse_desk;
use crate::staff;
use crate::ticket::{self, Ticket};
use crate::visitor::{VisitorRow, check_not_blocked};

/// An invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitorInvitation)]
pub(crate) struct Invitation {
    /// The first message.
    text: String,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Begins to talk with a visitor that is on the site and has no open question.
#[utoipa::path(post, operation_id = "invite_visitor", path = "/v1/desks/{desk}/visitors/{person}/invitation", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Invitation,
    responses((status = 201, body = Ticket), (status = 200, body = Ticket),
        (status = 403, description = "blocked, forbidden"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict, key_reused"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn invite(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    headers: HeaderMap,
    Body(Invitation { text, key }): Body<Invitation>,
) -> Result<(StatusCode, Json<Ticket>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let visitor = parse_person(&person)?;
    let once = sent::key_of(&headers, key.as_deref())?;
    check_text(&text)?;
    site.take(me, caller.0.role, Act::Creation)?;
    site.take_message(me, caller.0.role, text.len())?;
    let held = site.clone();
    let invited = site.store.write(move |tx| {
        staff::acting_at_desk(tx, house, me)?;
        if let Some(id) = invited_before(tx, me, visitor, &text, once.as_deref())? {
            return Ok((StatusCode::OK, ticket::find(tx, id)?.ok_or_else(key_reused)?));
        }
        let row = VisitorRow::find(tx, visitor)?.filter(|row| row.house == house);
        let row =
            row.ok_or_else(|| Error::new(Code::NotFound, "There is no such visitor here."))?;
        check_not_blocked(&row)?;
        check_is_free(tx, &row)?;
        let message = |conversation| Message { conversation, key: once, text, reply_to: None };
        Ok((StatusCode::CREATED, begin(tx, &held, &row, me, message)?))
    });
    let (status, ticket) = invited.await?;
    Ok((status, Json(ticket)))
}

/// Opens a ticket for a visitor that has asked nothing.
fn begin(
    tx: &mut Tx<'_>,
    site: &Site,
    visitor: &VisitorRow,
    me: PersonId,
    message: impl FnOnce(ConversationId) -> Message,
) -> Result<Ticket, Error> {
    let id = open(tx, site, visitor.house, visitor.person)?;
    let now = tx.now_ms();
    let new = Ticket::new(id, visitor.house, visitor.person, now);
    ticket::insert(tx, &new, "{}")?;
    let mut mine = new.clone();
    let seen = tx.head(StreamId::conversation(id))?.seq;
    own(tx, &mut mine, me, seen)?;
    mine.end_to_wait(now);
    ticket::change(tx, site, &new, mine, Some(me))?;
    say_message(tx, site, me, message(id))?;
    Ok(ticket::find(tx, id)?.unwrap_or(new))
}

/// Refuses to disturb a visitor that has an open question, was invited already, or is gone.
fn check_is_free(tx: &mut Tx<'_>, visitor: &VisitorRow) -> Result<(), Error> {
    let conflict = |what: &str| Err(Error::new(Code::Conflict, what));
    if visitor.seen_ms + desk_limits::VISITOR_HERE_MS < tx.now_ms() {
        return conflict("The visitor is no longer on the site.");
    }
    let query = "SELECT 1 FROM desk_ticket WHERE visitor = ?1 AND state <> 'resolved' LIMIT 1";
    if tx.query_one(query, params![visitor.person])?.is_some() {
        return conflict("The visitor is in a conversation with the desk already.");
    }
    let query = "SELECT count(*) FROM desk_ticket WHERE visitor = ?1";
    let all =
        tx.query_one(query, params![visitor.person])?.map_or(Ok(0), |row| row.get::<u64>(0))?;
    if all >= desk_limits::TICKETS_PER_VISITOR_MAX {
        return conflict("The visitor has asked as often as one may.");
    }
    Ok(())
}

/// The ticket of the same request, if it came before with this key (P3).
fn invited_before(
    tx: &mut Tx<'_>,
    me: PersonId,
    visitor: PersonId,
    text: &str,
    key: Option<&str>,
) -> Result<Option<ConversationId>, Error> {
    let Some(key) = key else { return Ok(None) };
    let Some(first) = tx.first_with_key(me, key)? else { return Ok(None) };
    let Owner::Conversation(id) = first.stream.owner() else { return Err(key_reused()) };
    let is_visitors = ticket::find(tx, id)?.is_some_and(|ticket| ticket.visitor == visitor);
    if is_visitors && text_of(&first.body).is_none_or(|said| said == text) {
        return Ok(Some(id));
    }
    Err(key_reused())
}
