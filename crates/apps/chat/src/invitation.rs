//! Invitations that wait for an answer.
//!
//! A member of a room may bring others in, and most people like that. But nobody may fill the conversations of somebody
//! else. Once others have brought a person into many rooms that it has never looked at, it gets an invitation in place
//! of a further room. An invitation costs the person nothing. The person accepts or declines it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, limits};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use encke_account::{Person, people};
use encke_site::Act;
use encke_site::Site;
use encke_site::caller::Caller;
use encke_site::path::Path;
use encke_site::reply::Refusal;
use encke_site::{EventBody, event};
use encke_talk::ban::check_not_banned;
use encke_talk::block::check_not_blocked;
use encke_talk::conversation::{Conversation, MemberRole, Rows, load, parse};
use encke_talk::member::{is_member, put};
use encke_talk::ticket::check_takes_guests;

/// An invitation to a room.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(required)]
    title: Option<String>,
    /// The address of the picture of the room; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The person who invites; perhaps one that the invited person does not know otherwise.
    #[schema(required)]
    by: Option<Person>,
    /// Time of the invitation, in milliseconds since 1970.
    at: u64,
}

/// Somebody has invited the person to a room.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invited {
    invitation: Invitation,
}

impl EventBody for Invited {
    const KIND: &'static str = "invited";
}

/// An invitation of the person no longer waits for an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationGone {
    #[schema(value_type = String)]
    conversation: ConversationId,
}

impl EventBody for InvitationGone {
    const KIND: &'static str = "invitation_gone";
}

/// The result of bringing a person into a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Brought {
    /// The person is a member.
    In,
    /// The person was asked.
    Invited,
}

/// Whether others have brought a person into as many rooms as they may. Rooms that the person has looked at don't count.
pub(crate) fn has_enough(tx: &mut Tx<'_>, person: PersonId) -> Result<bool, Error> {
    // An index holds just these members. Rooms that the person has read or joined by itself are outside of it.
    let query = "SELECT 1 FROM member m JOIN conversation c ON c.id = m.conversation
                 WHERE m.person = ?1 AND m.invited_by IS NOT NULL AND m.read = 0 AND c.kind = 'room'
                 ORDER BY m.conversation LIMIT 1 OFFSET ?2";
    let most = limits::ROOMS_BY_OTHERS_MAX as u64;
    Ok(tx.query_one(query, params![person, most - 1])?.is_some())
}

