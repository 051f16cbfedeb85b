//! The report of a desk: what was asked in a time, and what became of it.
//!
//! It says what is so at this moment: it is added up out of whole days whose sums are kept, and of the tickets themselves
//! for the rest ([`sums`](crate::sums)).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Sql, StoreError, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::{DeskRow, parse_desk};
use crate::figures::{Figures, Sums};
use crate::span::{Span, WantedSpan};
use crate::staff;
use crate::sums::{QUARTER_MS, TimeSums};

/// What a desk has to do at this moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskNow {
    /// Open tickets.
    open: u64,
    /// Open tickets whose visitor waits for an answer.
    waiting: u64,
    /// Open tickets that nobody has.
    unassigned: u64,
    /// Since when the visitor waits that waits longest; null if nobody waits.
    #[schema(required)]
    waiting_since: Option<u64>,
}

/// The figures of a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayFigures {
    /// The day by the clocks of the time zone, as `2026-11-22`.
    day: String,
    figures: Figures,
}

/// The figures of an agent.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgentFigures {
    /// The agent that has the tickets, or had them when they were resolved; null for those that nobody has.
    #[schema(value_type = Option<String>, required)]
    agent: Option<PersonId>,
    figures: Figures,
}

/// The figures of a team or a tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedFigures {
    name: String,
    figures: Figures,
}

/// A report. A day and an hour are those by the clocks of the time zone. Lists have the greatest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskReport {
    from: u64,
    to: u64,
    time_zone: String,
    now: DeskNow,
    /// The tickets that were asked from `from` until `to`.
    total: Figures,
    /// Those of the same time before that.
    before: Figures,
    /// Each day with a ticket, in their order.
    days: Vec<DayFigures>,
    /// The tickets asked in each hour of the week: seven days, Monday first, of 24 hours.
    hours: Vec<Vec<u64>>,
    agents: Vec<AgentFigures>,
    teams: Vec<NamedFigures>,
    tags: Vec<NamedFigures>,
    /// The agents.
    people: Vec<Person>,
}

/// The report of a desk over a time. Owners and supervisors see it.
#[utoipa::path(get, operation_id = "desk_report", path = "/v1/desks/{desk}/report", tag = "desk",
    params(("desk" = String, Path), WantedSpan),
    responses((status = 200, body = DeskReport), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn report(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedSpan>, QueryRejection>,
) -> Result<Json<DeskReport>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let made = site.store.read(move |read| {
        let desk = staff::leading(read, house, me)?;
        let span = Span::of(&wanted, &desk, held.now_ms())?;
        DeskReport::make(read, &held, me, &desk, &span)
    });
    Ok(Json(made.await?))
}

impl DeskReport {
    fn make(
        read: &mut Read<'_>,
        site: &Site,
        me: PersonId,
        desk: &DeskRow,
        span: &Span,
    ) -> Result<Self, Error> {
        let has_limit = desk.settings.answer_within_s > 0;
        let sums = TimeSums::of(read, desk, (span.from_ms, span.to_ms))?;
        let before = TimeSums::of(read, desk, (span.before_ms(), span.from_ms))?.total();
        let total = sums.total();
        let (days, hours) = by_clock(&sums, span);
        let agents = greatest(sums.agents, desk_limits::DESK_AGENTS_MAX);
        let named: Vec<PersonId> = agents.iter().filter_map(|(agent, _)| *agent).collect();
        let named_of = |all: BTreeMap<String, Sums>| {
            let row =
                |(name, sums): (_, Sums)| NamedFigures { name, figures: sums.figures(has_limit) };
            greatest(all, desk_limits::REPORT_NAMES_MAX).into_iter().map(row).collect()
        };
        let agent_of =
            |(agent, sums): (_, Sums)| AgentFigures { agent, figures: sums.figures(has_limit) };
        let day_of = |(day, sums): (_, Sums)| DayFigures { day, figures: sums.figures(has_limit) };
        Ok(DeskReport {
            from: span.from_ms,
            to: span.to_ms,
            time_zone: span.zone_name(),
            now: now(read, desk)?,
            total: total.figures(has_limit),
            before: before.figures(has_limit),
            days: days.into_iter().map(day_of).collect(),
            hours,
            agents: agents.into_iter().map(agent_of).collect(),
            teams: named_of(sums.teams),
            tags: named_of(sums.tags),
            people: people_named(read, site, me, named)?,
        })
    }
}

/// The sums of days, and the tickets of each hour of the week, by the clocks of the span's time zone.
fn by_clock(sums: &TimeSums, span: &Span) -> (BTreeMap<String, Sums>, Vec<Vec<u64>>) {
    let (mut days, mut hours) = (BTreeMap::<_, Sums>::new(), vec![vec![0; 24]; 7]);
    for (number, sums) in &sums.quarters {
        let clock = span.clock(number * QUARTER_MS);
        days.entry(clock.date().to_string()).or_default().add(sums);
        let day = clock.weekday().to_monday_zero_offset() as usize;
        hours[day][clock.hour() as usize] += sums.asked();
    }
    (days, hours)
}

/// The greatest first, up to a bound.
fn greatest<K: Ord>(all: impl IntoIterator<Item = (K, Sums)>, most: usize) -> Vec<(K, Sums)> {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|(a, of_a), (b, of_b)| of_b.asked().cmp(&of_a.asked()).then_with(|| a.cmp(b)));
    all.truncate(most);
    all
}

fn now(read: &mut Read<'_>, desk: &DeskRow) -> Result<DeskNow, StoreError> {
    let query = "SELECT count(*), CAST(coalesce(sum(waiting), 0) AS BIGINT),
             count(*) - count(owner), min(CASE WHEN waiting = 1 THEN since_ms END)
         FROM desk_ticket WHERE house = ?1 AND state = 'open'";
    let Some(row) = read.query_one(query, params![desk.house])? else {
        return Ok(DeskNow { open: 0, waiting: 0, unassigned: 0, waiting_since: None });
    };
    Ok(DeskNow {
        open: row.get(0)?,
        waiting: row.get(1)?,
        unassigned: row.get(2)?,
        waiting_since: row.get(3)?,
    })
}
