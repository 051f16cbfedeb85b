//! The secrets of a desk with which its site signs who its visitors are. Two hold at a time, so that a site can change over.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site, random};
use encke_store::{Sql, Tx, params};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::parse_desk;
use crate::staff;

/// A secret.
pub(crate) struct SiteSecret {
    pub number: u64,
    pub secret: String,
    pub made_at: u64,
}

/// The secrets of a desk, the newest first.
pub(crate) fn all(sql: &mut impl Sql, house: ConversationId) -> Result<Vec<SiteSecret>, Error> {
    let query = "SELECT number, secret, made_ms FROM desk_site_secret WHERE house = ?1
                 ORDER BY number DESC LIMIT ?2";
    let rows = sql.query(query, params![house, desk_limits::SITE_SECRETS_MAX as u64])?;
    let mut secrets = Vec::with_capacity(rows.len());
    for row in rows {
        secrets.push(SiteSecret { number: row.get(0)?, secret: row.get(1)?, made_at: row.get(2)? });
    }
    Ok(secrets)
}

/// A secret without what is secret of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretShown {
    /// Its number, which a JWT may name as `kid`.
    number: u64,
    /// When it was made, in milliseconds since 1970.
    made_at: u64,
}

/// The secrets of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Secrets {
    /// The newest first.
    secrets: Vec<SecretShown>,
}

/// The secrets of a desk, without what is secret of them. Owners and supervisors see it.
#[utoipa::path(get, operation_id = "site_secrets", path = "/v1/desks/{desk}/secrets", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = Secrets), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<Secrets>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let secrets = site.store.read(move |read| {
        staff::leading(read, house, me)?;
        all(read, house)
    });
    let shown = |s: SiteSecret| SecretShown { number: s.number, made_at: s.made_at };
    Ok(Json(Secrets { secrets: secrets.await?.into_iter().map(shown).collect() }))
}

/// A secret that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewSecret {
    number: u64,
    made_at: u64,
    /// The secret, as the key of HS256. It can't be shown again.
    secret: String,
}

/// Makes a secret. The one before it still holds; older ones don't any more. Owners and supervisors do it.
#[utoipa::path(post, operation_id = "make_site_secret", path = "/v1/desks/{desk}/secrets", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 201, body = NewSecret), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn make(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<(StatusCode, Json<NewSecret>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let secret = random::secret("eks_")?;
    let made = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        put(tx, house, secret)
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

fn put(tx: &mut Tx<'_>, house: ConversationId, secret: String) -> Result<NewSecret, Error> {
    let before = all(tx, house)?;
    let newest = before.first().map_or(0, |newest| newest.number);
    let (number, made_at) = (newest + 1, tx.now_ms());
    tx.execute(
        "INSERT INTO desk_site_secret (house, number, secret, made_ms) VALUES (?1, ?2, ?3, ?4)",
        params![house, number, &secret, made_at],
    )?;
    let most = desk_limits::SITE_SECRETS_MAX as u64;
    // The newest of those before stays beside it.
    let kept = before.get(most as usize - 2).map_or(0, |kept| kept.number);
    let delete = "DELETE FROM desk_site_secret WHERE house = ?1 AND number < ?2";
    tx.execute(delete, params![house, kept])?;
    Ok(NewSecret { number, made_at, secret })
}

/// Ends a secret at once. Owners and supervisors do it.
#[utoipa::path(delete, operation_id = "end_site_secret", path = "/v1/desks/{desk}/secrets/{number}",
    tag = "desk", params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let none = || Error::new(Code::NotFound, "There is no such secret.");
    site.take(me, caller.0.role, Act::Message)?;
    let deleted = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let number = number.parse::<u32>().map_err(|_| none())?;
        let delete = "DELETE FROM desk_site_secret WHERE house = ?1 AND number = ?2";
        match tx.execute(delete, params![house, u64::from(number)])? {
            0 => Err(none()),
            _ => Ok(()),
        }
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
