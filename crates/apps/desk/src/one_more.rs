//! The bound of what there is of a kind at a desk.

use encke_engine::{Code, Error};
use encke_store::{Sql, Tx, Value};

/// Refuses one more if there are as many as there may be. The kind is named in the plural, as `replies`.
pub(crate) fn check_one_more(there: usize, most: usize, kind: &str) -> Result<(), Error> {
    if there < most {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("There are {most} {kind}, which is the most.")))
}

/// The same for what a query counts.
pub(crate) fn check_one_more_row(
    tx: &mut Tx<'_>,
    (count, params): (&str, &[Value]),
    most: usize,
    kind: &str,
) -> Result<(), Error> {
    let there = tx.query_one(count, params)?.map_or(Ok(0), |row| row.get::<u64>(0))?;
    check_one_more(usize::try_from(there).unwrap_or(usize::MAX), most, kind)
}
