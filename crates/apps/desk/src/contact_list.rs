//! The contacts of a desk by pages, and finding one.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{pattern, people_named};
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Sql, Value, params};
use encke_talk::{TicketsFound, tickets_with};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::contact::ContactFields;
use crate::desk::parse_desk;
use crate::staff;
use crate::ticket;
use crate::ticket_list::place;
use crate::visit::{VisitorShown, cut};
use crate::visitor::VisitorRow;

/// A choice of contacts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedContacts {
    /// Only those with this text in their name, mail address, telephone number or company, or with its words in what was said
    /// in one of their tickets lately.
    #[serde(default)]
    q: String,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
}

/// A contact in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactRow {
    visitor: VisitorShown,
    fields: ContactFields,
    /// The number of its tickets.
    tickets: u64,
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Contacts {
    /// The one that was on the site last comes first.
    contacts: Vec<ContactRow>,
    /// The `before` of the next page; null on the last one. A page of a search may have no contact and a next page.
    #[schema(required)]
    before: Option<String>,
}

/// The contacts of a desk: visitors that have asked, and those that the site or the staff knows.
#[utoipa::path(get, operation_id = "contacts", path = "/v1/desks/{desk}/contacts", tag = "desk",
    params(("desk" = String, Path), WantedContacts),
    responses((status = 200, body = Contacts), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedContacts>, QueryRejection>,
) -> Result<Json<Contacts>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let behind = place(wanted.before.as_deref())?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        page(read, &held, house, me, &wanted.q, behind)
    });
    Ok(Json(page.await?))
}

/// The visitors of a desk behind a place, as far as one page looks.
const SCANNED: &str = "SELECT * FROM visitor WHERE house = ?1 AND (seen_ms, person) < (?2, ?3)
    ORDER BY seen_ms DESC, person DESC LIMIT ?4";

fn page(
    read: &mut Read<'_>,
    site: &Site,
    house: ConversationId,
    me: PersonId,
    text: &str,
    (until, below): (u64, u64),
) -> Result<Contacts, Error> {
    let wanted = pattern(&cut(&text.trim().to_lowercase(), desk_limits::DESK_SEARCH_BYTES_MAX));
    let spoken = spoken_with(read, house, text)?;
    let (limit, scanned) = (desk_limits::CONTACTS_PAGE_MAX, desk_limits::CONTACTS_SCANNED_MAX);
    let in_tickets = (7..7 + spoken.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let in_tickets = match spoken.is_empty() {
        true => String::new(),
        false => format!("OR v.person IN ({in_tickets})"),
    };
    let query = format!(
        "SELECT {}, c.mail, c.phone, c.company, c.address,
             (SELECT count(*) FROM desk_ticket t WHERE t.visitor = v.person)
         FROM ({SCANNED}) v JOIN person p ON p.id = v.person LEFT JOIN desk_contact c ON c.person = v.person
         WHERE (lower(p.display_name) LIKE ?5 ESCAPE '\\' OR lower(c.mail) LIKE ?5 ESCAPE '\\'
             OR lower(c.phone) LIKE ?5 ESCAPE '\\' OR lower(c.company) LIKE ?5 ESCAPE '\\' {in_tickets})
         AND (c.person IS NOT NULL OR EXISTS (SELECT 1 FROM desk_ticket t WHERE t.visitor = v.person)
             OR EXISTS (SELECT 1 FROM desk_verified i WHERE i.person = v.person))
         AND NOT EXISTS (SELECT 1 FROM desk_merged m WHERE m.person = v.person)
         AND NOT EXISTS (SELECT 1 FROM desk_erasure e WHERE e.person = v.person)
         ORDER BY v.seen_ms DESC, v.person DESC LIMIT ?6",
        VisitorRow::COLUMNS
    );
    let mut bounds: Vec<Value> =
        params![house, until, below, scanned as u64, wanted, limit as u64 + 1].to_vec();
    bounds.extend(spoken.into_iter().map(Value::from));
    let rows = read.query(&query, &bounds)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((VisitorRow::of(row)?, ContactFields::of(row, 7)?, row.get::<u64>(11)?));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let before = match found.last().filter(|_| more) {
        Some((last, ..)) => Some(format!("{}-{}", last.seen_ms, last.person.0)),
        None => last_scanned(read, house, (until, below))?,
    };
    let mut people = people_named(read, site, me, found.iter().map(|(row, ..)| row.person))?;
    let mut contacts = Vec::with_capacity(found.len());
    for (row, fields, tickets) in found {
        if let Some(at) = people.iter().position(|p| p.id == row.person) {
            let visitor = VisitorShown::of(site, row, people.swap_remove(at));
            contacts.push(ContactRow { visitor, fields, tickets });
        }
    }
    Ok(Contacts { contacts, before })
}

/// The visitors with whom these words were said in a ticket of the desk, as far as a search looks.
fn spoken_with(
    read: &mut Read<'_>,
    house: ConversationId,
    text: &str,
) -> Result<Vec<PersonId>, Error> {
    let bounds = TicketsFound {
        messages_max: desk_limits::CONTACT_MESSAGES_LOOKED_AT_MAX,
        tickets_max: desk_limits::CONTACTS_FOUND_BY_TEXT_MAX,
    };
    let text = cut(text.trim(), desk_limits::DESK_SEARCH_BYTES_MAX);
    let mut found = Vec::new();
    for ticket in tickets_with(read, house, &text, bounds)? {
        found.extend(ticket::find(read, ticket)?.map(|ticket| ticket.visitor));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The place at which a page stopped looking, if there may be more behind it.
fn last_scanned(
    read: &mut Read<'_>,
    house: ConversationId,
    (until, below): (u64, u64),
) -> Result<Option<String>, Error> {
    let query =
        "SELECT seen_ms, person FROM visitor WHERE house = ?1 AND (seen_ms, person) < (?2, ?3)
                 ORDER BY seen_ms DESC, person DESC LIMIT 1 OFFSET ?4";
    let last = desk_limits::CONTACTS_SCANNED_MAX as u64 - 1;
    let Some(row) = read.query_one(query, params![house, until, below, last])? else {
        return Ok(None);
    };
    Ok(Some(format!("{}-{}", row.get::<u64>(0)?, row.get::<u64>(1)?)))
}
