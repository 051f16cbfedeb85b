//! Rooms: making, renaming, opening and closing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Role, Site, event};
use encke_store::{Tx, params};
use encke_talk::audit::{self, AuditNote, Deed};
use encke_talk::block::check_not_blocked;
use encke_talk::conversation::{
    Conversation, MemberRole, begin, check_present, insert, insert_member, load, parse,
};
use encke_talk::kind::Kind;
use encke_talk::ticket::is_house;
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

/// Refuses an invalid topic of a room. An empty one is none.
fn check_topic(topic: &str) -> Result<(), Error> {
    let most = limits::TOPIC_CHARS_MAX;
    if topic.chars().count() <= most && !topic.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::new(Code::Invalid, format!("A topic has at most {most} characters on one line.")))
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
            check_not_blocked(tx, me, *other)?;
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

/// Changes of a room; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomChange {
    title: Option<String>,
    open: Option<bool>,
    /// The subject, in one line; an empty text takes it away.
    topic: Option<String>,
    /// Whether only owners and moderators write.
    announcement: Option<bool>,
}

/// A room was changed; fields that stayed as they were are absent.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    open: Option<bool>,
    /// The subject; empty if it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    topic: Option<String>,
    /// The address of the picture; empty if it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    /// Whether only owners and moderators write from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    announcement: Option<bool>,
    #[schema(value_type = String)]
    by: PersonId,
}

impl EventBody for RoomChanged {
    const KIND: &'static str = "changed";
}

impl RoomChange {
    /// Leaves out what a room is like already.
    fn against(self, now: &Conversation, by: PersonId) -> RoomChanged {
        let announcement = now.announcement.unwrap_or_default();
        let topic = now.topic.as_deref().unwrap_or_default();
        RoomChanged {
            title: self.title.filter(|title| now.title.as_ref() != Some(title)),
            open: self.open.filter(|open| now.open != *open),
            topic: self.topic.filter(|new| new != topic),
            picture: None,
            announcement: self.announcement.filter(|new| *new != announcement),
            by,
        }
    }
}

impl RoomChanged {
    /// The room got a picture with this address, or lost it.
    pub fn picture(address: String, by: PersonId) -> Self {
        let (title, open, topic, announcement) = Default::default();
        RoomChanged { title, open, topic, picture: Some(address), announcement, by }
    }

    /// The changes as the audit trail names them.
    fn deeds(&self) -> impl Iterator<Item = Deed> {
        let open = self.open.map(|open| if open { Deed::Opened } else { Deed::Closed });
        let announcement = self.announcement.map(|on| match on {
            true => Deed::AnnouncementOn,
            false => Deed::AnnouncementOff,
        });
        let title = self.title.as_ref().map(|_| Deed::Renamed);
        let topic = self.topic.as_ref().map(|_| Deed::TopicChanged);
        let picture = self.picture.as_ref().map(|_| Deed::PictureChanged);
        [title, open, topic, picture, announcement].into_iter().flatten()
    }
}

/// Changes a room: its title, whether it is open, its topic, who writes. Owners do it; moderators change the topic alone.
#[utoipa::path(patch, operation_id = "change_room", path = "/v1/conversations/{id}",
    tag = "conversations",
    params(("id" = String, Path)), request_body = RoomChange,
    responses((status = 200, body = Conversation),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
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
    if let Some(topic) = &change.topic {
        check_topic(topic)?;
    }
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let changed = site.store.write(move |tx| {
        let now = load(tx, &held, id, me)?;
        let is_topic_alone =
            change.title.is_none() && change.open.is_none() && change.announcement.is_none();
        if is_topic_alone && now.role.moderates() {
            members::room(now.kind)?;
        } else {
            members::owned_room(now.kind, now.role)?;
        }
        if change.open == Some(true) && is_house(tx, &held, id)? {
            let what = "The room of a desk's staff is never open: its members read each ticket.";
            return Err(Error::new(Code::Forbidden, what));
        }
        let changed = change.against(&now, me);
        if changed.deeds().next().is_none() {
            return Ok(now);
        }
        store(tx, id, &changed)?;
        load(tx, &held, id, me)
    });
    Ok(Json(changed.await?))
}

/// Stores a change, and tells of it.
pub(crate) fn store(
    tx: &mut Tx<'_>,
    id: ConversationId,
    changed: &RoomChanged,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE conversation SET title = coalesce(?2, title), open = coalesce(?3, open),
             topic = CASE WHEN CAST(?4 AS TEXT) IS NULL THEN topic ELSE nullif(?4, '') END,
             announcement = coalesce(?5, announcement),
             picture = CASE WHEN CAST(?6 AS TEXT) IS NULL THEN picture ELSE nullif(?6, '') END
         WHERE id = ?1",
        params![
            id,
            changed.title.as_ref(),
            changed.open,
            changed.topic.as_ref(),
            changed.announcement,
            changed.picture.as_ref()
        ],
    )?;
    let said = StreamId::conversation(id);
    match changed.announcement {
        // The rights of whoever writes are looked at from here on.
        Some(true) => tx.reserve(said, None)?,
        Some(false) => tx.free(said, None)?,
        None => {}
    }
    for deed in changed.deeds() {
        audit::note(tx, id, changed.by, AuditNote::of_room(deed))?;
    }
    tx.append(event(said, Some(changed.by), changed)).map(drop)
}