/// Brings a person into a room, or asks it, if it has been brought into enough.
pub(crate) fn bring(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<Brought, Error> {
    if is_member(tx, id, person)? {
        return Ok(Brought::In);
    }
    if person != by {
        check_not_blocked(tx, by, person)?;
    }
    if person == by || !has_enough(tx, person)? {
        put_in(tx, site, id, person, by)?;
        return Ok(Brought::In);
    }
    check_not_banned(tx, id, person)?;
    invite(tx, site, id, person, by)?;
    Ok(Brought::Invited)
}

/// Makes a person a member of a room. This ends an invitation of the person to the room. A guest is refused where a desk's
/// staff is, whoever brings it.
pub(crate) fn put_in(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<Rows, Error> {
    let guest = "SELECT 1 FROM person WHERE id = ?1 AND role = 'guest'";
    if tx.query_one(guest, params![person])?.is_some() {
        check_takes_guests(tx, site, id)?;
    }
    forget(tx, person, id)?;
    put(tx, site, id, person, MemberRole::Member, by)
}

/// Asks a person into a room that `by` is in.
pub(crate) fn invite(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    make_room(tx, person, Some(by), limits::INVITATIONS_PER_INVITER_MAX)?;
    make_room(tx, person, None, limits::INVITATIONS_PER_PERSON_MAX)?;
    let now = tx.now_ms();
    let made = tx.execute(
        "INSERT INTO invitation (person, conversation, inviter, at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (person, conversation) DO NOTHING",
        params![person, id, by, now],
    )?;
    if made > 0
        && let Some(invitation) = of(tx, site, person)?.into_iter().find(|i| i.conversation == id)
    {
        let shown = invitation.by.map(Person::in_event);
        let body = Invited { invitation: Invitation { by: shown, ..invitation } };
        tx.append(event(StreamId::person(person), Some(by), &body))?;
    }
    Ok(())
}

/// Lets a person's oldest invitations go, all of them or those of one inviter, until one more fits.
fn make_room(
    tx: &mut Tx<'_>,
    person: PersonId,
    inviter: Option<PersonId>,
    most: usize,
) -> Result<(), Error> {
    let rows = tx.query(
        "SELECT conversation FROM invitation
         WHERE person = ?1 AND (CAST(?2 AS BIGINT) IS NULL OR inviter = ?2) ORDER BY at_ms, conversation",
        params![person, inviter],
    )?;
    for row in rows.iter().take((rows.len() + 1).saturating_sub(most)) {
        forget(tx, person, row.get(0)?)?;
    }
    Ok(())
}

/// Takes an invitation back, if there is one, and tells the person.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    person: PersonId,
    conversation: ConversationId,
) -> Result<bool, Error> {
    let sql = "DELETE FROM invitation WHERE person = ?1 AND conversation = ?2";
    if tx.execute(sql, params![person, conversation])? == 0 {
        return Ok(false);
    }
    let body = InvitationGone { conversation };
    tx.append(event(StreamId::person(person), None, &body))?;
    Ok(true)
}

/// The invitations of a person, the oldest first.
pub(crate) fn of(
    sql: &mut impl Sql,
    site: &Site,
    person: PersonId,
) -> Result<Vec<Invitation>, StoreError> {
    let rows = sql.query(
        "SELECT i.conversation, c.title, i.inviter, i.at_ms, c.picture FROM invitation i
         JOIN conversation c ON c.id = i.conversation WHERE i.person = ?1",
        params![person],
    )?;
    let by: Vec<PersonId> = rows.iter().map(|row| row.get(2)).collect::<Result<_, _>>()?;
    let shown = people(sql, site, person, &by)?;
    let invitation = |row: &Row| {
        let inviter: PersonId = row.get(2)?;
        let by = shown.iter().find(|p| p.id == inviter).cloned();
        let (title, picture) = (row.get(1)?, row.get(4)?);
        Ok(Invitation { conversation: row.get(0)?, title, picture, by, at: row.get(3)? })
    };
    let mut all = rows.iter().map(invitation).collect::<Result<Vec<_>, StoreError>>()?;
    // Most people have none. A statement with an order would prepare to sort them all the same.
    all.sort_unstable_by_key(|invitation| (invitation.at, invitation.conversation));
    Ok(all)
}

/// Invitations that wait for an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitations {
    invitations: Vec<Invitation>,
}

/// The caller's invitations that wait for an answer, the oldest first.
#[utoipa::path(get, operation_id = "invitations", path = "/v1/invitations", tag = "conversations",
    responses((status = 200, body = Invitations), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Invitations>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let (me, site_for_store) = (caller.0.person, site.clone());
    let invitations = site.store.read(move |read| Ok(of(read, &site_for_store, me)?));
    Ok(Json(Invitations { invitations: invitations.await? }))
}

fn gone() -> Error {
    Error::new(Code::NotFound, "This invitation is no longer good.")
}

/// Accepts an invitation: the caller is a member from here on.
#[utoipa::path(post, operation_id = "accept_invitation", path = "/v1/invitations/{id}/accept",
    tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 403, description = "banned, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(crate) async fn accept(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let site_for_store = site.clone();
    let accepted = site.store.write(move |tx| {
        let query = "SELECT inviter FROM invitation WHERE person = ?1 AND conversation = ?2";
        let row = tx.query_one(query, params![me, id])?.ok_or_else(gone)?;
        // An inviter that has left the room lets nobody in any more.
        if !is_member(tx, id, row.get(0)?)? {
            forget(tx, me, id)?;
            return Ok(None);
        }
        if is_member(tx, id, me)? {
            forget(tx, me, id)?;
            return load(tx, &site_for_store, id, me).map(Some);
        }
        let rows = put_in(tx, &site_for_store, id, me, me)?;
        rows.seen_by(tx, &site_for_store, me).map(Some)
    });
    Ok(Json(accepted.await?.ok_or_else(gone)?))
}

/// Declines an invitation.
#[utoipa::path(delete, operation_id = "decline_invitation", path = "/v1/invitations/{id}",
    tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found")))]
pub(crate) async fn decline(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let declined = site.store.write(move |tx| forget(tx, me, id));
    if declined.await? { Ok(StatusCode::NO_CONTENT) } else { Err(gone().into()) }
}
