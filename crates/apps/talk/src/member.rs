//! Members: who is in a conversation, and getting in and out of it.

use encke_account::people;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, limits};
use encke_site::Site;
use encke_store::{Sql, StoreError, Tx, params};

use crate::conversation::{MemberRole, admit, event, insert_member, members, not_member};

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
    let shown = people(tx, site, &[person])?.pop();
    let body = serde_json::json!({"person": shown, "role": MemberRole::Member, "by": by});
    tx.append(event(stream, Some(by), "member_joined", &body)).map(drop)
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
    let body = serde_json::json!({"person": person, "role": role, "by": by});
    tx.append(event(StreamId::conversation(id), Some(by), "role_changed", &body)).map(drop)
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
    let body = serde_json::json!({"conversation": id});
    tx.append(event(StreamId::person(person), Some(by), "conversation_removed", &body))?;
    tx.unsubscribe(person, StreamId::conversation(id))?;
    let body = serde_json::json!({"person": person, "by": by});
    tx.append(event(StreamId::conversation(id), Some(by), "member_left", &body)).map(drop)
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
