//! Erasing a contact (P10): what it has written and was told, also where that was forwarded to, its files, forms and facts, and
//! the notes about it.
//!
//! The first write takes away who it is, ends its tokens, and notes that messages are still to be erased. These follow in
//! bounded writes. If the node dies in between, any node goes on, so nothing is left behind. The tickets stay as empty places:
//! it shows that somebody was there.

use std::sync::Arc;

use axum::extract::State;
use encke_account::visitor::shut_out;
use encke_engine::{
    ConversationId, Error, NewEvent, PersonId, Position, Seq, StreamId, desk_limits,
};
use encke_site::{Act, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Read, Sql, Tx, params};
use encke_talk::member::parse_person;
use encke_talk::ticket::{step_back, taking_part};
use encke_talk::{erase_copies, erase_message};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contact;
use crate::desk::parse_desk;
use crate::incoming;
use crate::mail::address;
use crate::staff;
use crate::ticket::{self, TicketState};
use crate::visit::Facts;

/// A contact was erased. In the notes of a ticket and in the stream of a person, all events before are gone with it; to the
/// staff it says that whoever shows anything of the contact forgets it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactErased {
    #[schema(value_type = String)]
    person: PersonId,
}

impl EventBody for ContactErased {
    const KIND: &'static str = "contact_erased";
}

/// Erases a contact with its messages, files, forms, facts and notes. Owners and supervisors do it; it can't be undone.
#[utoipa::path(delete, operation_id = "erase_contact", path = "/v1/desks/{desk}/contacts/{person}",
    tag = "desk", params(("desk" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn erase(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let held = site.clone();
    let begun = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        contact::find(tx, house, person)?;
        begin(tx, &held, house, person, me)
    });
    begun.await?;
    finish(&site, person, me).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes away who a contact is, and closes its tickets.
fn begin(
    tx: &mut Tx<'_>,
    site: &Site,
    house: ConversationId,
    person: PersonId,
    me: PersonId,
) -> Result<(), Error> {
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO desk_erasure (person, house, by_person, at_ms, is_done) VALUES (?1, ?2, ?3, ?4, 0)",
        params![person, house, me, now],
    )?;
    let open = "t.visitor = ?1 AND t.state <> 'resolved' ORDER BY t.conversation LIMIT ?2";
    let most = desk_limits::TICKETS_PER_VISITOR_MAX;
    for before in ticket::select(tx, open, params![person, most])? {
        let mut after = before.clone();
        after.end_to_wait(now);
        (after.state, after.resolved_at) = (TicketState::Resolved, Some(now));
        after.snoozed_until = None;
        ticket::change(tx, site, &before, after, Some(me))?;
    }
    let forget = "UPDATE desk_ticket SET form = '{}', comment = NULL WHERE visitor = ?1";
    tx.execute(forget, params![person])?;
    // What rules did may repeat what the visitor is called.
    let runs = "DELETE FROM desk_rule_run WHERE ticket IN
                    (SELECT conversation FROM desk_ticket WHERE visitor = ?1)";
    tx.execute(runs, params![person])?;
    for each in contact::selves(tx, person)? {
        address::forget(tx, each)?;
        incoming::forget(tx, each)?;
        for table in ["desk_contact", "desk_contact_note", "desk_verified"] {
            tx.execute(&format!("DELETE FROM {table} WHERE person = ?1"), params![each])?;
        }
        let update = "UPDATE visitor SET facts = ?2, blocked = 1 WHERE person = ?1";
        tx.execute(update, params![each, Facts::default().stored()])?;
        shut_out(tx, each)?;
    }
    contact::rename(tx, person, "—")
}

/// Erases what is left of a contact, in writes of a bounded size.
async fn finish(site: &Arc<Site>, person: PersonId, me: PersonId) -> Result<(), Error> {
    let found = site.store.read(move |read| {
        let query = "SELECT conversation FROM desk_ticket WHERE visitor = ?1 ORDER BY conversation";
        let mut tickets: Vec<ConversationId> = Vec::new();
        for row in read.query(query, params![person])? {
            tickets.push(row.get(0)?);
        }
        Ok((tickets, contact::selves(read, person)?))
    });
    let (tickets, selves) = found.await?;
    for ticket in tickets {
        messages(site, ticket, me).await?;
        copies(site, ticket, me).await?;
        whole(site, StreamId::notes(ticket), person, me).await?;
        // The staff follows it up to here, so that each console forgets what it holds.
        site.store.write(move |tx| leave(tx, ticket)).await?;
    }
    for each in selves {
        whole(site, StreamId::person(each), person, me).await?;
    }
    site.store.write(move |tx| done(tx, person, me)).await
}

