//! Typing: a signal, at most once, never stored (P9).

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{ConversationId, Error, PersonId, StreamId, item};
use encke_store::{Read, Sql, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::{not_member, parse};
use crate::body::Body;
use crate::caller::Caller;
use crate::path::Path;
use crate::reply::Refusal;
use crate::site::Site;

/// Whether the person types.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typing {
    pub on: bool,
}

/// Refuses who does not follow the conversation.
pub(super) fn check_member(
    read: &mut Read<'_>,
    conversation: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    let query = "SELECT 1 FROM follow WHERE person = ?1 AND stream = ?2";
    let stream = StreamId::conversation(conversation);
    read.query_one(query, params![person, stream])?.map(drop).ok_or_else(not_member)
}

/// Tells the others.
pub(super) fn tell(site: &Site, conversation: ConversationId, person: PersonId, typing: Typing) {
    let stream = StreamId::conversation(conversation);
    if let Some(reach) = site.reach() {
        reach.signal(stream, item::signal("typing", stream, person, &typing));
    }
}

/// Tells the others in a conversation that the caller types, or stopped.
#[utoipa::path(post, path = "/v1/conversations/{id}/typing", tag = "conversations",
    params(("id" = String, Path)), request_body = Typing, responses((status = 204)))]
pub(crate) async fn typing(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(typing): Body<Typing>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.store.read(move |read| check_member(read, id, me)).await?;
    tell(&site, id, me, typing);
    Ok(StatusCode::NO_CONTENT)
}
