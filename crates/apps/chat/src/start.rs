//! Starting a conversation, of either kind.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::PersonId;
use encke_site::{Body, Caller, Refusal, Site};
use encke_talk::conversation::Conversation;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{direct, room};

/// A direct conversation or a room to be.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum NewConversation {
    /// With one other person. If the two have a direct conversation already, that one is the answer.
    Direct {
        #[schema(value_type = String)]
        person: PersonId,
    },
    /// A room, with the people to invite.
    Room {
        title: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        members: Vec<PersonId>,
        #[serde(default)]
        open: bool,
    },
}

/// Starts a conversation.
#[utoipa::path(post, operation_id = "start_conversation", path = "/v1/conversations",
    tag = "conversations", request_body = NewConversation,
    responses((status = 201, body = Conversation), (status = 200, body = Conversation),
        (status = 403, description = "blocked, forbidden"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), Refusal> {
    match new {
        NewConversation::Direct { person } => direct::open(site, caller, person).await,
        NewConversation::Room { title, members, open } => {
            room::make(site, caller, title, members, open).await
        }
    }
}
