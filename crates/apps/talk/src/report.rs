//! Reports: a member tells those who keep order about a message.
//!
//! Reports of a room go to its owners and moderators. Reports of a direct conversation, or about somebody who keeps order
//! in the room, go to the owners of the site, who then see that one message. A report holds no copy of the message (P10).

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::{Act, Body, Caller, EventBody, FeedEvent, Path, Refusal, Role, Site, event};
use encke_store::{Read, Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::amendment::{find_message, parse_seq};
use crate::conversation::parse;
use crate::kind::Kind;
use crate::member::{check_member, in_conversation, member_of};
use crate::message::is_message;
use crate::rights::moderator_of;

/// The number of reports in a page if the request names none.
const REPORTS_DEFAULT: u64 = 50;

/// A message of a conversation was reported to the person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reported {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(value_type = u64)]
    message: Seq,
}

impl EventBody for Reported {
    const KIND: &'static str = "reported";
}

/// The reason of a report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReport {
    /// A text for those who keep order; it may be empty.
    #[serde(default)]
    reason: String,
}

/// Reports a message. A second report of the same message by the same person changes nothing.
#[utoipa::path(post, operation_id = "report_message",
    path = "/v1/conversations/{id}/messages/{seq}/report", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)), request_body = NewReport,
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 410, description = "erased"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn report(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    Body(NewReport { reason }): Body<NewReport>,
) -> Result<StatusCode, Refusal> {
    let (id, seq, me) = (parse(&id)?, parse_seq(&seq)?, caller.0.person);
    let most = limits::REASON_CHARS_MAX;
    if reason.chars().count() > most {
        let what = format!("A reason has at most {most} characters.");
        return Err(Refusal::new(Code::Invalid, what));
    }
    site.take(me, caller.0.role, Act::Creation)?;
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        let message = find_message(read, id, seq)?;
        Ok((message.event.position, message.event.from))
    });
    let (position, author) = found.await?;
    if author == Some(me) {
        return Err(Refusal::new(Code::Invalid, "Recall your own message instead."));
    }
    let reported = site.store.write(move |tx| {
        let (found, _) = in_conversation(tx, id, me)?;
        // Nobody decides about a report of itself.
        let author = author.map(|author| member_of(tx, id, author)).transpose()?.flatten();
        let is_for_site =
            found.kind == Kind::Direct || author.is_some_and(|a| a.member.role.moderates());
        let addressee = if is_for_site { Addressee::Site } else { Addressee::Room(id) };
        check_may_have_one_more(tx, addressee)?;
        let insert = "INSERT INTO report
                 (conversation, seq, position, reporter, for_site, reason, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (conversation, seq, reporter) DO NOTHING";
        let now = tx.now_ms();
        let params = params![id, seq, position, me, is_for_site, &reason, now];
        if tx.execute(insert, params)? > 0 {
            tell(tx, addressee, &Reported { conversation: id, message: seq })?;
        }
        Ok(())
    });
    reported.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The people that a report is for.
#[derive(Clone, Copy)]
enum Addressee {
    /// The owners and moderators of a room.
    Room(ConversationId),
    /// The owners of the site.
    Site,
}

impl Addressee {
    /// The condition of its reports, with the room as `?1`.
    fn reports(self) -> &'static str {
        match self {
            Addressee::Room(_) => "conversation = ?1 AND for_site = 0",
            Addressee::Site => "CAST(?1 AS BIGINT) IS NULL AND for_site = 1",
        }
    }

    fn room(self) -> Option<ConversationId> {
        match self {
            Addressee::Room(id) => Some(id),
            Addressee::Site => None,
        }
    }
}

fn check_may_have_one_more(tx: &mut Tx<'_>, addressee: Addressee) -> Result<(), Error> {
    let most = match addressee {
        Addressee::Room(_) => limits::REPORTS_PER_ROOM_MAX,
        Addressee::Site => limits::REPORTS_PER_SITE_MAX,
    };
    let query = format!(
        "SELECT 1 FROM report WHERE {} ORDER BY id LIMIT 1 OFFSET {}",
        addressee.reports(),
        most - 1
    );
    if tx.query_one(&query, params![addressee.room()])?.is_none() {
        return Ok(());
    }
    let what = format!("{} reports wait already. Try again another day.", grouped(most));
    Err(Error::new(Code::Conflict, what))
}

/// Tells those whom a report is for, up to a bounded number of them.
fn tell(tx: &mut Tx<'_>, addressee: Addressee, body: &Reported) -> Result<(), Error> {
    let most = limits::REPORT_TOLD_MAX;
    let query = match addressee {
        Addressee::Room(_) => {
            let first = |role: &str| {
                format!(
                    "SELECT * FROM (SELECT person FROM member WHERE conversation = ?1 AND role = '{role}'
                     ORDER BY joined_seq, person LIMIT {most}) AS {role}s"
                )
            };
            format!("{} UNION ALL {}", first("owner"), first("moderator"))
        }
        Addressee::Site => format!(
            "SELECT id FROM person WHERE role = 'owner' AND disabled_ms IS NULL
                 AND CAST(?1 AS BIGINT) IS NULL ORDER BY id LIMIT {most}"
        ),
    };
    for row in tx.query(&query, params![addressee.room()])?.iter().take(most) {
        tx.append(event(StreamId::person(row.get(0)?), None, body))?;
    }
    Ok(())
}

