//! Finding tickets by what they and their visitors are like.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::Person;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Row, Sql, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::desk::parse_desk;
use crate::settings::is_short_name;
use crate::staff;
use crate::ticket::{PRIORITY_MAX, Ticket, TicketState};
use crate::ticket_list::{TicketRow, place, rows};
use crate::visit::{Facts, cut};

/// Tickets that are looked at in one step.
const STEP: usize = 200;

/// A choice of tickets. What is absent does not matter.
#[derive(Clone, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketChoice {
    /// Only those in this state; open ones if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    #[schema(nullable = false)]
    state: Option<TicketState>,
    /// Whose they are: `me`, `nobody`, or an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    owner: Option<String>,
    /// The team that they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    team: Option<String>,
    /// A tag that they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tag: Option<String>,
    /// The least priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(maximum = 3)]
    #[schema(nullable = false, maximum = 3)]
    priority: Option<u8>,
    /// The language of the visitor: `en` or `zh-CN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    language: Option<String>,
    /// A part of the address of the page that the visitor is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    page: Option<String>,
    /// Seconds for which the visitor waits at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    waiting_s: Option<u64>,
    /// A part of the visitor's name, or of what it wrote into the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    q: Option<String>,
    /// Go on behind the page that gave this as `before`. A saved view has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<String>,
}

fn invalid(what: &str) -> Error {
    Error::new(Code::Invalid, what)
}

impl TicketChoice {
    /// The choice as a saved view keeps it.
    pub fn kept(self) -> Result<Self, Error> {
        if self.before.is_some() {
            return Err(invalid("A saved view has no `before`."));
        }
        self.checked()
    }

    /// The same, with texts cut to their bounds. An owner or a priority that can't be is refused.
    fn checked(self) -> Result<Self, Error> {
        let is_owner =
            |text: &String| text == "me" || text == "nobody" || text.parse::<PersonId>().is_ok();
        if self.owner.as_ref().is_some_and(|owner| !is_owner(owner)) {
            return Err(invalid("`owner` is `me`, `nobody` or an agent."));
        }
        if self.priority.is_some_and(|priority| priority > PRIORITY_MAX) {
            return Err(invalid("`priority` is a number from 0 to 3."));
        }
        if [&self.team, &self.tag].into_iter().flatten().any(|name| !is_short_name(name)) {
            return Err(invalid("`team` and `tag` are short names of one line."));
        }
        let text = |text: Option<String>| {
            let text = text.map(|t| cut(t.trim(), desk_limits::DESK_SEARCH_BYTES_MAX));
            text.filter(|text| !text.is_empty())
        };
        let (language, page, q) = (text(self.language), text(self.page), text(self.q));
        Ok(TicketChoice { language, page, q, ..self })
    }

    /// Whether it is met. Texts are compared without regard to capitals.
    fn is_met(&self, me: PersonId, now_ms: u64, found: &Candidate) -> bool {
        let Candidate { ticket, language, facts, name, form } = found;
        let owner = self.owner.as_deref().is_none_or(|owner| match owner {
            "me" => ticket.owner == Some(me),
            "nobody" => ticket.owner.is_none(),
            other => ticket.owner == other.parse().ok(),
        });
        let has = |text: &str, part: &Option<String>| {
            part.as_ref().is_none_or(|part| text.to_lowercase().contains(&part.to_lowercase()))
        };
        let waits = |s: u64| {
            ticket
                .waiting_since
                .is_some_and(|at| at.saturating_add(s.saturating_mul(1_000)) <= now_ms)
        };
        owner
            && self.team.as_ref().is_none_or(|team| ticket.team.as_ref() == Some(team))
            && self.tag.as_ref().is_none_or(|tag| ticket.tags.contains(tag))
            && self.priority.is_none_or(|least| ticket.priority >= least)
            && self.language.as_ref().is_none_or(|wanted| language == wanted)
            && self.waiting_s.is_none_or(waits)
            && (self.page.is_none() || has(&facts.page, &self.page))
            && (has(name, &self.q) || has(form, &self.q))
    }
}

/// A ticket with what a choice may ask for.
struct Candidate {
    ticket: Ticket,
    language: String,
    facts: Facts,
    name: String,
    form: String,
}

impl Candidate {
    fn of(row: &Row) -> Result<Self, Error> {
        let more = Ticket::COLUMN_COUNT;
        let facts = serde_json::from_str(&row.get::<String>(more + 1)?).unwrap_or_default();
        let (language, name, form) = (row.get(more)?, row.get(more + 2)?, row.get(more + 3)?);
        Ok(Candidate { ticket: Ticket::of(row)?, language, facts, name, form })
    }
}

/// Tickets that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundTickets {
    /// The newest change first.
    tickets: Vec<TicketRow>,
    /// The owners of the tickets.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one. A page may have no ticket and a next page.
    #[schema(required)]
    before: Option<String>,
}

/// The tickets of a desk that a choice is met by.
#[utoipa::path(get, operation_id = "find_tickets", path = "/v1/desks/{desk}/found", tag = "desk",
    params(("desk" = String, Path), TicketChoice),
    responses((status = 200, body = FoundTickets), (status = 404, description = "not_found"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn find(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<TicketChoice>, QueryRejection>,
) -> Result<Json<FoundTickets>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let behind = place(wanted.before.as_deref())?;
    let wanted = wanted.checked()?;
    site.take(me, caller.0.role, Act::Read)?;
    let (held, now) = (site.clone(), site.now_ms());
    let found = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let (tickets, before) = search(read, house, me, now, &wanted, behind)?;
        let (tickets, people) = rows(read, &held, me, tickets)?;
        Ok(FoundTickets { tickets, people, before })
    });
    Ok(Json(found.await?))
}

fn search(
    read: &mut Read<'_>,
    house: ConversationId,
    me: PersonId,
    now_ms: u64,
    wanted: &TicketChoice,
    mut behind: (u64, u64),
) -> Result<(Vec<Ticket>, Option<String>), Error> {
    let query = format!(
        "SELECT {}, v.language, v.facts, p.display_name, t.form
         FROM desk_ticket t JOIN visitor v ON v.person = t.visitor JOIN person p ON p.id = t.visitor
         WHERE t.house = ?1 AND t.state = ?2 AND (t.changed_ms, t.conversation) < (?3, ?4)
         ORDER BY t.changed_ms DESC, t.conversation DESC LIMIT ?5",
        Ticket::COLUMNS
    );
    let state = wanted.state.unwrap_or(TicketState::Open).text();
    let (mut found, mut scanned) = (Vec::new(), 0);
    loop {
        let all = read.query(&query, params![house, state, behind.0, behind.1, STEP as u64])?;
        for row in &all {
            let candidate = Candidate::of(row)?;
            behind = (candidate.ticket.changed_at, candidate.ticket.id.0);
            if wanted.is_met(me, now_ms, &candidate) {
                found.push(candidate.ticket);
            }
            if found.len() == desk_limits::TICKETS_PAGE_MAX {
                return Ok((found, Some(format!("{}-{}", behind.0, behind.1))));
            }
        }
        scanned += all.len();
        if all.len() < STEP {
            return Ok((found, None));
        }
        if scanned >= desk_limits::TICKETS_SCANNED_MAX {
            return Ok((found, Some(format!("{}-{}", behind.0, behind.1))));
        }
    }
}
