//! Members of rooms: joining, inviting, leaving, removing, roles.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use encke_engine::{Code, Error, PersonId};
use encke_site::{Act, Body, Caller, Path, Refusal, Role, Site};
use encke_store::{Sql, Tx, params};
use encke_talk::conversation::{
    Conversation, MemberRole, check_present, find, load, not_member, parse,
};
use encke_talk::kind::Kind;
use encke_talk::member::{
    expel, has_owners, is_member, keep_an_owner, member_of, no_such_member, parse_person, role_in,
    set_role,
};
use encke_talk::rights::{check_may_act_on, moderator_of};
use encke_talk::ticket::{check_may_bring, is_house};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::invitation::{self, Brought};

/// Refuses a person unless it is an owner of the room.
pub(crate) fn owned_room(kind: Kind, role: MemberRole) -> Result<(), Error> {
    room(kind)?;
    if role == MemberRole::Owner {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, "Only an owner of the room may do this."))
}

pub(crate) fn room(kind: Kind) -> Result<(), Error> {
    let what = match kind {
        Kind::Room => return Ok(()),
        Kind::Direct => "A direct conversation always has the same two people.",
        Kind::Thread => "A thread is open to the people of the conversation that it is part of.",
        Kind::Ticket => "A ticket is open to the visitor that asks and to the staff of the desk.",
    };
    Err(Error::new(Code::Forbidden, what))
}

/// Joins an open room.
#[utoipa::path(post, path = "/v1/conversations/{id}/join", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = Conversation),
        (status = 403, description = "banned, not_member"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn join(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let guest = caller.0.role == Role::Guest;
    let held = site.clone();
    let joined = site.store.write(move |tx| {
        let found = find(tx, id)?.ok_or_else(not_member)?;
        if is_member(tx, id, me)? {
            return load(tx, &held, id, me);
        }
        if !found.open || guest || is_house(tx, &held, id)? {
            return Err(not_member());
        }
        invitation::put_in(tx, &held, id, me, me)?.seen_by(tx, &held, me)
    });
    Ok(Json(joined.await?))
}

/// The person to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitee {
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
    params(("id" = String, Path)), request_body = Invitee,
    responses((status = 204), (status = 202, body = Asked),
        (status = 403, description = "banned, blocked, forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn invite(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(Invitee { person }): Body<Invitee>,
) -> Result<Response, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't invite."));
    }
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let held = site.clone();
    let invited = site.store.write(move |tx| {
        let (found, role) = role_in(tx, id, me)?;
        room(found.kind)?;
        check_may_bring(tx, &held, id, role)?;
        check_present(tx, person)?;
        invitation::bring(tx, &held, id, person, me)
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

/// Changes the role of a member. Only owners do it, and a guest stays a plain member.
#[utoipa::path(patch, path = "/v1/conversations/{id}/members/{person}", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)), request_body = NewRole,
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(crate) async fn change_role(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
    Body(NewRole { role }): Body<NewRole>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    let changed = site.store.write(move |tx| {
        let (found, mine) = role_in(tx, id, me)?;
        owned_room(found.kind, mine)?;
        let before = member_of(tx, id, person)?.ok_or_else(no_such_member)?.member.role;
        if before == role {
            return Ok(());
        }
        if role.moderates() {
            check_no_guest(tx, person)?;
        }
        if before == MemberRole::Owner && !has_owners(tx, id, 2)? {
            return Err(Error::new(Code::Conflict, "A room keeps at least one owner."));
        }
        set_role(tx, id, person, role, me)
    });
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a guest: nobody can tell who comes back under its name.
fn check_no_guest(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND role = 'guest'";
    match tx.query_one(query, params![person])? {
        Some(_) => Err(Error::new(Code::Forbidden, "A guest can't keep order in a room.")),
        None => Ok(()),
    }
}

/// Leaves a room, or removes a member from it. If the last owner leaves, the longest moderator becomes the owner, or else
/// the longest member.
#[utoipa::path(delete, operation_id = "remove_member",
    path = "/v1/conversations/{id}/members/{person}", tag = "conversations",
    params(("id" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found")))]
pub(crate) async fn remove(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, person, me) = (parse(&id)?, parse_person(&person)?, caller.0.person);
    let removed = site.store.write(move |tx| {
        room(role_in(tx, id, me)?.0.kind)?;
        if person != me {
            let (_, mine) = moderator_of(tx, id, me)?;
            let other = member_of(tx, id, person)?.ok_or_else(no_such_member)?;
            check_may_act_on(mine, other.member.role)?;
        }
        expel(tx, id, person, me)?;
        keep_an_owner(tx, id, me)
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
