//! Direct conversations and open rooms for the gateways. Each function works within one write of the caller.

use encke_engine::{ConversationId, Error, PersonId, StreamId, limits};
use encke_site::{Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use encke_talk::conversation::{self, Created, MemberRole, not_member};
use encke_talk::kind::Kind;
use encke_talk::member::{expel, has_owners, is_member, put, set_role};

use crate::{direct, invitation, room};

/// The direct conversation of two people, if there is one.
pub fn direct_of(
    sql: &mut impl Sql,
    a: PersonId,
    b: PersonId,
) -> Result<Option<ConversationId>, StoreError> {
    direct::find(sql, a, b)
}

/// The direct conversation of two people; it is made if there is none.
pub fn direct(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    other: PersonId,
) -> Result<ConversationId, Error> {
    if let Some(id) = direct_of(tx, me, other)? {
        return Ok(id);
    }
    conversation::check_present(tx, other)?;
    direct::make(tx, site, me, other)
}

/// Whether a guest may begin to talk to a person. As in the web chat, they have to share a conversation.
pub fn may_guest_begin(
    sql: &mut impl Sql,
    guest: PersonId,
    other: PersonId,
) -> Result<bool, StoreError> {
    conversation::share_a_conversation(sql, guest, other)
}

/// Whether everybody may enter a room.
pub fn is_open(sql: &mut impl Sql, room: ConversationId) -> Result<bool, StoreError> {
    Ok(conversation::find(sql, room)?.is_some_and(|found| found.open))
}

/// Makes an open room without members.
pub fn make_open_room(tx: &mut Tx<'_>, title: &str) -> Result<ConversationId, Error> {
    room::check_title(title)?;
    let id = conversation::insert(tx, Kind::Room, Some(title), true, None)?;
    let body = Created { kind: Kind::Room, title: Some(title.to_owned()), open: true };
    tx.append(event(StreamId::conversation(id), None, &body))?;
    Ok(id)
}

/// Brings a person into an open room, guests too; `not_member` if the room is closed to the person.
///
/// If the room has too many guests, the one that has been in it longest is removed, because guests come and never
/// leave.
pub fn enter_open_room(
    tx: &mut Tx<'_>,
    site: &Site,
    room: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    if is_member(tx, room, person)? {
        return Ok(());
    }
    if !is_open(tx, room)? {
        return Err(not_member());
    }
    let query = "SELECT person FROM member WHERE conversation = ?1 AND guest = 1
                 ORDER BY joined_seq, person LIMIT ?2";
    let guests = tx.query(query, params![room, limits::ROOM_GUESTS_MAX as u64])?;
    if let Some(longest) = guests.first()
        && guests.len() >= limits::ROOM_GUESTS_MAX
    {
        let longest = longest.get(0)?;
        expel(tx, room, longest, longest)?;
    }
    invitation::put_in(tx, site, room, person, person).map(drop)
}

/// Makes an owner of the site the owner of a room without one, if the site has an owner.
pub fn own_room(tx: &mut Tx<'_>, site: &Site, room: ConversationId) -> Result<(), Error> {
    if has_owners(tx, room, 1)? {
        return Ok(());
    }
    let query = "SELECT id FROM person WHERE role = 'owner' AND disabled_ms IS NULL ORDER BY id";
    let Some(row) = tx.query_one(query, params![])? else { return Ok(()) };
    let owner: PersonId = row.get(0)?;
    if is_member(tx, room, owner)? {
        return set_role(tx, room, owner, MemberRole::Owner, owner);
    }
    put(tx, site, room, owner, MemberRole::Owner, owner).map(drop)
}
