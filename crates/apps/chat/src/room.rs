//! Rooms: making, renaming, opening and closing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, Error, PersonId, Seq, StreamId, limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Role, Site, event};
use encke_store::params;
use encke_talk::conversation::{
    Conversation, MemberRole, begin, check_present, insert, insert_member, load, parse,
};
use encke_talk::kind::Kind;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{invitation, members};

/// Refuses an invalid title of a room.
pub(crate) fn check_title(title: &str) -> Result<(), Error> {
    let good = (1..=limits::TITLE_CHARS_MAX).contains(&title.chars().count())
        && !title.trim().is_empty()
        && !title.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    let most = limits::TITLE_CHARS_MAX;
    Err(Error::new(Code::Invalid, format!("A title has 1 to {most} characters on one line.")))
}

/// Makes a room and brings the others in, or invites them.
pub(crate) async fn make(
    site: Arc<Site>,
    caller: Caller,
    title: String,
    others: Vec<PersonId>,
    open: bool,
) -> Result<(StatusCode, Json<Conversation>), Refusal> {
    let me = caller.0.person;
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't make rooms."));
    }
    check_title(&title)?;
    if others.len() >= limits::ROOM_MEMBERS_MAX {
        let most = grouped(limits::ROOM_MEMBERS_MAX);
        return Err(Refusal::new(Code::Invalid, format!("A room has at most {most} members.")));
    }
    // Each of the others is invited.
    site.take_some(me, caller.0.role, Act::Creation, 1 + others.len())?;
    let held = site.clone();
    let made = site.store.write(move |tx| {
        let id = insert(tx, Kind::Room, Some(&title), open, None)?;
        insert_member(tx, id, me, MemberRole::Owner, Seq(1), me)?;
        let mut others = others;
        others.sort_unstable();
        others.dedup();
        others.retain(|other| *other != me);
        let mut asked = Vec::new();
        for other in &others {
            check_present(tx, *other)?;
            if invitation::has_enough(tx, *other)? {
                asked.push(*other);
            } else {
                insert_member(tx, id, *other, MemberRole::Member, Seq(1), me)?;
            }
        }
        others.retain(|other| !asked.contains(other));
        begin(tx, &held, id, me, std::iter::once(me).chain(others))?;
        for other in asked {
            invitation::invite(tx, &held, id, other, me)?;
        }
        load(tx, &held, id, me)
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// Changes of a room by an owner; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomChange {
    title: Option<String>,
    open: Option<bool>,
}

/// An owner of a room has changed it; fields that stayed as they were are absent.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    open: Option<bool>,
    #[schema(value_type = String)]
    by: PersonId,
}

impl EventBody for RoomChanged {
    const KIND: &'static str = "changed";
}

/// Renames a room, opens or closes it.
#[utoipa::path(patch, operation_id = "change_room", path = "/v1/conversations/{id}",
    tag = "conversations",
    params(("id" = String, Path)), request_body = RoomChange,
    responses((status = 200, body = Conversation),
        (status = 403, description = "forbidden, not_member")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<RoomChange>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    if let Some(title) = &change.title {
        check_title(title)?;
    }
    let held = site.clone();
    let changed = site.store.write(move |tx| {
        let now = load(tx, &held, id, me)?;
        members::owned_room(now.kind, now.role)?;
        let title = change.title.filter(|t| now.title.as_ref() != Some(t));
        let open = change.open.filter(|o| now.open != *o);
        if title.is_none() && open.is_none() {
            return Ok(now);
        }
        tx.execute(
            "UPDATE conversation SET title = coalesce(?2, title), open = coalesce(?3, open)
             WHERE id = ?1",
            params![id, title.as_ref(), open],
        )?;
        let body = RoomChanged { title, open, by: me };
        tx.append(event(StreamId::conversation(id), Some(me), &body))?;
        load(tx, &held, id, me)
    });
    Ok(Json(changed.await?))
}
