//! The rules of a desk over the API. All staff reads them; owners and supervisors change them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::{self, DeskRule, NumberedRule};
use super::run;
use crate::desk::parse_desk;
use crate::staff;

/// The rules of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskRules {
    /// In the order in which they are carried out.
    rules: Vec<NumberedRule>,
}

/// The rules of a desk.
#[utoipa::path(get, operation_id = "desk_rules", path = "/v1/desks/{desk}/rules", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = DeskRules), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<DeskRules>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let rules = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        Ok(rule::all(read, house)?)
    });
    Ok(Json(DeskRules { rules: rules.await? }))
}

fn check_people(tx: &mut Tx<'_>, house: ConversationId, rule: &DeskRule) -> Result<(), Error> {
    rule.acts.iter().try_for_each(|act| act.check_people(tx, house, false))
}

/// Makes a rule, behind the others.
#[utoipa::path(post, operation_id = "create_rule", path = "/v1/desks/{desk}/rules", tag = "desk",
    params(("desk" = String, Path)), request_body = DeskRule,
    responses((status = 201, body = NumberedRule), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(rule): Body<DeskRule>,
) -> Result<(StatusCode, Json<NumberedRule>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    rule.check()?;
    site.take(me, caller.0.role, Act::Message)?;
    let made = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        check_people(tx, house, &rule)?;
        Ok(NumberedRule { id: rule::insert(tx, house, &rule)?, rule })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// A rule of the desk by the number in a path.
fn changeable(tx: &mut Tx<'_>, house: ConversationId, number: &str) -> Result<NumberedRule, Error> {
    let none = || Error::new(Code::NotFound, "There is no such rule.");
    let number: u64 = number.parse().ok().filter(|n| i64::try_from(*n).is_ok()).ok_or_else(none)?;
    rule::find(tx, house, number)?.ok_or_else(none)
}

/// Replaces a rule.
#[utoipa::path(put, operation_id = "write_rule", path = "/v1/desks/{desk}/rules/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)), request_body = DeskRule,
    responses((status = 200, body = NumberedRule), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn write(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
    Body(rule): Body<DeskRule>,
) -> Result<Json<NumberedRule>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    rule.check()?;
    site.take(me, caller.0.role, Act::Message)?;
    let written = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let NumberedRule { id, .. } = changeable(tx, house, &number)?;
        check_people(tx, house, &rule)?;
        rule::update(tx, id, &rule)?;
        Ok(NumberedRule { id, rule })
    });
    Ok(Json(written.await?))
}

/// Deletes a rule with what is known of its runs.
#[utoipa::path(delete, operation_id = "delete_rule", path = "/v1/desks/{desk}/rules/{number}",
    tag = "desk", params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let deleted = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let found = changeable(tx, house, &number)?;
        run::forget_rule(tx, found.id)?;
        tx.execute("DELETE FROM desk_rule WHERE number = ?1", params![found.id])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The order of rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleOrder {
    /// The numbers of all rules of the desk, the first one first.
    rules: Vec<u64>,
}

/// Puts the rules of a desk into an order.
#[utoipa::path(put, operation_id = "order_rules", path = "/v1/desks/{desk}/rules", tag = "desk",
    params(("desk" = String, Path)), request_body = RuleOrder,
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn order(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(RuleOrder { rules }): Body<RuleOrder>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    if rules.len() > desk_limits::RULES_MAX {
        return Err(Refusal::new(Code::Invalid, "These are more rules than a desk has."));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let ordered = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let mut known: Vec<u64> = rule::all(tx, house)?.iter().map(|one| one.id).collect();
        let mut named = rules.clone();
        known.sort_unstable();
        named.sort_unstable();
        if known != named {
            let what = "`rules` are the numbers of all rules of the desk, each once.";
            return Err(Error::new(Code::Invalid, what));
        }
        for (place, number) in rules.iter().enumerate() {
            let update = "UPDATE desk_rule SET place = ?2 WHERE number = ?1";
            tx.execute(update, params![*number, place as u64 + 1])?;
        }
        Ok(())
    });
    ordered.await?;
    Ok(StatusCode::NO_CONTENT)
}
