//! Tokens: bearer credentials of scripts.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::password::confirm;
use crate::identity::{hash, number};
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::Caller;
use encke_site::identity::{Ended, Role};
use encke_site::path::Path;
use encke_site::random;
use encke_site::reply::Refusal;

/// Seconds of a year.
const YEAR_S: u64 = 365 * 24 * 60 * 60;
/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;
/// Tokens of one person.
const TOKENS_PER_PERSON_MAX: u64 = 100;

/// Makes a token and returns it. It can't be shown again.
///
/// Without `expires_in_s` a token lives until it is revoked, so that a forgotten script does not stop one night.
pub async fn create_token(
    site: &Arc<Site>,
    person: PersonId,
    label: &str,
    expires_in_s: Option<u64>,
) -> Result<String, Error> {
    if label.chars().count() > LABEL_CHARS_MAX || label.chars().any(char::is_control) {
        let what = format!("A label has at most {LABEL_CHARS_MAX} characters on one line.");
        return Err(Error::new(Code::Invalid, what));
    }
    if expires_in_s.is_some_and(|s| !limits::TOKEN_AGE_S.contains(&s)) {
        let (least, most) = (limits::TOKEN_AGE_S.start(), limits::TOKEN_AGE_S.end() / YEAR_S);
        let what = format!("A token expires after {least} seconds to {most} years.");
        return Err(Error::new(Code::Invalid, what));
    }
    let secret = random::secret("ekt_")?;
    let (stored, label) = (hash(&secret), label.to_owned());
    let made = site.store.write(move |tx| {
        let present = "SELECT role FROM person WHERE id = ?1 AND disabled_ms IS NULL";
        let nobody = || Error::new(Code::NotFound, "There is no such person.");
        let row = tx.query_one(present, params![person])?.ok_or_else(nobody)?;
        if Role::of(&row.get::<String>(0)?) == Role::Guest {
            return Err(Error::new(Code::Forbidden, "Guests have no tokens."));
        }
        let now = tx.now_ms();
        let over = "DELETE FROM token WHERE person = ?1 AND expires_ms <= ?2";
        tx.execute(over, params![person, now])?;
        let count =
            tx.query_one("SELECT count(*) FROM token WHERE person = ?1", params![person])?;
        if count.map_or(Ok(0), |row| row.get::<u64>(0))? >= TOKENS_PER_PERSON_MAX {
            return Err(Error::new(Code::Conflict, "This person has too many tokens."));
        }
        let expires_ms = expires_in_s.map(|s| now + s * 1_000);
        tx.execute(
            "INSERT INTO token (hash, person, label, created_ms, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![&stored[..], person, label, now, expires_ms],
        )?;
        Ok(())
    });
    made.await?;
    Ok(secret)
}

/// Request to make a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Person that the token is for; the caller if absent.
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Note of the token's purpose.
    #[serde(default)]
    label: String,
    /// Seconds until it expires; never if absent.
    expires_in_s: Option<u64>,
    /// The caller's own password.
    password: Option<String>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token: String,
    #[schema(value_type = String)]
    person: PersonId,
}

/// Makes a token: for the caller, or, by the owner, for anybody. A session alone is not enough, because it may be
/// stolen and a token outlives it, so the caller gives its password, too. A token can't make tokens.
#[utoipa::path(post, operation_id = "create_token", path = "/v1/tokens", tag = "people",
    request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = 401, description = "wrong_password"),
        (status = 403, description = "forbidden"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(NewToken { person, label, expires_in_s, password }): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    let me = caller.0.person;
    let person = person.unwrap_or(me);
    if person != me {
        caller.owner()?;
    }
    if !caller.0.by_cookie {
        let what = "A token makes no tokens: sign in with a password, or use `encke token create`.";
        return Err(Refusal::new(Code::Forbidden, what));
    }
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests have no tokens."));
    }
    let needed =
        || Error::new(Code::Invalid, "Give your password, too: a token outlives the session.");
    confirm(&site, me, password.ok_or_else(needed)?).await?;
    let token = create_token(&site, person, &label, expires_in_s).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token, person })))
}

/// A token as its person sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedToken {
    /// Id to revoke the token by.
    id: String,
    label: String,
    created: u64,
    /// End of the token; `null` if it ends only when it is revoked.
    #[schema(required)]
    expires: Option<u64>,
}

