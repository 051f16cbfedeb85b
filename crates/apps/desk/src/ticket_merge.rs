//! Merging tickets: two questions of one visitor turn out to be the same, so one of them goes on for both.
//!
//! The one that ends keeps its messages, since an event never moves, and a recall reaches them where they are (P10). It names
//! the one that goes on, and the notes of both tell of it. What its visitor writes there comes in the other one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, desk_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Tx, params};
use encke_talk::parse_conversation;
use encke_talk::ticket::{take_part, taking_part};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::give;
use crate::change::{check_may_hand_on, reopen, resolve};
use crate::claim::{head, own};
use crate::staff;
use crate::ticket::{self, Ticket, TicketState};

/// A ticket was merged into another one. It comes in the notes of both.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketMerged {
    /// The one that has ended.
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// The one that goes on.
    #[schema(value_type = String)]
    into: ConversationId,
}

impl EventBody for TicketMerged {
    const KIND: &'static str = "ticket_merged";
}

/// The ticket that goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeTicket {
    #[schema(value_type = String)]
    into: ConversationId,
}

/// Merges a ticket into another one of the same visitor, which goes on for both: the owner of the first does it, anybody if
/// nobody has it, or a supervisor. A repeated merge changes nothing.
#[utoipa::path(post, operation_id = "merge_ticket", path = "/v1/tickets/{id}/merge", tag = "desk",
    params(("id" = String, Path)), request_body = MergeTicket,
    responses((status = 200, body = Ticket), (status = 403, description = "forbidden, not_member"),
        (status = 409, description = "conflict"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn merge(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(MergeTicket { into }): Body<MergeTicket>,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    if id == into {
        return Err(Refusal::new(Code::Invalid, "A ticket is not merged into itself."));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let merged = site.store.write(move |tx| {
        let (first, role) = staff::at_ticket(tx, id, me)?;
        let (second, _) = staff::at_ticket(tx, into, me)?;
        staff::check_acts(tx, first.desk, me)?;
        if first.merged_into == Some(into) {
            return Ok(second);
        }
        first.check_goes_on()?;
        second.check_goes_on()?;
        check_may_hand_on(&first, me, role)?;
        if first.visitor != second.visitor {
            let what = "These are tickets of two visitors. Merge the contacts first.";
            return Err(Error::new(Code::Conflict, what));
        }
        join(tx, &held, me, first, second)
    });
    Ok(Json(merged.await?))
}

/// Ends the first ticket, and makes the second one go on for both.
fn join(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    first: Ticket,
    second: Ticket,
) -> Result<Ticket, Error> {
    let (from, into) = (first.id, second.id);
    let staff = taking_part(tx, from)?;
    let mut after = go_on(tx, site, &first, &second, &staff)?;
    if second.rating.is_none() && first.rating.is_some() {
        // A report counts the one that goes on alone.
        after.rating = first.rating;
        let comment = "UPDATE desk_ticket SET comment =
                           (SELECT f.comment FROM desk_ticket f WHERE f.conversation = ?1)
                       WHERE conversation = ?2";
        tx.execute(comment, params![from, into])?;
    }
    end(tx, site, me, &first, into)?;
    // What was merged into the first one before goes on in the second one, too.
    let most = desk_limits::TICKETS_PER_VISITOR_MAX;
    let earlier = "t.merged_into = ?1 ORDER BY t.conversation LIMIT ?2";
    for before in ticket::select(tx, earlier, params![from, most])? {
        let after = Ticket { merged_into: Some(into), ..before.clone() };
        ticket::change_quietly(tx, site, &before, after, Some(me))?;
    }
    for ticket in [from, into] {
        let told = TicketMerged { ticket: from, into };
        tx.append(event(StreamId::notes(ticket), Some(me), &told))?;
    }
    let after = ticket::change(tx, site, &second, after, Some(me))?;
    give(tx, site, after.desk)?;
    Ok(ticket::find(tx, into)?.unwrap_or(after))
}

/// Ends a ticket that goes on in another one. No rule follows: nothing was resolved.
fn end(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    before: &Ticket,
    into: ConversationId,
) -> Result<(), Error> {
    let mut after = before.clone();
    resolve(tx, &mut after)?;
    after.merged_into = Some(into);
    ticket::change_quietly(tx, site, before, after, Some(me)).map(drop)
}

/// The ticket that goes on, in memory: it is as urgent, waits as long, and has its own owner, or that of the first one.
fn go_on(
    tx: &mut Tx<'_>,
    site: &Site,
    first: &Ticket,
    second: &Ticket,
    staff: &[PersonId],
) -> Result<Ticket, Error> {
    let mut after = second.clone();
    after.priority = after.priority.max(first.priority);
    after.team = after.team.or_else(|| first.team.clone());
    after.tags.extend(first.tags.iter().cloned());
    after.tags.sort();
    after.tags.dedup();
    after.tags.truncate(desk_limits::TICKET_TAGS_MAX);
    if first.state != TicketState::Open {
        return Ok(after);
    }
    reopen(tx, site, &mut after)?;
    if let Some(since) = first.waiting_since {
        let earlier = after.waiting_since.map_or(since, |other| other.min(since));
        (after.waiting_since, after.since_ms) = (Some(earlier), earlier);
    } else if second.state != TicketState::Open {
        after.end_to_wait(tx.now_ms());
    }
    // What is new to those who took part in the first one is the newest message, if its visitor waits.
    let head = head(tx, second.id)?;
    let seen = Seq(head.0.saturating_sub(u64::from(first.waiting_since.is_some())));
    if let (None, Some(owner)) = (after.owner, first.owner) {
        own(tx, &mut after, owner, seen)?;
    }
    for person in staff {
        take_part(tx, second.id, *person, seen)?;
    }
    Ok(after)
}
