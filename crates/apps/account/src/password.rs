//! Passwords: their length, and changing them.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, params};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::device::Device;
use super::session::end_sessions;
use crate::Accounts;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::{Caller, Scheme};
use encke_site::identity::Ended;
use encke_site::reply::Refusal;

pub(super) fn check(password: &str) -> Result<(), Error> {
    if limits::PASSWORD_BYTES.contains(&password.len()) {
        return Ok(());
    }
    let (least, most) = (limits::PASSWORD_BYTES.start(), limits::PASSWORD_BYTES.end());
    Err(Error::new(Code::Invalid, format!("A password has {least} to {most} bytes.")))
}

/// The number of credentials that a recovery ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Recovered {
    /// Sessions of the person.
    pub sessions: u64,
    /// Tokens of the person.
    pub tokens: u64,
}

/// Stores a new hash and ends all credentials of the person, because somebody with the old password may have made
/// tokens.
pub(super) async fn recover(
    site: &Arc<Site>,
    person: PersonId,
    hash: String,
) -> Result<Recovered, Error> {
    let recovered = site.write_and_revoke(move |tx| {
        tx.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person, hash])?;
        let sessions = tx.execute("DELETE FROM session WHERE person = ?1", params![person])?;
        let tokens = tx.execute("DELETE FROM token WHERE person = ?1", params![person])?;
        Ok((Recovered { sessions, tokens }, vec![Ended { person, credential: None }]))
    });
    recovered.await
}

/// Stores a new hash and ends all sessions of the person but one.
pub(super) async fn replace(
    site: &Arc<Site>,
    person: PersonId,
    hash: String,
    keep: Option<u64>,
) -> Result<(), Error> {
    let replaced = site.write_and_revoke(move |tx| {
        tx.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person, hash])?;
        Ok(((), end_sessions(tx, person, |credential| keep != Some(credential))?))
    });
    replaced.await
}

/// Refuses any password but the signed-in person's.
pub(super) async fn confirm(
    site: &Arc<Site>,
    person: PersonId,
    password: String,
) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_guess(person, site.now_ms())?;
    let stored = site.store.read(move |read| {
        let row = read.query_one("SELECT password FROM person WHERE id = ?1", params![person])?;
        Ok(row.map(|r| r.get::<Option<String>>(0)).transpose()?.flatten())
    });
    if !Accounts::of(site).hasher.verify(password, stored.await?).await? {
        return Err(Error::new(Code::WrongPassword, "The password is not right."));
    }
    Accounts::of(site).sign_ins.guessed(person);
    Ok(())
}

/// A request to change a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passwords {
    old: String,
    new: String,
}

/// Changes the caller's password; its other sessions end.
#[utoipa::path(post, operation_id = "change_password", path = "/v1/password", tag = "people",
    request_body = Passwords,
    responses((status = 204), (status = 401, description = "wrong_password"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    scheme: Scheme,
    Body(Passwords { old, new }): Body<Passwords>,
) -> Result<(StatusCode, HeaderMap), Refusal> {
    check(&new)?;
    let me = caller.0.person;
    confirm(&site, me, old).await?;
    let hash = Accounts::of(&site).hasher.hash(new).await?;
    let remembered = Device::default().remember(scheme, me, &hash)?;
    replace(&site, me, hash, Some(caller.0.credential)).await?;
    Ok((StatusCode::NO_CONTENT, remembered))
}
