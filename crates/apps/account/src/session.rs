//! Sessions of browsers: secrets in a cookie. Only their hashes are stored.
//!
//! A session ends [`limits::SESSION_AGE_MS`] after its last use. The end moves in the store at most once a day (see
//! `Site::identify`). The cookie lives as long as browsers allow, because the store decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::State;
use cookie::time::Duration;
use cookie::{CookieBuilder, SameSite};
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::person::{Me, me};
use crate::Accounts;
use crate::identity::{hash, number};
use crate::set_cookie::{self, set_cookie};
use encke_credentials::{HOSTS_COOKIE, PLAIN_COOKIE};
use encke_site::Site;
use encke_site::body::MaybeBody;
use encke_site::caller::{Browser, Caller, CallerOrVisitor, Scheme};
use encke_site::identity::Ended;
use encke_site::random;
use encke_site::reply::Refusal;

/// Sessions of one person. A further session ends the oldest.
const SESSIONS_PER_PERSON_MAX: u64 = 50;
/// Milliseconds between two sweeps of ended sessions.
const SWEEP_MS: u64 = 10 * 60 * 1000;
/// Sessions that one sweep deletes.
const SWEEP_MAX: u64 = 1_000;

/// The time of the last sweep of ended sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    swept_ms: AtomicU64,
}

impl Sessions {
    fn is_sweep_due(&self, now_ms: u64) -> bool {
        let last = self.swept_ms.load(Ordering::Relaxed);
        now_ms >= last + SWEEP_MS
            && self
                .swept_ms
                .compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// Begins a session of a browser. `who` runs in the same write and returns the person or a refusal. The browser's
/// session from before ends.
pub(super) async fn begin<F>(
    site: &Arc<Site>,
    before: &Browser,
    who: F,
) -> Result<(HeaderMap, Json<Me>), Error>
where
    F: FnOnce(&mut Tx<'_>) -> Result<PersonId, Error> + Send + 'static,
{
    let secret = random::secret("eks_")?;
    let (new, old) = (hash(&secret), before.session.as_deref().map(hash));
    let now = site.now_ms();
    let sweep = Accounts::of(site).sessions.is_sweep_due(now);
    let site_for_store = site.clone();
    let shown = site.write_and_revoke(move |tx| {
        let person = who(tx)?;
        let mut ended = match old {
            Some(old) => end(tx, "hash = ?1", params![&old[..]])?,
            None => Vec::new(),
        };
        let superfluous = "hash IN (SELECT hash FROM session WHERE person = ?1
             ORDER BY expires_ms DESC, hash LIMIT 1000 OFFSET ?2)";
        ended.extend(end(tx, superfluous, params![person, SESSIONS_PER_PERSON_MAX - 1])?);
        if sweep {
            let over =
                "hash IN (SELECT hash FROM session WHERE expires_ms <= ?1 ORDER BY hash LIMIT ?2)";
            ended.extend(end(tx, over, params![now, SWEEP_MAX])?);
        }
        tx.execute(
            "INSERT INTO session (hash, person, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![&new[..], person, now, now + limits::SESSION_AGE_MS],
        )?;
        Ok((me(tx, &site_for_store, person)?, ended))
    });
    let shown = shown.await?;
    Ok((cookie(before.scheme, &secret), Json(shown)))
}

/// The header that sets the cookie of a session, new or old.
pub(super) fn cookie(scheme: Scheme, secret: &str) -> HeaderMap {
    let name = if scheme == Scheme::Https { HOSTS_COOKIE } else { PLAIN_COOKIE };
    let mut headers = HeaderMap::new();
    set_cookie(&mut headers, scheme, of_session(name, secret).max_age(set_cookie::AGE));
    headers
}

/// The headers that delete the cookie under both names.
fn no_cookie(scheme: Scheme) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [PLAIN_COOKIE, HOSTS_COOKIE] {
        // Browsers ignore the second header over plain HTTP, where they never send that cookie.
        if name == PLAIN_COOKIE || scheme == Scheme::Https {
            set_cookie(&mut headers, scheme, of_session(name, "").max_age(Duration::ZERO));
        }
    }
    headers
}

fn of_session<'a>(name: &'a str, secret: &'a str) -> CookieBuilder<'a> {
    CookieBuilder::new(name, secret).path("/").same_site(SameSite::Lax)
}

fn end(
    tx: &mut Tx<'_>,
    which: &str,
    params: &[encke_store::Value],
) -> Result<Vec<Ended>, StoreError> {
    let query = format!("DELETE FROM session WHERE {which} RETURNING person, hash");
    let ended = |row: Row| {
        let credential = Some(number(&row.get::<Vec<u8>>(1)?));
        Ok(Ended { person: row.get(0)?, credential })
    };
    tx.query(&query, params)?.into_iter().map(ended).collect()
}

/// Ends the sessions of a person with a credential for which `goes` returns true.
pub(super) fn end_sessions(
    tx: &mut Tx<'_>,
    person: PersonId,
    goes: impl Fn(u64) -> bool,
) -> Result<Vec<Ended>, StoreError> {
    let mut ended = Vec::new();
    for row in tx.query("SELECT hash FROM session WHERE person = ?1", params![person])? {
        let hash: Vec<u8> = row.get(0)?;
        if goes(number(&hash)) {
            ended.extend(end(tx, "hash = ?1", params![hash])?);
        }
    }
    Ok(ended)
}

/// A request to end sessions.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOut {
    /// Whether all sessions of the person end, not only this one.
    #[serde(default)]
    everywhere: bool,
    /// With `everywhere`: whether the person's tokens are revoked, too.
    #[serde(default)]
    tokens: bool,
}

/// Ends the caller's session, or all of its sessions, and the connections that rest on them.
#[utoipa::path(post, path = "/v1/sign-out", tag = "people", request_body = Option<SignOut>,
    responses((status = 204)))]
pub(crate) async fn sign_out(
    State(site): State<Arc<Site>>,
    scheme: Scheme,
    caller: Caller,
    MaybeBody(SignOut { everywhere, tokens }): MaybeBody<SignOut>,
) -> Result<(StatusCode, HeaderMap), Refusal> {
    if tokens && !everywhere {
        return Err(Refusal::new(
            Code::Invalid,
            "Tokens are revoked by a sign-out everywhere only.",
        ));
    }
    let (me, mine) = (caller.0.person, caller.0.credential);
    let ended = site.write_and_revoke(move |tx| {
        let mut ended = end_sessions(tx, me, |credential| everywhere || credential == mine)?;
        if tokens {
            tx.execute("DELETE FROM token WHERE person = ?1", params![me])?;
            ended = vec![Ended { person: me, credential: None }];
        }
        Ok(((), ended))
    });
    ended.await?;
    Ok((StatusCode::NO_CONTENT, no_cookie(scheme)))
}

/// Returns the caller and its site.
#[utoipa::path(get, operation_id = "me", path = "/v1/me", tag = "people",
    responses((status = 200, body = Me)))]
pub(crate) async fn who(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
) -> Result<Json<Me>, Refusal> {
    let site_for_store = site.clone();
    Ok(Json(site.store.read(move |read| me(read, &site_for_store, caller.0.person)).await?))
}
