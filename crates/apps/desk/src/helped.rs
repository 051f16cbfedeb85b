//! "Did this help?" below a published article: how many say yes and no, in each language. It is shown to those who write the
//! articles, and used for nothing else.
//!
//! One address answers once a day and article; a further answer takes the place of the first one. What is kept of an address
//! for that is a short hash with the day in it, and it is forgotten after two days.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use encke_account::visitor;
use encke_engine::{Code, ConversationId, Error, desk_limits, household};
use encke_site::{Origin, PageRule, Path, Refusal, Scheme, Site};
use encke_store::{Read, Sql, StoreError, Tx, params};
use http::{HeaderMap, Uri, header};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::help_html::{Tongue, Wording};
use crate::help_page::{self, Visit, answered};
use crate::visitor::Address;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Answers to "Did this help?" in one language.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Answers {
    yes: u64,
    no: u64,
}

/// Answers to "Did this help?" below an article, in each language that it is read in.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Helped {
    en: Answers,
    #[serde(rename = "zh-CN")]
    zh: Answers,
}

/// Whether an article helped.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Did {
    Yes,
    No,
}

/// An answer, behind the address of the page.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedAnswer {
    /// Whether the article helped.
    #[param(inline)]
    helped: Did,
    /// The language in which it was read: `en` or `zh-CN`.
    lang: Option<String>,
}

/// The question below an article.
pub(crate) fn question(action: &str, tongue: Tongue, words: &Wording) -> String {
    let button = |value: &str, text: &str| {
        let tag = tongue.tag();
        format!("<button formaction=\"{action}?lang={tag}&amp;helped={value}\">{text}</button>")
    };
    format!(
        "<form method=\"post\" aria-labelledby=\"helped\"><span id=\"helped\">{}</span>{}{}</form>",
        words.helped,
        button("yes", words.yes),
        button("no", words.no)
    )
}

/// Says whether a published article helped: a button of its page, which it answers with. One address counts once a day and
/// article. Pages of other sites are refused.
#[utoipa::path(post, operation_id = "help_page_helped", path = "/help/{desk}/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path), WantedAnswer), security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 400, description = "bad_request"), (status = 403, description = "foreign_origin"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so."),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn answer(
    State(site): State<Arc<Site>>,
    Path((key, number)): Path<(String, String)>,
    Address(address): Address,
    wanted: Result<Query<WantedAnswer>, QueryRejection>,
    scheme: Scheme,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor::take_help(&site, address)?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).or(uri.authority().map(|authority| authority.as_str()));
    let page = Origin { origin: text(header::ORIGIN), host, scheme };
    page.check(&site, PageRule::TrustedIfNamed)?;
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let visit = Visit::new(wanted.lang.as_deref(), scheme, &uri, &headers);
    let found = help_page::find_article(&site, key, number).await?;
    if let (Some(desk), Some(article)) = &found {
        let at = At { house: desk.house, article: article.id, tongue: visit.read_in(article) };
        let helped = wanted.helped == Did::Yes;
        site.store.write(move |tx| note(tx, at, address, helped)).await?;
    }
    Ok(answered(&visit, found))
}

/// What is answered.
#[derive(Clone, Copy)]
struct At {
    house: ConversationId,
    article: u64,
    tongue: Tongue,
}

/// A number for somebody who answers. It differs from day to day.
fn number_of(at: At, address: Option<IpAddr>, day: u64) -> u64 {
    let text = format!("{} {} {day} {address:?}", at.house, at.article);
    let hash = Sha256::digest(text);
    u64::from_be_bytes(std::array::from_fn(|n| hash[n])) >> 1
}

