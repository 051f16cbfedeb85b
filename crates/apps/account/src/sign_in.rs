//! Sign-in with name and password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use encke_engine::{Code, Error, PersonId};
use encke_store::{Sql, params};
use http::HeaderMap;
use http::request::Parts;
use serde::Deserialize;
use utoipa::ToSchema;

use super::device::Device;
use super::limits::Try;
use super::person::{Me, check_name, fold};
use super::product::try_to_sign_in;
use super::session;
use crate::Accounts;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::{Browser, Peer};
use encke_site::origin::{Origin, PageRule};
use encke_site::reply::Refusal;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameAndPassword {
    name: String,
    password: String,
}

/// A request that may sign somebody in. Requests that a foreign page makes a browser send are refused.
pub(crate) struct SignInRequest {
    peer: Option<Peer>,
    pub browser: Browser,
    device: Device,
}

impl SignInRequest {
    /// The address of the visitor, if it is known.
    pub fn address(&self) -> Option<IpAddr> {
        self.peer.map(|Peer(address)| address)
    }
}

impl FromRequestParts<Arc<Site>> for SignInRequest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
        origin.check(site, PageRule::TrustedIfNamed)?;
        let peer = parts.extensions.get::<Peer>().copied();
        Ok(SignInRequest { peer, browser: Browser::of(parts), device: Device::of(&parts.headers) })
    }
}

/// Signs in with name and password.
#[utoipa::path(post, path = "/v1/sign-in", tag = "people", request_body = NameAndPassword,
    security(()),
    responses((status = 200, body = Me), (status = 401, description = "wrong_password"),
        (status = 403, description = "foreign_origin"), (status = 429, description = "rate_limited")))]
pub(crate) async fn sign_in(
    State(site): State<Arc<Site>>,
    request: SignInRequest,
    Body(NameAndPassword { name, password }): Body<NameAndPassword>,
) -> Result<(HeaderMap, Json<Me>), Refusal> {
    let name = fold(&name);
    let wanted = name.clone();
    let found = site.store.read(move |read| {
        let query = "SELECT id, password FROM person WHERE name = ?1 AND disabled_ms IS NULL";
        match read.query_one(query, params![wanted])? {
            Some(row) => Ok(Some((row.get::<PersonId>(0)?, row.get::<Option<String>>(1)?))),
            None => Ok(None),
        }
    });
    let (person, stored) = found.await?.unzip();
    let stored = stored.flatten();
    let tried = Try {
        // An impossible name is counted for the address alone.
        name: check_name(&name).is_ok().then_some(&*name),
        address: request.address(),
        device: person
            .zip(stored.as_deref())
            .and_then(|(id, stored)| request.device.known(id, stored)),
    };
    try_to_sign_in(&site, tried)?;
    let right = Accounts::of(&site).hasher.verify(password, stored.clone()).await?;
    let wrong = || Error::new(Code::WrongPassword, "Name and password do not go together.");
    let person = person.filter(|_| right).ok_or_else(wrong)?;
    let remembered = request.device.remember(
        request.browser.scheme,
        person,
        stored.as_deref().unwrap_or_default(),
    )?;
    let entered = session::begin(&site, &request.browser, move |tx| {
        // The check of the password took a while. A change of the password or the end of the account in that time ends
        // this sign-in, too.
        let same = "SELECT 1 FROM person WHERE id = ?1 AND password = ?2 AND disabled_ms IS NULL";
        tx.query_one(same, params![person, stored])?.ok_or_else(wrong)?;
        Ok(person)
    });
    let (mut headers, me) = entered.await?;
    // These cookies are set beside the session's.
    for (name, value) in &remembered {
        headers.append(name, value.clone());
    }
    Accounts::of(&site).sign_ins.succeeded(tried);
    Ok((headers, me))
}
