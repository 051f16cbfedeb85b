//! Blocks: people of whom a person wants nothing. They get nothing of it either, not even its presence.

use encke_engine::PersonId;
use encke_store::{Sql, StoreError, Tx, params};

/// Whether a person has blocked another one.
pub fn has_blocked(
    sql: &mut impl Sql,
    person: PersonId,
    other: PersonId,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM block WHERE person = ?1 AND blocked = ?2";
    Ok(sql.query_one(query, params![person, other])?.is_some())
}

/// Blocks a person, or no longer. Returns whether this changed anything.
pub fn set_blocked(
    tx: &mut Tx<'_>,
    person: PersonId,
    other: PersonId,
    on: bool,
) -> Result<bool, StoreError> {
    let now = tx.now_ms();
    let rows = if on {
        let insert = "INSERT INTO block (person, blocked, at_ms) VALUES (?1, ?2, ?3)
                      ON CONFLICT (person, blocked) DO NOTHING";
        tx.execute(insert, params![person, other, now])?
    } else {
        let delete = "DELETE FROM block WHERE person = ?1 AND blocked = ?2";
        tx.execute(delete, params![person, other])?
    };
    Ok(rows > 0)
}

/// The people whom a person has blocked, with the time in milliseconds since 1970. The newest comes first.
pub fn blocked_by(
    sql: &mut impl Sql,
    person: PersonId,
) -> Result<Vec<(PersonId, u64)>, StoreError> {
    let query = "SELECT blocked, at_ms FROM block WHERE person = ?1 ORDER BY at_ms DESC, blocked";
    let rows = sql.query(query, params![person])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
