//! Members of rooms: joining, inviting, leaving, removing, roles.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_store::{Sql, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::{
    Conversation, Kind, MemberRole, admit, check_present, event, find, insert_member, load,
    members, not_member, parse,
};
use super::invitation::{self, Brought};
use crate::account::people;
use crate::body::Body;
use crate::caller::Caller;
use crate::identity::Role;
use crate::path::Path;
use crate::quota::Act;
use crate::reply::Refusal;
use crate::site::Site;

/// Refuses what only the owner of a room may do.
pub(super) fn owned_room(conversation: &Conversation) -> Result<(), Error> {
    room(conversation.kind)?;
    if conversation.role == MemberRole::Owner {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, "Only an owner of the room may do this."))
}

fn room(kind: Kind) -> Result<(), Error> {
    if kind == Kind::Room {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, "A direct conversation always has the same two people."))
}

pub(super) fn is_member(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
) -> Result<bool, Error> {
    let query = "SELECT 1 FROM member WHERE conversation = ?1 AND person = ?2";
    Ok(tx.query_one(query, params![id, person])?.is_some())
}

/// Puts a person into a room, unless it is in it.
pub(super) fn add(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    let there = members(tx, id)?;
    if there.iter().any(|m| m.member.person == person) {
        return Ok(());
    }
    if there.len() >= limits::ROOM_MEMBERS_MAX {
        return Err(Error::new(Code::Conflict, "The room is full: it has 1,000 members."));
    }
    let stream = StreamId::conversation(id);
    let joined = Seq(tx.head(stream)?.seq.0 + 1);
    insert_member(tx, id, person, MemberRole::Member, joined, by)?;
    invitation::forget(tx, person, id)?;
    admit(tx, site, id, person, by)?;
    let shown = people(tx, site, &[person])?.pop();
    let body = serde_json::json!({"person": shown, "role": MemberRole::Member, "by": by});
    tx.append(event(stream, Some(by), "member_joined", &body)).map(drop)
}

/// Joins an open room.
#[utoipa::path(post, path = "/v1/conversations/{id}/join", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, body = Conversation)))]
pub(crate) async fn join(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let guest = caller.0.role == Role::Guest;
    let house = site.clone();
    let joined = site.store.write(move |tx| {
        let found = find(tx, id)?.ok_or_else(not_member)?;
        let member = members(tx, id)?.iter().any(|m| m.member.person == me);
        if !member && (!found.open || guest) {
            return Err(not_member());
        }
        add(tx, &house, id, me, me)?;
        load(tx, &house, id, me)
    });
    Ok(Json(joined.await?))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whom {
    #[schema(value_type = String)]
    person: PersonId,
}

/// The person was asked, and joins once it accepts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asked {
    invited: bool,
}

/// Brings a person into a room. 202 says that it was asked instead, because others have brought it into many already.
#[utoipa::path(post, path = "/v1/conversations/{id}/members", tag = "conversations",
    params(("id" = String, Path)), request_body = Whom,
    responses((status = 204), (status = 202, body = Asked)))]
pub(crate) async fn invite(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(Whom { person }): Body<Whom>,
) -> Result<Response, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't invite."));
    }
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let house = site.clone();
    let invited = site.store.write(move |tx| {
        room(load(tx, &house, id, me)?.kind)?;
        check_present(tx, person)?;
        invitation::bring(tx, &house, id, person, me)
    });
    Ok(match invited.await? {
        Brought::In => StatusCode::NO_CONTENT.into_response(),
        Brought::Invited => (StatusCode::ACCEPTED, Json(Asked { invited: true })).into_response(),
    })
}

/// A member's new role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    role: MemberRole,
}

fn parse_person(id: &str) -> Result<PersonId, Error> {
    id.parse().map_err(|_| no_such_member())
}

fn no_such_member() -> Error {
    Error::new(Code::NotFound, "This person is not a member of the room.")
}

/// Changes what a member may do.
#[utoipa::path(patch, path = "/v1/conversations/{id}/members/{person}", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)), request_body = NewRole,
    responses((status = 204)))]
pub(crate) async fn change_role(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
    Body(NewRole { role }): Body<NewRole>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    let house = site.clone();
    let changed = site.store.write(move |tx| {
        let conversation = load(tx, &house, id, me)?;
        owned_room(&conversation)?;
        let member = conversation.members.iter().find(|m| m.person == person);
        let member = member.ok_or_else(no_such_member)?;
        if member.role == role {
            return Ok(());
        }
        let owners = conversation.members.iter().filter(|m| m.role == MemberRole::Owner);
        if member.role == MemberRole::Owner && owners.count() == 1 {
            return Err(Error::new(Code::Conflict, "A room keeps at least one owner."));
        }
        set_role(tx, id, person, role, me)
    });
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn set_role(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    role: MemberRole,
    by: PersonId,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE member SET role = ?3 WHERE conversation = ?1 AND person = ?2",
        params![id, person, role.text()],
    )?;
    let body = serde_json::json!({"person": person, "role": role, "by": by});
    tx.append(event(StreamId::conversation(id), Some(by), "role_changed", &body)).map(drop)
}

/// Leaves a room, or removes a member from it.
#[utoipa::path(delete, path = "/v1/conversations/{id}/members/{person}", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    let house = site.clone();
    let removed = site.store.write(move |tx| {
        let conversation = load(tx, &house, id, me)?;
        room(conversation.kind)?;
        if person != me {
            owned_room(&conversation)?;
        }
        if !conversation.members.iter().any(|m| m.person == person) {
            return Err(no_such_member());
        }
        expel(tx, id, person, me)?;
        keep_an_owner(tx, id, me)
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn expel(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    tx.execute("DELETE FROM member WHERE conversation = ?1 AND person = ?2", params![id, person])?;
    // The person's own stream tells it; of the room it gets nothing from here on, not even that it left.
    let body = serde_json::json!({"conversation": id});
    tx.append(event(StreamId::person(person), Some(by), "conversation_removed", &body))?;
    tx.unsubscribe(person, StreamId::conversation(id))?;
    let body = serde_json::json!({"person": person, "by": by});
    tx.append(event(StreamId::conversation(id), Some(by), "member_left", &body)).map(drop)
}

/// A room whose last owner left goes to its longest member.
fn keep_an_owner(tx: &mut Tx<'_>, id: ConversationId, by: PersonId) -> Result<(), Error> {
    let left = members(tx, id)?;
    if left.iter().any(|m| m.member.role == MemberRole::Owner) {
        return Ok(());
    }
    match left.first() {
        Some(longest) => set_role(tx, id, longest.member.person, MemberRole::Owner, by),
        None => Ok(()),
    }
}
