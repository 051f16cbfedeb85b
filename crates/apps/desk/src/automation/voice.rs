//! Who speaks for a desk where a rule answers: a bot by the desk's name, which nobody can sign in as.

use encke_account::{new_bot, rename_bot};
use encke_engine::{ConversationId, Error, PersonId};
use encke_store::{Sql, Tx, params};

use crate::desk::DeskRow;

/// The voice of a desk, which is made when it is needed first.
pub(crate) fn of(tx: &mut Tx<'_>, desk: &DeskRow) -> Result<PersonId, Error> {
    if let Some(person) = find(tx, desk.house)? {
        rename_bot(tx, person, &desk.name)?;
        return Ok(person);
    }
    let person = new_bot(tx, &desk.name)?;
    let insert = "INSERT INTO desk_voice (house, person) VALUES (?1, ?2)";
    tx.execute(insert, params![desk.house, person])?;
    Ok(person)
}

/// The voice of the desk with this house, if it has spoken.
pub(crate) fn find(sql: &mut impl Sql, house: ConversationId) -> Result<Option<PersonId>, Error> {
    let query = "SELECT person FROM desk_voice WHERE house = ?1";
    Ok(sql.query_one(query, params![house])?.map(|row| row.get(0)).transpose()?)
}
