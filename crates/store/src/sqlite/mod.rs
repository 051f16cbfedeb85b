//! SQLite: one file for each space, one writer thread with group commit, and separate readers.

mod backup;
mod checkpoint;
mod gather;
mod keys;
mod log;
mod open;
mod reader;
mod wal;
mod writer;
mod writing;

pub(crate) use backup::copy_to;
pub use backup::{backup_name, check_file};
pub(crate) use log::{
    event_at, heads_are_stored, log_after, mark_from, newest, page, set_state, stored_head,
};
pub(crate) use open::{Files, connect, open};
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;
pub(crate) use writing::Writing;

use rusqlite::Connection;

use crate::error::StoreError;
use crate::row::Row;
use crate::value::Value;

/// All rows of a query, through the connection's cache of prepared statements.
pub(crate) fn query(
    conn: &Connection,
    sql: &str,
    params: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        // A collected result would have to grow.
        let mut fields = Vec::with_capacity(columns);
        for column in 0..columns {
            fields.push(value(row.get_ref(column)?));
        }
        all.push(Row(fields));
    }
    Ok(all)
}

pub(crate) fn value(field: rusqlite::types::ValueRef<'_>) -> Value {
    use rusqlite::types::ValueRef as V;
    match field {
        V::Null => Value::Null,
        V::Integer(v) => Value::Int(v),
        V::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        V::Blob(v) => Value::Blob(v.to_vec()),
        // STRICT tables of this schema hold no such column.
        V::Real(v) => Value::Int(v as i64),
    }
}
