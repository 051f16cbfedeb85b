//! Visits: the pages that a visitor opens, and who is on the site now.
//!
//! All of it comes from the visitor's browser or from the page that shows the desk. It is cut to a size, has no control
//! characters, and is shown as text; an address is kept only if it is one of a web page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, Error, desk_limits};
use encke_site::{Act, Body, Caller, CallerOrVisitor, Path, Refusal, Site};
use encke_store::{Sql, params};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::agent::is_present;
use crate::desk::parse_desk;
use crate::staff;
use crate::visitor::{self, VisitorRow, language};

/// A page that a visitor was on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Seen {
    /// When it opened the page, in milliseconds since 1970.
    at: u64,
    url: String,
    title: String,
}

/// What is known of a visitor. All of it is text from outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct Facts {
    /// The address of the page that it is on; empty if unknown.
    pub page: String,
    /// The title of that page.
    pub title: String,
    /// The address of the page that led it to the site.
    pub referrer: String,
    /// What its browser says of itself.
    pub device: String,
    /// What the site says of it.
    pub attributes: BTreeMap<String, String>,
    /// The pages that it was on, the newest last.
    pub trail: Vec<Seen>,
}

impl Facts {
    /// The facts as they are stored.
    pub fn stored(&self) -> String {
        serde_json::to_string(self).expect("facts are plain data")
    }
}

/// A text from outside without control characters, cut to a number of bytes.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    let mut kept = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if kept.len() + c.len_utf8() > bytes_max {
            break;
        }
        kept.push(c);
    }
    kept
}

/// The address of a web page, cut to its bound; empty for anything else, such as a script.
fn page(url: &str) -> String {
    let url = cut(url.trim(), desk_limits::VISIT_URL_BYTES_MAX);
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    });
    if is_web { url } else { String::new() }
}

/// A page that a visitor opens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visit {
    /// The address of the page.
    url: String,
    #[serde(default)]
    title: String,
    /// The address of the page that led to the site.
    #[serde(default)]
    referrer: String,
    /// The language of the browser.
    language: Option<String>,
    /// What the site says of the visitor; absent if it says nothing new.
    attributes: Option<BTreeMap<String, String>>,
}

/// Notes the page that the calling visitor is on. Longer texts are cut.
#[utoipa::path(put, operation_id = "visit", path = "/v1/desks/{desk}/visit", tag = "desk",
    params(("desk" = String, Path)), request_body = Visit,
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn visit(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
    headers: HeaderMap,
    Body(visit): Body<Visit>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    let most = desk_limits::VISITOR_ATTRIBUTES_MAX;
    if visit.attributes.as_ref().is_some_and(|all| all.len() > most) {
        return Err(Refusal::new(
            Code::Invalid,
            format!("A visitor has at most {most} attributes."),
        ));
    }
    let device = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    let device = cut(device.unwrap_or_default(), desk_limits::VISIT_FACT_BYTES_MAX);
    let noted = site.store.write(move |tx| {
        let (_, VisitorRow { person, facts, .. }) = visitor::at(tx, &key, caller)?;
        let now = tx.now_ms();
        let tag = visit.language.as_deref().map(|tag| language(Some(tag)));
        let facts = facts.after(visit, device, now).stored();
        let update =
            "UPDATE visitor SET facts = ?2, seen_ms = ?3, language = coalesce(?4, language)
                      WHERE person = ?1";
        tx.execute(update, params![person, facts, now, tag])?;
        Ok(())
    });
    noted.await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Facts {
    fn after(mut self, visit: Visit, device: String, now_ms: u64) -> Self {
        let fact = |text: &str| cut(text, desk_limits::VISIT_FACT_BYTES_MAX);
        let (url, title) = (page(&visit.url), fact(&visit.title));
        if self.trail.last().is_none_or(|last| last.url != url) {
            self.trail.push(Seen { at: now_ms, url: url.clone(), title: title.clone() });
            let over = self.trail.len().saturating_sub(desk_limits::VISIT_TRAIL_MAX);
            self.trail.drain(..over);
        }
        if let Some(attributes) = visit.attributes {
            self.attributes =
                attributes.iter().map(|(name, value)| (fact(name), fact(value))).collect();
        }
        (self.page, self.title, self.device) = (url, title, device);
        let referrer = page(&visit.referrer);
        if !referrer.is_empty() {
            self.referrer = referrer;
        }
        self
    }
}

/// A visitor as the staff sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitorShown {
    pub person: Person,
    /// The language of its browser: `en` or `zh-CN`.
    pub language: String,
    #[serde(flatten)]
    pub facts: Facts,
    /// Whether the site has proved who it is.
    pub verified: bool,
    /// Whether it may write nothing to the desk any more.
    pub blocked: bool,
    /// Whether its window is connected.
    pub present: bool,
    /// When it opened a page last, in milliseconds since 1970.
    pub seen_at: u64,
}

