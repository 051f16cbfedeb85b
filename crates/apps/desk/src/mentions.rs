//! Mentions in notes: which ones an agent has, and which it has not seen yet.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, desk_limits};
use encke_site::{Act, Caller, FeedEvent, Path, Refusal, Site};
use encke_store::{Appended, Read, Sql, Tx, params};
use encke_talk::parse_conversation;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::desk::parse_desk;
use crate::staff;
use crate::ticket::Ticket;
use crate::ticket_list::place;

/// Notes whom a note mentions. Nobody mentions itself.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    appended: Appended,
    mentioned: &[PersonId],
    by: PersonId,
) -> Result<(), Error> {
    for person in mentioned.iter().filter(|person| **person != by) {
        tx.execute(
            "INSERT INTO desk_mention (person, house, ticket, seq, at_ms, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            params![*person, ticket.desk, ticket.id, appended.seq, appended.at_ms],
        )?;
    }
    Ok(())
}

/// A mention of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct StaffMention {
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// The visitor that asked.
    #[schema(value_type = String)]
    visitor: PersonId,
    /// The note.
    #[schema(value_type = FeedEvent)]
    note: Box<RawValue>,
    /// Whether the caller has seen it.
    seen: bool,
}

/// A page of mentions.
#[derive(Serialize, ToSchema)]
pub(crate) struct StaffMentions {
    /// The newest first.
    mentions: Vec<StaffMention>,
    /// How many the caller has not seen, up to a bound.
    unseen: u64,
    /// The writers of the notes, and the visitors.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one.
    #[schema(required)]
    before: Option<String>,
}

/// A choice of mentions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedMentions {
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
}

/// The mentions of the caller in the notes of a desk.
#[utoipa::path(get, operation_id = "staff_mentions", path = "/v1/desks/{desk}/mentions", tag = "desk",
    params(("desk" = String, Path), WantedMentions),
    responses((status = 200, body = StaffMentions), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedMentions>, QueryRejection>,
) -> Result<Json<StaffMentions>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let behind = place(wanted.before.as_deref())?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        page(read, &held, house, me, behind)
    });
    Ok(Json(page.await?))
}

fn page(
    read: &mut Read<'_>,
    site: &Site,
    house: ConversationId,
    me: PersonId,
    (until, below): (u64, u64),
) -> Result<StaffMentions, Error> {
    let query = "SELECT m.ticket, m.seq, m.at_ms, m.seen, t.visitor FROM desk_mention m
                 JOIN desk_ticket t ON t.conversation = m.ticket
                 WHERE m.house = ?1 AND m.person = ?2 AND (m.at_ms, m.ticket) < (?3, ?4)
                 ORDER BY m.at_ms DESC, m.ticket DESC, m.seq DESC LIMIT ?5";
    let most = desk_limits::MENTIONS_PAGE_MAX;
    let mut found = read.query(query, params![house, me, until, below, most as u64 + 1])?;
    let more = found.len() > most;
    found.truncate(most);
    let (mut mentions, mut named, mut before) = (Vec::new(), Vec::new(), None);
    for row in &found {
        let (ticket, seq): (ConversationId, Seq) = (row.get(0)?, row.get(1)?);
        before = more.then(|| -> Result<String, Error> {
            Ok(format!("{}-{}", row.get::<u64>(2)?, ticket.0))
        });
        let after = Seq(seq.0.saturating_sub(1));
        let (notes, _) = read.after(StreamId::notes(ticket), after, 1)?;
        let Some(note) = notes.into_iter().next() else { continue };
        let visitor = row.get(4)?;
        named.extend(note.event.from.into_iter().chain([visitor]));
        let Ok(note) = serde_json::from_slice(note.json()) else { continue };
        mentions.push(StaffMention { ticket, visitor, note, seen: row.get::<u64>(3)? > 0 });
    }
    let unseen = "SELECT count(*) FROM (SELECT 1 FROM desk_mention WHERE house = ?1 AND person = ?2
                  AND seen = 0 LIMIT ?3) AS counted";
    let row = read.query_one(unseen, params![house, me, desk_limits::TICKETS_COUNTED_MAX])?;
    let unseen = row.map_or(Ok(0), |row| row.get(0))?;
    let people = people_named(read, site, me, named)?;
    Ok(StaffMentions { mentions, unseen, people, before: before.transpose()? })
}

/// Notes that the caller has seen its mentions in a ticket.
#[utoipa::path(put, operation_id = "mentions_seen", path = "/v1/tickets/{id}/mentions", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn seen(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let seen = site.store.write(move |tx| {
        staff::at_ticket(tx, id, me)?;
        let update =
            "UPDATE desk_mention SET seen = 1 WHERE person = ?1 AND ticket = ?2 AND seen = 0";
        Ok(tx.execute(update, params![me, id]).map(drop)?)
    });
    seen.await?;
    Ok(StatusCode::NO_CONTENT)
}
