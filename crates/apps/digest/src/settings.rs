//! The address of a person, and how long a message may stay unread.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Held;
use encke_engine::{Code, Error, PersonId};
use encke_letter::Signed;
use encke_site::{Act, Body, Caller, Refusal, Role, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::asked;
use crate::state::State;
use crate::words::Language;

/// How long a message may stay unread before it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Every {
    /// No mails.
    Never,
    /// A quarter of an hour, or what the operator has chosen in its place.
    Soon,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;

impl Every {
    fn ms(self, soon_ms: u64) -> u64 {
        match self {
            Every::Never => 0,
            Every::Soon => soon_ms,
            Every::Hour => HOUR_MS,
            Every::Day => DAY_MS,
        }
    }

    fn of(ms: u64) -> Self {
        match ms {
            0 => Every::Never,
            HOUR_MS => Every::Hour,
            DAY_MS => Every::Day,
            _ => Every::Soon,
        }
    }
}

/// The mails of a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mails {
    /// The address; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    address: Option<String>,
    /// Whether the person has opened the link that was sent there. Nothing else is sent before.
    confirmed: bool,
    every: Every,
    /// The seconds of `soon`.
    soon_s: u64,
}

/// The mails that a person wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedMails {
    /// The address. One that is not confirmed gets a link, also if it was given before.
    address: String,
    every: Every,
    /// The language of the mails: `en` or `zh-CN`.
    language: String,
}

/// A row of `digest_person`.
pub(crate) struct PersonRow {
    pub person: PersonId,
    pub address: String,
    pub secret: Vec<u8>,
    pub is_confirmed: bool,
    pub every_ms: u64,
    pub language: Language,
    pub asked_ms: u64,
    pub due_ms: Option<u64>,
    pub tries: u64,
}

impl PersonRow {
    /// What its links are made for.
    pub fn signed(&self) -> Signed<'_> {
        let PersonRow { person, address, secret, asked_ms, .. } = self;
        Signed { person: *person, address, asked_ms: *asked_ms, secret }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(PersonRow {
            person: row.get(0)?,
            address: row.get(1)?,
            secret: row.get(2)?,
            is_confirmed: row.get(3)?,
            every_ms: row.get(4)?,
            language: Language::of(&row.get::<String>(5)?),
            asked_ms: row.get(6)?,
            due_ms: row.get(7)?,
            tries: row.get(8)?,
        })
    }
}

/// The row of a person.
pub(crate) fn find(sql: &mut impl Sql, person: PersonId) -> Result<Option<PersonRow>, StoreError> {
    let query =
        "SELECT person, address, secret, confirmed, every_ms, language, asked_ms, due_ms, tries
                 FROM digest_person WHERE person = ?1";
    sql.query_one(query, params![person])?.as_ref().map(PersonRow::read).transpose()
}

/// Forgets what a person may have missed.
pub(crate) fn forget_waiting(tx: &mut Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM digest_waiting WHERE person = ?1", params![person])?;
    Ok(())
}

fn mails(row: Option<PersonRow>, soon_ms: u64) -> Mails {
    let soon_s = soon_ms / 1_000;
    match row {
        Some(row) => Mails {
            address: Some(row.address),
            confirmed: row.is_confirmed,
            every: Every::of(row.every_ms),
            soon_s,
        },
        None => Mails { address: None, confirmed: false, every: Every::Never, soon_s },
    }
}

/// Refuses those that have no account to come back to.
fn check_role(role: Role) -> Result<(), Error> {
    match role {
        Role::Member | Role::Owner => Ok(()),
        _ => Err(Error::new(Code::Forbidden, "Only people with an account get mails.")),
    }
}

/// One's own mails.
#[utoipa::path(get, operation_id = "mails", path = "/v1/digest", tag = "mail",
    responses((status = 200, body = Mails), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Mails>, Refusal> {
    let me = caller.0.person;
    let soon_ms = State::of(&site).open()?.soon_ms;
    check_role(caller.0.role)?;
    site.take(me, caller.0.role, Act::Read)?;
    let row = site.store.read(move |read| Ok(find(read, me)?)).await?;
    Ok(Json(mails(row, soon_ms)))
}

/// Chooses an address, and how long a message may stay unread before a mail tells of it.
#[utoipa::path(put, operation_id = "choose_mails", path = "/v1/digest", tag = "mail",
    request_body = WantedMails,
    responses((status = 200, body = Mails), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn put(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
    Body(wanted): Body<WantedMails>,
) -> Result<Json<Mails>, Refusal> {
    let me = caller.0.person;
    let soon_ms = State::of(&site).open()?.soon_ms;
    check_role(caller.0.role)?;
    site.take(me, caller.0.role, Act::Creation)?;
    let address = encke_letter::check(&wanted.address)?;
    let (every_ms, language) = (wanted.every.ms(soon_ms), Language::of(&wanted.language).name());
    let chosen = site.store.write(move |tx| {
        let before = find(tx, me)?;
        let known = before.filter(|row| row.is_confirmed && row.address == address);
        if let Some(row) = known {
            // What waits is told after the new time from now on.
            let due_ms = row.due_ms.filter(|_| every_ms > 0).map(|_| tx.now_ms() + every_ms);
            tx.execute(
                "UPDATE digest_person SET every_ms = ?2, language = ?3,
                     due_ms = ?4
                 WHERE person = ?1",
                params![me, every_ms, language, due_ms],
            )?;
            if every_ms == 0 {
                forget_waiting(tx, me)?;
            }
            return Ok(find(tx, me)?);
        }
        asked::take(tx, me, &address)?;
        forget_waiting(tx, me)?;
        let now = tx.now_ms();
        // Another secret: the links of earlier mails do nothing any more.
        let secret = encke_site::random::secret("")?.into_bytes();
        tx.execute("DELETE FROM digest_person WHERE person = ?1", params![me])?;
        tx.execute(
            "INSERT INTO digest_person (person, address, secret, confirmed, every_ms, language,
                 asked_ms, since_ms, due_ms, tries)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?6, ?6, 0)",
            params![me, address, secret, every_ms, language, now],
        )?;
        Ok(find(tx, me)?)
    });
    Ok(Json(mails(chosen.await?, soon_ms)))
}

/// Forgets one's own address.
#[utoipa::path(delete, operation_id = "forget_mail_address", path = "/v1/digest", tag = "mail",
    responses((status = 204), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
) -> Result<StatusCode, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Creation)?;
    let deleted = site.store.write(move |tx| {
        forget_waiting(tx, me)?;
        tx.execute("DELETE FROM digest_person WHERE person = ?1", params![me])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