/// A choice of reports.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedReports {
    /// Go on behind the page that gave this as `next`.
    after: Option<String>,
    /// Greatest number of reports in the page; 50 if absent, 50 at most.
    limit: Option<u64>,
}

impl WantedReports {
    /// The last report of the page before, and the number of reports in this one.
    fn read(wanted: Result<Query<Self>, QueryRejection>) -> Result<(u64, u64), Error> {
        let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
        let wrong = || Error::new(Code::BadRequest, "`after` is not the `next` of a page.");
        let after = wanted.after.map_or(Some(0), |after| number(&after)).ok_or_else(wrong)?;
        let most = limits::REPORTS_PAGE_MAX as u64;
        Ok((after, wanted.limit.unwrap_or(REPORTS_DEFAULT).clamp(1, most)))
    }
}

/// Reads the id of a report.
fn number(id: &str) -> Option<u64> {
    let digits = id.strip_prefix('r')?;
    digits.parse().ok().filter(|number| *number <= i64::MAX as u64)
}

/// A report that waits.
#[derive(Serialize, ToSchema)]
pub(crate) struct Report {
    id: String,
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// The `seq` of the message.
    #[schema(value_type = u64)]
    message: Seq,
    /// The person who reported it.
    #[schema(value_type = String)]
    by: PersonId,
    /// The reason that this person gives.
    reason: String,
    /// Time of the report, in milliseconds since 1970.
    at: u64,
    /// The message as it was sent; null if it is gone.
    #[schema(value_type = Option<FeedEvent>, required)]
    event: Option<Box<RawValue>>,
}

/// A page of reports.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportPage {
    /// Those that wait, the oldest first.
    reports: Vec<Report>,
    /// The people that the reports name, and the authors of the messages.
    people: Vec<Person>,
    /// The `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// The reports of a room that wait, for its owners and moderators.
#[utoipa::path(get, operation_id = "reports", path = "/v1/conversations/{id}/reports",
    tag = "conversations", params(("id" = String, Path), WantedReports),
    responses((status = 200, body = ReportPage),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    wanted: Result<Query<WantedReports>, QueryRejection>,
) -> Result<Json<ReportPage>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let wanted = WantedReports::read(wanted)?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        moderator_of(read, id, me)?;
        page(read, &held, me, Addressee::Room(id), wanted)
    });
    Ok(Json(page.await?))
}

/// The reports that wait for an owner of the site.
#[utoipa::path(get, operation_id = "reports_to_site", path = "/v1/reports", tag = "site",
    params(WantedReports),
    responses((status = 200, body = ReportPage), (status = 403, description = "forbidden"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list_of_site(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<WantedReports>, QueryRejection>,
) -> Result<Json<ReportPage>, Refusal> {
    caller.owner()?;
    let me = caller.0.person;
    let wanted = WantedReports::read(wanted)?;
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| page(read, &held, me, Addressee::Site, wanted));
    Ok(Json(page.await?))
}

fn page(
    read: &mut Read<'_>,
    site: &Site,
    me: PersonId,
    addressee: Addressee,
    (after, limit): (u64, u64),
) -> Result<ReportPage, Error> {
    let query = format!(
        "SELECT id, conversation, seq, reporter, reason, at_ms, position FROM report
         WHERE {} AND id > ?2 ORDER BY id LIMIT ?3",
        addressee.reports()
    );
    let rows = read.query(&query, params![addressee.room(), after, limit + 1])?;
    let (mut reports, mut named) = (Vec::new(), Vec::new());
    for row in rows.iter().take(limit as usize) {
        let (mut report, position) = report_of(row)?;
        let message = read.event(position)?.filter(|entry| is_message(&entry.event));
        named.push(report.by);
        named.extend(message.as_ref().and_then(|entry| entry.event.from));
        report.event = message.and_then(|entry| serde_json::from_slice(entry.json()).ok());
        reports.push(report);
    }
    let more = rows.len() > reports.len();
    let next = reports.last().filter(|_| more).map(|report| report.id.clone());
    Ok(ReportPage { people: people_named(read, site, me, named)?, reports, next })
}

fn report_of(row: &Row) -> Result<(Report, Position), StoreError> {
    let report = Report {
        id: format!("r{}", row.get::<u64>(0)?),
        conversation: row.get(1)?,
        message: row.get(2)?,
        by: row.get(3)?,
        reason: row.get(4)?,
        at: row.get(5)?,
        event: None,
    };
    Ok((report, row.get(6)?))
}

/// Resolves a report: it waits no longer.
#[utoipa::path(delete, operation_id = "resolve_report", path = "/v1/reports/{id}",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn resolve(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let gone = || Error::new(Code::NotFound, "There is no such report.");
    let id = number(&id).ok_or_else(gone)?;
    let me = caller.0.person;
    let owns_site = caller.0.role == Role::Owner;
    site.take(me, caller.0.role, Act::Message)?;
    let resolved = site.store.write(move |tx| {
        let query = "SELECT conversation, for_site FROM report WHERE id = ?1";
        let row = tx.query_one(query, params![id])?.ok_or_else(gone)?;
        // Others don't learn whether there is such a report.
        let may = match row.get(1)? {
            true => owns_site,
            false => moderator_of(tx, row.get(0)?, me).is_ok(),
        };
        if !may {
            return Err(gone());
        }
        Ok(tx.execute("DELETE FROM report WHERE id = ?1", params![id])?)
    });
    resolved.await?;
    Ok(StatusCode::NO_CONTENT)
}