impl VisitorShown {
    /// A visitor with the person that the staff sees.
    pub fn of(site: &Site, row: VisitorRow, person: Person) -> Self {
        let VisitorRow { language, facts, seen_ms, blocked, verified, .. } = row;
        let present = is_present(site, person.id);
        let seen_at = seen_ms;
        VisitorShown { person, language, facts, verified, blocked, present, seen_at }
    }
}

/// The visitors that are on the site.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitorsHere {
    /// The one that opened a page last comes first.
    visitors: Vec<VisitorShown>,
    /// The `before` of the next page; null on the last one.
    #[schema(required)]
    before: Option<String>,
}

/// A choice of visitors.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedVisitors {
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
}

/// The visitors that have opened a page of the site lately.
#[utoipa::path(get, operation_id = "desk_visitors", path = "/v1/desks/{desk}/visitors", tag = "desk",
    params(("desk" = String, Path), WantedVisitors),
    responses((status = 200, body = VisitorsHere), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    wanted: Result<Query<WantedVisitors>, QueryRejection>,
) -> Result<Json<VisitorsHere>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let (until, below) = crate::ticket_list::place(wanted.before.as_deref())?;
    site.take(me, caller.0.role, Act::Read)?;
    let (held, limit) = (site.clone(), desk_limits::VISITORS_PAGE_MAX);
    let since = site.now_ms().saturating_sub(desk_limits::VISITOR_HERE_MS);
    let here = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let query = format!(
            "SELECT {} FROM visitor v WHERE v.house = ?1 AND v.seen_ms > ?2 AND (v.seen_ms, v.person) < (?3, ?4)
             ORDER BY v.seen_ms DESC, v.person DESC LIMIT ?5",
            VisitorRow::COLUMNS
        );
        let rows = read.query(&query, params![house, since, until, below, limit as u64 + 1])?;
        let mut rows = rows.iter().map(VisitorRow::of).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let before = rows.last().filter(|_| more).map(|v| format!("{}-{}", v.seen_ms, v.person.0));
        let mut people = people_named(read, &held, me, rows.iter().map(|row| row.person))?;
        let mut visitors = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(at) = people.iter().position(|p| p.id == row.person) {
                visitors.push(VisitorShown::of(&held, row, people.swap_remove(at)));
            }
        }
        Ok(VisitorsHere { visitors, before })
    });
    Ok(Json(here.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_web_pages_are_kept() {
        assert_eq!(page(" https://shop.example/a?b#c "), "https://shop.example/a?b#c");
        for wrong in
            ["javascript:alert(1)", "data:text/html,x", "//x", "", "java\u{0}script:1", "ftp://x"]
        {
            assert_eq!(page(wrong), "", "{wrong:?}");
        }
        let long = format!("https://x/{}", "字".repeat(1_000));
        assert!(page(&long).len() <= desk_limits::VISIT_URL_BYTES_MAX);
        assert_eq!(cut("a\u{0}\r\nb", 10), "ab");
    }

    #[test]
    fn a_trail_is_bounded_and_a_page_that_is_told_again_is_no_further_step() {
        let mut facts = Facts::default();
        for number in 0..100 {
            let url = format!("https://shop.example/{}", number / 2);
            let (title, referrer, language, attributes) = Default::default();
            let visit = Visit { url, title, referrer, language, attributes };
            facts = facts.after(visit, String::new(), number);
        }
        assert_eq!(facts.trail.len(), desk_limits::VISIT_TRAIL_MAX);
        assert_eq!(facts.trail.last().unwrap().url, facts.page);
    }
}
