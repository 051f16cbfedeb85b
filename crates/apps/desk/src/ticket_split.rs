//! Splitting tickets: from a message on it is about something else, so that goes on in a ticket of its own.
//!
//! No message is copied or moved, so that a recall reaches it where it is (P10): the new ticket names the message from which
//! it goes on, and begins with what the agent says there. The notes of both tell of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::key_reused;
use encke_engine::{ConversationId, Error, Owner, PersonId, Position, Seq, StreamId};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event, sent};
use encke_store::{Sql, StoreError, Tx, params};
use encke_talk::message::{Message, check_text, say_message, text_of};
use encke_talk::ticket::open;
use encke_talk::{find_message, message_at, parse_conversation};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::check_room;
use crate::claim::{head, own};
use crate::lateness;
use crate::staff;
use crate::ticket::{self, Ticket};

/// A ticket was split off another one. It comes in the notes of both.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketSplit {
    /// The ticket that was there.
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// The `seq` of its message from which the new one goes on.
    #[schema(value_type = u64)]
    message: Seq,
    /// The new one.
    #[schema(value_type = String)]
    into: ConversationId,
}

impl EventBody for TicketSplit {
    const KIND: &'static str = "ticket_split";
}

/// The message from which a ticket goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct SplitFrom {
    /// The ticket that it was split off.
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// The `seq` of the message there.
    #[schema(value_type = u64)]
    message: Seq,
}

impl SplitFrom {
    /// Where a ticket was split off; `None` if it was not.
    pub fn find(sql: &mut impl Sql, id: ConversationId) -> Result<Option<Self>, StoreError> {
        let query = "SELECT origin, message FROM desk_split WHERE conversation = ?1";
        let Some(row) = sql.query_one(query, params![id])? else { return Ok(None) };
        Ok(Some(SplitFrom { ticket: row.get(0)?, message: row.get(1)? }))
    }
}

/// What is split off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitTicket {
    /// The `seq` of the message from which the new ticket goes on.
    #[schema(value_type = u64)]
    message: Seq,
    /// The first message of the new ticket, which tells the visitor what it is about.
    text: String,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Opens a further ticket for what a message of this one is about. It belongs to the caller, who says its first message.
#[utoipa::path(post, operation_id = "split_ticket", path = "/v1/tickets/{id}/split", tag = "desk",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = SplitTicket,
    responses((status = 201, body = Ticket), (status = 200, body = Ticket),
        (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, key_reused"),
        (status = 410, description = "erased"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn split(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(SplitTicket { message, text, key }): Body<SplitTicket>,
) -> Result<(StatusCode, Json<Ticket>), Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    let once = sent::key_of(&headers, key.as_deref())?;
    check_text(&text)?;
    site.take(me, caller.0.role, Act::Creation)?;
    site.take_message(me, caller.0.role, text.len())?;
    let key = once.clone();
    let before = site.store.read(move |read| {
        staff::at_ticket(read, id, me)?;
        // A message never moves; whether it was recalled since is looked at again in the write.
        Ok(find_message(read, id, message).map(|found| found.event.position))
    });
    let (position, held) = (before.await?, site.clone());
    let split = site.store.write(move |tx| {
        let (ticket, _) = staff::at_ticket(tx, id, me)?;
        if let Some(made) = split_before(tx, me, (id, message), &text, key.as_deref())? {
            return Ok((StatusCode::OK, made));
        }
        staff::check_acts(tx, ticket.desk, me)?;
        ticket.check_goes_on()?;
        let said = Message { conversation: id, key: once, text, reply_to: None };
        let made = begin(tx, &held, me, &ticket, (message, position?), said)?;
        Ok::<_, Error>((StatusCode::CREATED, made))
    });
    let (status, ticket) = split.await?;
    Ok((status, Json(ticket)))
}

/// Opens the new ticket.
fn begin(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    origin: &Ticket,
    (message, position): (Seq, Position),
    said: Message,
) -> Result<Ticket, Error> {
    message_at(tx, position)?;
    check_room(tx, origin.visitor)?;
    let id = open(tx, site, origin.desk, origin.visitor)?;
    let mut new = Ticket::new(id, origin.desk, origin.visitor, tx.now_ms());
    new.priority = origin.priority;
    lateness::promise_first(tx, &mut new)?;
    ticket::insert(tx, &new, "{}")?;
    let insert = "INSERT INTO desk_split (conversation, origin, message) VALUES (?1, ?2, ?3)";
    tx.execute(insert, params![id, origin.id, message])?;
    let (mut mine, seen) = (new.clone(), head(tx, id)?);
    own(tx, &mut mine, me, seen)?;
    mine.end_to_wait(new.asked_at);
    ticket::change_quietly(tx, site, &new, mine, Some(me))?;
    for ticket in [origin.id, id] {
        let told = TicketSplit { ticket: origin.id, message, into: id };
        tx.append(event(StreamId::notes(ticket), Some(me), &told))?;
    }
    say_message(tx, site, me, Message { conversation: id, ..said })?;
    Ok(ticket::find(tx, id)?.unwrap_or(new))
}

/// The ticket of the same request, if it came before with this key (P3).
fn split_before(
    tx: &mut Tx<'_>,
    me: PersonId,
    (origin, message): (ConversationId, Seq),
    text: &str,
    key: Option<&str>,
) -> Result<Option<Ticket>, Error> {
    let Some(key) = key else { return Ok(None) };
    let Some(first) = tx.first_with_key(me, key)? else { return Ok(None) };
    let Owner::Conversation(id) = first.stream.owner() else { return Err(key_reused()) };
    let from = SplitFrom::find(tx, id)?;
    let is_same = from.is_some_and(|from| (from.ticket, from.message) == (origin, message))
        && text_of(&first.body).is_none_or(|said| said == text);
    if !is_same {
        return Err(key_reused());
    }
    ticket::find(tx, id)?.map(Some).ok_or_else(key_reused)
}
