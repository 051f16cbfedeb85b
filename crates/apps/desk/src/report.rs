//! The report of a desk: what was asked in a time, and what became of it.
//!
//! It is summed up by the store out of the tickets themselves, so it says what is so at this moment. One index holds all
//! that it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, Error, PersonId, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Read, Row, Sql, StoreError, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::{DeskRow, parse_desk};
use crate::figures::{Figures, Sums};
use crate::span::{Span, WantedSpan};
use crate::staff;

/// Clocks of all time zones differ by whole quarters of an hour.
const QUARTER_MS: u64 = 15 * 60 * 1000;

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
        let quarters = Quarters::of(read, desk, span)?;
        let agents = by_agent(read, desk, span)?;
        let (teams, tags) = by_name(read, desk, span)?;
        let named: Vec<PersonId> = agents.iter().filter_map(|(agent, _)| *agent).collect();
        let named_of = |all: BTreeMap<String, Sums>| {
            let mut all: Vec<_> = all.into_iter().collect();
            all.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.asked()));
            all.truncate(desk_limits::REPORT_NAMES_MAX);
            let row =
                |(name, sums): (_, Sums)| NamedFigures { name, figures: sums.figures(has_limit) };
            all.into_iter().map(row).collect()
        };
        let agent_of =
            |(agent, sums): (_, Sums)| AgentFigures { agent, figures: sums.figures(has_limit) };
        let day_of = |(day, sums): (_, Sums)| DayFigures { day, figures: sums.figures(has_limit) };
        Ok(DeskReport {
            from: span.from_ms,
            to: span.to_ms,
            time_zone: span.zone_name(),
            now: now(read, desk)?,
            total: quarters.total.figures(has_limit),
            before: quarters.before.figures(has_limit),
            days: quarters.days.into_iter().map(day_of).collect(),
            hours: quarters.hours,
            agents: agents.into_iter().map(agent_of).collect(),
            teams: named_of(teams),
            tags: named_of(tags),
            people: people_named(read, site, me, named)?,
        })
    }
}

/// The groups of tickets that were asked within a span, each with its key and its sums.
fn groups<T>(
    read: &mut Read<'_>,
    desk: &DeskRow,
    (from_ms, to_ms): (u64, u64),
    keys: &str,
    of: impl Fn(&Row) -> Result<(T, Sums), StoreError>,
) -> Result<Vec<(T, Sums)>, StoreError> {
    let query = format!(
        "SELECT {}, {keys} FROM desk_ticket
         WHERE house = ?1 AND asked_ms >= ?2 AND asked_ms < ?3 AND merged_into IS NULL
         GROUP BY {keys}",
        Sums::COLUMNS
    );
    let allowed_ms = desk.settings.answer_within_s.saturating_mul(1000);
    read.query(&query, params![desk.house, from_ms, to_ms, allowed_ms])?.iter().map(of).collect()
}

/// The number of columns of sums; the keys of a group follow.
const KEY: usize = 12;

/// The sums of each quarter of an hour, added up.
struct Quarters {
    total: Sums,
    before: Sums,
    days: BTreeMap<String, Sums>,
    hours: Vec<Vec<u64>>,
}

impl Quarters {
    fn of(read: &mut Read<'_>, desk: &DeskRow, span: &Span) -> Result<Self, StoreError> {
        let mut all = Quarters {
            total: Sums::default(),
            before: Sums::default(),
            days: BTreeMap::new(),
            hours: vec![vec![0; 24]; 7],
        };
        let quarter = format!("asked_ms / {QUARTER_MS}");
        let of = |row: &Row| Ok((row.get::<u64>(KEY)?, Sums::of(row, 0)?));
        for (_, sums) in groups(read, desk, (span.before_ms(), span.from_ms), &quarter, of)? {
            all.before.add(&sums);
        }
        for (number, sums) in groups(read, desk, (span.from_ms, span.to_ms), &quarter, of)? {
            all.total.add(&sums);
            let clock = span.clock(number * QUARTER_MS);
            all.days.entry(clock.date().to_string()).or_default().add(&sums);
            let day = clock.weekday().to_monday_zero_offset() as usize;
            all.hours[day][clock.hour() as usize] += sums.asked();
        }
        Ok(all)
    }
}

fn by_agent(
    read: &mut Read<'_>,
    desk: &DeskRow,
    span: &Span,
) -> Result<Vec<(Option<PersonId>, Sums)>, StoreError> {
    let of = |row: &Row| Ok((row.get(KEY)?, Sums::of(row, 0)?));
    let mut all = groups(read, desk, (span.from_ms, span.to_ms), "owner", of)?;
    all.sort_by_key(|(agent, sums)| (std::cmp::Reverse(sums.asked()), *agent));
    all.truncate(desk_limits::DESK_AGENTS_MAX);
    Ok(all)
}

type Named = BTreeMap<String, Sums>;

/// The sums of teams and of tags.
fn by_name(read: &mut Read<'_>, desk: &DeskRow, span: &Span) -> Result<(Named, Named), StoreError> {
    let (mut teams, mut tags) = (Named::new(), Named::new());
    let of = |row: &Row| {
        let key = (row.get::<Option<String>>(KEY)?, row.get::<String>(KEY + 1)?);
        Ok((key, Sums::of(row, 0)?))
    };
    for ((team, kept), sums) in groups(read, desk, (span.from_ms, span.to_ms), "team, tags", of)? {
        if let Some(team) = team {
            teams.entry(team).or_default().add(&sums);
        }
        for tag in serde_json::from_str::<Vec<String>>(&kept).unwrap_or_default() {
            tags.entry(tag).or_default().add(&sums);
        }
    }
    Ok((teams, tags))
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
