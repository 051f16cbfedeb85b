//! Calls agents who have no page open: to the queue, and to a ticket that one of them was given.

use std::sync::Arc;

use encke_account::people;
use encke_engine::{ConversationId, Entry, Error, Event, PersonId, StreamClass};
use encke_site::notices::{Notice, Notices};
use encke_site::{EventBody, Site};
use encke_store::Read;
use serde::Deserialize;

use crate::agent::{self, Availability};
use crate::desk::DeskRow;
use crate::product::Desk;
use crate::ticket::{self, Ticket, TicketState};

/// The parts of a ticket, as an event tells it, that decide who is called.
#[derive(Deserialize)]
struct Told {
    id: ConversationId,
    desk: ConversationId,
    state: TicketState,
    owner: Option<PersonId>,
    waiting_since: Option<u64>,
    changed_at: u64,
}

impl Told {
    fn of(event: &Event) -> Option<Self> {
        let is_told =
            event.stream.class() == StreamClass::AMENDMENTS && *event.kind == *Ticket::KIND;
        if is_told { serde_json::from_slice(&event.body).ok() } else { None }
    }
}

/// Whether somebody waits in the queue for an answer to this ticket.
fn waits(ticket: &Ticket) -> bool {
    ticket.is_queued() && ticket.waiting_since.is_some()
}

impl Notices for Desk {
    fn told_to(
        &self,
        read: &mut Read<'_>,
        _site: &Site,
        event: &Event,
    ) -> Result<Vec<PersonId>, Error> {
        let Some(told) = Told::of(event) else { return Ok(Vec::new()) };
        match told.owner {
            // An agent that takes a ticket need not be called to it. One that is given it got it with this event.
            Some(owner) if event.from != Some(owner) => {
                let now = ticket::find(read, told.id)?;
                let is_given =
                    |now: Ticket| now.owner == Some(owner) && now.owned_ms == told.changed_at;
                Ok(now.is_some_and(is_given).then_some(owner).into_iter().collect())
            }
            None if told.state == TicketState::Open && told.waiting_since.is_some() => {
                let mut staff = agent::all(read, told.desk)?;
                staff.retain(|agent| agent.availability == Availability::Online);
                let called = staff.into_iter().map(|agent| agent.person);
                Ok(called.filter(|person| event.from != Some(*person)).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn notice(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        events: &[Arc<Entry>],
        person: PersonId,
    ) -> Result<Option<Notice>, Error> {
        let mut ids: Vec<ConversationId> = Vec::new();
        for told in events.iter().rev().filter_map(|entry| Told::of(&entry.event)) {
            if !ids.contains(&told.id) {
                ids.push(told.id);
            }
        }
        // The newest first.
        let (mut given, mut queued) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(ticket) = ticket::find(read, id)? else { continue };
            if ticket.owner == Some(person) && ticket.waiting_since.is_some() {
                given.push(ticket);
            } else if waits(&ticket) {
                queued.push(ticket);
            }
        }
        let (kind, tickets) =
            if given.is_empty() { ("ticket_waits", queued) } else { ("ticket_given", given) };
        let Some(newest) = tickets.first() else { return Ok(None) };
        let desk = newest.desk;
        let me = agent::one(read, desk, person)?;
        if !me.is_some_and(|me| me.availability == Availability::Online) {
            return Ok(None);
        }
        let visitor = people(read, site, person, &[newest.visitor])?.into_iter().next();
        Ok(Some(Notice {
            kind,
            conversation: Some(newest.id),
            seq: None,
            desk: Some(desk),
            title: DeskRow::find(read, desk)?.map(|row| row.name),
            from: visitor.map(|visitor| visitor.display_name),
            text: None,
            count: tickets.len(),
        }))
    }
}
