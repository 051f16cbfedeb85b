//! The space that is moved into.

use encke_engine::event;
use encke_engine::{Epoch, Position, limits};
use tokio_postgres::types::ToSql;

use super::source::Source;
use super::table::{Sum, Table, TableContents};
use crate::error::StoreError;
use crate::postgres::{self, Database, Session};
use crate::tables::Tables;
use crate::value::Value;

pub(super) fn connect(
    to: &Database,
    owners: &[Tables],
    fatal: postgres::OnFatal,
) -> Result<Session, StoreError> {
    let mut session = postgres::connect(to, owners, fatal)?;
    // This side has nothing to do while a large log is summed on the other side.
    session.batch("SET idle_in_transaction_session_timeout = 0")?;
    Ok(session)
}

/// Whether the space has this epoch, which means that the store has moved here.
pub(super) fn holds(session: &mut Session, epoch: Epoch) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM space WHERE epoch = ?1";
    Ok(!session.query(sql, &[epoch.0.into()])?.is_empty())
}

/// Begins a move into a space. The space has to be empty or in the middle of the same move.
pub(super) fn prepare(
    session: &mut Session,
    tables: &[Table],
    epoch: Epoch,
) -> Result<(), StoreError> {
    if let Some(begun) = postgres::moving(session)? {
        if begun == epoch {
            return Ok(());
        }
        return Err(super::other("another store has begun to move into this space"));
    }
    // A node that was started on the empty space has left only this.
    session.execute("DELETE FROM setting WHERE name = 'channel_key'", &[])?;
    for table in tables {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if !session.query(&sql, &[])?.is_empty() {
            let what = format!("the space is not empty: it has rows in the table {}", table.name);
            return Err(super::other(&what));
        }
    }
    session.batch("BEGIN")?;
    session.batch("CREATE TABLE moving (epoch BIGINT NOT NULL)")?;
    session.execute("INSERT INTO moving VALUES (?1)", &[epoch.0.into()])?;
    session.batch("COMMIT")
}

/// Refuses a table whose rows could not arrive: the space has none of this name, or one with other columns.
pub(super) fn check(session: &mut Session, table: &Table) -> Result<(), StoreError> {
    let columns = session.query(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = ?1",
        &[table.name.as_str().into()],
    )?;
    let mut theirs = Vec::new();
    for row in &columns {
        let holds = match row.get::<String>(1)?.as_str() {
            "bigint" => TableContents::Number,
            "text" => TableContents::Text,
            "bytea" => TableContents::Bytes,
            _ => continue,
        };
        theirs.push((row.get::<String>(0)?, holds));
    }
    if let Some((column, _)) = table.columns.iter().find(|column| !theirs.contains(column)) {
        let name = &table.name;
        let what =
            format!("{name}.{column} has no place in the database: this is a fault in Encke");
        return Err(super::other(&what));
    }
    Ok(())
}

/// The position up to which the log has been copied.
pub(super) fn log_end(session: &mut Session) -> Result<Position, StoreError> {
    let rows = session.query("SELECT coalesce(max(position), 0) FROM log", &[])?;
    rows.first().map_or(Ok(Position(0)), |row| row.get(0))
}

pub(super) fn clear(session: &mut Session, table: &Table) -> Result<(), StoreError> {
    // Tables that refer to it come later in the list and may still have rows.
    session.batch(&format!("TRUNCATE {} CASCADE", table.name))
}

/// One column of many rows.
enum Column<'a> {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

fn column<'a>(rows: &'a [Vec<Value>], index: usize, holds: TableContents) -> Column<'a> {
    let fields = rows.iter().map(|row| &row[index]);
    match holds {
        TableContents::Number => {
            let number = |v: &Value| if let Value::Int(v) = v { Some(*v) } else { None };
            Column::Numbers(fields.map(number).collect())
        }
        TableContents::Text => {
            let text = |v: &'a Value| if let Value::Text(v) = v { Some(v.as_str()) } else { None };
            Column::Texts(fields.map(text).collect())
        }
        TableContents::Bytes => {
            let bytes =
                |v: &'a Value| if let Value::Blob(v) = v { Some(v.as_slice()) } else { None };
            Column::Bytes(fields.map(bytes).collect())
        }
    }
}

pub(super) fn insert(
    session: &mut Session,
    table: &Table,
    rows: &[Vec<Value>],
) -> Result<(), StoreError> {
    let columns: Vec<Column<'_>> =
        table.columns.iter().enumerate().map(|(i, (_, holds))| column(rows, i, *holds)).collect();
    let kind = |holds: &TableContents| match holds {
        TableContents::Number => "bigint",
        TableContents::Text => "text",
        TableContents::Bytes => "bytea",
    };
    let arrays: Vec<String> = (1..)
        .zip(&table.columns)
        .map(|(n, (_, holds))| format!("${n}::{}[]", kind(holds)))
        .collect();
    let (list, arrays) = (table.list(), arrays.join(", "));
    // The events of a move belong together: they have one mark.
    let (more, mark) = if table.is_log() { (", mark", ", 0") } else { ("", "") };
    let sql = format!(
        "INSERT INTO {} ({list}{more}) SELECT {list}{mark} FROM unnest({arrays}) AS u ({list})",
        table.name
    );
    let params: Vec<&(dyn ToSql + Sync)> = columns
        .iter()
        .map(|column| match column {
            Column::Numbers(v) => v as &(dyn ToSql + Sync),
            Column::Texts(v) => v,
            Column::Bytes(v) => v,
        })
        .collect();
    session.rows(&sql, &params).map(drop)
}

/// Takes the content out of events that were copied before they were erased.
pub(super) fn erase(session: &mut Session, positions: &[Position]) -> Result<(), StoreError> {
    let positions: Vec<i64> = positions.iter().map(|at| at.0 as i64).collect();
    let body = event::ERASED_BODY.as_bytes();
    let sql = "UPDATE log SET kind = $1, body = $2 WHERE position = ANY($3)";
    session.rows(sql, &[&event::ERASED, &body, &positions]).map(drop)
}

/// Counts and sums a table within the open transaction.
pub(super) fn sum(session: &mut Session, table: &Table) -> Result<Sum, StoreError> {
    let (name, list) = (&table.name, table.list());
    session.batch(&format!("DECLARE of_{name} CURSOR FOR SELECT {list} FROM {name}"))?;
    let mut sum = Sum::default();
    let rows_max = limits::COMPARED_ROWS_MAX;
    loop {
        let rows = session.query(&format!("FETCH {rows_max} FROM of_{name}"), &[])?;
        rows.iter().for_each(|row| sum.add(&row.0));
        if rows.len() < rows_max {
            break;
        }
    }
    session.batch(&format!("CLOSE of_{name}"))?;
    Ok(sum)
}

/// Lets the space be opened from now on as the store that it was moved from, and ends the transaction.
pub(super) fn finish(
    session: &mut Session,
    source: &Source,
    tables: &[Table],
) -> Result<(), StoreError> {
    session.execute(
        "UPDATE space SET epoch = ?1, position = ?2, at_ms = ?3, trimmed = ?4",
        &[source.epoch.0.into(), source.head.into(), source.at_ms.into(), source.trimmed.into()],
    )?;
    let counted = session.query(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND is_identity = 'YES'",
        &[],
    )?;
    for row in &counted {
        let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
        if !tables.iter().any(|moved| moved.name == table) {
            continue;
        }
        // New numbers come after the greatest.
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'),
                coalesce(max({column}), 0) + 1, false) FROM {table}"
        );
        session.query(&sql, &[])?;
    }
    session.batch("DROP TABLE moving; COMMIT")
}
