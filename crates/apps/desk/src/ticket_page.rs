//! One ticket with all that the staff is shown beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, people, people_named};
use encke_engine::{Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Sql, params};
use encke_talk::conversation::{Conversation, load, not_member};
use encke_talk::parse_conversation;
use encke_talk::ticket::taking_part;
use serde::Serialize;
use utoipa::ToSchema;

use crate::automation::voice;
use crate::staff;
use crate::ticket::{self, Ticket};
use crate::ticket_split::SplitFrom;
use crate::visit::VisitorShown;
use crate::visitor::VisitorRow;

/// A ticket with all that the staff is shown beside it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketPage {
    ticket: Ticket,
    conversation: Conversation,
    visitor: VisitorShown,
    /// The form as the visitor filled it in, by the names of the fields.
    form: BTreeMap<String, String>,
    /// What the visitor wrote with its rating; absent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    comment: Option<String>,
    /// The message from which it goes on, if it was split off another ticket; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    split_from: Option<SplitFrom>,
    /// Other tickets of the visitor, the newest first: also those that were merged into this one.
    earlier: Vec<Ticket>,
    /// The staff that takes part.
    #[schema(value_type = Vec<String>)]
    taking_part: Vec<PersonId>,
    /// The members that are shown, and the owners of the tickets.
    people: Vec<Person>,
}

/// One ticket.
#[utoipa::path(get, operation_id = "ticket", path = "/v1/tickets/{id}", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 200, body = TicketPage), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TicketPage>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        let (ticket, _) = staff::at_ticket(read, id, me)?;
        page(read, &held, me, ticket)
    });
    Ok(Json(page.await?))
}

fn page(
    read: &mut Read<'_>,
    site: &Site,
    me: PersonId,
    ticket: Ticket,
) -> Result<TicketPage, Error> {
    let conversation = load(read, site, ticket.id, me)?;
    let row = VisitorRow::find(read, ticket.visitor)?.ok_or_else(not_member)?;
    let person = people(read, site, me, &[ticket.visitor])?.pop().ok_or_else(not_member)?;
    let visitor = VisitorShown::of(site, row, person);
    let earlier = "t.visitor = ?1 AND t.conversation <> ?2 ORDER BY t.conversation DESC LIMIT ?3";
    let most = desk_limits::TICKETS_PAGE_MAX as u64;
    let earlier = ticket::select(read, earlier, params![ticket.visitor, ticket.id, most])?;
    let query = "SELECT form, comment FROM desk_ticket WHERE conversation = ?1";
    let kept = read.query_one(query, params![ticket.id])?.ok_or_else(not_member)?;
    let form = serde_json::from_str(&kept.get::<String>(0)?).unwrap_or_default();
    let mut taking_part = taking_part(read, ticket.id)?;
    let voice = voice::find(read, ticket.desk)?;
    taking_part.retain(|person| Some(*person) != voice);
    let named = conversation.members.iter().map(|m| m.person).chain(taking_part.iter().copied());
    let named: Vec<_> =
        named.chain(ticket.owner).chain(earlier.iter().filter_map(|t| t.owner)).collect();
    let people = people_named(read, site, me, named)?;
    let comment = kept.get(1)?;
    let split_from = SplitFrom::find(read, ticket.id)?;
    Ok(TicketPage {
        ticket,
        conversation,
        visitor,
        form,
        comment,
        split_from,
        earlier,
        taking_part,
        people,
    })
}
