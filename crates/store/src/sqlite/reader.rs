//! A reader's connection.

use std::path::Path;

use super::open::connect;
use crate::error::StoreError;
use crate::read::View;
use crate::readers;

pub(crate) struct Reader(rusqlite::Connection);

impl Reader {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = connect(path)?;
        conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512")?;
        Ok(Reader(conn))
    }
}

/// Ends a transaction that a read left open, also if it panicked.
struct Ending<'a>(&'a rusqlite::Connection);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

impl readers::Reader for Reader {
    fn serve(&mut self, job: readers::Job) {
        let ending = Ending(&self.0);
        job(Ok(View::Sqlite(ending.0)));
    }

    /// Empties the cache of pages. The operating system has them too.
    fn rest(&mut self) {
        let _ = self.0.execute_batch("PRAGMA shrink_memory");
    }
}
