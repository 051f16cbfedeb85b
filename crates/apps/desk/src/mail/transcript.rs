//! The whole of a ticket by mail, for its visitor.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error};
use encke_site::identity::not_for_visitors;
use encke_site::{Act, CallerOrVisitor, Path, Refusal, Site};
use encke_talk::conversation::not_member;
use encke_talk::parse_conversation;
use http::StatusCode;

use super::state::MailState;
use super::{address, asked, outbox};
use crate::ticket;

/// Asks for the whole of a ticket by mail. It goes to the address that the calling visitor has confirmed.
#[utoipa::path(post, operation_id = "mail_transcript", path = "/v1/tickets/{id}/transcript", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 202), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn ask(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    if !caller.0.visitor {
        return Err(Refusal(not_for_visitors()));
    }
    MailState::of(&site).open()?;
    site.take(me, caller.0.role, Act::Creation)?;
    let asked = site.store.write(move |tx| {
        let ticket = ticket::find(tx, id)?.filter(|ticket| ticket.visitor == me);
        let ticket = ticket.ok_or_else(not_member)?;
        let row = address::find(tx, me)?.filter(|row| row.is_confirmed);
        let unconfirmed = || Error::new(Code::Conflict, "You have confirmed no address yet.");
        let row = row.ok_or_else(unconfirmed)?;
        asked::take(tx, ticket.desk, me, &row.address)?;
        outbox::asked_for_all(tx, &ticket)
    });
    asked.await?;
    Ok(StatusCode::ACCEPTED)
}