/// Notes that nothing of a contact is left, and tells all of the staff: some looked at a ticket without following it.
fn done(tx: &mut Tx<'_>, person: PersonId, me: PersonId) -> Result<(), Error> {
    let update = "UPDATE desk_erasure SET is_done = 1 WHERE person = ?1 RETURNING house";
    let Some(row) = tx.query_one(update, params![person])? else { return Ok(()) };
    let house: ConversationId = row.get(0)?;
    let told = event(StreamId::amendments(house), Some(me), &ContactErased { person });
    tx.append(told).map(drop)
}

/// Ends what the staff has to do with a ticket.
fn leave(tx: &mut Tx<'_>, ticket: ConversationId) -> Result<(), Error> {
    tx.execute("DELETE FROM desk_mention WHERE ticket = ?1", params![ticket])?;
    for person in taking_part(tx, ticket)? {
        step_back(tx, ticket, person)?;
    }
    Ok(())
}

/// The events of a stream behind a number that may still have to be erased, and the last number that was looked at.
fn next(
    read: &mut Read<'_>,
    stream: StreamId,
    after: Seq,
    is_wanted: fn(&str) -> bool,
) -> Result<(Vec<Position>, Option<Seq>), Error> {
    let (found, _) = read.after(stream, after, desk_limits::CONTACT_ERASED_AT_ONCE_MAX)?;
    let last = found.last().map(|entry| entry.event.seq);
    let wanted = found.iter().filter(|e| !e.event.is_erased() && is_wanted(&e.event.kind));
    Ok((wanted.map(|entry| entry.event.position).collect(), last))
}

/// Recalls all messages of a ticket.
async fn messages(site: &Arc<Site>, ticket: ConversationId, me: PersonId) -> Result<(), Error> {
    let (stream, mut after) = (StreamId::conversation(ticket), Seq(0));
    loop {
        let step = move |read: &mut Read<'_>| next(read, stream, after, |kind| kind == "message");
        let (positions, last) = site.store.read(step).await?;
        let Some(last) = last else { return Ok(()) };
        if !positions.is_empty() {
            let erase = move |tx: &mut Tx<'_>| {
                positions.iter().try_for_each(|at| erase_message(tx, ticket, *at, me))
            };
            site.store.write(erase).await?;
        }
        after = last;
    }
}

/// Recalls what was forwarded out of a ticket, wherever it went.
async fn copies(site: &Arc<Site>, ticket: ConversationId, me: PersonId) -> Result<(), Error> {
    let most = desk_limits::CONTACT_ERASED_AT_ONCE_MAX;
    while site.store.write(move |tx| erase_copies(tx, ticket, me, most)).await? {}
    Ok(())
}

/// Erases all events of a stream, but for those that say so.
async fn whole(
    site: &Arc<Site>,
    stream: StreamId,
    person: PersonId,
    me: PersonId,
) -> Result<(), Error> {
    let mut after = Seq(0);
    loop {
        let step = move |read: &mut Read<'_>| {
            next(read, stream, after, |kind| kind != ContactErased::KIND)
        };
        let (erases, last) = site.store.read(step).await?;
        let Some(last) = last else { return Ok(()) };
        if !erases.is_empty() {
            let erase = move |tx: &mut Tx<'_>| {
                let erased = event(stream, Some(me), &ContactErased { person });
                tx.append(NewEvent { erases, ..erased }).map(drop)
            };
            site.store.write(erase).await?;
        }
        after = last;
    }
}

/// Goes on with what was interrupted, some of it.
pub(crate) async fn resume(site: &Arc<Site>) -> Result<(), Error> {
    let until = site.now_ms().saturating_sub(desk_limits::ERASURE_RESUMED_AFTER_MS);
    let found = site.store.read(move |read| {
        let query = "SELECT person, by_person FROM desk_erasure WHERE is_done = 0 AND at_ms <= ?1
                     ORDER BY person LIMIT ?2";
        let most = desk_limits::ERASURES_RESUMED_AT_ONCE_MAX as u64;
        let mut all: Vec<(PersonId, PersonId)> = Vec::new();
        for row in read.query(query, params![until, most])? {
            all.push((row.get(0)?, row.get(1)?));
        }
        Ok(all)
    });
    for (person, me) in found.await? {
        finish(site, person, me).await?;
    }
    Ok(())
}
