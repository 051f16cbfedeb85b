//! Macros: several acts on a ticket with one key, in one write. Each belongs to the desk or to one agent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Body, Caller, Path, Refusal, Site, sent};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::conversation::MemberRole;
use encke_talk::parse_conversation;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act::{self, Act, Doer, Undone, Worked};
use super::rule::check_name;
use crate::assignment::give;
use crate::desk::{DeskRow, parse_desk};
use crate::one_more::check_one_more_row;
use crate::staff;
use crate::ticket::{self, Ticket};

/// A macro.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMacro {
    /// Its name for the staff.
    name: String,
    /// What it does, in this order.
    acts: Vec<Act>,
    /// Whether it is the caller's own. Otherwise it is the desk's, which owners and supervisors make.
    #[serde(default, skip_serializing)]
    own: bool,
}

/// A macro with its number.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskMacro {
    /// Its number.
    id: u64,
    name: String,
    acts: Vec<Act>,
    /// The agent whose it is; absent if it is the desk's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    person: Option<PersonId>,
}

impl NewMacro {
    fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        act::check(&self.acts)?;
        if self.acts.iter().any(Act::is_for_rules) {
            return Err(Error::new(Code::Invalid, "A macro has nobody to `alert`."));
        }
        Ok(())
    }

    fn kept(&self) -> String {
        serde_json::to_string(self).expect("a macro is plain data")
    }
}

impl DeskMacro {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let kept: NewMacro = serde_json::from_str(&row.get::<String>(2)?)
            .map_err(|_| StoreError::Damaged("a macro of a desk is damaged".into()))?;
        let person = Some(row.get::<u64>(1)?).filter(|id| *id > 0).map(PersonId);
        Ok(DeskMacro { id: row.get(0)?, name: kept.name, acts: kept.acts, person })
    }
}

/// The macros that somebody may run.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskMacros {
    /// Those of the desk first, each kind in the order in which it was made.
    macros: Vec<DeskMacro>,
}

/// The macros that the caller may run: those of the desk, and its own.
#[utoipa::path(get, operation_id = "desk_macros", path = "/v1/desks/{desk}/macros", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = DeskMacros), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<DeskMacros>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, encke_site::Act::Read)?;
    let macros = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let query = "SELECT number, person, body FROM desk_macro
                     WHERE house = ?1 AND person IN (0, ?2) ORDER BY person, number LIMIT ?3";
        let rows = read.query(query, params![house, me, 2 * desk_limits::MACROS_MAX as u64])?;
        Ok(rows.iter().map(DeskMacro::of).collect::<Result<Vec<_>, _>>()?)
    });
    Ok(Json(DeskMacros { macros: macros.await? }))
}

/// Refuses somebody that may not change the macros of the desk.
fn check_may(person: PersonId, role: MemberRole) -> Result<(), Error> {
    if person != PersonId(0) || role.moderates() {
        return Ok(());
    }
    let what = "Only owners and supervisors change the macros of the desk.";
    Err(Error::new(Code::Forbidden, what))
}

