//! Guests: a display name and nothing else, if the owner allows it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error};
use encke_store::{Sql, StoreError, params};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::limits::Try;
use super::person::Me;
use super::product::try_to_sign_in;
use super::session;
use super::settings::settings;
use super::sign_in::Door;
use super::{display_name, look};
use encke_site::Role;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::reply::{Refusal, Refused};

/// Who enters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guest {
    display_name: String,
}

/// Enters as a guest.
#[utoipa::path(post, path = "/v1/guest", tag = "people", request_body = Guest,
    responses((status = 201, body = Me),
        (status = 403, body = Refused, description = "forbidden, foreign_origin"),
        (status = 409, body = Refused, description = "name_taken: by somebody with an account"),
        (status = 422, body = Refused, description = "unknown_field, invalid, bad_name"),
        (status = 429, body = Refused, description = "rate_limited")))]
pub(crate) async fn enter(
    State(site): State<Arc<Site>>,
    door: Door,
    Body(Guest { display_name }): Body<Guest>,
) -> Result<(StatusCode, HeaderMap, Json<Me>), Refusal> {
    try_to_sign_in(&site, Try { name: None, address: door.address(), device: None })?;
    let name = display_name::display_name(&display_name)?;
    let entered = session::begin(&site, &door.browser, move |tx| {
        if !settings(tx)?.guests {
            return Err(Error::new(Code::Forbidden, "This site has no guests."));
        }
        if look::is_somebodys(tx, &name)? {
            let what = "Somebody with an account has this name, or one that looks like it.";
            return Err(Error::new(Code::NameTaken, what));
        }
        let now = tx.now_ms();
        let row = tx.query_one(
            "INSERT INTO person (display_name, role, created_ms) VALUES (?1, ?2, ?3) RETURNING id",
            params![name, Role::Guest.text(), now],
        )?;
        let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
        Ok(row.get(0)?)
    });
    let (headers, me) = entered.await?;
    Ok((StatusCode::CREATED, headers, me))
}
