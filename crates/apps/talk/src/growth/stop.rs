//! Asking the author of a growing message to stop.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Seq, StreamId};
use encke_site::{Act, CallerOrVisitor, EventBody, Path, Refusal, Site, event};
use encke_store::params;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{GrowthState, amending};
use crate::amendment::parse_seq;
use crate::conversation::parse;
use crate::ticket::TicketKeeper;

/// A member has asked the author of a growing message to stop. The author closes it.
#[derive(Serialize, ToSchema)]
pub(crate) struct StopAsked {
    #[schema(value_type = u64)]
    message: Seq,
}

impl EventBody for StopAsked {
    const KIND: &'static str = "stop_asked";
}

/// Asks the author of a growing message to stop. Whoever asks first is shown; a message that is whole stays as it is.
#[utoipa::path(post, operation_id = "stop_growing",
    path = "/v1/conversations/{id}/messages/{seq}/stop", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn stop(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (key, me) = ((parse(&id)?, parse_seq(&seq)?), caller.0.person);
    site.take(me, caller.0.role, Act::Signal)?;
    let keeper = site.find_part::<TicketKeeper>().copied();
    let asked = site.store.write(move |tx| {
        let (it, growing) = amending(tx, keeper, me, key)?;
        it.check_may_speak(tx)?;
        if growing.stop_by.is_some() || growing.state != GrowthState::Growing {
            return Ok(());
        }
        let (id, seq) = key;
        tx.append(event(StreamId::growth(id), Some(me), &StopAsked { message: seq }))?;
        tx.execute(
            "UPDATE growing SET stop_by = ?3 WHERE conversation = ?1 AND seq = ?2",
            params![id, seq, me],
        )?;
        Ok(())
    });
    asked.await?;
    Ok(StatusCode::NO_CONTENT)
}
