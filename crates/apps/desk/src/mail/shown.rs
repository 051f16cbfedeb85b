//! What the staff sees of a ticket's mails.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_talk::parse_conversation;
use serde::Serialize;
use utoipa::ToSchema;

use super::{address, outbox};
use crate::incoming::thread;
use crate::staff;

/// The mails of a ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketMail {
    /// The address that the visitor left; absent if it left none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    address: Option<String>,
    /// Whether the visitor has confirmed it. No answer is sent before.
    confirmed: bool,
    /// Whether answers wait to be sent.
    waiting: bool,
    /// When answers were mailed last, in milliseconds since 1970; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sent_at: Option<u64>,
    /// Whether it was asked by mail.
    by_mail: bool,
    /// The reason why the last mail was given up: `refused` by the mail server, `unreachable`, or `bounced` if it came back; absent
    /// if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failed: Option<String>,
}

/// The mails of a ticket: all staff may see this.
#[utoipa::path(get, operation_id = "ticket_mail", path = "/v1/tickets/{id}/mail", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 200, body = TicketMail), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TicketMail>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let shown = site.store.read(move |read| {
        let (ticket, _) = staff::at_ticket(read, id, me)?;
        let address = address::find(read, ticket.visitor)?;
        let confirmed = address.as_ref().is_some_and(|row| row.is_confirmed);
        let address = address.map(|row| row.address);
        let row = outbox::find(read, id)?;
        let waiting = row.as_ref().is_some_and(outbox::MailRow::waits);
        let (sent_at, failed) = row.map(|row| (row.sent_ms, row.failed)).unwrap_or_default();
        let by_mail = thread::is_by_mail(read, id)?;
        Ok(TicketMail { address, confirmed, waiting, sent_at, by_mail, failed })
    });
    Ok(Json(shown.await?))
}
