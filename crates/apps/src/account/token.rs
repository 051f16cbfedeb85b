//! Tokens: bearer credentials of scripts.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_engine::{Code, Error, PersonId};
use encke_store::{Sql, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::body::Body;
use crate::caller::Caller;
use crate::identity::{Ended, Role, hash, number};
use crate::path::Path;
use crate::random;
use crate::reply::{Refusal, Refused};
use crate::site::Site;

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;
/// Tokens that one person may have.
const TOKENS_PER_PERSON_MAX: u64 = 100;

/// Makes a token; this is the only time that it is to be seen.
pub async fn create_token(
    site: &Arc<Site>,
    person: PersonId,
    label: &str,
) -> Result<String, Error> {
    if label.chars().count() > LABEL_CHARS_MAX || label.chars().any(char::is_control) {
        return Err(Error::new(Code::Invalid, "A label has at most 100 characters on one line."));
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
        let count =
            tx.query_one("SELECT count(*) FROM token WHERE person = ?1", params![person])?;
        if count.map_or(Ok(0), |row| row.get::<u64>(0))? >= TOKENS_PER_PERSON_MAX {
            return Err(Error::new(Code::Conflict, "This person has too many tokens."));
        }
        let now = tx.now_ms();
        tx.execute(
            "INSERT INTO token (hash, person, label, created_ms) VALUES (?1, ?2, ?3, ?4)",
            params![&stored[..], person, label, now],
        )?;
        Ok(())
    });
    made.await?;
    Ok(secret)
}

/// A token to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    /// For whom; the caller if absent.
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// What it is for.
    #[serde(default)]
    label: String,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Made {
    token: String,
    #[schema(value_type = String)]
    person: PersonId,
}

/// Makes a token: for oneself, or, by the owner, for anybody.
#[utoipa::path(post, path = "/v1/tokens", tag = "people", request_body = New,
    responses((status = 201, body = Made),
        (status = 401, body = Refused, description = "not_signed_in"),
        (status = 403, body = Refused, description = "forbidden, foreign_origin"),
        (status = 404, body = Refused, description = "not_found"),
        (status = 409, body = Refused, description = "conflict: too many tokens"),
        (status = 422, body = Refused, description = "unknown_field, invalid")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(New { person, label }): Body<New>,
) -> Result<(StatusCode, Json<Made>), Refusal> {
    let person = person.unwrap_or(caller.0.person);
    if person != caller.0.person {
        caller.owner()?;
    }
    let token = create_token(&site, person, &label).await?;
    Ok((StatusCode::CREATED, Json(Made { token, person })))
}

/// A token as its person sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed {
    /// To revoke it by.
    id: String,
    label: String,
    created: u64,
}

/// Whose tokens.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// The caller's if absent; the owner of the site may name anybody.
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
    tokens: Vec<Listed>,
}

fn id_of(hash: &[u8]) -> String {
    format!("{:016x}", number(hash))
}

/// The tokens of the caller, or of whom the owner of the site asks for; without the secrets.
#[utoipa::path(get, path = "/v1/tokens", tag = "people", params(Whose),
    responses((status = 200, body = Tokens),
        (status = 401, body = Refused, description = "not_signed_in"),
        (status = 403, body = Refused, description = "forbidden")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    asked: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<Tokens>, Refusal> {
    let person = whose(&caller, asked)?;
    let tokens = site.store.read(move |read| {
        let query =
            "SELECT hash, label, created_ms FROM token WHERE person = ?1 ORDER BY created_ms";
        let listed = |row: &encke_store::Row| {
            let id = id_of(&row.get::<Vec<u8>>(0)?);
            Ok(Listed { id, label: row.get(1)?, created: row.get(2)? })
        };
        read.query(query, params![person])?.iter().map(listed).collect::<Result<_, Error>>()
    });
    Ok(Json(Tokens { tokens: tokens.await? }))
}

/// Ends a token, and the connections that rest on it.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "people",
    params(("id" = String, Path), Whose),
    responses((status = 204),
        (status = 401, body = Refused, description = "not_signed_in"),
        (status = 403, body = Refused, description = "forbidden, foreign_origin"),
        (status = 404, body = Refused, description = "not_found")))]
pub(crate) async fn revoke(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Result<Query<Whose>, QueryRejection>,
) -> Result<StatusCode, Refusal> {
    let person = whose(&caller, asked)?;
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
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}
