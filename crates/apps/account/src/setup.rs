//! The first visit of a site: the holder of the set-up code creates the owner.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error};
use encke_store::{Sql, StoreError, params};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administer::{NewAccount, insert};
use super::limits::Try;
use super::person::{Me, me};
use super::product::try_to_sign_in;
use super::session;
use super::settings::{Settings, settings};
use super::setup_code::{self, is_setup_code};
use super::sign_in::SignInRequest;
use crate::Accounts;
use encke_site::Caller;
use encke_site::Role;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::reply::Refusal;

/// State of the site for a visitor.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetupState {
    /// Whether the site has no owner yet. The holder of the set-up code is to create it.
    needed: bool,
    /// Whether guests may enter.
    guests: bool,
    site_name: String,
    /// The signed-in person; absent for a visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    me: Option<Me>,
}

pub(super) fn has_owner(sql: &mut impl Sql) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM person WHERE role = 'owner' LIMIT 1";
    Ok(sql.query_one(query, params![])?.is_some())
}

/// Tells whether the site needs an owner, whether guests may enter, and who is signed in.
#[utoipa::path(get, operation_id = "setup_state", path = "/v1/setup", tag = "people", security(()),
    responses((status = 200, body = SetupState)))]
pub(crate) async fn needed(
    State(site): State<Arc<Site>>,
    caller: Result<Caller, Refusal>,
) -> Result<Json<SetupState>, Refusal> {
    // Everybody may ask this, so a credential that does not count is none.
    let person = caller.ok().map(|caller| caller.0.person);
    let held = site.clone();
    let found = site.store.read(move |read| {
        let Settings { guests, site_name, .. } = settings(read)?;
        let needed = !has_owner(read)?;
        let me = person.map(|person| me(read, &held, person)).transpose()?;
        Ok(SetupState { needed, guests, site_name, me })
    });
    Ok(Json(found.await?))
}

/// Request to create the owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstAccount {
    /// Code that the server printed when it started, or that `encke setup-code` printed.
    setup_code: Option<String>,
    /// Name to sign in with.
    name: String,
    /// Password of the account.
    password: String,
    /// Name that others see; the sign-in name if absent.
    display_name: Option<String>,
}

/// Creates the owner and signs it in; only once, and only with the set-up code.
#[utoipa::path(post, operation_id = "create_owner", path = "/v1/setup", tag = "people",
    request_body = FirstAccount, security(()),
    responses((status = 201, body = Me),
        (status = 403, description = "wrong_setup_code, foreign_origin"),
        (status = 409, description = "name_taken, already_set_up"),
        (status = 422, description = "bad_name"), (status = 429, description = "rate_limited")))]
pub(crate) async fn setup(
    State(site): State<Arc<Site>>,
    request: SignInRequest,
    Body(first): Body<FirstAccount>,
) -> Result<(StatusCode, HeaderMap, Json<Me>), Refusal> {
    let FirstAccount { setup_code, name, password, display_name } = first;
    let account = NewAccount { name, password, display_name };
    let code = setup_code.unwrap_or_default();
    let done = || Error::new(Code::AlreadySetUp, "This site has an owner already: sign in.");
    try_to_sign_in(&site, Try { name: None, address: request.address(), device: None })?;
    // The password is hashed only if the code is right, because a hash costs much.
    let (owned, good, given) = site
        .store
        .read(move |read| Ok((has_owner(read)?, is_setup_code(read, &code)?, code)))
        .await?;
    if owned {
        return Err(done().into());
    }
    if !good {
        return Err(setup_code::wrong().into());
    }
    account.check()?;
    let hash = Accounts::of(&site).hasher.hash(account.password.clone()).await?;
    let entered = session::begin(&site, &request.browser, move |tx| {
        // Only one write runs at a time, so two first visitors can't both become owners.
        if has_owner(tx)? {
            return Err(done());
        }
        // A newer code may have replaced this one meanwhile.
        if !is_setup_code(tx, &given)? {
            return Err(setup_code::wrong());
        }
        setup_code::forget(tx)?;
        insert(tx, &account, Role::Owner, hash)
    });
    let (headers, me) = entered.await?;
    Ok((StatusCode::CREATED, headers, me))
}
