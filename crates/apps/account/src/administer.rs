//! Adding and disabling people.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::display_name::display_name;
use super::password::{self, Recovered};
use super::person::{Person, check_name, fold, insert_nameless, people};
use super::setup::has_owner;
use super::{look, setup_code};
use crate::Accounts;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::Caller;
use encke_site::identity::{Ended, Role};
use encke_site::path::Path;
use encke_site::reply::Refusal;

/// An account to be made.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Name to sign in with.
    pub name: String,
    /// Password of the account.
    pub password: String,
    /// Name that others see; the sign-in name if absent.
    pub display_name: Option<String>,
}

impl NewAccount {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        password::check(&self.password)?;
        self.display_name.as_deref().map_or(Ok(()), |name| display_name(name).map(drop))
    }
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    account: &NewAccount,
    role: Role,
    hash: String,
) -> Result<PersonId, Error> {
    let name = fold(&account.name);
    if tx.query_one("SELECT 1 FROM person WHERE name = ?1", params![&name])?.is_some() {
        return Err(Error::new(Code::NameTaken, "Somebody has this name already."));
    }
    if look::is_a_sign_in_name(tx, &account.name)? {
        let what = "Somebody has a name that looks like this one.";
        return Err(Error::new(Code::NameTaken, what));
    }
    let shown = account.display_name.as_deref().map(display_name).transpose()?;
    let shown = shown.as_ref().unwrap_or(&account.name);
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO person (name, shown_name, display_name, role, password, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        params![name, &account.name, shown, role.text(), hash, now],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    Ok(row.get(0)?)
}

/// Adds a person. The caller has checked that it may.
pub async fn add(site: &Arc<Site>, account: NewAccount, role: Role) -> Result<PersonId, Error> {
    Ok(add_as(site, account, Some(role)).await?.0)
}

/// Adds a person with a role. Without a role, the person is the owner if the site has none, otherwise a member.
pub async fn add_as(
    site: &Arc<Site>,
    account: NewAccount,
    role: Option<Role>,
) -> Result<(PersonId, Role), Error> {
    account.check()?;
    let hash = Accounts::of(site).hasher.hash(account.password.clone()).await?;
    let added = site.store.write(move |tx| {
        let first = || Ok(if has_owner(tx)? { Role::Member } else { Role::Owner });
        let role = role.map_or_else(first, Ok::<_, StoreError>)?;
        if role == Role::Owner {
            setup_code::forget(tx)?;
        }
        Ok((insert(tx, &account, role, hash)?, role))
    });
    added.await
}

/// The id of the person with this sign-in name.
pub async fn named(site: &Arc<Site>, name: &str) -> Result<PersonId, Error> {
    let name = fold(name);
    let found = site.store.read(move |read| {
        Ok(read.query_one("SELECT id FROM person WHERE name = ?1", params![name])?)
    });
    let nobody = || Error::new(Code::NotFound, "There is nobody of this name.");
    Ok(found.await?.ok_or_else(nobody)?.get(0)?)
}

/// The id of the bot with this display name. The bot is made if there is none.
pub async fn bot(site: &Arc<Site>, name: &str) -> Result<PersonId, Error> {
    let name = display_name(name)?;
    let made = site.store.write(move |tx| {
        let query = "SELECT id FROM person WHERE role = 'bot' AND display_name = ?1
                     AND disabled_ms IS NULL";
        if let Some(row) = tx.query_one(query, params![&name])? {
            return Ok(row.get(0)?);
        }
        Ok(insert_nameless(tx, &name, Role::Bot)?)
    });
    made.await
}

/// A product's own bot, which nobody signs in as. A name that no person may have is cut to one.
pub fn new_bot(tx: &mut Tx<'_>, name: &str) -> Result<PersonId, Error> {
    Ok(insert_nameless(tx, &name_of_bot(name), Role::Bot)?)
}

/// Gives a bot another name, if it has not got it already.
pub fn rename_bot(tx: &mut Tx<'_>, bot: PersonId, name: &str) -> Result<(), Error> {
    let update = "UPDATE person SET display_name = ?2
                  WHERE id = ?1 AND role = 'bot' AND display_name <> ?2";
    tx.execute(update, params![bot, name_of_bot(name)])?;
    Ok(())
}

fn name_of_bot(name: &str) -> String {
    let cut: String = name.chars().take(limits::DISPLAY_NAME_CHARS_MAX).collect();
    display_name(&cut).unwrap_or_else(|_| "Bot".into())
}

/// Sets a person's password, ends its sessions and revokes its tokens. The caller has checked that it may.
pub async fn set_password(site: &Arc<Site>, name: &str, new: &str) -> Result<Recovered, Error> {
    let person = named(site, name).await?;
    let hash = Accounts::of(site).hasher.hash(new.to_owned()).await?;
    password::recover(site, person, hash).await
}

/// A person as the operator sees it.
#[derive(Serialize)]
pub struct Listed {
    /// The person's id.
    pub id: PersonId,
    /// The name to sign in with.
    pub name: Option<String>,
    /// The name that others see.
    pub display_name: String,
    /// The person's role on this site.
    pub role: Role,
    /// Whether the person was disabled and can't sign in any more.
    pub disabled: bool,
}

/// All people in the order in which they were added.
pub async fn everyone(site: &Arc<Site>) -> Result<Vec<Listed>, Error> {
    let found = site.store.read(|read| {
        let rows = read.query(
            "SELECT id, shown_name, display_name, role, disabled_ms IS NOT NULL
             FROM person ORDER BY id",
            params![],
        )?;
        let listed = |row: &encke_store::Row| {
            Ok(Listed {
                id: row.get(0)?,
                name: row.get(1)?,
                display_name: row.get(2)?,
                role: Role::of(&row.get::<String>(3)?),
                disabled: row.get(4)?,
            })
        };
        rows.iter().map(listed).collect::<Result<Vec<_>, Error>>()
    });
    found.await
}

/// Adds a person.
#[utoipa::path(post, operation_id = "create_person", path = "/v1/people", tag = "people",
    request_body = NewAccount,
    responses((status = 201, body = Person), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "name_taken"),
        (status = 422, description = "bad_name")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(account): Body<NewAccount>,
) -> Result<(StatusCode, Json<Person>), Refusal> {
    caller.owner()?;
    let id = add(&site, account, Role::Member).await?;
    let site_for_store = site.clone();
    let mut shown =
        site.store.read(move |read| Ok(people(read, &site_for_store, id, &[id])?)).await?;
    let gone = || Refusal::new(Code::NotFound, "There is no such person.");
    Ok((StatusCode::CREATED, Json(shown.pop().ok_or_else(gone)?)))
}

