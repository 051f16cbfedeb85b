//! The pages that links in mails to visitors lead to.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use encke_engine::{Error, outgoing_limits};
use encke_letter::{Link, Purpose, Signed, Wanted, button, person_of, sentence};
use encke_site::{Refusal, Site};
use encke_store::{Tx, params};

use super::address::{self, AddressRow};
use super::words::Words;

/// The address of a page.
pub(crate) fn page(
    public_url: &str,
    purpose: Purpose,
    signed: &Signed<'_>,
    words: Words,
) -> String {
    let path = match purpose {
        Purpose::Confirm => "confirm",
        Purpose::Unsubscribe => "stop",
    };
    let (token, language) = (signed.token(purpose), words.language());
    format!("{public_url}/v1/desk-mail/{path}?token={token}&lang={language}")
}

fn words_of(wanted: &Wanted) -> Words {
    let tag = wanted.as_ref().ok().and_then(|Query(link)| link.lang.as_deref());
    Words::of(tag.unwrap_or_default())
}

/// The page on which a visitor confirms its address.
#[utoipa::path(get, operation_id = "visitor_address_page", path = "/v1/desk-mail/confirm", tag = "desk",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn confirm_page(wanted: Wanted) -> Response {
    let words = words_of(&wanted);
    button(words.language(), words.confirm_title(), words.confirm())
}

/// Confirms the address of a visitor: the button of its page.
#[utoipa::path(post, operation_id = "confirm_visitor_address", path = "/v1/desk-mail/confirm", tag = "desk",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn confirm(
    State(site): State<Arc<Site>>,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    let done = words_of(&wanted).confirmed();
    act(&site, wanted, Purpose::Confirm, done, |tx, row| {
        let (person, now) = (row.person, tx.now_ms());
        let confirm = "UPDATE desk_mail_address SET confirmed = 1, due_ms = NULL, tries = 0 WHERE person = ?1";
        tx.execute(confirm, params![person])?;
        let waiting = "UPDATE desk_mail SET due_ms = ?2, tries = 0
                       WHERE visitor = ?1 AND (first_seq <= last_seq OR whole = 1)";
        tx.execute(waiting, params![person, now])?;
        Ok(())
    })
    .await
}

/// The page on which a visitor ends mails to its address.
#[utoipa::path(get, operation_id = "stop_visitor_mails_page", path = "/v1/desk-mail/stop", tag = "desk",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn stop_page(wanted: Wanted) -> Response {
    let words = words_of(&wanted);
    button(words.language(), words.stop(), words.stop())
}

/// Ends mails to a visitor: the button of its page, or one request of a mail program (RFC 8058). The address is forgotten.
#[utoipa::path(post, operation_id = "stop_visitor_mails", path = "/v1/desk-mail/stop", tag = "desk",
    security(()), params(Link),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn stop(
    State(site): State<Arc<Site>>,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    let done = words_of(&wanted).stopped();
    act(&site, wanted, Purpose::Unsubscribe, done, |tx, row| Ok(address::forget(tx, row.person)?))
        .await
}

/// Does what a link is for, if it was signed here for that.
async fn act(
    site: &Arc<Site>,
    wanted: Wanted,
    purpose: Purpose,
    done: &'static str,
    change: fn(&mut Tx<'_>, &AddressRow) -> Result<(), Error>,
) -> Result<Response, Refusal> {
    let words = words_of(&wanted);
    let stale = || Ok(sentence(words.language(), words.stale()));
    let Ok(Query(link)) = wanted else { return stale() };
    let Some(person) = person_of(&link.token) else { return stale() };
    let held = link.token.clone();
    // A request with a wrong link costs no write.
    let known = site.store.read(move |read| {
        let row = address::find(read, person)?;
        Ok(row.is_some_and(|row| row.signed().is_signed(purpose, &held)))
    });
    if !known.await? {
        return stale();
    }
    let acted = site.store.write(move |tx| {
        let Some(row) = address::find(tx, person)? else { return Ok(false) };
        let is_young = tx.now_ms() < row.asked_ms + outgoing_limits::MAIL_CONFIRM_MS_MAX;
        let is_open = purpose == Purpose::Unsubscribe || (!row.is_confirmed && is_young);
        if !is_open || !row.signed().is_signed(purpose, &link.token) {
            return Ok(false);
        }
        change(tx, &row)?;
        Ok(true)
    });
    if !acted.await? {
        return stale();
    }
    Ok(sentence(words.language(), done))
}
