//! Onlookers: staff that looks at a ticket without taking part. It gets the ticket's events and notes for as long as it looks.
//!
//! An onlooker has no row as a member: nothing is unread for it, and no visitor learns of it. It follows for a time that each
//! further look makes longer, so a console that vanishes follows no longer. It ends with the room of the desk (P7).

use encke_engine::{ConversationId, Error, PersonId, StreamId, talk_limits};
use encke_site::bulk;
use encke_store::{Read, Sql, StoreError, Tx, Value, params};

use crate::member::is_member;
use crate::ticket;

/// Whether a look has to be noted: nobody takes part, and what was noted before holds not much longer.
pub fn is_to_be_noted(
    sql: &mut impl Sql,
    ticket: ConversationId,
    person: PersonId,
    now_ms: u64,
) -> Result<bool, StoreError> {
    let until = until(sql, ticket, person)?;
    let is_fresh = until.is_some_and(|until| until > now_ms + talk_limits::ONLOOKER_FRESH_MS);
    Ok(!is_fresh && !is_member(sql, ticket, person)?)
}

fn until(
    sql: &mut impl Sql,
    ticket: ConversationId,
    person: PersonId,
) -> Result<Option<u64>, StoreError> {
    let query = "SELECT until_ms FROM onlooker WHERE person = ?1 AND conversation = ?2";
    sql.query_one(query, params![person, ticket])?.map(|row| row.get(0)).transpose()
}

/// Makes staff of this room follow a ticket for a while. Returns whether that begins now. Whoever takes part follows anyway.
pub fn look_on(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    house: ConversationId,
    person: PersonId,
) -> Result<bool, Error> {
    if is_member(tx, ticket, person)? {
        return Ok(false);
    }
    let until_ms = tx.now_ms() + talk_limits::ONLOOKER_MS;
    let update = "UPDATE onlooker SET until_ms = ?3 WHERE person = ?1 AND conversation = ?2";
    if tx.execute(update, params![person, ticket, until_ms])? > 0 {
        return Ok(false);
    }
    // Of too many at once the one that was looked at first ends.
    let most = talk_limits::ONLOOKED_MAX;
    let query =
        "SELECT conversation FROM onlooker WHERE person = ?1 ORDER BY until_ms, conversation";
    let others = tx.query(query, params![person])?;
    for row in others.iter().take((others.len() + 1).saturating_sub(most)) {
        look_away(tx, row.get(0)?, person)?;
    }
    let insert =
        "INSERT INTO onlooker (person, conversation, house, until_ms) VALUES (?1, ?2, ?3, ?4)";
    tx.execute(insert, params![person, ticket, house, until_ms])?;
    // It says where the numbers of the ticket's streams begin anew.
    ticket::tell(tx, ticket, person, true)?;
    tx.subscribe(person, StreamId::conversation(ticket))?;
    tx.subscribe(person, StreamId::notes(ticket))?;
    Ok(true)
}

/// Makes an onlooker follow a ticket no longer. If it is none, nothing changes.
pub fn look_away(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    person: PersonId,
) -> Result<(), StoreError> {
    if !forget(tx, ticket, person)? {
        return Ok(());
    }
    tx.unsubscribe(person, StreamId::notes(ticket))?;
    tx.unsubscribe(person, StreamId::conversation(ticket))
}

/// Forgets an onlooker, who goes on to follow as one that takes part. Returns whether it was one.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let delete = "DELETE FROM onlooker WHERE person = ?1 AND conversation = ?2";
    Ok(tx.execute(delete, params![person, ticket])? > 0)
}

/// Forgets all of these that are onlookers, who go on to follow as those that take part.
pub(crate) fn forget_all(
    tx: &mut Tx<'_>,
    all: &[(ConversationId, PersonId)],
) -> Result<(), StoreError> {
    for part in bulk::padded(all) {
        let values = bulk::values(part.len(), 2);
        let delete = format!("DELETE FROM onlooker WHERE (person, conversation) IN ({values})");
        let row = |(ticket, person): &(ConversationId, PersonId)| -> [Value; 2] {
            [(*person).into(), (*ticket).into()]
        };
        tx.execute(&delete, &part.iter().flat_map(row).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Ends all looks of a person at the tickets of a room that it leaves.
pub(crate) fn leave(
    tx: &mut Tx<'_>,
    house: ConversationId,
    person: PersonId,
) -> Result<(), StoreError> {
    let query = "SELECT conversation FROM onlooker WHERE person = ?1 AND house = ?2";
    for row in tx.query(query, params![person, house])? {
        look_away(tx, row.get(0)?, person)?;
    }
    Ok(())
}

/// Whether the time of any onlooker is over.
pub fn is_any_over(read: &mut Read<'_>, now_ms: u64) -> Result<bool, Error> {
    let query = "SELECT 1 FROM onlooker WHERE until_ms <= ?1 LIMIT 1";
    Ok(read.query_one(query, params![now_ms])?.is_some())
}

/// Ends the looks whose time is over, a bounded number of them.
pub fn end_over(tx: &mut Tx<'_>) -> Result<(), Error> {
    let (now, most) = (tx.now_ms(), talk_limits::ONLOOKERS_ENDED_AT_ONCE_MAX);
    let query =
        "SELECT conversation, person FROM onlooker WHERE until_ms <= ?1 ORDER BY until_ms LIMIT ?2";
    for row in tx.query(query, params![now, most])? {
        look_away(tx, row.get(0)?, row.get(1)?)?;
    }
    Ok(())
}