/// Selection of a person's tokens.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// Person with these tokens; the caller if absent. Only the owner of the site may name others.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
}

fn whose(caller: &Caller, whose: Result<Query<Whose>, QueryRejection>) -> Result<PersonId, Error> {
    let whose = whose.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let person = whose.0.person.unwrap_or(caller.0.person);
    if person != caller.0.person {
        caller.owner()?;
    }
    Ok(person)
}

/// A person's tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    tokens: Vec<ListedToken>,
}

fn id_of(hash: &[u8]) -> String {
    format!("{:016x}", number(hash))
}

/// Lists the tokens of the caller, or, for the owner, of any person. The secrets are not shown.
#[utoipa::path(get, operation_id = "tokens", path = "/v1/tokens", tag = "people", params(Whose),
    responses((status = 200, body = Tokens), (status = 403, description = "forbidden")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    asked: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<Tokens>, Refusal> {
    let person = whose(&caller, asked)?;
    let tokens = site.store.read(move |read| {
        let query =
            "SELECT hash, label, created_ms, expires_ms FROM token WHERE person = ?1 ORDER BY created_ms, hash";
        let listed = |row: &encke_store::Row| {
            let id = id_of(&row.get::<Vec<u8>>(0)?);
            Ok(ListedToken { id, label: row.get(1)?, created: row.get(2)?, expires: row.get(3)? })
        };
        read.query(query, params![person])?.iter().map(listed).collect::<Result<_, Error>>()
    });
    Ok(Json(Tokens { tokens: tokens.await? }))
}

/// A token as the operator sees it.
#[derive(Serialize)]
pub struct AnyToken {
    #[serde(flatten)]
    token: ListedToken,
    person: PersonId,
    /// The sign-in name of the token's person; for a bot, its display name.
    name: String,
}

/// All tokens of all people. The caller has checked that it may.
pub async fn all_tokens(site: &Arc<Site>) -> Result<Vec<AnyToken>, Error> {
    let found = site.store.read(|read| {
        let query = "SELECT t.hash, t.label, t.created_ms, t.expires_ms, p.id,
                        coalesce(p.shown_name, p.display_name)
                     FROM token t JOIN person p ON p.id = t.person
                     WHERE p.role <> 'visitor' ORDER BY p.id, t.created_ms, t.hash";
        let listed = |row: &encke_store::Row| {
            let id = id_of(&row.get::<Vec<u8>>(0)?);
            let token =
                ListedToken { id, label: row.get(1)?, created: row.get(2)?, expires: row.get(3)? };
            Ok(AnyToken { token, person: row.get(4)?, name: row.get(5)? })
        };
        read.query(query, params![])?.iter().map(listed).collect::<Result<_, Error>>()
    });
    found.await
}

/// Ends any token. The caller has checked that it may.
pub async fn revoke_token(site: &Arc<Site>, id: &str) -> Result<(), Error> {
    let all = all_tokens(site).await?;
    let nothing = || Error::new(Code::NotFound, "There is no such token.");
    let person = all.iter().find(|t| t.token.id == id).map(|t| t.person).ok_or_else(nothing)?;
    end_token(site, person, id.to_owned()).await
}

async fn end_token(site: &Arc<Site>, person: PersonId, id: String) -> Result<(), Error> {
    let ended = site.write_and_revoke(move |tx| {
        for row in tx.query("SELECT hash FROM token WHERE person = ?1", params![person])? {
            let stored: Vec<u8> = row.get(0)?;
            if id_of(&stored) == id {
                tx.execute("DELETE FROM token WHERE hash = ?1", params![&stored[..]])?;
                return Ok(((), vec![Ended { person, credential: Some(number(&stored)) }]));
            }
        }
        Err(Error::new(Code::NotFound, "There is no such token."))
    });
    ended.await
}

/// Ends a token, and the connections that rest on it.
#[utoipa::path(delete, operation_id = "revoke_token", path = "/v1/tokens/{id}", tag = "people",
    params(("id" = String, Path), Whose),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found")))]
pub(crate) async fn revoke(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Result<Query<Whose>, QueryRejection>,
) -> Result<StatusCode, Refusal> {
    let person = whose(&caller, asked)?;
    end_token(&site, person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
