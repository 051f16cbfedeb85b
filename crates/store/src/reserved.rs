//! Appends that following alone does not allow. The SQL is the same for both engines.

use encke_engine::PersonId;
use encke_engine::append::Following;

use crate::error::StoreError;
use crate::row::Row;

/// Reserves the appends of a person (0: of everybody) to a stream.
pub(crate) const RESERVE: &str =
    "INSERT INTO reserved (stream, person) VALUES (?1, ?2) ON CONFLICT (stream, person) DO NOTHING";

/// Takes that back.
pub(crate) const FREE: &str = "DELETE FROM reserved WHERE stream = ?1 AND person = ?2";

/// Asks how a person follows a stream. It is one statement, because every send asks it.
pub(crate) const FOLLOWING: &str = "SELECT (SELECT count(*) FROM reserved r
                                            WHERE r.stream = f.stream AND r.person IN (0, f.person))
     FROM follow f WHERE f.person = ?1 AND f.stream = ?2";

/// The answer of [`FOLLOWING`].
pub(crate) fn following(rows: &[Row]) -> Result<Following, StoreError> {
    let Some(row) = rows.first() else { return Ok(Following::No) };
    Ok(of_count(row.get(0)?))
}

/// How a follower follows a stream, by the number of rows that reserve its appends.
pub(crate) fn of_count(rows: u64) -> Following {
    if rows == 0 { Following::Freely } else { Following::Reserved }
}

/// The number under which the table has a person, or everybody.
pub(crate) fn whom(person: Option<PersonId>) -> PersonId {
    person.unwrap_or(PersonId(0))
}
