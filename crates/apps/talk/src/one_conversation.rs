//! One conversation, asked for by its number.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, people_named};
use encke_engine::StreamId;
use encke_site::{CallerOrVisitor, Path, Refusal, Site};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::{Conversation, load, parse};

/// A conversation and the people in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneConversation {
    conversation: Conversation,
    /// The members that are shown and the writer of the newest event.
    people: Vec<Person>,
}

/// One conversation that the caller is in.
#[utoipa::path(get, operation_id = "conversation", path = "/v1/conversations/{id}",
    tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = OneConversation), (status = 403, description = "not_member")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
) -> Result<Json<OneConversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let held = site.clone();
    let one = site.store.read(move |read| {
        let conversation = load(read, &held, id, me)?;
        let head = read.head(StreamId::conversation(id))?;
        let writer = read.event(head.position)?.and_then(|entry| entry.event.from);
        let named = conversation.members.iter().map(|m| m.person).chain(writer);
        Ok(OneConversation { people: people_named(read, &held, me, named)?, conversation })
    });
    Ok(Json(one.await?))
}
