//! The tickets behind a report: by pages, and as a table for other programs.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use encke_account::{Person, people_named};
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Value, params};
use futures_util::stream;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::csv;
use crate::desk::parse_desk;
use crate::span::{Span, WantedSpan};
use crate::staff;
use crate::ticket::{self, Ticket};
use crate::ticket_list::place;

/// Which tickets of the span; all if nothing is named.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedTicketsOf {
    /// Tickets that were asked from this time on, in milliseconds since 1970.
    from: u64,
    /// Tickets that were asked before this time; now if absent.
    to: Option<u64>,
    /// Those of this agent.
    #[param(value_type = Option<String>)]
    agent: Option<PersonId>,
    /// Those of this team.
    team: Option<String>,
    /// Those with this tag.
    tag: Option<String>,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
}

impl WantedTicketsOf {
    fn span(&self) -> WantedSpan {
        WantedSpan { from: self.from, to: self.to, time_zone: None }
    }

    /// The tickets that were asked before a place, the newest first.
    fn load(
        &self,
        read: &mut Read<'_>,
        house: ConversationId,
        span: &Span,
        (asked_ms, id): (u64, u64),
        most: usize,
    ) -> Result<Vec<Ticket>, Error> {
        let mut all: Vec<Value> =
            params![house, span.from_ms, span.to_ms, asked_ms, id, most as u64].to_vec();
        let mut condition = "t.house = ?1 AND t.asked_ms >= ?2 AND t.asked_ms < ?3
            AND t.merged_into IS NULL AND (t.asked_ms, t.conversation) < (?4, ?5)"
            .to_owned();
        let mut more = |what: &str, value: Value| {
            all.push(value);
            condition += &format!(" AND {what} ?{}", all.len());
        };
        if let Some(agent) = self.agent {
            more("t.owner =", agent.into());
        }
        if let Some(team) = &self.team {
            more("t.team =", team.clone().into());
        }
        if let Some(tag) = &self.tag {
            let listed = serde_json::to_string(tag).expect("a text is plain data");
            more("t.tags LIKE", format!("%{}%", escaped(&listed)).into());
            condition += " ESCAPE '!'";
        }
        let page = format!("{condition} ORDER BY t.asked_ms DESC, t.conversation DESC LIMIT ?6");
        Ok(ticket::select(read, &page, &all)?)
    }
}

/// A text as it is looked for by `LIKE … ESCAPE '!'`.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// A page of the tickets behind a report, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportTickets {
    tickets: Vec<Ticket>,
    /// The visitors and the owners of the tickets.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one.
    #[schema(required)]
    before: Option<String>,
}

/// The tickets behind a report.
#[utoipa::path(get, operation_id = "report_tickets", path = "/v1/desks/{desk}/report/tickets",
    tag = "desk", params(("desk" = String, Path), WantedTicketsOf),
    responses((status = 200, body = ReportTickets), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedTicketsOf>, QueryRejection>,
) -> Result<Json<ReportTickets>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let behind = place(wanted.before.as_deref())?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        let desk = staff::leading(read, house, me)?;
        let span = Span::of(&wanted.span(), &desk, held.now_ms())?;
        let most = desk_limits::TICKETS_PAGE_MAX;
        let mut tickets = wanted.load(read, house, &span, behind, most + 1)?;
        let more = tickets.len() > most;
        tickets.truncate(most);
        let named = tickets.iter().flat_map(|t| t.owner.into_iter().chain([t.visitor]));
        let people = people_named(read, &held, me, named.collect::<Vec<_>>())?;
        let last = tickets.last().filter(|_| more);
        let before = last.map(|last| format!("{}-{}", last.asked_at, last.id.0));
        Ok(ReportTickets { tickets, people, before })
    });
    Ok(Json(page.await?))
}

/// The same tickets, all of them, as comma-separated values: a table that other programs read. The first line names the
/// columns. Times are as `2026-11-22T09:30:00Z`, durations in seconds.
#[utoipa::path(get, operation_id = "report_table", path = "/v1/desks/{desk}/report.csv", tag = "desk",
    params(("desk" = String, Path), WantedTicketsOf),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 403, description = "forbidden"), (status = 404, description = "not_found"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn table(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedTicketsOf>, QueryRejection>,
) -> Result<Response, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let behind = place(wanted.before.as_deref())?;
    site.take(me, caller.0.role, Act::Read)?;
    let table = Table { site, house, me, wanted, behind: Some(behind) };
    // The first part is made before the answer begins, so that a refusal is one.
    let first = table.part(csv::HEAD.to_owned()).await?;
    let rest = stream::try_unfold(first, |(text, table)| async move {
        if text.is_empty() {
            return Ok::<_, Error>(None);
        }
        let next = match table {
            Some(table) => table.part(String::new()).await?,
            None => (String::new(), None),
        };
        Ok(Some((Bytes::from(text), next)))
    });
    let mut response = Response::new(Body::from_stream(rest));
    let headers = response.headers_mut();
    let text = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, text("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, text("attachment; filename=\"tickets.csv\""));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    Ok(response)
}

/// A table on its way. Whether the caller may see it is looked at for each part.
struct Table {
    site: Arc<Site>,
    house: ConversationId,
    me: PersonId,
    wanted: WantedTicketsOf,
    /// The place of the last ticket so far; `None` behind the end.
    behind: Option<(u64, u64)>,
}

impl Table {
    /// The next lines behind a text, and the rest of the table.
    async fn part(self, mut text: String) -> Result<(String, Option<Table>), Error> {
        let Table { site, house, me, wanted, behind } = self;
        let Some(place) = behind else { return Ok((text, None)) };
        let (held, asked) = (site.clone(), wanted.clone());
        let (tickets, people) = site
            .store
            .read(move |read| {
                let desk = staff::leading(read, house, me)?;
                let span = Span::of(&asked.span(), &desk, held.now_ms())?;
                let most = desk_limits::REPORT_PART_TICKETS;
                let tickets = asked.load(read, house, &span, place, most)?;
                let owners = tickets.iter().filter_map(|t| t.owner).collect::<Vec<_>>();
                let people = people_named(read, &held, me, owners)?;
                Ok((tickets, people))
            })
            .await?;
        for ticket in &tickets {
            let owner = people.iter().find(|person| Some(person.id) == ticket.owner);
            csv::line(&mut text, ticket, owner.map_or("", |owner| &owner.display_name));
        }
        let behind = tickets.last().map(|last| (last.asked_at, last.id.0));
        Ok((text, Some(Table { site, house, me, wanted, behind })))
    }
}
