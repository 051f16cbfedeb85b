//! Trying a rule on a ticket: whether it would do something, without doing it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, Position, StreamId};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Read, params};
use encke_talk::message::text_of;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::DeskRule;
use super::work::facts;
use crate::desk::parse_desk;
use crate::staff;
use crate::ticket::{self, Ticket};

/// A rule to be tried on a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTrial {
    rule: DeskRule,
    /// The ticket; the newest one of the desk if absent.
    #[schema(value_type = Option<String>)]
    ticket: Option<ConversationId>,
}

/// What a rule would do on a ticket as it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trial {
    /// The ticket.
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// Whether each of its conditions holds.
    conditions: Vec<bool>,
    /// Whether it would do what it does.
    holds: bool,
}

/// Says whether a rule would do something on a ticket, and does nothing. Owners and supervisors try rules.
#[utoipa::path(post, operation_id = "try_rule", path = "/v1/desks/{desk}/rules/try", tag = "desk",
    params(("desk" = String, Path)), request_body = NewTrial,
    responses((status = 200, body = Trial), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn try_rule(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(NewTrial { rule, ticket }): Body<NewTrial>,
) -> Result<Json<Trial>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    rule.check()?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let tried = site.store.read(move |read| {
        let desk = staff::leading(read, house, me)?;
        let none = || Error::new(Code::NotFound, "There is no such ticket at this desk.");
        let found = match ticket {
            Some(id) => ticket::find(read, id)?,
            None => {
                let newest = "t.house = ?1 ORDER BY t.asked_ms DESC, t.conversation DESC LIMIT 1";
                ticket::select(read, newest, params![house])?.pop()
            }
        };
        let ticket = found.filter(|ticket| ticket.desk == house).ok_or_else(none)?;
        let message = if rule.when.has_text() { last_message(read, &ticket)? } else { None };
        let facts = facts(read, &held, &desk, &ticket, message)?;
        let conditions: Vec<bool> = rule.conditions.iter().map(|one| one.holds(&facts)).collect();
        let holds = rule.matching.holds(&conditions);
        Ok(Trial { ticket: ticket.id, conditions, holds })
    });
    Ok(Json(tried.await?))
}

/// Events of a ticket that are looked through for its last message.
const LOOKED_AT: usize = 50;

fn last_message(read: &mut Read<'_>, ticket: &Ticket) -> Result<Option<Position>, Error> {
    let stream = StreamId::conversation(ticket.id);
    let (events, _) = read.before(stream, None, LOOKED_AT)?;
    let is_said = |e: &encke_engine::Event| {
        e.from == Some(ticket.visitor) && !e.is_erased() && text_of(&e.body).is_some()
    };
    let last = events.iter().rev().find(|entry| is_said(&entry.event));
    Ok(last.map(|entry| entry.event.position))
}
