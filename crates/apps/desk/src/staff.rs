//! Who may do what at a desk: its staff are the members of its house.

use encke_engine::{Code, ConversationId, Error, PersonId};
use encke_store::{Sql, params};
use encke_talk::conversation::{MemberRole, not_member};
use encke_talk::member::member_of;

use crate::desk::DeskRow;
use crate::key::no_such_desk;
use crate::ticket::{self, Ticket};

/// A desk and the role of a person at it; `not_found` unless the person is staff. Others don't learn whether there is one.
pub(crate) fn at_desk(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<(DeskRow, MemberRole), Error> {
    let me = member_of(sql, house, person)?.ok_or_else(no_such_desk)?;
    let desk = DeskRow::find(sql, house)?.ok_or_else(no_such_desk)?;
    Ok((desk, me.member.role))
}

/// The same for an owner or a supervisor; `forbidden` for other staff.
pub(crate) fn leading(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<DeskRow, Error> {
    let (desk, role) = at_desk(sql, house, person)?;
    if role.moderates() {
        return Ok(desk);
    }
    Err(Error::new(Code::Forbidden, "Only owners and supervisors of the desk may do this."))
}

/// The same for everybody of the staff but those that only read.
pub(crate) fn acting_at_desk(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<(DeskRow, MemberRole), Error> {
    let found = at_desk(sql, house, person)?;
    check_acts(sql, house, person)?;
    Ok(found)
}

/// Refuses staff that only reads.
pub(crate) fn check_acts(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    let query = "SELECT 1 FROM desk_reader WHERE house = ?1 AND person = ?2";
    match sql.query_one(query, params![house, person])? {
        None => Ok(()),
        Some(_) => Err(only_reads()),
    }
}

/// The refusal of staff that only reads.
pub(crate) fn only_reads() -> Error {
    Error::new(Code::Forbidden, "You only read at this desk.")
}

/// Refuses to give a ticket to staff that only reads.
pub(crate) fn check_takes(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    let reads = |_| Error::new(Code::Invalid, "This agent only reads, so it is given no tickets.");
    check_acts(sql, house, person).map_err(reads)
}

/// The same as [`at_ticket`] for everybody of the staff but those that only read, and of tickets that were not merged.
pub(crate) fn acting_at_ticket(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(Ticket, MemberRole), Error> {
    let found = at_ticket(sql, id, person)?;
    check_acts(sql, found.0.desk, person)?;
    found.0.check_goes_on()?;
    Ok(found)
}

/// A ticket and the role at its desk of a person; `not_member` unless the person is staff.
pub(crate) fn at_ticket(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<(Ticket, MemberRole), Error> {
    let ticket = ticket::find(sql, id)?.ok_or_else(not_member)?;
    let me = member_of(sql, ticket.desk, person)?.ok_or_else(not_member)?;
    Ok((ticket, me.member.role))
}
