//! Pictures of rooms.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_files::{FileId, hold_emblem, let_emblem_go};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::Tx;
use encke_talk::conversation::{Conversation, load, parse};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::members;
use crate::room::{RoomChanged, store};

/// The picture that a room gets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoomPicture {
    /// Id of a file that the caller has uploaded, and sent to nobody: a PNG, JPEG, GIF or WebP picture.
    file: String,
}

/// Gives a room a picture, which owners do. Everybody who is signed in may read it; the earlier picture is deleted.
#[utoipa::path(put, operation_id = "set_room_picture", path = "/v1/conversations/{id}/picture",
    tag = "conversations",
    params(("id" = String, Path)), request_body = NewRoomPicture,
    responses((status = 200, body = Conversation),
        (status = 403, description = "forbidden, not_member"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(NewRoomPicture { file }): Body<NewRoomPicture>,
) -> Result<Json<Conversation>, Refusal> {
    let file: FileId = file.parse()?;
    change(&site, &caller, &id, Some(file)).await
}

/// Takes the picture of a room away, which owners do. It is deleted.
#[utoipa::path(delete, operation_id = "remove_room_picture", path = "/v1/conversations/{id}/picture",
    tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = Conversation),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn remove(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Refusal> {
    change(&site, &caller, &id, None).await
}

async fn change(
    site: &Arc<Site>,
    caller: &Caller,
    id: &str,
    file: Option<FileId>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let changed = site.store.write(move |tx: &mut Tx<'_>| {
        let now = load(tx, &held, id, me)?;
        members::owned_room(now.kind, now.role)?;
        let before = now.picture.as_deref();
        let is_so = match &file {
            Some(file) => before.is_some_and(|address| address.contains(&file.to_string())),
            None => before.is_none(),
        };
        if is_so {
            return Ok(now);
        }
        let address = match &file {
            Some(file) => hold_emblem(tx, me, file)?,
            None => String::new(),
        };
        if let Some(before) = before {
            let_emblem_go(tx, before)?;
        }
        store(tx, id, &RoomChanged::picture(address, me))?;
        load(tx, &held, id, me)
    });
    Ok(Json(changed.await?))
}
