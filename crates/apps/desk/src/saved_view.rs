//! Saved views: choices of tickets by name, of the desk or of one agent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::parse_desk;
use crate::one_more::check_one_more;
use crate::staff;
use crate::ticket_search::TicketChoice;

/// A choice of tickets by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedView {
    number: u64,
    name: String,
    /// Whether it is the caller's own. Otherwise it is the desk's.
    own: bool,
    choice: TicketChoice,
}

/// The saved views of a person at a desk, and those of the desk.
fn all(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<Vec<SavedView>, StoreError> {
    let query = "SELECT number, name, person, choice FROM desk_saved_view
                 WHERE house = ?1 AND person IN (0, ?2) ORDER BY person, name LIMIT ?3";
    let most = 2 * desk_limits::SAVED_VIEWS_MAX as u64;
    let view = |row: &Row| {
        let choice = serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default();
        let own = row.get::<u64>(2)? > 0;
        Ok(SavedView { number: row.get(0)?, name: row.get(1)?, own, choice })
    };
    sql.query(query, params![house, person, most])?.iter().map(view).collect()
}

/// Saved views.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedViews {
    /// Those of the desk first.
    views: Vec<SavedView>,
}

/// The saved views that the caller may use: those of the desk, and its own.
#[utoipa::path(get, operation_id = "saved_views", path = "/v1/desks/{desk}/views", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = SavedViews), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<SavedViews>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let views = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        Ok(all(read, house, me)?)
    });
    Ok(Json(SavedViews { views: views.await? }))
}

/// A view to be saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    name: String,
    /// Whether it is the caller's own. Otherwise it is the desk's, which owners and supervisors make.
    #[serde(default)]
    own: bool,
    choice: TicketChoice,
}

fn check_name(name: &str) -> Result<(), Error> {
    let most = desk_limits::SAVED_VIEW_NAME_CHARS_MAX;
    let is_good = (1..=most).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if is_good {
        return Ok(());
    }
    Err(Error::new(Code::Invalid, format!("The name of a view has 1 to {most} characters.")))
}

/// Saves a view.
#[utoipa::path(post, operation_id = "save_view", path = "/v1/desks/{desk}/views", tag = "desk",
    params(("desk" = String, Path)), request_body = NewView,
    responses((status = 201, body = SavedView), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, name_taken"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(NewView { name, own, choice }): Body<NewView>,
) -> Result<(StatusCode, Json<SavedView>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    check_name(&name)?;
    let choice = choice.kept()?;
    site.take(me, caller.0.role, Act::Creation)?;
    let saved = site.store.write(move |tx| {
        if own {
            staff::at_desk(tx, house, me)?;
        } else {
            staff::leading(tx, house, me)?;
        }
        let views = all(tx, house, me)?;
        let mut same = views.iter().filter(|view| view.own == own);
        check_one_more(same.clone().count(), desk_limits::SAVED_VIEWS_MAX, "views")?;
        if same.any(|view| view.name == name) {
            return Err(Error::new(Code::NameTaken, "Another view has this name."));
        }
        let stored = serde_json::to_string(&choice).expect("a choice is plain data");
        let whose = if own { me } else { PersonId(0) };
        let insert = "INSERT INTO desk_saved_view (house, person, name, choice)
                      VALUES (?1, ?2, ?3, ?4) RETURNING number";
        let row = tx.query_one(insert, params![house, whose, &name, stored])?;
        let number = row.ok_or_else(no_such_view)?.get(0)?;
        Ok(SavedView { number, name, own, choice })
    });
    Ok((StatusCode::CREATED, Json(saved.await?)))
}

fn no_such_view() -> Error {
    Error::new(Code::NotFound, "There is no such view.")
}

/// Deletes a saved view: one's own, or as owner or supervisor one of the desk.
#[utoipa::path(delete, operation_id = "delete_view", path = "/v1/desks/{desk}/views/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)),
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
        staff::at_desk(tx, house, me)?;
        let number: u32 = number.parse().map_err(|_| no_such_view())?;
        let mut views = all(tx, house, me)?.into_iter();
        let found = views.find(|v| v.number == u64::from(number)).ok_or_else(no_such_view)?;
        if !found.own {
            staff::leading(tx, house, me)?;
        }
        tx.execute("DELETE FROM desk_saved_view WHERE number = ?1", params![found.number])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
