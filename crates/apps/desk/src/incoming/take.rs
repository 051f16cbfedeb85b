//! The door for mails: a program hands them in one by one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use bytes::Bytes;
use encke_engine::{Code, ConversationId, Error, PersonId, limits, mail_limits};
use encke_files::{FileId, keep};
use encke_site::body::read_within;
use encke_site::{Path, Refusal, Scheme, Site, credentials};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::known::Known;
use super::mail::{self, Attached, IncomingMail};
use super::mailbox::{self, Mailbox};
use super::place::{Arrival, Placed};
use crate::desk::DeskRow;

/// Mails that this node reads at one time.
pub(crate) struct Reading(Semaphore);

impl Default for Reading {
    fn default() -> Self {
        Reading(Semaphore::new(mail_limits::MAILS_READ_AT_ONCE_MAX))
    }
}

/// What has become of a mail that was handed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailTaken {
    /// `ticket`: it is a new one. `message`: it goes on in one. `known`: it came before. `bounce`: a mail of the desk came back.
    /// `automatic`: a program answers by itself. `own`: it is the desk's own mail. `blocked`: its sender is blocked.
    outcome: &'static str,
    /// The ticket; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    ticket: Option<ConversationId>,
}

impl From<Placed> for MailTaken {
    fn from(placed: Placed) -> Self {
        let (outcome, ticket) = match placed {
            Placed::Asked(ticket) => ("ticket", Some(ticket)),
            Placed::Said(ticket) => ("message", Some(ticket)),
            Placed::Known(ticket) => ("known", ticket),
            Placed::Bounced(ticket) => ("bounce", ticket),
            Placed::Automatic(ticket) => ("automatic", ticket),
            Placed::Own => ("own", None),
            Placed::Blocked => ("blocked", None),
        };
        MailTaken { outcome, ticket }
    }
}

/// Hands in a mail as it came (RFC 5322), with the token of the desk's mailbox as `Authorization: Bearer`. An answer with success says that it is taken for
/// good; the same mail again changes nothing.
#[utoipa::path(post, operation_id = "hand_in_mail", path = "/v1/desks/{desk}/mails", tag = "desk",
    security(()), params(("desk" = String, Path)),
    request_body(content((Vec<u8> = "message/rfc822"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, body = MailTaken), (status = 404, description = "not_found"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited"), (status = 503, description = "overloaded")))]
pub(crate) async fn take(
    State(site): State<Arc<Site>>,
    Path(key): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<MailTaken>), Refusal> {
    crate::key::check_key(&key)?;
    let token = token_of(request.headers())?;
    let found = site.store.read(move |read| {
        let desk = DeskRow::by_key(read, &key)?;
        let mailbox = mailbox::find(read, desk.house)?.ok_or_else(mailbox::none)?;
        if mailbox.opens_with(&token) { Ok((desk, mailbox)) } else { Err(wrong_token()) }
    });
    let (desk, mailbox) = found.await?;
    let Ok(_place) = site.part::<Reading>().0.try_acquire() else {
        let what = "Many mails are being read; hand it in again in a moment.";
        return Err(Error::new(Code::Overloaded, what).into());
    };
    let (most, wait_ms) = (mail_limits::MAIL_BYTES_MAX, mail_limits::MAIL_WAIT_MS_MAX);
    let raw = read_within(request, most, wait_ms).await?;
    let placed = arrived(&site, desk, mailbox, raw).await?;
    Ok((StatusCode::OK, Json(placed.into())))
}

fn wrong_token() -> Error {
    Error::new(Code::NotSignedIn, "This is not the token of this desk's mailbox.")
}

fn token_of(headers: &HeaderMap) -> Result<String, Error> {
    let token = credentials(headers, Scheme::Http).bearer;
    token.map(str::to_owned).ok_or_else(wrong_token)
}

/// Takes a mail that has arrived at a desk.
async fn arrived(
    site: &Arc<Site>,
    desk: DeskRow,
    mailbox: Mailbox,
    raw: Bytes,
) -> Result<Placed, Error> {
    let bytes = raw.clone();
    let read = spawn_blocking(move || {
        let mail = mail::read(&bytes)?;
        let known = Known::of(&mail, &bytes);
        Ok::<_, Error>((mail, known))
    });
    let (mail, known) = read.await.map_err(|e| {
        tracing::error!("a mail could not be read: {e}");
        Error::new(Code::Invalid, "The mail could not be read.")
    })??;
    let all = Arc::new((desk, mailbox, mail, known));
    let held = all.clone();
    let begun = site.store.write(move |tx| arrival(&held).begin(tx));
    let person = match begun.await? {
        Ok(person) => person,
        Err(placed) => return Ok(placed),
    };
    let (files, left_out) = store_files(site, person, &all.2, raw).await;
    let text = match left_out {
        0 => all.2.text.clone(),
        count => format!("{}\n\n[+ {count}]", all.2.text).trim().to_owned(),
    };
    let held = site.clone();
    site.store.write(move |tx| arrival(&all).say(tx, &held, person, (text, files))).await
}

fn arrival((desk, mailbox, mail, known): &(DeskRow, Mailbox, IncomingMail, Known)) -> Arrival<'_> {
    Arrival { desk, mailbox, mail, known }
}

/// Stores the files of a mail, and the whole mail if its message shows less. Returns how many could not be stored.
async fn store_files(
    site: &Arc<Site>,
    person: PersonId,
    mail: &IncomingMail,
    raw: Bytes,
) -> (Vec<FileId>, usize) {
    let attached =
        mail.files.iter().map(|Attached { name, bytes }| (name.as_str(), bytes.clone().into()));
    let is_cut = mail.text.len() > limits::TEXT_BYTES_MAX;
    let whole = (mail.is_shortened || is_cut).then_some(("mail.eml", raw));
    let (mut files, mut left_out) = (Vec::new(), 0);
    for (name, bytes) in attached.chain(whole) {
        match keep(site, person, name, bytes).await {
            Ok(id) => files.push(id),
            Err(e) => {
                tracing::warn!("a file of a mail could not be stored: {e}");
                left_out += 1;
            }
        }
    }
    (files, left_out)
}
