//! Notes of staff for staff. They are events of a stream of their own, which visitors never follow; no other way leads there.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Seq, StreamId, desk_limits};
use encke_site::{Act, Body, Caller, EventBody, FeedEvent, Path, Refusal, Sent, Site, event, sent};
use encke_store::{Appended, Tx};
use encke_talk::parse_conversation;
use encke_talk::ticket::take_part;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::agent::check_staff;
use crate::claim::head;
use crate::mentions;
use crate::staff;

/// A note about a ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct Note {
    text: String,
    /// The staff that it mentions, who takes part from then on; absent if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false)]
    mentions: Vec<PersonId>,
}

impl EventBody for Note {
    const KIND: &'static str = "note";
}

/// Refuses a text that can't be a note.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::new(Code::Invalid, "A note needs a text."));
    }
    if text.len() > desk_limits::NOTE_BYTES_MAX {
        let most = grouped(desk_limits::NOTE_BYTES_MAX);
        return Err(Error::new(Code::TooLarge, format!("A note has at most {most} bytes.")));
    }
    Ok(())
}

/// Appends a note. The caller has checked that its writer is staff.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    from: PersonId,
    text: String,
    mentions: Vec<PersonId>,
    key: Option<Box<str>>,
) -> Result<Appended, Error> {
    let new = event(StreamId::notes(ticket), Some(from), &Note { text, mentions });
    tx.append(NewEvent { key, ..new })
}

/// A note to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    text: String,
    /// Staff that is to see it: it takes part in the ticket from then on.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    mentions: Vec<PersonId>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Writes a note about a ticket. No visitor ever gets it.
#[utoipa::path(post, operation_id = "write_note", path = "/v1/tickets/{id}/notes", tag = "desk",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewNote,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn write(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(NewNote { text, mut mentions, key }): Body<NewNote>,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    let key = sent::key_of(&headers, key.as_deref())?;
    check(&text)?;
    mentions.sort_unstable();
    mentions.dedup();
    let most = desk_limits::NOTE_MENTIONS_MAX;
    if mentions.len() > most {
        return Err(Refusal::new(Code::Invalid, format!("A note mentions at most {most} people.")));
    }
    site.take_message(me, caller.0.role, text.len())?;
    let written = site.store.write(move |tx| {
        let (ticket, _) = staff::acting_at_ticket(tx, id, me)?;
        let seen = head(tx, id)?;
        for person in &mentions {
            check_staff(tx, ticket.desk, *person)?;
            take_part(tx, id, *person, seen)?;
        }
        let mentioned = mentions.clone();
        let appended = append(tx, id, me, text, mentions, key)?;
        if !appended.repeated {
            mentions::note(tx, &ticket, appended, &mentioned, me)?;
        }
        Ok(appended)
    });
    Ok(Sent::answer(&site, written.await?))
}

/// A choice of notes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedNotes {
    /// Only those with a `seq` below this one.
    before: Option<u64>,
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
pub(crate) struct Notes {
    /// The events, the oldest first.
    #[schema(value_type = Vec<FeedEvent>)]
    notes: Vec<Box<RawValue>>,
    /// Whether there are older ones.
    more: bool,
    /// Their writers.
    people: Vec<Person>,
}

/// The newest notes about a ticket, or those before a `seq`.
#[utoipa::path(get, operation_id = "notes", path = "/v1/tickets/{id}/notes", tag = "desk",
    params(("id" = String, Path), WantedNotes),
    responses((status = 200, body = Notes), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    wanted: Result<Query<WantedNotes>, QueryRejection>,
) -> Result<Json<Notes>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let notes = site.store.read(move |read| {
        staff::at_ticket(read, id, me)?;
        let most = desk_limits::NOTES_PAGE_MAX;
        let (found, more) = read.before(StreamId::notes(id), wanted.before.map(Seq), most)?;
        let people = people_named(read, &held, me, found.iter().filter_map(|e| e.event.from))?;
        let notes = found.iter().filter_map(|e| serde_json::from_slice(e.json()).ok()).collect();
        Ok(Notes { notes, more, people })
    });
    Ok(Json(notes.await?))
}
