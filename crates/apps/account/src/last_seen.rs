//! When people were last seen. Whoever hides its own time sees nobody else's.

use encke_engine::PersonId;
use encke_site::bulk;
use encke_store::{Sql, StoreError, Tx, Value, params};

/// Others learn the minute, and no more.
const GRAIN_MS: u64 = 60_000;

/// The time as others learn it; `None` if it is unknown.
pub(crate) fn coarse(at_ms: u64) -> Option<u64> {
    (at_ms > 0).then_some(at_ms / GRAIN_MS * GRAIN_MS)
}

/// Notes when these people left. A later time stays, and nothing is noted of those that hide it.
pub fn note_last_seen(tx: &mut Tx<'_>, left: &[(PersonId, u64)]) -> Result<(), StoreError> {
    for part in bulk::parts(left) {
        let insert = format!(
            "WITH v (person, at_ms) AS ({})
             INSERT INTO last_seen (person, at_ms, hidden)
             SELECT v.person, v.at_ms, 0 FROM v JOIN person p ON p.id = v.person WHERE 1 = 1
             ON CONFLICT (person) DO UPDATE SET at_ms = excluded.at_ms
                 WHERE last_seen.hidden = 0 AND last_seen.at_ms < excluded.at_ms",
            bulk::values(part.len(), 2)
        );
        let row =
            |(person, at): &(PersonId, u64)| -> [Value; 2] { [(*person).into(), (*at).into()] };
        tx.execute(&insert, &part.iter().flat_map(row).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Hides when a person was last seen, and forgets it; or no longer hides it. Returns whether this changed anything.
pub fn hide_last_seen(tx: &mut Tx<'_>, person: PersonId, hidden: bool) -> Result<bool, StoreError> {
    let known = "SELECT hidden FROM last_seen WHERE person = ?1";
    let is_hidden = match tx.query_one(known, params![person])? {
        Some(row) => row.get::<u64>(0)? == 1,
        None => false,
    };
    if is_hidden == hidden {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO last_seen (person, at_ms, hidden) VALUES (?1, 0, ?2)
         ON CONFLICT (person) DO UPDATE SET at_ms = 0, hidden = excluded.hidden",
        params![person, u64::from(hidden)],
    )?;
    Ok(true)
}
