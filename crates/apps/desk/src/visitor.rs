//! Visitors: letting one in, and its row.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use encke_account::visitor::forget;
use encke_account::{Me, me, visitor};
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::identity::not_for_visitors;
use encke_site::{Body, CallerOrVisitor, Path, Peer, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact;
use crate::desk::DeskRow;
use crate::incoming;
use crate::mail;
use crate::verified;
use crate::visit::Facts;

/// A row of `visitor`.
pub(crate) struct VisitorRow {
    pub person: PersonId,
    pub house: ConversationId,
    pub language: String,
    pub facts: Facts,
    /// When it opened a page last.
    pub seen_ms: u64,
    /// Whether it may write nothing any more.
    pub blocked: bool,
    /// Whether the site has proved who it is.
    pub verified: bool,
}

impl VisitorRow {
    /// The columns that [`VisitorRow::of`] reads, of `visitor v`.
    pub const COLUMNS: &'static str =
        "v.person, v.house, v.language, v.facts, v.seen_ms, v.blocked,
         (SELECT count(*) FROM desk_verified i WHERE i.person = v.person)";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let facts = serde_json::from_str(&row.get::<String>(3)?)
            .map_err(|_| StoreError::Damaged("the facts about a visitor are damaged".into()))?;
        let (person, house, language) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (seen_ms, blocked) = (row.get(4)?, row.get(5)?);
        let verified = row.get::<u64>(6)? > 0;
        Ok(VisitorRow { person, house, language, facts, seen_ms, blocked, verified })
    }

    /// The visitor with this number.
    pub fn find(sql: &mut impl Sql, person: PersonId) -> Result<Option<Self>, StoreError> {
        let query = format!("SELECT {} FROM visitor v WHERE v.person = ?1", Self::COLUMNS);
        sql.query_one(&query, params![person])?.as_ref().map(Self::of).transpose()
    }
}

/// The desk with this key, if the caller is one of its visitors; `forbidden` for everybody else.
pub(crate) fn at(
    sql: &mut impl Sql,
    key: &str,
    CallerOrVisitor(identity): CallerOrVisitor,
) -> Result<(DeskRow, VisitorRow), Error> {
    let desk = DeskRow::by_key(sql, key)?;
    let row = VisitorRow::find(sql, identity.person)?;
    let row = row.filter(|row| identity.visitor && row.house == desk.house);
    let row = row.ok_or_else(not_for_visitors)?;
    // A request that was let in just before the visitor was erased writes nothing of it anew (P10).
    if contact::is_gone(sql, row.person)? {
        return Err(not_for_visitors());
    }
    Ok((desk, row))
}

/// Refuses a visitor that was blocked.
pub(crate) fn check_not_blocked(row: &VisitorRow) -> Result<(), Error> {
    if row.blocked {
        return Err(Error::new(Code::Blocked, "The desk takes no messages of yours any more."));
    }
    Ok(())
}

/// Forgets visitors that have never asked and were not seen for long, a bounded number of them.
pub(crate) fn forget_idle(tx: &mut Tx<'_>) -> Result<(), Error> {
    let before = tx.now_ms().saturating_sub(desk_limits::VISITOR_IDLE_MS_MAX);
    let most = desk_limits::VISITORS_FORGOTTEN_AT_ONCE_MAX as u64;
    let query = "SELECT v.person FROM visitor v WHERE v.seen_ms < ?1
                 AND NOT EXISTS (SELECT 1 FROM desk_ticket t WHERE t.visitor = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_verified i WHERE i.person = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_contact c WHERE c.person = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_contact_note n WHERE n.person = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_merged m WHERE m.person = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_merged m WHERE m.into_person = v.person)
                 AND NOT EXISTS (SELECT 1 FROM desk_erasure e WHERE e.person = v.person)
                 ORDER BY v.seen_ms, v.person LIMIT ?2";
    for row in tx.query(query, params![before, most])? {
        let person: PersonId = row.get(0)?;
        mail::address::forget(tx, person)?;
        incoming::forget(tx, person)?;
        tx.execute("DELETE FROM visitor WHERE person = ?1", params![person])?;
        forget(tx, person)?;
    }
    Ok(())
}

/// The language of a visitor: one of those of the widget.
pub(crate) fn language(wanted: Option<&str>) -> &'static str {
    match wanted {
        Some(tag) if tag.get(..2).is_some_and(|tag| tag.eq_ignore_ascii_case("zh")) => "zh-CN",
        _ => "en",
    }
}

/// The address of a request.
pub(crate) struct Address(pub Option<std::net::IpAddr>);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Address(parts.extensions.get::<Peer>().map(|Peer(address)| *address)))
    }
}

/// A visitor that comes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVisitor {
    /// The name that the staff sees. Without one the visitor gets a name with a number.
    name: Option<String>,
    /// The language of its browser, as `zh-CN`.
    language: Option<String>,
    /// What the site has signed about it: a JWT with HS256.
    identity: Option<String>,
}

/// A visitor that was let in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetIn {
    /// Its token, for `Authorization: Bearer`. It can't be shown again.
    token: String,
    me: Me,
}

/// Lets a visitor in. Its token opens its own tickets at this desk and nothing else, also on a site that has no guests.
#[utoipa::path(post, operation_id = "enter_desk", path = "/v1/desks/{desk}/visitors", tag = "desk",
    params(("desk" = String, Path)), request_body = NewVisitor, security(()),
    responses((status = 201, body = LetIn), (status = 404, description = "not_found"),
        (status = 403, description = "forbidden"), (status = 409, description = "name_taken"),
        (status = 422, description = "bad_name, invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn enter(
    State(site): State<Arc<Site>>,
    Path(key): Path<String>,
    Address(address): Address,
    Body(NewVisitor { name, language: tag, identity }): Body<NewVisitor>,
) -> Result<(StatusCode, Json<LetIn>), Refusal> {
    crate::key::check_key(&key)?;
    visitor::take_entry(&site, address)?;
    let token = visitor::new_secret()?;
    let number = getrandom::u32().unwrap_or_default() % 9_000 + 1_000;
    let (language, held, secret) = (language(tag.as_deref()), site.clone(), token.clone());
    let entered = site.store.write(move |tx| {
        let desk = DeskRow::by_key(tx, &key)?;
        let who = identity.map(|signed| verified::read(tx, &desk, &signed)).transpose()?;
        if who.is_none() && desk.settings.verified_only {
            return Err(verified::required());
        }
        let known = who.as_ref().map(|who| verified::known(tx, &desk, who)).transpose()?;
        if let Some(person) = known.flatten() {
            visitor::let_in_again(tx, person, &secret)?;
            return me(tx, &held, person);
        }
        let name = match (name, language) {
            (Some(name), _) => visitor::check_name(tx, &name)?,
            (None, "zh-CN") => format!("访客 {number}"),
            (None, _) => format!("Visitor {number}"),
        };
        let person = insert(tx, &desk, &name, language, &secret)?;
        if let Some(who) = &who {
            verified::bind(tx, &desk, person, who)?;
        }
        me(tx, &held, person)
    });
    Ok((StatusCode::CREATED, Json(LetIn { me: entered.await?, token })))
}

/// Lets a new visitor in.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    desk: &DeskRow,
    name: &str,
    language: &str,
    secret: &str,
) -> Result<PersonId, Error> {
    let person = visitor::let_in(tx, name, secret)?;
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO visitor (person, house, language, facts, seen_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![person, desk.house, language, Facts::default().stored(), now],
    )?;
    Ok(person)
}
