//! The first visit: whoever comes first creates the owner.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error};
use encke_store::{Sql, StoreError, params};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::administer::{NewAccount, insert};
use super::person::Me;
use super::session;
use super::settings::settings;
use super::sign_in::Door;
use crate::body::Body;
use crate::caller::Peer;
use crate::identity::Role;
use crate::reply::{Refusal, Refused};
use crate::site::Site;

/// What a visitor finds.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// Nobody is here yet: the visitor is to create the owner.
    needed: bool,
    /// Guests may enter.
    guests: bool,
    site_name: String,
}

fn has_owner(sql: &mut impl Sql) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM person WHERE role = 'owner' LIMIT 1";
    Ok(sql.query_one(query, params![])?.is_some())
}

/// Whether the first visitor is to create the owner, and whether guests may enter.
#[utoipa::path(get, path = "/v1/setup", tag = "people", responses((status = 200, body = Found)))]
pub(crate) async fn needed(State(site): State<Arc<Site>>) -> Result<Json<Found>, Refusal> {
    let found = site.store.read(|read| {
        let settings = settings(read)?;
        let needed = !has_owner(read)?;
        Ok(Found { needed, guests: settings.guests, site_name: settings.site_name })
    });
    Ok(Json(found.await?))
}

/// Creates the owner and signs it in; only once.
#[utoipa::path(post, path = "/v1/setup", tag = "people", request_body = NewAccount,
    responses((status = 201, body = Me),
        (status = 403, body = Refused, description = "foreign_origin"),
        (status = 409, body = Refused, description = "already_set_up"),
        (status = 422, body = Refused, description = "unknown_field, invalid, bad_name"),
        (status = 429, body = Refused, description = "rate_limited"),
        (status = 503, body = Refused, description = "overloaded")))]
pub(crate) async fn setup(
    State(site): State<Arc<Site>>,
    door: Door,
    Body(account): Body<NewAccount>,
) -> Result<(StatusCode, HeaderMap, Json<Me>), Refusal> {
    let done = || Error::new(Code::AlreadySetUp, "This site has an owner already: sign in.");
    site.try_to_sign_in(None, door.peer.map(|Peer(address)| address))?;
    account.check()?;
    if site.store.read(|read| Ok(has_owner(read)?)).await? {
        return Err(done().into());
    }
    let hash = site.hasher.hash(account.password.clone()).await?;
    let entered = session::begin(&site, &door.browser, move |tx| {
        // Decided here, where there is only one at a time: two first visitors do not both become owners.
        if has_owner(tx)? {
            return Err(done());
        }
        insert(tx, &account, Role::Owner, hash)
    });
    let (headers, me) = entered.await?;
    Ok((StatusCode::CREATED, headers, me))
}
