//! Everything that a desk has about one contact, as one file.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, people};
use encke_engine::{Error, PersonId, StreamId, desk_limits};
use encke_site::{Act, Caller, FeedEvent, Path, Refusal, Site};
use encke_store::{Read, Sql, params};
use encke_talk::member::parse_person;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::contact::{self, ContactFields, ContactNote, no_such_contact};
use crate::desk::parse_desk;
use crate::staff;
use crate::ticket::{self, Ticket};
use crate::verified;
use crate::visit::VisitorShown;

/// A ticket with all that was said in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketExport {
    ticket: Ticket,
    /// The form as the visitor filled it in.
    form: BTreeMap<String, String>,
    /// What the visitor wrote with its rating; null without it.
    #[schema(required)]
    comment: Option<String>,
    /// What was said, the oldest first.
    #[schema(value_type = Vec<FeedEvent>)]
    events: Vec<Box<RawValue>>,
    /// What has changed an event since, such as an edit.
    #[schema(value_type = Vec<FeedEvent>)]
    amendments: Vec<Box<RawValue>>,
    /// The notes of the staff.
    #[schema(value_type = Vec<FeedEvent>)]
    notes: Vec<Box<RawValue>>,
    /// Whether there were more events than an export has.
    more: bool,
}

/// Everything that a desk has about one contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactExport {
    visitor: VisitorShown,
    fields: ContactFields,
    /// Its id at the site; null if the site has not verified it.
    #[schema(required)]
    subject: Option<String>,
    notes: Vec<ContactNote>,
    /// The newest first.
    tickets: Vec<TicketExport>,
}

/// Everything that a desk has about one contact. Owners and supervisors get it.
#[utoipa::path(get, operation_id = "export_contact", path = "/v1/desks/{desk}/contacts/{person}/export",
    tag = "desk", params(("desk" = String, Path), ("person" = String, Path)),
    responses((status = 200, body = ContactExport), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn export(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
) -> Result<Json<ContactExport>, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let held = site.clone();
    let export = site.store.read(move |read| {
        staff::leading(read, house, me)?;
        let row = contact::find(read, house, person)?;
        let shown: Person =
            people(read, &held, me, &[person])?.pop().ok_or_else(no_such_contact)?;
        let tickets = tickets(read, person)?;
        let (fields, notes) = (contact::fields(read, person)?, contact::notes(read, person)?);
        let subject = verified::subject_of(read, house, person)?;
        let visitor = VisitorShown::of(&held, row, shown);
        Ok(ContactExport { visitor, fields, subject, notes, tickets })
    });
    Ok(Json(export.await?))
}

fn tickets(read: &mut Read<'_>, person: PersonId) -> Result<Vec<TicketExport>, Error> {
    let newest = "t.visitor = ?1 ORDER BY t.conversation DESC LIMIT ?2";
    let most = desk_limits::TICKETS_PER_VISITOR_MAX;
    let mut left = desk_limits::EXPORT_EVENTS_MAX;
    let mut all = Vec::new();
    for ticket in ticket::select(read, newest, params![person, most])? {
        let query = "SELECT form, comment FROM desk_ticket WHERE conversation = ?1";
        let kept = read.query_one(query, params![ticket.id])?.ok_or_else(no_such_contact)?;
        let form = serde_json::from_str(&kept.get::<String>(0)?).unwrap_or_default();
        let (events, a) = stream(read, StreamId::conversation(ticket.id), &mut left)?;
        let (amendments, b) = stream(read, StreamId::amendments(ticket.id), &mut left)?;
        let (notes, c) = stream(read, StreamId::notes(ticket.id), &mut left)?;
        let (comment, more) = (kept.get(1)?, a || b || c);
        all.push(TicketExport { ticket, form, comment, events, amendments, notes, more });
    }
    Ok(all)
}

/// The newest events of a stream, and whether there are older ones.
fn stream(
    read: &mut Read<'_>,
    stream: StreamId,
    left: &mut usize,
) -> Result<(Vec<Box<RawValue>>, bool), Error> {
    let most = desk_limits::EXPORT_EVENTS_PER_TICKET_MAX.min(*left);
    if most == 0 {
        return Ok((Vec::new(), true));
    }
    let (found, more) = read.before(stream, None, most)?;
    *left -= found.len();
    let events = found.iter().filter_map(|e| serde_json::from_slice(e.json()).ok()).collect();
    Ok((events, more))
}