/// Counts an answer, unless the desk has counted enough for a day.
fn note(tx: &mut Tx<'_>, at: At, address: Option<IpAddr>, helped: bool) -> Result<(), Error> {
    let At { house, article, tongue } = at;
    let (day, language) = (tx.now_ms() / DAY_MS, tongue.tag());
    let voter = number_of(at, address.map(household), day);
    let query = "SELECT helped FROM desk_helped_by
                 WHERE article = ?1 AND language = ?2 AND day = ?3 AND voter = ?4";
    let before = tx.query_one(query, params![article, language, day, voter])?;
    match before.map(|row| row.get::<bool>(0)).transpose()? {
        Some(before) if before == helped => return Ok(()),
        Some(before) => count(tx, at, before, -1)?,
        None if is_full(tx, house, day)? => return Ok(()),
        None => {}
    }
    tx.execute(
        "INSERT INTO desk_helped_by (article, language, day, voter, house, helped)
         SELECT number, ?2, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), house, CAST(?5 AS BIGINT)
         FROM desk_article WHERE number = ?1
         ON CONFLICT (article, language, day, voter) DO UPDATE SET helped = excluded.helped",
        params![article, language, day, voter, helped],
    )?;
    count(tx, at, helped, 1)
}

fn is_full(tx: &mut Tx<'_>, house: ConversationId, day: u64) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM desk_helped_by WHERE house = ?1 AND day = ?2
                 ORDER BY house, day LIMIT 1 OFFSET ?3";
    let last = desk_limits::HELPED_PER_DAY_MAX as u64 - 1;
    Ok(tx.query_one(query, params![house, day, last])?.is_some())
}

fn count(
    tx: &mut Tx<'_>,
    At { article, tongue, .. }: At,
    helped: bool,
    by: i64,
) -> Result<(), Error> {
    let (yes, no) = if helped { (by, 0) } else { (0, by) };
    tx.execute(
        "INSERT INTO desk_helped (article, language, helped, not_helped)
         SELECT number, ?2, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) FROM desk_article WHERE number = ?1
         ON CONFLICT (article, language) DO UPDATE SET helped = desk_helped.helped + excluded.helped,
             not_helped = desk_helped.not_helped + excluded.not_helped",
        params![article, tongue.tag(), yes, no],
    )?;
    Ok(())
}

/// What was answered below the articles of a desk, by their numbers.
pub(crate) fn of_desk(
    read: &mut Read<'_>,
    house: ConversationId,
) -> Result<FxHashMap<u64, Helped>, Error> {
    let query = "SELECT h.article, h.language, h.helped, h.not_helped FROM desk_article a
                 JOIN desk_helped h ON h.article = a.number WHERE a.house = ?1
                 ORDER BY h.article, h.language LIMIT ?2";
    let most = (desk_limits::ARTICLES_MAX * Tongue::ALL.len()) as u64;
    let mut all: FxHashMap<u64, Helped> = FxHashMap::default();
    for row in read.query(query, params![house, most])? {
        let of = all.entry(row.get(0)?).or_default();
        let answers = Answers { yes: row.get(2)?, no: row.get(3)? };
        match row.get::<String>(1)?.as_str() {
            "en" => of.en = answers,
            _ => of.zh = answers,
        }
    }
    Ok(all)
}

/// Forgets what was answered below an article that is deleted.
pub(crate) fn forget(tx: &mut Tx<'_>, article: u64) -> Result<(), Error> {
    for table in ["desk_helped", "desk_helped_by"] {
        tx.execute(&format!("DELETE FROM {table} WHERE article = ?1"), params![article])?;
    }
    Ok(())
}

/// Forgets who answered some days ago, a bounded number of them. The counts stay.
pub(crate) fn forget_old(tx: &mut Tx<'_>) -> Result<(), Error> {
    let before = tx.now_ms().saturating_sub(desk_limits::HELPED_KNOWN_MS) / DAY_MS;
    let most = desk_limits::HELPED_FORGOTTEN_AT_ONCE_MAX as u64;
    tx.execute(
        "DELETE FROM desk_helped_by WHERE (article, language, day, voter) IN
             (SELECT article, language, day, voter FROM desk_helped_by WHERE day <= ?1 ORDER BY day LIMIT ?2)",
        params![before, most],
    )?;
    Ok(())
}