/// Disables a person: it can't sign in any more, and its sessions and connections end.
#[utoipa::path(delete, operation_id = "disable_person", path = "/v1/people/{id}", tag = "people",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(crate) async fn disable(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    caller.owner()?;
    let nobody = || Error::new(Code::NotFound, "There is no such person.");
    let id: PersonId = id.parse().map_err(|_| nobody())?;
    let disabled = site.write_and_revoke(move |tx| {
        let query = "SELECT role, disabled_ms FROM person WHERE id = ?1";
        let row = tx.query_one(query, params![id])?.ok_or_else(nobody)?;
        if row.get::<Option<u64>>(1)?.is_some() {
            return Ok(((), Vec::new()));
        }
        if Role::of(&row.get::<String>(0)?) == Role::Owner {
            let others = "SELECT 1 FROM person WHERE role = 'owner' AND id <> ?1
                          AND disabled_ms IS NULL";
            if tx.query_one(others, params![id])?.is_none() {
                return Err(Error::new(Code::Conflict, "A site keeps at least one owner."));
            }
        }
        let now = tx.now_ms();
        tx.execute("UPDATE person SET disabled_ms = ?2 WHERE id = ?1", params![id, now])?;
        tx.execute("DELETE FROM session WHERE person = ?1", params![id])?;
        tx.execute("DELETE FROM token WHERE person = ?1", params![id])?;
        Ok(((), vec![Ended { person: id, credential: None }]))
    });
    disabled.await?;
    Ok(StatusCode::NO_CONTENT)
}
