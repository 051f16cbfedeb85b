//! Whose a ticket is: claiming it, giving it back, handing it on, helping.
//!
//! Each is one write that looks at the row and changes it, so a ticket has one owner however many ask at once (P11). The write
//! of a claim is in [`claims`].

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::Tx;
use encke_talk::parse_conversation;
use encke_talk::ticket::{step_back, take_part};
use http::StatusCode;

use crate::assignment::give;
use crate::claims;
use crate::staff;
use crate::ticket::{self, Speaker, Ticket, TicketState};

/// Makes a person the owner of a ticket, in memory. [`ticket::change`] stores it.
pub(crate) fn own(
    tx: &mut Tx<'_>,
    ticket: &mut Ticket,
    owner: PersonId,
    seen: Seq,
) -> Result<(), Error> {
    (ticket.owner, ticket.speaker) = (Some(owner), Speaker::Person);
    ticket.passed_by = None;
    if ticket.state != TicketState::Open {
        ticket.state = TicketState::Open;
        (ticket.resolved_at, ticket.snoozed_until) = (None, None);
    }
    take_part(tx, ticket.id, owner, seen)
}

/// Puts a ticket back into the queue, in memory.
pub(crate) fn release(tx: &mut Tx<'_>, ticket: &mut Ticket) -> Result<(), Error> {
    let Some(owner) = ticket.owner.take() else { return Ok(()) };
    ticket.speaker = Speaker::Nobody;
    step_back(tx, ticket.id, owner)
}

/// The number of the newest event of a ticket.
pub(crate) fn head(tx: &mut Tx<'_>, ticket: ConversationId) -> Result<Seq, Error> {
    Ok(tx.head(StreamId::conversation(ticket))?.seq)
}

/// Takes a ticket that nobody has. Of many that ask at once, one gets it.
#[utoipa::path(post, operation_id = "claim_ticket", path = "/v1/tickets/{id}/claim", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 200, body = Ticket), (status = 403, description = "forbidden, not_member"),
        (status = 409, description = "taken"), (status = 429, description = "rate_limited")))]
pub(crate) async fn claim(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    Ok(Json(claims::claim(&site, id, me).await?))
}

/// Puts a ticket back into the queue: its owner does it, or a supervisor.
#[utoipa::path(post, operation_id = "return_ticket", path = "/v1/tickets/{id}/return", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 200, body = Ticket), (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn give_back(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let returned = site.store.write(move |tx| {
        let (before, role) = staff::acting_at_ticket(tx, id, me)?;
        if before.owner.is_some_and(|owner| owner != me) && !role.moderates() {
            let what = "Only the owner of a ticket and supervisors put it back.";
            return Err(Error::new(Code::Forbidden, what));
        }
        let mut after = before.clone();
        after.passed_by = before.owner;
        release(tx, &mut after)?;
        let after = ticket::change(tx, &held, &before, after, Some(me))?;
        give(tx, &held, after.desk)?;
        Ok(ticket::find(tx, id)?.unwrap_or(after))
    });
    Ok(Json(returned.await?))
}

/// Takes part in a ticket without owning it: its events come in the feed.
#[utoipa::path(post, operation_id = "join_ticket", path = "/v1/tickets/{id}/join", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn join(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let joined = site.store.write(move |tx| {
        staff::at_ticket(tx, id, me)?;
        let seen = head(tx, id)?;
        take_part(tx, id, me, seen)
    });
    joined.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes part in a ticket no longer. Its owner returns it instead.
#[utoipa::path(post, operation_id = "leave_ticket", path = "/v1/tickets/{id}/leave", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn leave(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let left = site.store.write(move |tx| {
        let (ticket, _) = staff::at_ticket(tx, id, me)?;
        if ticket.owner == Some(me) && ticket.state == TicketState::Open {
            return Err(Error::new(
                Code::Conflict,
                "The ticket is yours: return it, or hand it on.",
            ));
        }
        step_back(tx, id, me)
    });
    left.await?;
    Ok(StatusCode::NO_CONTENT)
}
