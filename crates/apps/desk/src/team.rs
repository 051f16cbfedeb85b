//! Teams: agents of a desk that tickets can be for. A ticket names its team, so a team keeps its name.
//!
//! An agent belongs to a team as its member, or by a skill of the same name.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Sql, StoreError, Tx, params};
use http::StatusCode;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agent::check_staff;
use crate::assignment::give;
use crate::desk::parse_desk;
use crate::one_more::check_one_more;
use crate::settings::is_short_name;
use crate::staff;

/// A team.
#[derive(Serialize, ToSchema)]
#[schema(as = DeskTeam)]
pub(crate) struct Team {
    number: u64,
    name: String,
    #[schema(value_type = Vec<String>)]
    members: Vec<PersonId>,
}

/// The teams of each agent of a desk that is in any.
pub(crate) fn of_agents(
    sql: &mut impl Sql,
    house: ConversationId,
) -> Result<FxHashMap<PersonId, Vec<String>>, StoreError> {
    let query =
        "SELECT m.person, t.name FROM desk_team t JOIN desk_team_member m ON m.team = t.number
                 WHERE t.house = ?1 ORDER BY t.name, m.person";
    let mut teams: FxHashMap<PersonId, Vec<String>> = FxHashMap::default();
    for row in sql.query(query, params![house])? {
        teams.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(teams)
}

fn all(sql: &mut impl Sql, house: ConversationId) -> Result<Vec<Team>, StoreError> {
    let query = "SELECT number, name FROM desk_team WHERE house = ?1 ORDER BY name LIMIT ?2";
    let mut teams = Vec::new();
    for row in sql.query(query, params![house, desk_limits::TEAMS_MAX as u64])? {
        teams.push(Team { number: row.get(0)?, name: row.get(1)?, members: Vec::new() });
    }
    // Somebody who has left the staff is in no team of it.
    let members =
        "SELECT m.team, m.person FROM desk_team t JOIN desk_team_member m ON m.team = t.number
                   JOIN member s ON s.conversation = t.house AND s.person = m.person
                   WHERE t.house = ?1 ORDER BY m.team, m.person";
    for row in sql.query(members, params![house])? {
        let (number, person): (u64, PersonId) = (row.get(0)?, row.get(1)?);
        if let Some(team) = teams.iter_mut().find(|team| team.number == number) {
            team.members.push(person);
        }
    }
    Ok(teams)
}

/// The teams of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Teams {
    /// In the order of their names.
    teams: Vec<Team>,
}

/// The teams of a desk.
#[utoipa::path(get, operation_id = "teams", path = "/v1/desks/{desk}/teams", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = Teams), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<Teams>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let teams = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        Ok(all(read, house)?)
    });
    Ok(Json(Teams { teams: teams.await? }))
}

/// A team to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTeam {
    /// A short name of one line, without commas.
    name: String,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    members: Vec<PersonId>,
}

/// Makes a team. Owners and supervisors do it.
#[utoipa::path(post, operation_id = "make_team", path = "/v1/desks/{desk}/teams", tag = "desk",
    params(("desk" = String, Path)), request_body = NewTeam,
    responses((status = 201, body = Team), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, name_taken"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(NewTeam { name, members }): Body<NewTeam>,
) -> Result<(StatusCode, Json<Team>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    if !is_short_name(&name) {
        return Err(Refusal::new(Code::Invalid, "`name` is a short name of one line."));
    }
    site.take(me, caller.0.role, Act::Creation)?;
    let held = site.clone();
    let made = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let teams = all(tx, house)?;
        check_one_more(teams.len(), desk_limits::TEAMS_MAX, "teams")?;
        if teams.iter().any(|team| team.name == name) {
            return Err(Error::new(Code::NameTaken, "Another team has this name."));
        }
        let insert = "INSERT INTO desk_team (house, name) VALUES (?1, ?2) RETURNING number";
        let row = tx.query_one(insert, params![house, &name])?.ok_or_else(no_such_team)?;
        let number = row.get(0)?;
        let members = fill(tx, house, number, members)?;
        give(tx, &held, house)?;
        Ok(Team { number, name, members })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

fn no_such_team() -> Error {
    Error::new(Code::NotFound, "There is no such team.")
}

/// Puts agents into a team in place of those that are in it.
fn fill(
    tx: &mut Tx<'_>,
    house: ConversationId,
    number: u64,
    mut members: Vec<PersonId>,
) -> Result<Vec<PersonId>, Error> {
    members.sort_unstable();
    members.dedup();
    if members.len() > desk_limits::DESK_AGENTS_MAX {
        return Err(Error::new(Code::Invalid, "These are more agents than a desk has."));
    }
    tx.execute("DELETE FROM desk_team_member WHERE team = ?1", params![number])?;
    for person in &members {
        check_staff(tx, house, *person)?;
        let insert = "INSERT INTO desk_team_member (team, person) VALUES (?1, ?2)";
        tx.execute(insert, params![number, *person])?;
    }
    Ok(members)
}

fn find(tx: &mut Tx<'_>, house: ConversationId, number: &str) -> Result<Team, Error> {
    let number: u32 = number.parse().map_err(|_| no_such_team())?;
    let mut teams = all(tx, house)?.into_iter();
    teams.find(|team| team.number == u64::from(number)).ok_or_else(no_such_team)
}

/// The agents of a team.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamMembers {
    #[schema(value_type = Vec<String>)]
    members: Vec<PersonId>,
}

/// Sets who is in a team. Owners and supervisors do it.
#[utoipa::path(put, operation_id = "set_team", path = "/v1/desks/{desk}/teams/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)), request_body = TeamMembers,
    responses((status = 200, body = Team), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
    Body(TeamMembers { members }): Body<TeamMembers>,
) -> Result<Json<Team>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let set = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let team = find(tx, house, &number)?;
        let members = fill(tx, house, team.number, members)?;
        give(tx, &held, house)?;
        Ok(Team { members, ..team })
    });
    Ok(Json(set.await?))
}

/// Deletes a team for which no ticket waits. Owners and supervisors do it.
#[utoipa::path(delete, operation_id = "delete_team", path = "/v1/desks/{desk}/teams/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let deleted = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let team = find(tx, house, &number)?;
        let waits =
            "SELECT 1 FROM desk_ticket WHERE house = ?1 AND state = 'open' AND owner IS NULL
                     AND team = ?2 LIMIT 1";
        if tx.query_one(waits, params![house, &team.name])?.is_some() {
            let what = "Tickets wait for this team: hand them on first.";
            return Err(Error::new(Code::Conflict, what));
        }
        tx.execute("DELETE FROM desk_team_member WHERE team = ?1", params![team.number])?;
        tx.execute("DELETE FROM desk_team WHERE number = ?1", params![team.number])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
