//! Changing a ticket: resolving, putting off, opening again, priority, tags; handing it on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, Seq, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::Tx;
use encke_talk::conversation::MemberRole;
use encke_talk::parse_conversation;
use encke_talk::ticket::{step_back, taking_part};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::agent::{check_staff, is_there};
use crate::assignment::give;
use crate::claim::{head, own, release};
use crate::note;
use crate::settings::is_short_name;
use crate::staff;
use crate::ticket::{self, PRIORITY_MAX, Ticket, TicketState};

fn invalid<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(Code::Invalid, what))
}

/// Changes of a ticket; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketChange {
    pub state: Option<TicketState>,
    /// Until when it is put off, in milliseconds since 1970. It goes with `snoozed` alone, and without it a ticket is put off
    /// until the visitor writes.
    pub snoozed_until: Option<u64>,
    /// How urgent it is: 0 to 3.
    #[schema(maximum = 3)]
    pub priority: Option<u8>,
    pub tags: Option<Vec<String>>,
}

impl TicketChange {
    /// Refuses a change that no ticket can have.
    pub fn check(&self, now_ms: u64) -> Result<(), Error> {
        if self.priority.is_some_and(|priority| priority > PRIORITY_MAX) {
            return invalid("`priority` is a number from 0 to 3.");
        }
        let most = desk_limits::TICKET_TAGS_MAX;
        let is_bad =
            |tags: &Vec<String>| tags.len() > most || !tags.iter().all(|t| is_short_name(t));
        if self.tags.as_ref().is_some_and(is_bad) {
            return invalid(format!(
                "`tags` are at most {most} short names of one line, without commas."
            ));
        }
        let Some(until) = self.snoozed_until else { return Ok(()) };
        if self.state != Some(TicketState::Snoozed) {
            return invalid("`snoozed_until` goes with the state `snoozed`.");
        }
        let most = now_ms.saturating_add(desk_limits::SNOOZE_AHEAD_MS_MAX);
        if until <= now_ms || until > most {
            return invalid("`snoozed_until` lies in the future, and at most a year ahead.");
        }
        Ok(())
    }
}

/// Changes a ticket: all staff may.
#[utoipa::path(patch, operation_id = "change_ticket", path = "/v1/tickets/{id}", tag = "desk",
    params(("id" = String, Path)), request_body = TicketChange,
    responses((status = 200, body = Ticket), (status = 403, description = "forbidden, not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<TicketChange>,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    change.check(site.now_ms())?;
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let changed = site.store.write(move |tx| {
        let (before, _) = staff::acting_at_ticket(tx, id, me)?;
        apply(tx, &held, before, me, change)
    });
    Ok(Json(changed.await?))
}

/// Changes a ticket. The caller has checked the change, and that this person may do it.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    site: &Site,
    before: Ticket,
    me: PersonId,
    change: TicketChange,
) -> Result<Ticket, Error> {
    let mut after = before.clone();
    if let Some(mut tags) = change.tags {
        tags.sort();
        tags.dedup();
        after.tags = tags;
    }
    after.priority = change.priority.unwrap_or(after.priority);
    match change.state {
        Some(TicketState::Open) => reopen(tx, site, &mut after)?,
        Some(TicketState::Snoozed) => snooze(tx, &mut after, change.snoozed_until),
        Some(TicketState::Resolved) => resolve(tx, &mut after)?,
        None => {}
    }
    let after = ticket::change(tx, site, &before, after, Some(me))?;
    // Somebody may have got free, or the ticket may be in the queue again.
    give(tx, site, after.desk)?;
    Ok(ticket::find(tx, after.id)?.unwrap_or(after))
}

/// Resolves a ticket, in memory. Its staff follows it no longer, so that nobody follows more and more tickets.
pub(crate) fn resolve(tx: &mut Tx<'_>, ticket: &mut Ticket) -> Result<(), Error> {
    if ticket.state == TicketState::Resolved {
        return Ok(());
    }
    let now = tx.now_ms();
    ticket.end_to_wait(now);
    (ticket.state, ticket.resolved_at, ticket.snoozed_until) =
        (TicketState::Resolved, Some(now), None);
    for person in taking_part(tx, ticket.id)? {
        step_back(tx, ticket.id, person)?;
    }
    Ok(())
}

