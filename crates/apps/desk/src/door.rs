//! The door of a desk: what everybody may know of it before asking.
//!
//! Strangers look at it, so an address has an allowance, and a node reads each door at most once a second ([`kept`](crate::kept)).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use encke_account::{people, visitor};
use encke_engine::{ConversationId, Error, PersonId, desk_limits};
use encke_site::{Path, Refusal, Site};
use encke_store::{Read, Sql, params};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::agent::{self, AgentRow};
use crate::desk::DeskRow;
use crate::greeting::{CommonQuestion, Greeting};
use crate::kept::KeptDoors;
use crate::key::check_key;
use crate::settings::{DeskSettings, DeskText, DeskTheme, FormField};
use crate::status;
use crate::visitor::Address;

/// An agent as everybody may see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgentAtDoor {
    name: String,
    /// The address of its picture; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
}

/// The texts and the look of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskAtDoor {
    name: String,
    greeting: DeskText,
    offline: DeskText,
    theme: DeskTheme,
    /// Whether agents see what the visitor is typing.
    draft_preview: bool,
    /// The web sites that may embed the window; empty for all.
    origins: Vec<String>,
    /// What appears beside the button on some pages; of several that fit, the first.
    greetings: Vec<Greeting>,
    /// Questions that many have, as buttons before the first message.
    questions: Vec<CommonQuestion>,
}

/// What everybody may know of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Door {
    desk: DeskAtDoor,
    /// Whether somebody is there to answer: in office hours, if the desk has them, and otherwise while an agent is online.
    open: bool,
    /// When it opens next, in milliseconds since 1970; absent if it is open, or if nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<u64>,
    /// Some of the agents that are online.
    agents: Vec<AgentAtDoor>,
    /// The number of visitors in the queue.
    waiting: u64,
    /// The seconds after which half of those that asked lately were answered; absent if too few were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    wait_s: Option<u64>,
    /// The form before the first question; empty for none.
    form: Vec<FormField>,
    /// Whether the window asks for consent first.
    consent: bool,
    /// Whether the desk takes questions of those visitors alone whose site has signed who they are.
    verified_only: bool,
}

/// What everybody may know of a desk before asking.
#[utoipa::path(get, operation_id = "desk_door", path = "/v1/desks/{desk}/door", tag = "desk",
    params(("desk" = String, Path)), security(()),
    responses((status = 200, body = Door), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn door(
    State(site): State<Arc<Site>>,
    Path(key): Path<String>,
    Address(address): Address,
) -> Result<Response, Refusal> {
    visitor::take_door(&site, address)?;
    check_key(&key)?;
    let doors = site.part::<KeptDoors>();
    let json = match doors.find(&key, site.now_ms()) {
        Some(json) => json,
        None => {
            let (held, wanted, changes) = (site.clone(), key.clone(), doors.changes());
            let json = site.store.read(move |read| at(read, &held, &wanted)).await?;
            doors.keep(key, json.clone(), site.now_ms(), changes);
            json
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The door of the desk with this key as JSON.
fn at(read: &mut Read<'_>, site: &Site, key: &str) -> Result<Bytes, Error> {
    let DeskRow { house, name, settings, .. } = DeskRow::by_key(read, key)?;
    let there = there(read, site, house)?;
    let now = site.now_ms();
    let (open, opens_at) = match &settings.hours {
        Some(hours) if hours.hold(now) => (true, None),
        Some(hours) => (false, hours.next(now)),
        None => (!there.is_empty(), None),
    };
    let shown: Vec<_> = there.iter().copied().take(desk_limits::DESK_AGENTS_SHOWN_MAX).collect();
    let agents = people(read, site, PersonId::NOBODY, &shown)?.into_iter();
    let agents = agents.map(|p| AgentAtDoor { name: p.display_name, picture: p.picture }).collect();
    let waiting = status::waiting(read, house)?;
    let DeskSettings { greeting, offline, theme, draft_preview, origins, .. } = settings;
    let DeskSettings { greetings, questions, form, consent, verified_only, .. } = settings;
    let desk =
        DeskAtDoor { name, greeting, offline, theme, draft_preview, origins, greetings, questions };
    let wait_s = expected_wait_s(read, house, now)?;
    let door = Door { desk, open, opens_at, agents, waiting, wait_s, form, consent, verified_only };
    Ok(serde_json::to_vec(&door).expect("a door is plain data").into())
}

/// The agents of a desk that are online.
fn there(read: &mut Read<'_>, site: &Site, house: ConversationId) -> Result<Vec<PersonId>, Error> {
    let all: Vec<AgentRow> = agent::all(read, house)?;
    Ok(all.iter().filter(|agent| agent.is_there(site)).map(|agent| agent.person).collect())
}

/// The seconds after which a visitor may expect an answer: the middle one of the first answers to those that asked lately.
fn expected_wait_s(
    read: &mut Read<'_>,
    house: ConversationId,
    now_ms: u64,
) -> Result<Option<u64>, Error> {
    let query = "SELECT first_answer_ms - asked_ms FROM desk_ticket
                 WHERE house = ?1 AND asked_ms > ?2 AND first_answer_ms IS NOT NULL
                 ORDER BY asked_ms DESC, conversation DESC LIMIT ?3";
    let day = now_ms.saturating_sub(24 * 60 * 60 * 1000);
    let most = desk_limits::EXPECTED_WAIT_TICKETS as u64;
    let rows = read.query(query, params![house, day, most])?;
    let waits = rows.iter().map(|row| row.get::<u64>(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(middle(waits).map(|ms| ms.div_ceil(1_000)))
}

/// The middle one of numbers; `None` of too few.
fn middle(mut numbers: Vec<u64>) -> Option<u64> {
    if numbers.len() < desk_limits::EXPECTED_WAIT_ANSWERS_MIN {
        return None;
    }
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_may_expect_what_half_of_the_others_had() {
        assert_eq!(middle(vec![4_000, 1_000]), None, "two tell too little");
        assert_eq!(middle(vec![90_000, 1_000, 5_000]), Some(5_000), "one that forgot is no rule");
    }
}
