//! Members: who is in a conversation, and getting in and out of it.

use encke_account::{Person, people};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_site::{EventBody, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::{MemberRole, admit, insert_member, members, not_member};

/// A person is in the conversation from now on.
#[derive(Serialize, ToSchema)]
pub struct MemberJoined {
    person: Person,
    role: MemberRole,
    /// The person who brought it in: itself, if it joined.
    #[schema(value_type = String)]
    by: PersonId,
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
    conversation: ConversationId,
}

impl EventBody for ConversationRemoved {
    const KIND: &'static str = "conversation_removed";
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

/// Refuses a person who is not in a conversation.
pub fn check_member(sql: &mut impl Sql, id: ConversationId, person: PersonId) -> Result<(), Error> {
    if is_member(sql, id, person)? { Ok(()) } else { Err(not_member()) }
}

/// Puts a person into a room, unless it is in it.
pub fn add(
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
        let most = grouped(limits::ROOM_MEMBERS_MAX);
        return Err(Error::new(
            Code::Conflict,
            format!("The room is full: it has {most} members."),
        ));
    }
    let stream = StreamId::conversation(id);
    let joined = Seq(tx.head(stream)?.seq.0 + 1);
    insert_member(tx, id, person, MemberRole::Member, joined, by)?;
    admit(tx, site, id, person, by)?;
    let nobody = || Error::new(Code::NotFound, "There is no such person.");
    let person = people(tx, site, &[person])?.pop().ok_or_else(nobody)?;
    let body = MemberJoined { person, role: MemberRole::Member, by };
    tx.append(event(stream, Some(by), &body)).map(drop)
}

/// Gives a member another role, and tells everybody.
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
    let body = RoleChanged { person, role, by };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// Takes a person out of a conversation, and tells it and the others.
pub fn expel(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    tx.execute("DELETE FROM member WHERE conversation = ?1 AND person = ?2", params![id, person])?;
    // The person's own stream tells it; of the room it gets nothing from here on, not even that it left.
    let body = ConversationRemoved { conversation: id };
    tx.append(event(StreamId::person(person), Some(by), &body))?;
    tx.unsubscribe(person, StreamId::conversation(id))?;
    let body = MemberLeft { person, by };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// A room whose last owner left goes to its longest member.
pub fn keep_an_owner(tx: &mut Tx<'_>, id: ConversationId, by: PersonId) -> Result<(), Error> {
    let left = members(tx, id)?;
    if left.iter().any(|m| m.member.role == MemberRole::Owner) {
        return Ok(());
    }
    match left.first() {
        Some(longest) => set_role(tx, id, longest.member.person, MemberRole::Owner, by),
        None => Ok(()),
    }
}
