//! Desks: making, listing and changing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, Seq, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Role, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::conversation::{MemberRole, begin, insert, insert_member};
use encke_talk::kind::Kind;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::give;
use crate::kept::KeptDoors;
use crate::key::{check_key, new_key, no_such_desk};
use crate::settings::DeskSettings;
use crate::staff;

/// A row of `desk`.
#[derive(Clone)]
pub(crate) struct DeskRow {
    /// The room of its staff, by whose number it goes.
    pub house: ConversationId,
    pub key: String,
    pub name: String,
    pub settings: DeskSettings,
}

impl DeskRow {
    const COLUMNS: &'static str = "d.house, d.public_key, d.name, d.settings";

    fn of(row: &Row) -> Result<Self, StoreError> {
        let settings = serde_json::from_str(&row.get::<String>(3)?)
            .map_err(|_| StoreError::Damaged("the settings of a desk are damaged".into()))?;
        Ok(DeskRow { house: row.get(0)?, key: row.get(1)?, name: row.get(2)?, settings })
    }

    /// The desk with this house.
    pub fn find(sql: &mut impl Sql, house: ConversationId) -> Result<Option<Self>, StoreError> {
        let query = format!("SELECT {} FROM desk d WHERE d.house = ?1", Self::COLUMNS);
        sql.query_one(&query, params![house])?.as_ref().map(Self::of).transpose()
    }

    /// The desk with this public key.
    pub fn by_key(sql: &mut impl Sql, key: &str) -> Result<Self, Error> {
        check_key(key)?;
        let query = format!("SELECT {} FROM desk d WHERE d.public_key = ?1", Self::COLUMNS);
        let row = sql.query_one(&query, params![key])?.ok_or_else(no_such_desk)?;
        Ok(Self::of(&row)?)
    }

    fn shown(self, role: MemberRole) -> DeskShown {
        let DeskRow { house, key, name, settings } = self;
        DeskShown { id: house, key, name, role, settings }
    }
}

/// Reads the number of a desk from a path.
pub(crate) fn parse_desk(id: &str) -> Result<ConversationId, Error> {
    id.parse().map_err(|_| no_such_desk())
}

/// A desk as its staff sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Desk)]
pub(crate) struct DeskShown {
    /// The id: that of its house, which is the room of its staff.
    #[schema(value_type = String)]
    id: ConversationId,
    /// The public key, by which pages show it.
    key: String,
    name: String,
    /// The role of the caller: owner, moderator (a supervisor), member (an agent).
    role: MemberRole,
    settings: DeskSettings,
}

/// Refuses an invalid name of a desk.
fn check_name(name: &str) -> Result<(), Error> {
    let most = desk_limits::DESK_NAME_CHARS_MAX;
    let good = (1..=most).contains(&name.chars().count())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    Err(Error::new(
        Code::Invalid,
        format!("The name of a desk has 1 to {most} characters on one line."),
    ))
}

/// A desk to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDesk {
    name: String,
}

/// Makes a desk with a room for its staff. The caller owns both.
#[utoipa::path(post, operation_id = "create_desk", path = "/v1/desks", tag = "desk",
    request_body = NewDesk,
    responses((status = 201, body = DeskShown), (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(NewDesk { name }): Body<NewDesk>,
) -> Result<(StatusCode, Json<DeskShown>), Refusal> {
    let me = caller.0.person;
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't make desks."));
    }
    check_name(&name)?;
    site.take(me, caller.0.role, Act::Creation)?;
    let key = new_key()?;
    let held = site.clone();
    let made = site.store.write(move |tx| {
        let most = desk_limits::DESKS_PER_PERSON_MAX;
        if of_person(tx, me)?.len() >= most {
            let what = format!("You are staff of {most} desks, which is the most.");
            return Err(Error::new(Code::Conflict, what));
        }
        let house = insert(tx, Kind::Room, Some(&name), false, None)?;
        insert_member(tx, house, me, MemberRole::Owner, Seq(1), me)?;
        begin(tx, &held, house, me, std::iter::once(me))?;
        let desk = DeskRow { house, key, name, settings: DeskSettings::default() };
        let now = tx.now_ms();
        tx.execute(
            "INSERT INTO desk (house, public_key, name, settings, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![house, &desk.key, &desk.name, desk.settings.stored()?, now],
        )?;
        Ok(desk.shown(MemberRole::Owner))
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

fn of_person(sql: &mut impl Sql, person: encke_engine::PersonId) -> Result<Vec<DeskShown>, Error> {
    let query = format!(
        "SELECT {}, m.role FROM member m JOIN desk d ON d.house = m.conversation
         WHERE m.person = ?1 ORDER BY d.house LIMIT ?2",
        DeskRow::COLUMNS
    );
    let rows = sql.query(&query, params![person, desk_limits::DESKS_PER_PERSON_MAX as u64])?;
    let shown = |row: &Row| Ok(DeskRow::of(row)?.shown(MemberRole::of(&row.get::<String>(4)?)));
    rows.iter().map(shown).collect()
}

/// The desks of a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Desks {
    /// The oldest first.
    desks: Vec<DeskShown>,
}

/// The desks whose staff the caller belongs to.
#[utoipa::path(get, operation_id = "desks", path = "/v1/desks", tag = "desk",
    responses((status = 200, body = Desks), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Desks>, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Read)?;
    Ok(Json(Desks { desks: site.store.read(move |read| of_person(read, me)).await? }))
}

/// One desk.
#[utoipa::path(get, operation_id = "desk", path = "/v1/desks/{desk}", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = DeskShown), (status = 404, description = "not_found")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<DeskShown>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let found = site.store.read(move |read| {
        let (desk, role) = staff::at_desk(read, house, me)?;
        Ok(desk.shown(role))
    });
    Ok(Json(found.await?))
}

/// Changes of a desk; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskChange {
    name: Option<String>,
    /// All settings together; those that are left out are as in a new desk.
    settings: Option<DeskSettings>,
}

/// Changes a desk. Owners and supervisors do it.
#[utoipa::path(patch, operation_id = "change_desk", path = "/v1/desks/{desk}", tag = "desk",
    params(("desk" = String, Path)), request_body = DeskChange,
    responses((status = 200, body = DeskShown), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(change): Body<DeskChange>,
) -> Result<Json<DeskShown>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    if let Some(name) = &change.name {
        check_name(name)?;
    }
    if let Some(settings) = &change.settings {
        settings.check()?;
    }
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let changed = site.store.write(move |tx| {
        let mut desk = staff::leading(tx, house, me)?;
        desk.name = change.name.unwrap_or(desk.name);
        desk.settings = change.settings.unwrap_or(desk.settings);
        store(tx, &desk)?;
        give(tx, &held, house)?;
        let (desk, role) = staff::at_desk(tx, house, me)?;
        Ok(desk.shown(role))
    });
    let changed = changed.await?;
    site.part::<KeptDoors>().changed();
    Ok(Json(changed))
}

fn store(tx: &mut Tx<'_>, desk: &DeskRow) -> Result<(), Error> {
    tx.execute(
        "UPDATE desk SET name = ?2, settings = ?3 WHERE house = ?1",
        params![desk.house, &desk.name, desk.settings.stored()?],
    )?;
    Ok(())
}