/// Makes a macro.
#[utoipa::path(post, operation_id = "create_macro", path = "/v1/desks/{desk}/macros", tag = "desk",
    params(("desk" = String, Path)), request_body = NewMacro,
    responses((status = 201, body = DeskMacro), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(new): Body<NewMacro>,
) -> Result<(StatusCode, Json<DeskMacro>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    new.check()?;
    site.take(me, caller.0.role, encke_site::Act::Message)?;
    let made = site.store.write(move |tx| {
        let (_, role) = staff::at_desk(tx, house, me)?;
        let whose = if new.own { me } else { PersonId(0) };
        check_may(whose, role)?;
        new.acts.iter().try_for_each(|act| act.check_people(tx, house, true))?;
        let query = "SELECT count(*) FROM desk_macro WHERE house = ?1 AND person = ?2";
        let most = desk_limits::MACROS_MAX;
        check_one_more_row(tx, (query, params![house, whose]), most, "macros")?;
        let row = tx.query_one(
            "INSERT INTO desk_macro (house, person, body) VALUES (?1, ?2, ?3) RETURNING number",
            params![house, whose, new.kept()],
        )?;
        let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
        let person = Some(whose).filter(|person| *person == me);
        Ok(DeskMacro { id: row.get(0)?, name: new.name, acts: new.acts, person })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// A macro that a person may run, by the number in a path.
fn runnable(
    sql: &mut impl Sql,
    house: ConversationId,
    me: PersonId,
    number: &str,
) -> Result<DeskMacro, Error> {
    let none = || Error::new(Code::NotFound, "There is no such macro.");
    let number: u64 = number.parse().ok().filter(|n| i64::try_from(*n).is_ok()).ok_or_else(none)?;
    let query = "SELECT number, person, body FROM desk_macro
                 WHERE number = ?1 AND house = ?2 AND person IN (0, ?3)";
    let row = sql.query_one(query, params![number, house, me])?.ok_or_else(none)?;
    Ok(DeskMacro::of(&row)?)
}

/// Replaces a macro. Whose it is stays as it was.
#[utoipa::path(put, operation_id = "write_macro", path = "/v1/desks/{desk}/macros/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)), request_body = NewMacro,
    responses((status = 200, body = DeskMacro), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn write(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
    Body(new): Body<NewMacro>,
) -> Result<Json<DeskMacro>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    new.check()?;
    site.take(me, caller.0.role, encke_site::Act::Message)?;
    let written = site.store.write(move |tx| {
        let (_, role) = staff::at_desk(tx, house, me)?;
        let DeskMacro { id, person, .. } = runnable(tx, house, me, &number)?;
        check_may(person.unwrap_or(PersonId(0)), role)?;
        new.acts.iter().try_for_each(|act| act.check_people(tx, house, true))?;
        let update = "UPDATE desk_macro SET body = ?2 WHERE number = ?1";
        tx.execute(update, params![id, new.kept()])?;
        Ok(DeskMacro { id, name: new.name, acts: new.acts, person })
    });
    Ok(Json(written.await?))
}

/// Deletes a macro.
#[utoipa::path(delete, operation_id = "delete_macro", path = "/v1/desks/{desk}/macros/{number}",
    tag = "desk", params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, encke_site::Act::Message)?;
    let deleted = site.store.write(move |tx| {
        let (_, role) = staff::at_desk(tx, house, me)?;
        let found = runnable(tx, house, me, &number)?;
        check_may(found.person.unwrap_or(PersonId(0)), role)?;
        tx.execute("DELETE FROM desk_macro WHERE number = ?1", params![found.id])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a macro on a ticket: all of its acts in one write, or none. A request with the same `Idempotency-Key` that comes again
/// does nothing again.
#[utoipa::path(post, operation_id = "run_macro", path = "/v1/tickets/{id}/macros/{number}", tag = "desk",
    params(("id" = String, Path), ("number" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Ticket),
        (status = 403, description = "blocked, forbidden, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, key_reused"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn run(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Ticket>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    let key = sent::key_of(&headers, None)?;
    site.take_message(me, caller.0.role, 0)?;
    let held = site.clone();
    let done = site.store.write(move |tx| {
        let (ticket, role) = staff::acting_at_ticket(tx, id, me)?;
        let found = runnable(tx, ticket.desk, me, &number)?;
        if let Some(key) = key
            && !is_first(tx, me, &key, found.id, id)?
        {
            return Ok(ticket);
        }
        let desk = DeskRow::find(tx, ticket.desk)?.ok_or_else(crate::key::no_such_desk)?;
        let hands_on = |act: &Act| matches!(act, Act::Assign { .. } | Act::Team { .. });
        if ticket.owner.is_some_and(|owner| owner != me)
            && !role.moderates()
            && found.acts.iter().any(hands_on)
        {
            let what = "Only the owner of a ticket and supervisors hand it on.";
            return Err(Error::new(Code::Forbidden, what));
        }
        let mut worked = Worked::new(&held, &desk, Doer::Agent(me), ticket);
        for act in &found.acts {
            if let Some(why) = worked.carry_out(tx, act)? {
                return Err(Error::new(Code::Conflict, refusal(why)));
            }
        }
        worked.store(tx)?;
        give(tx, &held, desk.house)?;
        Ok(ticket::find(tx, id)?.unwrap_or(worked.after))
    });
    Ok(Json(done.await?))
}

fn refusal(why: Undone) -> &'static str {
    match why {
        Undone::Full => "The ticket has as many tags as a ticket may have.",
        Undone::Late => "A ticket that is resolved is not put off.",
        Undone::Gone | Undone::PersonSpeaks | Undone::Refused => {
            "What the macro names is there no longer."
        }
    }
}

/// Notes a request. False if it came before.
fn is_first(
    tx: &mut Tx<'_>,
    me: PersonId,
    key: &str,
    number: u64,
    ticket: ConversationId,
) -> Result<bool, Error> {
    let query = "SELECT macro, ticket FROM desk_macro_run WHERE person = ?1 AND request = ?2";
    if let Some(row) = tx.query_one(query, params![me, key])? {
        let before: (u64, ConversationId) = (row.get(0)?, row.get(1)?);
        if before != (number, ticket) {
            return Err(encke_engine::append::key_reused());
        }
        return Ok(false);
    }
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO desk_macro_run (person, request, macro, ticket, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![me, key, number, ticket, now],
    )?;
    Ok(true)
}
