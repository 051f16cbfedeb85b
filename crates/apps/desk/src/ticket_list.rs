//! The tickets of a desk by pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, desk_limits};
use encke_site::{Act, Caller, FeedEvent, Path, Refusal, Site};
use encke_store::{Read, Sql, Value, params};
use encke_talk::conversation::load;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::desk::parse_desk;
use crate::staff;
use crate::ticket::{self, Ticket, TicketState};

/// Which tickets.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TicketView {
    /// Those of the caller.
    Mine,
    /// Those that nobody has.
    Unassigned,
    /// All.
    All,
}

/// A choice of tickets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedTickets {
    /// Which tickets; all if absent.
    #[param(inline)]
    view: Option<TicketView>,
    /// Only those in this state; open ones if absent.
    #[param(inline)]
    state: Option<TicketState>,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
    /// Greatest number of tickets in the page; 50 if absent, 50 at most.
    limit: Option<u64>,
}

/// A ticket in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketRow {
    ticket: Ticket,
    visitor: Person,
    /// The newest event of the conversation; of an edited message with the new text.
    #[schema(value_type = Option<FeedEvent>, required)]
    last: Option<Box<RawValue>>,
    /// Events that are unread for the caller, if it takes part.
    unread: u64,
}

/// How many tickets there are in this state, each up to a bound.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketCounts {
    /// Those of the caller.
    mine: u64,
    /// Those that nobody has.
    unassigned: u64,
    all: u64,
}

/// A page of tickets.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketList {
    /// Open ones that nobody has come in the order of the queue; all others with the newest change first.
    tickets: Vec<TicketRow>,
    counts: TicketCounts,
    /// The owners of the tickets.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one.
    #[schema(required)]
    before: Option<String>,
}

/// The two numbers of a place in a list; those above all others without one.
pub(crate) fn place(before: Option<&str>) -> Result<(u64, u64), Error> {
    let Some(before) = before else { return Ok((i64::MAX as u64, i64::MAX as u64)) };
    let wrong = || Error::new(Code::BadRequest, "`before` is not the `before` of a page.");
    match numbers(before, 2).ok_or_else(wrong)?[..] {
        [first, second] => Ok((first, second)),
        _ => Err(wrong()),
    }
}

/// The numbers of a place in a list, as a page gave them.
fn numbers(text: &str, count: usize) -> Option<Vec<u64>> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|n: &u64| digits && i64::try_from(*n).is_ok())
    };
    let all: Vec<u64> = text.split('-').map(number).collect::<Option<_>>()?;
    (all.len() == count).then_some(all)
}

/// A page of the tickets of a desk.
#[utoipa::path(get, operation_id = "tickets", path = "/v1/desks/{desk}/tickets", tag = "desk",
    params(("desk" = String, Path), WantedTickets),
    responses((status = 200, body = TicketList), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedTickets>, QueryRejection>,
) -> Result<Json<TicketList>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let page = Page::of(house, me, &wanted)?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    Ok(Json(site.store.read(move |read| page.load(read, &held)).await?))
}

/// A page as it was asked for.
struct Page {
    house: ConversationId,
    me: PersonId,
    view: TicketView,
    state: TicketState,
    /// The place of the last ticket of the page before.
    behind: Vec<u64>,
    limit: usize,
}

impl Page {
    fn of(house: ConversationId, me: PersonId, wanted: &WantedTickets) -> Result<Self, Error> {
        let view = wanted.view.unwrap_or(TicketView::All);
        let state = wanted.state.unwrap_or(TicketState::Open);
        let most = desk_limits::TICKETS_PAGE_MAX;
        let limit = wanted.limit.map_or(most, |limit| limit.clamp(1, most as u64) as usize);
        let mut page = Page { house, me, view, state, behind: Vec::new(), limit };
        page.behind = match &wanted.before {
            None => page.first(),
            Some(before) => {
                let wrong =
                    || Error::new(Code::BadRequest, "`before` is not the `before` of a page.");
                numbers(before, page.first().len()).ok_or_else(wrong)?
            }
        };
        Ok(page)
    }

    /// Whether its order is that of the queue.
    fn is_queue(&self) -> bool {
        self.view == TicketView::Unassigned && self.state == TicketState::Open
    }

    /// The place before all tickets.
    fn first(&self) -> Vec<u64> {
        if self.is_queue() { vec![0, 0, 0] } else { vec![i64::MAX as u64; 2] }
    }

