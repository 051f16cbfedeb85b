//! Members of a conversation: joining, roles, leaving.

use encke_account::{Person, people};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_site::{EventBody, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{self, AuditNote, Deed};
use crate::conversation::{
    ConversationRow, MemberRole, MemberRow, Rows, admit, find, insert_member, not_member,
};
use crate::{ban, choices, mute, thread};

/// A person is in the conversation from now on.
#[derive(Serialize, ToSchema)]
pub struct MemberJoined {
    person: Person,
    role: MemberRole,
    /// The person who brought it in: itself, if it joined.
    #[schema(value_type = String)]
    by: PersonId,
    /// The time until which it may only read, if it left while it was muted, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    muted_until: Option<u64>,
}

impl EventBody for MemberJoined {
    const KIND: &'static str = "member_joined";
}

/// A person is no longer in the conversation.
#[derive(Serialize, ToSchema)]
pub struct MemberLeft {
    #[schema(value_type = String)]
    person: PersonId,
    /// The person who removed it: itself, if it left.
    #[schema(value_type = String)]
    by: PersonId,
    /// Whether it is banned from the room; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    banned: Option<bool>,
}

impl EventBody for MemberLeft {
    const KIND: &'static str = "member_left";
}

/// A member has another role from now on.
#[derive(Serialize, ToSchema)]
pub struct RoleChanged {
    #[schema(value_type = String)]
    person: PersonId,
    role: MemberRole,
    #[schema(value_type = String)]
    by: PersonId,
}

impl EventBody for RoleChanged {
    const KIND: &'static str = "role_changed";
}

/// The person that this is told to is no longer in a conversation.
#[derive(Serialize, ToSchema)]
pub struct ConversationRemoved {
    #[schema(value_type = String)]
    pub(crate) conversation: ConversationId,
}

impl EventBody for ConversationRemoved {
    const KIND: &'static str = "conversation_removed";
}

/// Reads the number of a person from a path. An invalid one is refused like somebody who is not in the room.
pub fn parse_person(id: &str) -> Result<PersonId, Error> {
    id.parse().map_err(|_| no_such_member())
}

/// The refusal of a person that is not in the room.
pub fn no_such_member() -> Error {
    Error::new(Code::NotFound, "This person is not a member of the room.")
}

/// Whether a person is in a conversation.
pub fn is_member(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM member WHERE conversation = ?1 AND person = ?2";
    Ok(sql.query_one(query, params![id, person])?.is_some())
}

/// Refuses a person unless it may read the conversation: a member, in a thread also a member of the conversation that the
/// thread is part of, and in a ticket also the staff of the desk.
pub fn check_member(sql: &mut impl Sql, id: ConversationId, person: PersonId) -> Result<(), Error> {
    if is_member(sql, id, person)? || looks_on(sql, id, person)? {
        return Ok(());
    }
    Err(not_member())
}

/// Whether a conversation is a thread of one that the person is in, or a ticket of a desk whose staff it belongs to.
fn looks_on(sql: &mut impl Sql, id: ConversationId, person: PersonId) -> Result<bool, StoreError> {
    let query =
        "SELECT 1 FROM conversation t JOIN member m ON m.conversation = coalesce(t.parent, t.house)
                 WHERE t.id = ?1 AND m.person = ?2";
    Ok(sql.query_one(query, params![id, person])?.is_some())
}

/// The row of a person in a conversation, if it is a member.
pub fn member_of(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<Option<MemberRow>, StoreError> {
    let columns = MemberRow::COLUMNS;
    let query =
        format!("SELECT {columns} FROM member m WHERE m.conversation = ?1 AND m.person = ?2");
    sql.query_one(&query, params![id, person])?.as_ref().map(MemberRow::of).transpose()
}

/// A conversation and the role of a person in it; `not_member` unless the person may read it.
pub fn role_in(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(ConversationRow, MemberRole), Error> {
    in_conversation(sql, id, person).map(|(found, me)| (found, me.member.role))
}

/// A conversation and the row with a person's rights in it; `not_member` unless the person is in it. Of a thread, both say
/// what holds in the conversation that it is part of: the row is that of the member there, and `announcement` and `blocked`, too.
/// In a ticket, the row of staff is that in the room of the desk.
pub fn in_conversation(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(ConversationRow, MemberRow), Error> {
    let mut found = find(sql, id)?.ok_or_else(not_member)?;
    if let Some(desk) = found.desk
        && let Some(me) = member_of(sql, desk, person)?
    {
        return Ok((found, me));
    }
    let me = member_of(sql, found.house(), person)?.ok_or_else(not_member)?;
    if let Some(parent) = found.parent {
        let house = find(sql, parent.conversation)?.ok_or_else(not_member)?;
        (found.announcement, found.blocked) = (house.announcement, house.blocked);
    }
    Ok((found, me))
}

/// The role of a person in the room of the desk that a ticket asks; `None` if the person is the visitor that asks, or if this
/// is no ticket.
pub(crate) fn role_at_desk(
    sql: &mut impl Sql,
    found: &ConversationRow,
    person: PersonId,
) -> Result<Option<MemberRole>, Error> {
    let Some(desk) = found.desk else { return Ok(None) };
    Ok(member_of(sql, desk, person)?.map(|me| me.member.role))
}

/// Whether a conversation has at least this many owners.
pub fn has_owners(
    sql: &mut impl Sql,
    id: ConversationId,
    at_least: u64,
) -> Result<bool, StoreError> {
    let query = "SELECT person FROM member WHERE conversation = ?1 AND role = 'owner'
                 ORDER BY joined_seq, person LIMIT 1 OFFSET ?2";
    Ok(sql.query_one(query, params![id, at_least - 1])?.is_some())
}

/// Adds a new member to a room, and returns the rows that the room shows it.
pub fn put(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    role: MemberRole,
    by: PersonId,
) -> Result<Rows, Error> {
    let found = find(tx, id)?.ok_or_else(not_member)?;
    if found.members >= limits::ROOM_MEMBERS_MAX as u64 {
        let most = grouped(limits::ROOM_MEMBERS_MAX);
        let what = format!("The room is full: it has {most} members.");
        return Err(Error::new(Code::Conflict, what));
    }
    ban::check_not_banned(tx, id, person)?;
    let stream = StreamId::conversation(id);
    let joined = Seq(tx.head(stream)?.seq.0 + 1);
    insert_member(tx, id, person, role, joined, by)?;
    let muted_until = mute::take_up(tx, id, person)?;
    let rows = admit(tx, site, id, person, by)?;
    let nobody = || Error::new(Code::NotFound, "There is no such person.");
    let person = people(tx, site, person, &[person])?.pop().ok_or_else(nobody)?.in_event();
    let body = MemberJoined { person, role, by, muted_until };
    tx.append(event(stream, Some(by), &body))?;
    Ok(rows)
}

/// Gives a member another role and tells everybody.
pub fn set_role(
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
    if role.moderates() {
        mute::forget(tx, id, person)?;
    }
    let changed = AuditNote { role: Some(role), ..AuditNote::of(Deed::RoleChanged, person) };
    audit::note(tx, id, by, changed)?;
    let body = RoleChanged { person, role, by };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// Takes a person out of a conversation, and tells the person and the others.
pub fn expel(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    if person != by {
        audit::note(tx, id, by, AuditNote::of(Deed::Removed, person))?;
    }
    take_out(tx, id, person, by, false)
}

/// Takes a person out of a conversation, banned or not, and tells the person and the others.
pub(crate) fn take_out(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
    is_banned: bool,
) -> Result<(), Error> {
    let delete = "DELETE FROM member WHERE conversation = ?1 AND person = ?2";
    if tx.execute(delete, params![id, person])? > 0 {
        tx.execute("UPDATE conversation SET members = members - 1 WHERE id = ?1", params![id])?;
    }
    // The event is in the person's own stream: of the room it gets nothing from here on, not even that it left.
    let body = ConversationRemoved { conversation: id };
    tx.append(event(StreamId::person(person), Some(by), &body))?;
    tx.unsubscribe(person, StreamId::conversation(id))?;
    thread::leave_all_of(tx, id, person)?;
    tx.free(StreamId::conversation(id), Some(person))?;
    choices::forget(tx, person, id)?;
    let body = MemberLeft { person, by, banned: is_banned.then_some(true) };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// Makes another member of a room its owner when the last owner has left: the longest moderator, or else the longest
/// member that is no guest, or else the longest guest.
pub fn keep_an_owner(tx: &mut Tx<'_>, id: ConversationId, by: PersonId) -> Result<(), Error> {
    if has_owners(tx, id, 1)? {
        return Ok(());
    }
    // Each is one step in an index, however many members there are.
    let first = |which: &str| {
        format!(
            "SELECT person FROM member WHERE conversation = ?1 {which}
             ORDER BY joined_seq, person LIMIT 1"
        )
    };
    let most_guests = limits::ROOM_GUESTS_MAX;
    let moderator = first("AND role = 'moderator'");
    let account = format!(
        "SELECT person FROM (SELECT person, joined_seq, guest FROM member WHERE conversation = ?1
             ORDER BY joined_seq, person LIMIT {}) AS oldest
         WHERE guest = 0 ORDER BY joined_seq, person LIMIT 1",
        most_guests + 1
    );
    for query in [moderator, account, first("")] {
        if let Some(next) = tx.query_one(&query, params![id])? {
            return set_role(tx, id, next.get(0)?, MemberRole::Owner, by);
        }
    }
    Ok(())
}
