//! Copies of what was said in tickets, so that they go with the visitor (P10).
//!
//! Staff may forward out of a ticket. Each copy is noted with its ticket, and so is a copy of a copy. No text is kept here.

use encke_engine::{ConversationId, Error, PersonId, Position};
use encke_store::{Sql, Tx, params};

use crate::conversation::{ConversationRow, find};
use crate::erase::erase_message;
use crate::kind::Kind;

/// The ticket in which a message was said, or out of which it was forwarded.
fn ticket_of(
    sql: &mut impl Sql,
    said_in: &ConversationRow,
    message: Position,
) -> Result<Option<ConversationId>, Error> {
    if said_in.kind == Kind::Ticket {
        return Ok(Some(said_in.id));
    }
    let query = "SELECT ticket FROM ticket_copy WHERE position = ?1";
    let row = sql.query_one(query, params![message])?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Notes a copy, if what it copies was said in a ticket.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    (of, message): (ConversationId, Position),
    (to, copy): (ConversationId, Position),
) -> Result<(), Error> {
    let Some(said_in) = find(tx, of)? else { return Ok(()) };
    let Some(ticket) = ticket_of(tx, &said_in, message)? else { return Ok(()) };
    let insert = "INSERT INTO ticket_copy (position, conversation, ticket) VALUES (?1, ?2, ?3)";
    tx.execute(insert, params![copy, to, ticket])?;
    Ok(())
}

/// Recalls copies of what was said in a ticket, at most so many. Returns whether there may be more. The messages of the ticket
/// itself have to be gone before, so that nothing is copied anew behind this.
pub fn erase_copies(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    by: PersonId,
    most: usize,
) -> Result<bool, Error> {
    let query = "SELECT position, conversation FROM ticket_copy WHERE ticket = ?1
                 ORDER BY position LIMIT ?2";
    let rows = tx.query(query, params![ticket, most as u64])?;
    for row in &rows {
        let (at, conversation): (Position, ConversationId) = (row.get(0)?, row.get(1)?);
        erase_message(tx, conversation, at, by)?;
        tx.execute("DELETE FROM ticket_copy WHERE position = ?1", params![at])?;
    }
    Ok(rows.len() == most)
}
