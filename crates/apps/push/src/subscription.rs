//! Subscriptions: the browsers that are told of messages.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State as Held;
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use encke_engine::{Code, Error, outgoing_limits};
use encke_site::{Act, Body, Caller, Identity, Refusal, Site};
use encke_store::{Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::credential;
use crate::encrypt::{BrowserKeys, encrypt};
use crate::state::State;

/// A subscription of a browser, as its `PushSubscription` has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscription {
    /// The address at the push service.
    endpoint: String,
    /// The public key of the browser, in base64url.
    p256dh: String,
    /// The secret that the browser shares with the site, in base64url.
    auth: String,
}

/// The address of a subscription.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldSubscription {
    /// The address at the push service.
    endpoint: String,
}

fn invalid(what: impl Into<String>) -> Error {
    Error::new(Code::Invalid, what)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Reads the keys of a browser, and refuses those that nothing can be encrypted for.
fn keys(new: &NewSubscription) -> Result<BrowserKeys, Error> {
    let wrong = || invalid("p256dh and auth are not the keys of a PushSubscription.");
    let (p256dh, auth) = decoded(&new.p256dh).zip(decoded(&new.auth)).ok_or_else(wrong)?;
    let keys = BrowserKeys { p256dh, auth };
    encrypt(&keys, b"").map_err(|_| wrong())?;
    Ok(keys)
}

/// Tells a browser of messages while no page of the person is open, until the caller's session ends.
#[utoipa::path(put, operation_id = "subscribe_to_push", path = "/v1/push/subscriptions", tag = "push",
    request_body = NewSubscription,
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn put(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
    Body(new): Body<NewSubscription>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let state = State::of(&site);
    let ground = state.open()?;
    let checked = ground.egress.check(&new.endpoint);
    checked.map_err(|e| invalid(format!("The endpoint can't be used; {e}.")))?;
    let keys = keys(&new)?;
    let endpoint = new.endpoint;
    site.store.write(move |tx| Ok(insert(tx, caller.0, &endpoint, keys)?)).await?;
    state.subscribed.store(true, Ordering::Relaxed);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a browser of messages no more.
#[utoipa::path(delete, operation_id = "unsubscribe_from_push", path = "/v1/push/subscriptions", tag = "push",
    request_body = OldSubscription,
    responses((status = 204), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
    Body(OldSubscription { endpoint }): Body<OldSubscription>,
) -> Result<StatusCode, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Signal)?;
    let deleted = site.store.write(move |tx| {
        let query = "SELECT id FROM push_subscription WHERE endpoint = ?1 AND person = ?2";
        if let Some(row) = tx.query_one(query, params![endpoint, me])? {
            forget(tx, row.get(0)?)?;
        }
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stores a subscription. Whoever shows an address has its browser, so it takes the place of a subscription of somebody
/// who was signed in there before.
fn insert(
    tx: &mut Tx<'_>,
    by: Identity,
    endpoint: &str,
    keys: BrowserKeys,
) -> Result<(), StoreError> {
    let BrowserKeys { p256dh, auth } = keys;
    let before = "SELECT id FROM push_subscription WHERE endpoint = ?1";
    let mut gone = tx.query(before, params![endpoint])?;
    let most = outgoing_limits::PUSH_SUBSCRIPTIONS_PER_PERSON_MAX as u64;
    let oldest = "SELECT id FROM push_subscription WHERE person = ?1 AND endpoint <> ?2
                  ORDER BY created_ms DESC, id DESC LIMIT 1000 OFFSET ?3";
    gone.extend(tx.query(oldest, params![by.person, endpoint, most - 1])?);
    for row in gone {
        forget(tx, row.get(0)?)?;
    }
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO push_subscription (person, credential, endpoint, p256dh, auth, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![by.person, credential::stored(by.credential), endpoint, p256dh, auth, now],
    )?;
    Ok(())
}

/// Forgets a subscription and what it was to be told of.
pub(crate) fn forget(tx: &mut Tx<'_>, id: u64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM push_due WHERE subscription = ?1", params![id])?;
    tx.execute("DELETE FROM push_subscription WHERE id = ?1", params![id])?;
    Ok(())
}
