//! The mailbox of a desk: the address that people write to, and the token of the program that hands their mails in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error};
use encke_site::{Act, Body, Caller, Path, Refusal, Site, random};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::desk::parse_desk;
use crate::staff;

/// A row of `desk_mailbox`.
pub(crate) struct Mailbox {
    pub address: String,
    /// Signs the names of the desk's own mails.
    pub secret: Vec<u8>,
    token: Option<Vec<u8>>,
    made_ms: u64,
}

impl Mailbox {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let (address, secret) = (row.get(0)?, row.get(1)?);
        Ok(Mailbox { address, secret, token: row.get(2)?, made_ms: row.get(3)? })
    }

    /// Whether this is the token of the program that hands mails in.
    pub fn opens_with(&self, token: &str) -> bool {
        self.token.as_deref() == Some(Sha256::digest(token).as_slice())
    }
}

/// The mailbox of a desk.
pub(crate) fn find(
    sql: &mut impl Sql,
    house: ConversationId,
) -> Result<Option<Mailbox>, StoreError> {
    let query = "SELECT address, secret, token, made_ms FROM desk_mailbox WHERE house = ?1";
    sql.query_one(query, params![house])?.as_ref().map(Mailbox::of).transpose()
}

/// The refusal of what only a mailbox has.
pub(crate) fn none() -> Error {
    Error::new(Code::NotFound, "This desk has no mailbox.")
}

/// The mailbox of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailboxShown {
    /// The address that people write to.
    address: String,
    /// When the token of the program that hands mails in was made, in milliseconds since 1970; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_made_at: Option<u64>,
}

impl From<Mailbox> for MailboxShown {
    fn from(Mailbox { address, token, made_ms, .. }: Mailbox) -> Self {
        MailboxShown { address, token_made_at: token.map(|_| made_ms) }
    }
}

/// The mailbox of a desk. Owners and supervisors see it.
#[utoipa::path(get, operation_id = "desk_mailbox", path = "/v1/desks/{desk}/mailbox", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = MailboxShown), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<MailboxShown>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        staff::leading(read, house, me)?;
        find(read, house)?.ok_or_else(none)
    });
    Ok(Json(found.await?.into()))
}

/// The address of a desk's mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMailbox {
    /// The address that people write to. Answers name it as the one to answer to.
    address: String,
}

/// Gives a desk a mailbox, or the mailbox another address. Owners and supervisors do it.
#[utoipa::path(put, operation_id = "set_desk_mailbox", path = "/v1/desks/{desk}/mailbox", tag = "desk",
    params(("desk" = String, Path)), request_body = NewMailbox,
    responses((status = 200, body = MailboxShown), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn put(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(NewMailbox { address }): Body<NewMailbox>,
) -> Result<Json<MailboxShown>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let address = encke_letter::check(&address)?;
    let secret = random::secret("")?.into_bytes();
    let set = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let now = tx.now_ms();
        tx.execute(
            "INSERT INTO desk_mailbox (house, address, secret, made_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (house) DO UPDATE SET address = excluded.address",
            params![house, address, secret, now],
        )?;
        find(tx, house)?.ok_or_else(none)
    });
    Ok(Json(set.await?.into()))
}

/// Takes the mailbox of a desk away: no mail is taken any more. Tickets stay. Owners and supervisors do it.
#[utoipa::path(delete, operation_id = "delete_desk_mailbox", path = "/v1/desks/{desk}/mailbox", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let deleted = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let deleted = tx.execute("DELETE FROM desk_mailbox WHERE house = ?1", params![house])?;
        if deleted == 0 { Err(none()) } else { Ok(()) }
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailboxToken {
    /// The token with which a program hands mails in. It can't be shown again.
    token: String,
}

/// Makes the token with which a program hands in the mails of a desk. The one before it ends. Owners and supervisors do it.
#[utoipa::path(post, operation_id = "make_mailbox_token", path = "/v1/desks/{desk}/mailbox/token", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 201, body = MailboxToken), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn make_token(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<(StatusCode, Json<MailboxToken>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Creation)?;
    let token = random::secret("emt_")?;
    let digest = Sha256::digest(&token).to_vec();
    let made = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        note(tx, house, digest)
    });
    made.await?;
    Ok((StatusCode::CREATED, Json(MailboxToken { token })))
}

fn note(tx: &mut Tx<'_>, house: ConversationId, digest: Vec<u8>) -> Result<(), Error> {
    let update = "UPDATE desk_mailbox SET token = ?2, made_ms = ?3 WHERE house = ?1";
    let now = tx.now_ms();
    if tx.execute(update, params![house, digest, now])? == 0 { Err(none()) } else { Ok(()) }
}
