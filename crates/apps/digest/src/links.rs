//! The pages that links in mails lead to. They work without sign-in: whoever has the link has got the mail.
//!
//! Opening a page changes nothing, since programs that look through mails open links. Its button does.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Held};
use axum::response::{Html, IntoResponse, Response};
use encke_engine::{Error, PersonId, outgoing_limits};
use encke_site::{Refusal, Site};
use encke_store::{Tx, params};
use http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::html::{document, escaped};
use crate::key::{Purpose, Signed, person_of};
use crate::settings::{self, find};
use crate::words::Language;

/// Headers of the pages: no script, nothing from elsewhere, no copy, and the link is told to nobody.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// What stands in a link.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Link {
    /// The text that the mail has. Without it the page says that the link does nothing.
    #[serde(default)]
    #[param(required = false)]
    token: String,
    /// The language of the page.
    lang: Option<String>,
}

type Wanted = Result<Query<Link>, QueryRejection>;

/// The address of a page.
pub(crate) fn page(
    public_url: &str,
    purpose: Purpose,
    signed: &Signed<'_>,
    language: Language,
) -> String {
    let path = match purpose {
        Purpose::Confirm => "confirm",
        Purpose::Unsubscribe => "unsubscribe",
    };
    let (token, language) = (signed.token(purpose), language.name());
    format!("{public_url}/v1/digest/{path}?token={token}&lang={language}")
}

fn answer(language: Language, title: &str, body: &str) -> Response {
    let mut response = Html(document(language, title, body)).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page with one sentence. A link that does nothing any more gets one, too: who has opened it is a person.
fn text(language: Language, text: &str) -> Response {
    answer(language, text, &format!("<p style=\"font-size:1.15em\">{}</p>", escaped(text)))
}

/// A page with one button, which asks for the same address again.
fn ask(wanted: Wanted, words: impl FnOnce(Language) -> (String, String)) -> Response {
    let language = wanted.map_or(Language::En, |Query(link)| language_of(&link));
    let (title, act) = words(language);
    let body = format!(
        "<h1 style=\"font-size:1.3em\">{}</h1>\n<form method=\"post\"><button style=\"font:inherit;padding:.5em 1em\">\
         {}</button></form>",
        escaped(&title),
        escaped(&act)
    );
    answer(language, &title, &body)
}

fn language_of(link: &Link) -> Language {
    Language::of(link.lang.as_deref().unwrap_or_default())
}

/// The page on which an address is confirmed.
#[utoipa::path(get, operation_id = "mail_address_page", path = "/v1/digest/confirm", tag = "mail",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn confirm_page(wanted: Wanted) -> Response {
    ask(wanted, |language| (language.confirm_title(), language.ask_link()))
}

/// Confirms an address: the button of its page.
#[utoipa::path(post, operation_id = "confirm_mail_address", path = "/v1/digest/confirm", tag = "mail",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn confirm(
    Held(site): Held<Arc<Site>>,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    act(&site, wanted, Purpose::Confirm, Language::confirmed, |tx, person| {
        let now = tx.now_ms();
        tx.execute(
            "UPDATE digest_person SET confirmed = 1, since_ms = ?2, due_ms = NULL, tries = 0
             WHERE person = ?1",
            params![person, now],
        )?;
        Ok(())
    })
    .await
}

/// The page on which mails are ended.
#[utoipa::path(get, operation_id = "unsubscribe_page", path = "/v1/digest/unsubscribe", tag = "mail",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn unsubscribe_page(wanted: Wanted) -> Response {
    ask(wanted, |language| (language.unsubscribe(), language.unsubscribe()))
}

/// Ends mails: the button of its page, or one request of a mail program (RFC 8058).
#[utoipa::path(post, operation_id = "unsubscribe_from_mails", path = "/v1/digest/unsubscribe", tag = "mail",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn unsubscribe(
    Held(site): Held<Arc<Site>>,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    act(&site, wanted, Purpose::Unsubscribe, Language::unsubscribed, |tx, person| {
        tx.execute(
            "UPDATE digest_person SET every_ms = 0, due_ms = NULL, tries = 0 WHERE person = ?1",
            params![person],
        )?;
        settings::forget_waiting(tx, person)?;
        Ok(())
    })
    .await
}

/// Does what a link is for, if it was signed here for that.
async fn act(
    site: &Arc<Site>,
    wanted: Wanted,
    purpose: Purpose,
    done: fn(Language) -> String,
    change: fn(&mut Tx<'_>, PersonId) -> Result<(), Error>,
) -> Result<Response, Refusal> {
    let stale = |language: Language| Ok(text(language, &language.stale()));
    let Ok(Query(link)) = wanted else { return stale(Language::En) };
    let language = language_of(&link);
    let token = link.token;
    let Some(person) = person_of(&token) else { return stale(language) };
    let held = token.clone();
    // A request with a wrong link costs no write.
    let known = site.store.read(move |read| {
        let row = find(read, person)?;
        Ok(row.is_some_and(|row| row.signed().is_signed(purpose, &held)))
    });
    if !known.await? {
        return stale(language);
    }
    let acted = site.store.write(move |tx| {
        let Some(row) = find(tx, person)? else { return Ok(false) };
        let is_young = tx.now_ms() < row.asked_ms + outgoing_limits::MAIL_CONFIRM_MS_MAX;
        let is_open = purpose == Purpose::Unsubscribe || (!row.is_confirmed && is_young);
        if !is_open || !row.signed().is_signed(purpose, &token) {
            return Ok(false);
        }
        change(tx, person)?;
        Ok(true)
    });
    if !acted.await? {
        return stale(language);
    }
    let said = done(language);
    Ok(text(language, &said))
}
