//! The members of a conversation by pages, in the order in which they joined.
//!
//! A member keeps its place as long as it is one. So a person that is in the conversation all the time is in exactly one
//! of the pages, even if others join and leave meanwhile.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, pattern, people};
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_site::{Act, Caller, Path, Refusal, Site, check_search};
use encke_store::{Row, Sql, StoreError, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::conversation::{Member, MemberRow, parse};
use crate::member::check_member;
use crate::receipts::Receipts;
use crate::view::View;

/// The number of members in a page if the request names none.
const MEMBERS_DEFAULT: u64 = 50;

/// A choice of members.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedMembers {
    /// Only those whose name or display name holds this text.
    #[serde(default)]
    q: String,
    /// Go on behind the page that gave this as `next`.
    after: Option<String>,
    /// Greatest number of members in the page; 50 if absent, 200 at most.
    limit: Option<u64>,
}

/// A page of members.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberPage {
    members: Vec<Member>,
    /// The people behind these members, with their names.
    people: Vec<Person>,
    /// The `after` of the next page; absent on the last one. A search looks at a bounded number of members for each page,
    /// so a page may be short or empty although others follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// The place of a member in its conversation.
#[derive(Clone, Copy)]
struct Place {
    joined: Seq,
    person: PersonId,
}

impl Place {
    const START: Place = Place { joined: Seq(0), person: PersonId(0) };

    fn of(row: &MemberRow) -> Self {
        Place { joined: row.joined_seq, person: row.member.person }
    }

    /// Reads the `next` of a page.
    fn parse(next: &str) -> Result<Self, Error> {
        let parts = next.split_once(':');
        let place = parts.and_then(|(joined, person)| {
            Some(Place { joined: Seq(joined.parse().ok()?), person: person.parse().ok()? })
        });
        place
            .filter(|place| place.joined.0 <= i64::MAX as u64)
            .ok_or_else(|| Error::new(Code::BadRequest, "`after` is not the `next` of a page."))
    }

    fn text(self) -> String {
        format!("{}:{}", self.joined.0, self.person)
    }
}

/// A page of a conversation's members, in the order in which they joined.
#[utoipa::path(get, operation_id = "members", path = "/v1/conversations/{id}/members",
    tag = "conversations",
    params(("id" = String, Path), WantedMembers),
    responses((status = 200, body = MemberPage), (status = 403, description = "not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    wanted: Result<Query<WantedMembers>, QueryRejection>,
) -> Result<Json<MemberPage>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    check_search(&wanted.q, limits::NAME_CHARS_MAX)?;
    site.take(me, caller.0.role, Act::Read)?;
    let limit = wanted.limit.unwrap_or(MEMBERS_DEFAULT).clamp(1, limits::MEMBERS_PAGE_MAX as u64);
    let after = wanted.after.as_deref().map_or(Ok(Place::START), Place::parse)?;
    let site_for_store = site.clone();
    let page = site.store.read(move |read| {
        check_member(read, id, me)?;
        let (mut rows, next) = if wanted.q.is_empty() {
            page(read, id, after, limit)?
        } else {
            searched(read, id, &wanted.q, after, limit)?
        };
        let head = read.head_of(StreamId::conversation(id))?;
        Receipts::of(&site_for_store).fold_own_into(read, id, head, &mut rows)?;
        let ids: Vec<PersonId> = rows.iter().map(|row| row.member.person).collect();
        let people = people(read, &site_for_store, me, &ids)?;
        let members = rows.into_iter().map(|row| row.member).collect();
        Ok(MemberPage { members, people, next: next.map(Place::text) })
    });
    Ok(Json(page.await?))
}

/// A page of rows, and where the next one begins, if there is one.
type Rows = (Vec<MemberRow>, Option<Place>);

fn rows_of(rows: &[Row], limit: u64) -> Result<Rows, StoreError> {
    let page = rows.iter().take(limit as usize).map(MemberRow::of);
    let page = page.collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > page.len();
    let next = page.last().filter(|_| more).map(Place::of);
    Ok((page, next))
}

fn page(
    sql: &mut impl Sql,
    id: ConversationId,
    after: Place,
    limit: u64,
) -> Result<Rows, StoreError> {
    let query = format!(
        "SELECT {} FROM member m WHERE m.conversation = ?1 AND (m.joined_seq, m.person) > (?2, ?3)
         ORDER BY m.joined_seq, m.person LIMIT ?4",
        MemberRow::COLUMNS
    );
    rows_of(&sql.query(&query, params![id, after.joined, after.person, limit + 1])?, limit)
}

fn searched(
    sql: &mut impl Sql,
    id: ConversationId,
    q: &str,
    after: Place,
    limit: u64,
) -> Result<Rows, StoreError> {
    const SCANNED: u64 = limits::MEMBERS_SCANNED_MAX as u64;
    let query = format!(
        "SELECT {} FROM (
             SELECT * FROM member n WHERE n.conversation = ?1
               AND (n.joined_seq, n.person) > (?2, ?3)
             ORDER BY n.joined_seq, n.person LIMIT {SCANNED}
         ) AS m JOIN person p ON p.id = m.person
         WHERE lower(p.display_name) LIKE ?4 ESCAPE '\\' OR p.display_name LIKE ?5 ESCAPE '\\'
            OR p.name LIKE ?4 ESCAPE '\\'
         ORDER BY m.joined_seq, m.person LIMIT ?6",
        MemberRow::COLUMNS
    );
    // Some engines' lower() knows ASCII only. The text as it was written still matches there.
    let (folded, written) = (pattern(&q.to_lowercase()), pattern(q));
    let params = params![id, after.joined, after.person, folded, written, limit + 1];
    let (rows, next) = rows_of(&sql.query(&query, params)?, limit)?;
    if next.is_some() {
        return Ok((rows, next));
    }
    // No other of the members that were looked at matches. The next page begins after the last of them.
    let query = "SELECT joined_seq, person FROM member
         WHERE conversation = ?1 AND (joined_seq, person) > (?2, ?3)
         ORDER BY joined_seq, person LIMIT 1 OFFSET ?4";
    let last = sql.query_one(query, params![id, after.joined, after.person, SCANNED - 1])?;
    let next =
        last.map(|row| Ok::<_, StoreError>(Place { joined: row.get(0)?, person: row.get(1)? }));
    Ok((rows, next.transpose()?))
}
