//! The room that files take: of each person, and of the whole site.

use encke_engine::number_text::bytes as said;
use encke_engine::{Code, Error, PersonId};
use encke_site::Role;
use encke_store::{Sql, StoreError, Tx, params};

use crate::options::Allowance;

/// Stands for all people together.
const EVERYONE: PersonId = PersonId(0);

fn used(sql: &mut impl Sql, person: PersonId) -> Result<u64, StoreError> {
    let row = sql.query_one("SELECT bytes FROM file_room WHERE person = ?1", params![person])?;
    row.map_or(Ok(0), |row| row.get(0))
}

fn add(tx: &mut Tx<'_>, person: PersonId, bytes: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO file_room (person, bytes) VALUES (?1, ?2)
               ON CONFLICT (person) DO UPDATE SET bytes = file_room.bytes + excluded.bytes";
    tx.execute(sql, params![person, bytes]).map(drop)
}

/// Takes room for a file of a person.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    person: PersonId,
    role: Role,
    bytes: u64,
    allowed: &Allowance,
) -> Result<(), Error> {
    let own = if role == Role::Guest { allowed.guest } else { allowed.person };
    let full = |what: String| Err(Error::new(Code::NoRoom, what));
    if used(tx, person)?.saturating_add(bytes) > own {
        return full(format!("Your files would take more than {}; delete some.", said(own)));
    }
    if used(tx, EVERYONE)?.saturating_add(bytes) > allowed.site {
        let most = said(allowed.site);
        return full(format!("The files of this site would take more than {most}."));
    }
    Ok(change(tx, person, bytes as i64)?)
}

/// Gives room back, or takes a little more.
pub(crate) fn change(tx: &mut Tx<'_>, person: PersonId, bytes: i64) -> Result<(), StoreError> {
    add(tx, person, bytes)?;
    add(tx, EVERYONE, bytes)
}
