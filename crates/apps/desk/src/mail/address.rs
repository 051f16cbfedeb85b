//! The address that a visitor leaves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{ConversationId, PersonId};
use encke_letter::Signed;
use encke_site::{Act, Body, CallerOrVisitor, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked;
use super::state::MailState;
use crate::visitor;

/// A row of `desk_mail_address`.
pub(crate) struct AddressRow {
    pub person: PersonId,
    pub house: ConversationId,
    pub address: String,
    pub secret: Vec<u8>,
    pub is_confirmed: bool,
    pub asked_ms: u64,
    /// When the request to confirm it is sent; `None` if none is to be sent.
    pub due_ms: Option<u64>,
    pub tries: u64,
}

impl AddressRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(AddressRow {
            person: row.get(0)?,
            house: row.get(1)?,
            address: row.get(2)?,
            secret: row.get(3)?,
            is_confirmed: row.get(4)?,
            asked_ms: row.get(5)?,
            due_ms: row.get(6)?,
            tries: row.get(7)?,
        })
    }

    /// What its links are made for.
    pub fn signed(&self) -> Signed<'_> {
        let AddressRow { person, address, secret, asked_ms, .. } = self;
        Signed { person: *person, address, asked_ms: *asked_ms, secret }
    }
}

/// The address of a visitor.
pub(crate) fn find(
    sql: &mut impl Sql,
    visitor: PersonId,
) -> Result<Option<AddressRow>, StoreError> {
    let query = "SELECT person, house, address, secret, confirmed, asked_ms, due_ms, tries
                 FROM desk_mail_address WHERE person = ?1";
    sql.query_one(query, params![visitor])?.as_ref().map(AddressRow::read).transpose()
}

/// Forgets the address of a visitor, and the answers that wait for it.
pub(crate) fn forget(tx: &mut Tx<'_>, visitor: PersonId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM desk_mail WHERE visitor = ?1", params![visitor])?;
    tx.execute("DELETE FROM desk_mail_address WHERE person = ?1", params![visitor])?;
    Ok(())
}

/// Hands the answers for one visitor, and its address, to another one, which keeps its own address if it has one.
pub(crate) fn hand_on(tx: &mut Tx<'_>, from: PersonId, into: PersonId) -> Result<(), StoreError> {
    let moved = "UPDATE desk_mail_address SET person = ?2 WHERE person = ?1
                 AND NOT EXISTS (SELECT 1 FROM desk_mail_address i WHERE i.person = ?2)";
    tx.execute(moved, params![from, into])?;
    tx.execute("DELETE FROM desk_mail_address WHERE person = ?1", params![from])?;
    tx.execute("UPDATE desk_mail SET visitor = ?2 WHERE visitor = ?1", params![from, into])?;
    Ok(())
}

/// The address of a visitor.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitorMail {
    /// The address; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    address: Option<String>,
    /// Whether the link that was sent there was used. No answer is sent before.
    confirmed: bool,
}

impl VisitorMail {
    fn of(row: Option<AddressRow>) -> Self {
        let confirmed = row.as_ref().is_some_and(|row| row.is_confirmed);
        VisitorMail { address: row.map(|row| row.address), confirmed }
    }
}

/// The address to which a visitor wants its answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftAddress {
    address: String,
}

/// The address of the calling visitor.
#[utoipa::path(get, operation_id = "visitor_mail", path = "/v1/desks/{desk}/mail", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = VisitorMail), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
) -> Result<Json<VisitorMail>, Refusal> {
    MailState::of(&site).open()?;
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        let (_, visitor) = visitor::at(read, &key, caller)?;
        Ok(find(read, visitor.person)?)
    });
    Ok(Json(VisitorMail::of(found.await?)))
}

/// Leaves an address for answers. It gets a link to confirm, unless it is confirmed already.
#[utoipa::path(put, operation_id = "leave_address", path = "/v1/desks/{desk}/mail", tag = "desk",
    params(("desk" = String, Path)), request_body = LeftAddress,
    responses((status = 200, body = VisitorMail),
        (status = 403, description = "blocked, forbidden"), (status = 404, description = "not_found"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn put(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
    Body(LeftAddress { address }): Body<LeftAddress>,
) -> Result<Json<VisitorMail>, Refusal> {
    MailState::of(&site).open()?;
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let address = encke_letter::check(&address)?;
    let left = site.store.write(move |tx| {
        let (desk, visitor) = visitor::at(tx, &key, caller)?;
        visitor::check_not_blocked(&visitor)?;
        let before = find(tx, visitor.person)?;
        if before.as_ref().is_some_and(|row| row.is_confirmed && row.address == address) {
            return Ok(before);
        }
        asked::take(tx, desk.house, visitor.person, &address)?;
        let now = tx.now_ms();
        // Another secret: the links of earlier mails do nothing any more.
        let secret = encke_site::random::secret("")?.into_bytes();
        tx.execute(
            "DELETE FROM desk_mail_address WHERE person = ?1",
            params![visitor.person],
        )?;
        tx.execute(
            "INSERT INTO desk_mail_address (person, house, address, secret, confirmed, asked_ms, due_ms, tries)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5, 0)",
            params![visitor.person, desk.house, address, secret, now],
        )?;
        // What waits is sent when the new address is confirmed.
        tx.execute(
            "UPDATE desk_mail SET due_ms = NULL WHERE visitor = ?1",
            params![visitor.person],
        )?;
        Ok(find(tx, visitor.person)?)
    });
    Ok(Json(VisitorMail::of(left.await?)))
}

/// Forgets the address of the calling visitor.
#[utoipa::path(delete, operation_id = "forget_address", path = "/v1/desks/{desk}/mail", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let deleted = site.store.write(move |tx| {
        let (_, visitor) = visitor::at(tx, &key, caller)?;
        Ok(forget(tx, visitor.person)?)
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
