//! The rights of members within a conversation: who may write, and who keeps order.

use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId};
use encke_store::{Read, Sql, params};

use crate::block::blocked;
use crate::conversation::{ConversationRow, Member, MemberRole};
use crate::kind::Kind;
use crate::member::role_in;
use crate::ticket::TicketKeeper;

/// Refuses a member that may not write messages now.
pub(crate) fn check_may_write(
    found: &ConversationRow,
    me: &Member,
    now_ms: u64,
) -> Result<(), Error> {
    check_may_speak(found, me, now_ms)?;
    if found.announcement && !me.role.moderates() {
        let what = "Only owners and moderators write in this room.";
        return Err(Error::new(Code::ReadOnly, what));
    }
    Ok(())
}

/// Refuses a member that may do nothing that others see: a muted one, and both sides if one blocks the other. A member that
/// only may not write passes.
pub(crate) fn check_may_speak(
    found: &ConversationRow,
    me: &Member,
    now_ms: u64,
) -> Result<(), Error> {
    if found.blocked {
        return Err(blocked());
    }
    let Some(left_ms) = me.muted_until.and_then(|until| until.checked_sub(now_ms + 1)) else {
        return Ok(());
    };
    let minutes = grouped(left_ms as usize / 60_000 + 1);
    let what = format!("A moderator has muted you here. You may write again in {minutes} minutes.");
    Err(Error::new(Code::Muted, what).retry_after_ms(left_ms + 1))
}

/// Whether others are told that a person types: if it is a member that may write. Of a ticket, the product that keeps it
/// decides, too.
pub(crate) fn may_type(
    read: &mut Read<'_>,
    id: ConversationId,
    person: PersonId,
    (now_ms, keeper): (u64, Option<TicketKeeper>),
) -> Result<Option<bool>, Error> {
    let query =
        "SELECT m.role, m.muted_until_ms, c.announcement, c.blocked, t.house FROM conversation t
                 JOIN conversation c ON c.id = coalesce(t.parent, t.id)
                 JOIN member m ON m.conversation IN (c.id, t.house)
                 WHERE t.id = ?1 AND m.person = ?2";
    let Some(row) = read.query_one(query, params![id, person])? else { return Ok(None) };
    let moderates = MemberRole::of(&row.get::<String>(0)?).moderates();
    let muted: Option<u64> = row.get(1)?;
    let announcement: bool = row.get(2)?;
    let is_muted = muted.is_some_and(|until| until > now_ms);
    let blocked: bool = row.get(3)?;
    let may = !is_muted && !blocked && (moderates || !announcement);
    let house: Option<ConversationId> = row.get(4)?;
    match keeper {
        Some(TicketKeeper(keeper)) if may && house.is_some() => {
            keeper.may_type(read, id, person).map(Some)
        }
        _ => Ok(Some(may)),
    }
}

/// The role of a person that keeps order in a room; `forbidden` if the person doesn't, or if it is no room.
pub fn moderator_of(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(ConversationRow, MemberRole), Error> {
    let (found, role) = role_in(sql, id, person)?;
    let elsewhere = match found.kind {
        Kind::Room => None,
        Kind::Direct => Some(
            "Nobody keeps order in a direct conversation. Either of the two may block the other.",
        ),
        Kind::Thread => {
            Some("What holds in a thread is decided in the conversation of its message.")
        }
        Kind::Ticket => Some("What holds in a ticket is decided in the room of its desk."),
    };
    if let Some(what) = elsewhere {
        return Err(Error::new(Code::Forbidden, what));
    }
    if !role.moderates() {
        let what = "Only owners and moderators of the room may do this.";
        return Err(Error::new(Code::Forbidden, what));
    }
    Ok((found, role))
}

/// Refuses to act on a member whose role is not below that of the caller. Owners may act on everybody.
pub fn check_may_act_on(mine: MemberRole, other: MemberRole) -> Result<(), Error> {
    if mine.may_act_on(other) {
        return Ok(());
    }
    let what = "Only an owner of the room may do this to an owner or a moderator.";
    Err(Error::new(Code::Forbidden, what))
}
