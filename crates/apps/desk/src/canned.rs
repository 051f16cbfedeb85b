//! Canned replies: texts that agents answer with again and again. Each belongs to the desk, to a team or to one agent.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::pattern;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::conversation::MemberRole;
use encke_talk::message::check_text;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::desk::parse_desk;
use crate::one_more::check_one_more_row;
use crate::settings::is_short_name;
use crate::staff;
use crate::visit::cut;

/// A canned reply.
#[derive(Serialize, ToSchema)]
pub(crate) struct CannedReply {
    /// Its number.
    id: u64,
    /// What is typed behind a `/` for it.
    shortcut: String,
    /// The text. `{{visitor}}` and `{{agent}}` in it stand for names, which the console puts there.
    text: String,
    /// The agent whose it is; absent if it is the desk's or a team's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    person: Option<PersonId>,
    /// The team whose it is; absent if it is the desk's or an agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    team: Option<String>,
}

const COLUMNS: &str = "c.number, c.shortcut, c.answer, c.person, c.team";

impl CannedReply {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let person = Some(row.get::<u64>(3)?).filter(|id| *id > 0).map(PersonId);
        let team = Some(row.get::<String>(4)?).filter(|team| !team.is_empty());
        Ok(CannedReply { id: row.get(0)?, shortcut: row.get(1)?, text: row.get(2)?, person, team })
    }
}

/// A choice of canned replies.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedCanned {
    /// Only those with this text in them.
    #[serde(default)]
    q: String,
    /// Go on behind the reply with this `id`.
    after: Option<u64>,
}

/// A page of canned replies.
#[derive(Serialize, ToSchema)]
pub(crate) struct CannedReplies {
    canned: Vec<CannedReply>,
    /// Whether there are more.
    more: bool,
}

/// The canned replies that the caller may use: those of the desk, of its teams, and its own.
#[utoipa::path(get, operation_id = "canned_replies", path = "/v1/desks/{desk}/canned", tag = "desk",
    params(("desk" = String, Path), WantedCanned),
    responses((status = 200, body = CannedReplies), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedCanned>, QueryRejection>,
) -> Result<Json<CannedReplies>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let wanted_text = pattern(&cut(&wanted.q.to_lowercase(), desk_limits::DESK_SEARCH_BYTES_MAX));
    let after = wanted.after.unwrap_or_default().min(i64::MAX as u64);
    site.take(me, caller.0.role, Act::Read)?;
    let page = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let most = desk_limits::CANNED_PAGE_MAX;
        let query = format!(
            "SELECT {COLUMNS} FROM desk_canned c WHERE c.house = ?1 AND c.person IN (0, ?2) AND c.number > ?3
             AND (lower(c.shortcut) LIKE ?4 ESCAPE '\\' OR lower(c.answer) LIKE ?4 ESCAPE '\\')
             ORDER BY c.number LIMIT ?5"
        );
        let rows = read.query(&query, params![house, me, after, wanted_text, most as u64 + 1])?;
        let mut canned = rows.iter().map(CannedReply::of).collect::<Result<Vec<_>, _>>()?;
        let more = canned.len() > most;
        canned.truncate(most);
        Ok(CannedReplies { canned, more })
    });
    Ok(Json(page.await?))
}

/// A canned reply to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCanned {
    /// What is typed behind a `/` for it: a short name of one line.
    shortcut: String,
    text: String,
    /// Whether it is the caller's own. Otherwise it is the desk's or a team's, which owners and supervisors make.
    #[serde(default)]
    own: bool,
    /// The team whose it is.
    team: Option<String>,
}

fn check(shortcut: &str, text: &str) -> Result<(), Error> {
    if !is_short_name(shortcut) || shortcut.contains(char::is_whitespace) {
        return Err(Error::new(Code::Invalid, "`shortcut` is one word."));
    }
    // Not each engine takes every character.
    if text.contains('\0') {
        return Err(Error::new(Code::Invalid, "A reply has no zero bytes."));
    }
    check_text(text)
}

/// Refuses somebody that may not change the replies of the desk and its teams.
fn check_may(person: Option<PersonId>, me: PersonId, role: MemberRole) -> Result<(), Error> {
    match person {
        Some(person) if person == me => Ok(()),
        None if role.moderates() => Ok(()),
        _ => {
            Err(Error::new(Code::Forbidden, "Owners and supervisors keep the replies of the desk."))
        }
    }
}