    fn place_of(&self, ticket: &Ticket) -> String {
        if self.is_queue() {
            return format!("{}-{}-{}", ticket.lowness(), ticket.since_ms, ticket.id.0);
        }
        format!("{}-{}", ticket.changed_at, ticket.id.0)
    }

    fn tickets(&self, read: &mut Read<'_>) -> Result<Vec<Ticket>, Error> {
        let mut all: Vec<Value> = params![self.house, self.limit as u64 + 1].to_vec();
        all.extend(self.behind.iter().map(|number| Value::from(*number)));
        let order = match self.is_queue() {
            // The state is spelled out, so that the index of the queue is used.
            true => {
                "t.state = 'open' AND (t.lowness, t.since_ms, t.conversation) > (?3, ?4, ?5)
                 ORDER BY t.lowness, t.since_ms, t.conversation LIMIT ?2"
            }
            false => {
                all.push(self.state.text().into());
                "t.state = ?5 AND (t.changed_ms, t.conversation) < (?3, ?4)
                 ORDER BY t.changed_ms DESC, t.conversation DESC LIMIT ?2"
            }
        };
        let owner = match self.view {
            TicketView::Mine => {
                all.push(self.me.into());
                "t.owner = ?6 AND"
            }
            TicketView::Unassigned => "t.owner IS NULL AND",
            TicketView::All => "",
        };
        Ok(ticket::select(read, &format!("t.house = ?1 AND {owner} {order}"), &all)?)
    }

    fn load(&self, read: &mut Read<'_>, site: &Site) -> Result<TicketList, Error> {
        staff::at_desk(read, self.house, self.me)?;
        let mut tickets = self.tickets(read)?;
        let more = tickets.len() > self.limit;
        tickets.truncate(self.limit);
        let before = tickets.last().filter(|_| more).map(|last| self.place_of(last));
        let (rows, people) = rows(read, site, self.me, tickets)?;
        let counts = self.counts(read)?;
        Ok(TicketList { tickets: rows, counts, people, before })
    }

    fn counts(&self, read: &mut Read<'_>) -> Result<TicketCounts, Error> {
        let state = self.state.text();
        let mut count = |owner: &str, more: Option<PersonId>| -> Result<u64, Error> {
            let query = format!(
                "SELECT count(*) FROM (SELECT 1 FROM desk_ticket WHERE house = ?1 AND state = ?2 {owner} LIMIT ?3) AS counted"
            );
            let mut all = params![self.house, state, desk_limits::TICKETS_COUNTED_MAX].to_vec();
            all.extend(more.map(Value::from));
            Ok(read.query_one(&query, &all)?.map_or(Ok(0), |row| row.get(0))?)
        };
        Ok(TicketCounts {
            mine: count("AND owner = ?4", Some(self.me))?,
            unassigned: count("AND owner IS NULL", None)?,
            all: count("", None)?,
        })
    }
}

/// Tickets as a list shows them, and their owners.
pub(crate) fn rows(
    read: &mut Read<'_>,
    site: &Site,
    me: PersonId,
    tickets: Vec<Ticket>,
) -> Result<(Vec<TicketRow>, Vec<Person>), Error> {
    let streams: Vec<_> = tickets.iter().map(|t| StreamId::conversation(t.id)).collect();
    read.expect_newest(&streams)?;
    let owners = tickets.iter().filter_map(|t| t.owner);
    let people = people_named(read, site, me, owners.collect::<Vec<_>>())?;
    let visitors = people_named(read, site, me, tickets.iter().map(|t| t.visitor))?;
    let mut rows = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let Some(visitor) = visitors.iter().find(|p| p.id == ticket.visitor).cloned() else {
            continue;
        };
        let seen = load(read, site, ticket.id, me)?;
        rows.push(TicketRow { ticket, visitor, last: seen.last, unread: seen.unread });
    }
    Ok((rows, people))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_no_page_gave_is_refused() {
        assert_eq!(numbers("4-7", 2), Some(vec![4, 7]));
        assert_eq!(numbers("0-4-7", 3), Some(vec![0, 4, 7]));
        for wrong in ["", "4", "4-", "4-7-9", "-4--7", "x-7", "+4-7", "9223372036854775808-1"] {
            assert_eq!(numbers(wrong, 2), None, "{wrong:?}");
        }
    }
}
