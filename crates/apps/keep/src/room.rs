//! Whether a person may plan one more thing.

use encke_engine::{Code, Error, PersonId};
use encke_store::{Sql, Tx, params};

/// A list of things that people plan. The names are those of its table and of the column with their times.
pub(crate) struct Planned {
    pub table: &'static str,
    pub time: &'static str,
    /// The number of things that a person may have.
    pub most: usize,
}

impl Planned {
    /// Refuses a person whose list is full. `refusal` says so.
    pub fn check_room(
        &self,
        tx: &mut Tx<'_>,
        person: PersonId,
        refusal: impl FnOnce(usize) -> String,
    ) -> Result<(), Error> {
        let Planned { table, time, most } = self;
        let query = format!(
            "SELECT 1 FROM {table} WHERE person = ?1 ORDER BY {time}, number LIMIT 1 OFFSET ?2"
        );
        match tx.query_one(&query, params![person, *most as u64 - 1])? {
            Some(_) => Err(Error::new(Code::Conflict, refusal(*most))),
            None => Ok(()),
        }
    }
}