/// Makes a canned reply.
#[utoipa::path(post, operation_id = "create_canned_reply", path = "/v1/desks/{desk}/canned", tag = "desk",
    params(("desk" = String, Path)), request_body = NewCanned,
    responses((status = 201, body = CannedReply), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, name_taken"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(NewCanned { shortcut, text, own, team }): Body<NewCanned>,
) -> Result<(StatusCode, Json<CannedReply>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    check(&shortcut, &text)?;
    if team.as_ref().is_some_and(|team| own || !is_short_name(team)) {
        return Err(Refusal::new(
            Code::Invalid,
            "`team` is a short name, of a reply that is not one's own.",
        ));
    }
    site.take_message(me, caller.0.role, text.len())?;
    let made = site.store.write(move |tx| {
        let (_, role) = staff::at_desk(tx, house, me)?;
        let person = own.then_some(me);
        check_may(person, me, role)?;
        let whose = person.unwrap_or(PersonId(0));
        check_room(tx, house, whose)?;
        check_free(tx, house, whose, team.as_deref().unwrap_or_default(), &shortcut, 0)?;
        let row = tx.query_one(
            "INSERT INTO desk_canned (house, person, team, shortcut, answer) VALUES (?1, ?2, ?3, ?4, ?5)
             RETURNING number",
            params![house, whose, team.as_deref().unwrap_or_default(), &shortcut, &text],
        )?;
        let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
        Ok(CannedReply { id: row.get(0)?, shortcut, text, person, team })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

fn check_room(tx: &mut Tx<'_>, house: ConversationId, whose: PersonId) -> Result<(), Error> {
    let query = "SELECT count(*) FROM desk_canned WHERE house = ?1 AND person = ?2";
    check_one_more_row(tx, (query, params![house, whose]), desk_limits::CANNED_MAX, "replies")
}

/// Refuses a shortcut that another reply of the same owner has.
fn check_free(
    tx: &mut Tx<'_>,
    house: ConversationId,
    whose: PersonId,
    team: &str,
    shortcut: &str,
    besides: u64,
) -> Result<(), Error> {
    let query =
        "SELECT 1 FROM desk_canned WHERE house = ?1 AND person = ?2 AND team = ?3 AND shortcut = ?4
                 AND number <> ?5";
    match tx.query_one(query, params![house, whose, team, shortcut, besides])? {
        Some(_) => Err(Error::new(Code::NameTaken, "Another reply has this shortcut.")),
        None => Ok(()),
    }
}

/// The reply with this number at a desk, if the caller may change it.
fn changeable(
    tx: &mut Tx<'_>,
    house: ConversationId,
    me: PersonId,
    number: &str,
) -> Result<CannedReply, Error> {
    let none = || Error::new(Code::NotFound, "There is no such reply.");
    let (_, role) = staff::at_desk(tx, house, me)?;
    let number: u64 = number.parse().ok().filter(|n| i64::try_from(*n).is_ok()).ok_or_else(none)?;
    let query = format!("SELECT {COLUMNS} FROM desk_canned c WHERE c.house = ?1 AND c.number = ?2");
    let row = tx.query_one(&query, params![house, number])?.ok_or_else(none)?;
    let found = CannedReply::of(&row)?;
    if found.person.is_some_and(|person| person != me) {
        return Err(none());
    }
    check_may(found.person, me, role)?;
    Ok(found)
}

/// Changes of a canned reply; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CannedChange {
    shortcut: Option<String>,
    text: Option<String>,
}

/// Changes a canned reply.
#[utoipa::path(patch, operation_id = "change_canned_reply", path = "/v1/desks/{desk}/canned/{number}",
    tag = "desk", params(("desk" = String, Path), ("number" = String, Path)),
    request_body = CannedChange,
    responses((status = 200, body = CannedReply), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "name_taken"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
    Body(change): Body<CannedChange>,
) -> Result<Json<CannedReply>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take_message(me, caller.0.role, change.text.as_ref().map_or(0, String::len))?;
    let changed = site.store.write(move |tx| {
        let mut reply = changeable(tx, house, me, &number)?;
        reply.shortcut = change.shortcut.unwrap_or(reply.shortcut);
        reply.text = change.text.unwrap_or(reply.text);
        check(&reply.shortcut, &reply.text)?;
        let (whose, team) = (reply.person.unwrap_or(PersonId(0)), reply.team.as_deref());
        check_free(tx, house, whose, team.unwrap_or_default(), &reply.shortcut, reply.id)?;
        let update = "UPDATE desk_canned SET shortcut = ?2, answer = ?3 WHERE number = ?1";
        tx.execute(update, params![reply.id, &reply.shortcut, &reply.text])?;
        Ok(reply)
    });
    Ok(Json(changed.await?))
}

/// Deletes a canned reply.
#[utoipa::path(delete, operation_id = "delete_canned_reply", path = "/v1/desks/{desk}/canned/{number}",
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
        let reply = changeable(tx, house, me, &number)?;
        tx.execute("DELETE FROM desk_canned WHERE number = ?1", params![reply.id])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
