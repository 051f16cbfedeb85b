//! The pages that links in mails lead to. They work without sign-in: whoever has the link has got the mail.
//!
//! Opening a page changes nothing, since programs that look through mails open links. Its button does.

use std::sync::Arc;

use axum::extract::{Query, State as Held};
use axum::response::Response;
use encke_engine::{Error, PersonId, outgoing_limits};
use encke_letter::{Link, Purpose, Signed, Wanted, button, person_of, sentence};
use encke_site::{Refusal, Site};
use encke_store::{Tx, params};

use crate::settings::{self, find};
use crate::words::Language;

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

/// A page with one sentence.
fn text(language: Language, text: &str) -> Response {
    sentence(language.name(), text)
}

/// A page with one button, which asks for the same address again.
fn ask(wanted: Wanted, words: impl FnOnce(Language) -> (String, String)) -> Response {
    let language = wanted.map_or(Language::En, |Query(link)| language_of(&link));
    let (title, act) = words(language);
    button(language.name(), &title, &act)
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
