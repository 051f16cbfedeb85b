//! The display name that a person gives itself.

use encke_engine::{Code, Error, PersonId};
use encke_site::Role;
use encke_site::identity::not_signed_in;
use encke_store::{Sql, Tx, params};

use crate::look;

/// Gives a person another display name, which [`display_name`](crate::display_name) has returned. Returns whether this
/// changed anything.
///
/// Nobody takes a name that looks like somebody else's. Bots keep theirs, because the operator finds them by it.
pub fn set_display_name(
    tx: &mut Tx<'_>,
    (person, role): (PersonId, Role),
    name: &str,
) -> Result<bool, Error> {
    if role == Role::Bot {
        return Err(Error::new(Code::Forbidden, "The operator of the site names its bots."));
    }
    let query = "SELECT display_name FROM person WHERE id = ?1";
    let before = tx.query_one(query, params![person])?.ok_or_else(not_signed_in)?;
    let before: String = before.get(0)?;
    if before == name {
        return Ok(false);
    }
    if look::is_somebody_elses(tx, person, name)? {
        let what = "Somebody else has this name, or one that looks like it.";
        return Err(Error::new(Code::NameTaken, what));
    }
    tx.execute("UPDATE person SET display_name = ?2 WHERE id = ?1", params![person, name])?;
    look::forget(tx, person, &before)?;
    Ok(true)
}
