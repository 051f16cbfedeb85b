//! The schema of a space: made here, or found and checked to belong to the current role alone.
//!
//! The owner of a schema, of a table or of a trigger on it decides which code runs with Encke's rights when Encke
//! writes. In a database that several roles share, any of them may have made the schema before Encke comes. So the
//! whole schema has to belong to the role that Encke connects as, and Encke has to have made every object in it.

use super::session::Session;
use crate::error::StoreError;

/// The query for foreign objects in the schema; see the top of this file.
const NOT_OURS: &str = include_str!("ours.sql");

/// Makes sure that the schema and its table of versions are there, and that all of the schema is ours.
pub(super) fn claim(session: &mut Session, schema: &str) -> Result<(), StoreError> {
    make(session, schema, &format!("CREATE SCHEMA \"{schema}\""))?;
    check(session, schema)?;
    let table = format!("\"{schema}\".version");
    make(session, &table, &format!("CREATE TABLE {table} (number INT PRIMARY KEY)"))
}

/// Makes a schema or a table, unless it is there. If another node makes it at the same moment, one of both is refused
/// and finds the other's.
fn make(session: &mut Session, name: &str, sql: &str) -> Result<(), StoreError> {
    if is_there(session, name)? {
        return Ok(());
    }
    let made = session.batch(sql);
    if matches!(made, Err(StoreError::Other(_))) && is_there(session, name)? {
        return Ok(());
    }
    made
}

fn is_there(session: &mut Session, name: &str) -> Result<bool, StoreError> {
    let of = if name.contains('.') { "to_regclass" } else { "to_regnamespace" };
    let rows = strictly(session, &format!("SELECT pg_catalog.{of}($1) IS NOT NULL"), name)?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// Asks the catalog, with a search path in which only the catalog answers.
fn strictly(
    session: &mut Session,
    sql: &str,
    name: &str,
) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    session.batch("BEGIN; SET LOCAL search_path TO pg_catalog, pg_temp")?;
    let rows = session.rows(sql, &[&name]);
    session.batch("ROLLBACK")?;
    rows
}

fn check(session: &mut Session, schema: &str) -> Result<(), StoreError> {
    let found = strictly(session, NOT_OURS, schema)?;
    let Some(row) = found.first() else { return Ok(()) };
    let (kind, what, who): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
    Err(StoreError::NotOurs(match kind {
        "owner" => format!(
            "{what} belongs to the role {who}, who could read and change everything in it. Give Encke a database of its own, \
             or another --space. If it is Encke's, hand it over with ALTER … OWNER TO the role that Encke connects as"
        ),
        "right" => format!(
            "{who} has the right {what}, with which code could be brought that runs with Encke's rights. \
             Take it away: REVOKE {what} FROM {who}"
        ),
        _ => format!(
            "{what} was not made by Encke, and could do what its author wants with Encke's rights. \
             If it is yours, remove it or put it into another schema; if not, give Encke a database of its own"
        ),
    }))
}
