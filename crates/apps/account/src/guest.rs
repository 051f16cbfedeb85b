//! Guests: people with a display name and no account, if the owner allows them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::limits::Try;
use super::person::{Me, insert_nameless};
use super::product::try_to_sign_in;
use super::session;
use super::settings::settings;
use super::sign_in::SignInRequest;
use super::{display_name, look};
use encke_site::Role;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::reply::Refusal;

/// A request to enter as a guest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guest {
    display_name: String,
}

/// Enters as a guest.
#[utoipa::path(post, operation_id = "enter_as_guest", path = "/v1/guest", tag = "people",
    request_body = Guest, security(()),
    responses((status = 201, body = Me), (status = 403, description = "forbidden, foreign_origin"),
        (status = 409, description = "name_taken"), (status = 422, description = "bad_name"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn enter(
    State(site): State<Arc<Site>>,
    request: SignInRequest,
    Body(Guest { display_name }): Body<Guest>,
) -> Result<(StatusCode, HeaderMap, Json<Me>), Refusal> {
    try_to_sign_in(&site, Try { name: None, address: request.address(), device: None })?;
    let name = display_name::display_name(&display_name)?;
    let entered = session::begin(&site, &request.browser, move |tx| {
        if !settings(tx)?.guests {
            return Err(Error::new(Code::Forbidden, "This site has no guests."));
        }
        if look::is_somebodys(tx, &name)? {
            let what = "Somebody with an account has this name, or one that looks like it.";
            return Err(Error::new(Code::NameTaken, what));
        }
        Ok(insert_nameless(tx, &name, Role::Guest)?)
    });
    let (headers, me) = entered.await?;
    Ok((StatusCode::CREATED, headers, me))
}
