//! What rules did: a row for each rule and happening, which also makes it run once (P11).

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_site::{Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, Value, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::act::{Act, Undone};
use crate::desk::parse_desk;
use crate::staff;

/// An act of a rule, and what became of it. It holds no text of anybody.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Did {
    /// The kind of the act, as `tag`.
    act: String,
    /// Why it was not carried out; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    undone: Option<Undone>,
}

impl Did {
    pub fn of(act: &Act, undone: Option<Undone>) -> Self {
        Did { act: act.kind().into(), undone }
    }
}

/// Whether a rule has run on a ticket as often as it may within an hour: two rules could otherwise wake each other for ever.
pub(crate) fn is_too_often(
    tx: &mut Tx<'_>,
    rule: u64,
    ticket: ConversationId,
) -> Result<bool, Error> {
    let since = tx.now_ms().saturating_sub(60 * 60 * 1000);
    let query = "SELECT count(*) FROM desk_rule_run
                 WHERE rule = ?1 AND ticket = ?2 AND ran = 1 AND at_ms > ?3";
    let row = tx.query_one(query, params![rule, ticket, since])?;
    let runs: u64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(runs >= desk_limits::RULE_RUNS_PER_TICKET_PER_HOUR)
}

/// Claims a happening for a rule. `None` if the rule has run for it.
pub(crate) fn claim(
    tx: &mut Tx<'_>,
    rule: u64,
    ticket: ConversationId,
    cause: u64,
    holds: bool,
) -> Result<Option<u64>, Error> {
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO desk_rule_run (rule, ticket, cause, ran, did, at_ms)
         VALUES (?1, ?2, ?3, ?4, '[]', ?5) ON CONFLICT (rule, ticket, cause) DO NOTHING RETURNING number",
        params![rule, ticket, cause, holds, now],
    )?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Notes what was done.
pub(crate) fn note(tx: &mut Tx<'_>, run: u64, did: &[Did]) -> Result<(), Error> {
    let did = serde_json::to_string(did).expect("acts are plain data");
    tx.execute("UPDATE desk_rule_run SET did = ?2 WHERE number = ?1", params![run, did])?;
    Ok(())
}

/// Forgets what is long ago, a bounded number of rows.
pub(crate) fn forget_old(tx: &mut Tx<'_>) -> Result<(), Error> {
    let most = desk_limits::RUNS_FORGOTTEN_AT_ONCE_MAX as u64;
    for (table, age) in [
        ("desk_rule_run", desk_limits::RULE_RUN_AGE_MS),
        ("desk_macro_run", desk_limits::MACRO_RUN_AGE_MS),
    ] {
        let before = tx.now_ms().saturating_sub(age);
        let last =
            format!("SELECT at_ms FROM {table} WHERE at_ms < ?1 ORDER BY at_ms LIMIT 1 OFFSET ?2");
        let row = tx.query_one(&last, params![before, most])?;
        let until = row.map_or(Ok(before), |row| row.get::<u64>(0))?;
        tx.execute(&format!("DELETE FROM {table} WHERE at_ms < ?1"), params![until])?;
    }
    Ok(())
}

/// Forgets what a rule did, with the rule.
pub(crate) fn forget_rule(tx: &mut Tx<'_>, rule: u64) -> Result<(), Error> {
    tx.execute("DELETE FROM desk_rule_run WHERE rule = ?1", params![rule])?;
    Ok(())
}

/// A choice of what rules did: by one rule, or on one ticket.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedRuns {
    /// The rule.
    rule: Option<u64>,
    /// The ticket.
    #[param(value_type = Option<String>)]
    ticket: Option<ConversationId>,
    /// Only those with a number below this one.
    before: Option<u64>,
}

/// A rule did something.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleRun {
    /// Its number.
    id: u64,
    /// The rule.
    rule: u64,
    /// The name of the rule.
    name: String,
    /// The ticket.
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// When, in milliseconds since 1970.
    at: u64,
    did: Vec<Did>,
}

/// A page of what rules did.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleRuns {
    /// The newest first.
    runs: Vec<RuleRun>,
    /// Whether there are older ones.
    more: bool,
}

/// What a rule did, or what rules did to a ticket, for as long as it is kept.
#[utoipa::path(get, operation_id = "rule_runs", path = "/v1/desks/{desk}/runs", tag = "desk",
    params(("desk" = String, Path), WantedRuns),
    responses((status = 200, body = RuleRuns), (status = 404, description = "not_found"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedRuns>, QueryRejection>,
) -> Result<Json<RuleRuns>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let number = |number: Option<u64>| number.unwrap_or(u64::MAX).min(i64::MAX as u64);
    let (which, id): (_, Value) = match (wanted.rule, wanted.ticket) {
        (Some(rule), None) => ("d.rule = ?2", number(Some(rule)).into()),
        (None, Some(ticket)) => ("d.ticket = ?2", ticket.into()),
        _ => {
            return Err(Refusal::new(
                Code::Invalid,
                "Runs are those of a `rule` or on a `ticket`.",
            ));
        }
    };
    site.take(me, caller.0.role, encke_site::Act::Read)?;
    let page = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let most = desk_limits::RULE_RUNS_PAGE_MAX;
        let query = format!(
            "SELECT d.number, d.rule, r.body, d.ticket, d.at_ms, d.did
             FROM desk_rule_run d JOIN desk_rule r ON r.number = d.rule
             WHERE r.house = ?1 AND {which} AND d.ran = 1 AND d.number < ?3 ORDER BY d.number DESC LIMIT ?4"
        );
        let all: Vec<Value> =
            vec![house.into(), id, number(wanted.before).into(), (most as u64 + 1).into()];
        let rows = read.query(&query, &all)?;
        let mut runs = rows.iter().map(RuleRun::of).collect::<Result<Vec<_>, _>>()?;
        let more = runs.len() > most;
        runs.truncate(most);
        Ok(RuleRuns { runs, more })
    });
    Ok(Json(page.await?))
}

/// The name in the body of a rule.
#[derive(Deserialize)]
struct Named {
    name: String,
}

impl RuleRun {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Damaged("what a rule did is damaged".into());
        let Named { name } = serde_json::from_str(&row.get::<String>(2)?).map_err(damaged)?;
        let did = serde_json::from_str(&row.get::<String>(5)?).map_err(damaged)?;
        let (id, rule, ticket, at) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
        Ok(RuleRun { id, rule, name, ticket, at, did })
    }
}