/// Puts a ticket off, in memory.
pub(crate) fn snooze(tx: &Tx<'_>, ticket: &mut Ticket, until: Option<u64>) {
    ticket.end_to_wait(tx.now_ms());
    (ticket.state, ticket.resolved_at) = (TicketState::Snoozed, None);
    ticket.snoozed_until = until;
}

/// Opens a ticket again, in memory: with its owner, if that one is there, and otherwise in the queue.
pub(crate) fn reopen(tx: &mut Tx<'_>, site: &Site, ticket: &mut Ticket) -> Result<(), Error> {
    if ticket.state == TicketState::Open {
        return Ok(());
    }
    let now = tx.now_ms();
    ticket.state = TicketState::Open;
    (ticket.resolved_at, ticket.snoozed_until) = (None, None);
    // Somebody has to look at it, so it counts as waiting.
    ticket.begin_to_wait(now);
    match ticket.owner {
        Some(owner) if is_there(tx, site, ticket.desk, owner)? => {
            let seen = head(tx, ticket.id)?;
            own(tx, ticket, owner, seen)
        }
        _ => release(tx, ticket),
    }
}

/// To whom a ticket goes: a person or a team.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transfer {
    /// An agent of the desk.
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// A team: a skill of its agents. The ticket waits in the queue for one of them.
    team: Option<String>,
    /// A note for those who take it up.
    note: Option<String>,
}

/// Hands a ticket on to an agent or a team: its owner does it, anybody if nobody has it, or a supervisor.
#[utoipa::path(post, operation_id = "transfer_ticket", path = "/v1/tickets/{id}/transfer", tag = "desk",
    params(("id" = String, Path)), request_body = Transfer,
    responses((status = 200, body = Ticket), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn transfer(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(Transfer { person, team, note }): Body<Transfer>,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    if person.is_some() == team.is_some() {
        return Err(Refusal::new(Code::Invalid, "A ticket goes to a `person` or to a `team`."));
    }
    if team.as_ref().is_some_and(|team| !is_short_name(team)) {
        return Err(Refusal::new(Code::Invalid, "`team` is a short name of one line."));
    }
    if let Some(note) = &note {
        note::check(note)?;
    }
    site.take_message(me, caller.0.role, note.as_ref().map_or(0, String::len))?;
    let held = site.clone();
    let handed = site.store.write(move |tx| {
        let (before, role) = staff::acting_at_ticket(tx, id, me)?;
        check_may_hand_on(&before, me, role)?;
        if let Some(note) = note {
            note::append(tx, id, me, note, Vec::new(), None)?;
        }
        hand_on(tx, &held, before, me, person, team)
    });
    Ok(Json(handed.await?))
}

/// Refuses somebody that may not hand this ticket on.
pub(crate) fn check_may_hand_on(
    ticket: &Ticket,
    me: PersonId,
    role: MemberRole,
) -> Result<(), Error> {
    if ticket.owner.is_none_or(|owner| owner == me) || role.moderates() {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, "Only the owner of a ticket and supervisors hand it on."))
}

/// Gives a ticket to a person, or to the queue for a team.
pub(crate) fn hand_on(
    tx: &mut Tx<'_>,
    site: &Site,
    before: Ticket,
    me: PersonId,
    person: Option<PersonId>,
    team: Option<String>,
) -> Result<Ticket, Error> {
    let mut after = before.clone();
    after.team = team.or(after.team.filter(|_| person.is_some()));
    if person != before.owner {
        release(tx, &mut after)?;
    }
    match person {
        Some(person) => {
            check_staff(tx, before.desk, person)?;
            staff::check_takes(tx, before.desk, person)?;
            let seen = Seq(head(tx, before.id)?.0.saturating_sub(1));
            own(tx, &mut after, person, seen)?;
        }
        None => {
            let now = tx.now_ms();
            after.begin_to_wait(now);
            reopen(tx, site, &mut after)?;
        }
    }
    let after = ticket::change(tx, site, &before, after, Some(me))?;
    give(tx, site, after.desk)?;
    Ok(ticket::find(tx, after.id)?.unwrap_or(after))
}
