//! The rating of a ticket by its visitor.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error, desk_limits};
use encke_site::identity::not_for_visitors;
use encke_site::{Act, Body, CallerOrVisitor, Path, Refusal, Site};
use encke_store::params;
use encke_talk::conversation::not_member;
use encke_talk::parse_conversation;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::ticket::{self, Ticket};
use crate::visit::cut;
use crate::visitor::{VisitorRow, check_not_blocked};

/// A rating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rating {
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    stars: u8,
    #[serde(default)]
    comment: String,
}

/// Rates a ticket of the calling visitor. A further rating takes the place of the first one, and that of a ticket that was merged
/// counts where it goes on.
#[utoipa::path(put, operation_id = "rate_ticket", path = "/v1/tickets/{id}/rating", tag = "desk",
    params(("id" = String, Path)), request_body = Rating,
    responses((status = 204), (status = 403, description = "blocked, forbidden, not_member"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn rate(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    Body(Rating { stars, comment }): Body<Rating>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    if !caller.0.visitor {
        return Err(Refusal(not_for_visitors()));
    }
    if !(1..=5).contains(&stars) {
        return Err(Refusal::new(Code::Invalid, "`stars` is a number from 1 to 5."));
    }
    let most = desk_limits::RATING_COMMENT_BYTES_MAX;
    if comment.len() > most {
        return Err(Refusal::new(Code::TooLarge, format!("A comment has at most {most} bytes.")));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let comment = cut(comment.trim(), most);
    let held = site.clone();
    let rated = site.store.write(move |tx| {
        let own = |found: Option<Ticket>| {
            found.filter(|ticket| ticket.visitor == me).ok_or_else(not_member)
        };
        let mut before = own(ticket::find(tx, id)?)?;
        if let Some(into) = before.merged_into {
            before = own(ticket::find(tx, into)?)?;
        }
        check_not_blocked(&VisitorRow::find(tx, me)?.ok_or_else(not_member)?)?;
        let kept = (!comment.is_empty()).then_some(comment);
        tx.execute(
            "UPDATE desk_ticket SET comment = ?2 WHERE conversation = ?1",
            params![before.id, kept],
        )?;
        let mut after = before.clone();
        after.rating = Some(stars);
        ticket::change(tx, &held, &before, after, Some(me))?;
        Ok::<_, Error>(())
    });
    rated.await?;
    Ok(StatusCode::NO_CONTENT)
}
