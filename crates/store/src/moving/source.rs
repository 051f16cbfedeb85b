//! The store that is moved from: a folder with SQLite's file.

use std::ops::Deref;
use std::path::Path;

use encke_engine::{Position, limits};
use rusqlite::Connection;

use super::StoreFacts;
use super::table::{Table, TableContents, ordered};
use crate::erases;
use crate::error::StoreError;
use crate::row::Row;
use crate::sqlite;
use crate::tables::Tables;
use crate::value::Value;

pub(super) struct Source {
    conn: Connection,
    facts: StoreFacts,
    /// No server may use the store meanwhile.
    _files: sqlite::Files,
}

impl Deref for Source {
    type Target = StoreFacts;

    fn deref(&self) -> &StoreFacts {
        &self.facts
    }
}

fn size(row: &[Value]) -> usize {
    row.iter()
        .map(|value| match value {
            Value::Text(v) => v.len(),
            Value::Blob(v) => v.len(),
            _ => 8,
        })
        .sum()
}

impl Source {
    pub fn open(folder: &Path, owners: &[Tables]) -> Result<Self, StoreError> {
        // Opening a store makes one if there is none.
        if !folder.join("space.db").exists() {
            return Err(super::other(&format!("there is no store in {}", folder.display())));
        }
        let found = sqlite::open(folder, owners, 0)?;
        let newest = sqlite::query(&found.conn, "SELECT coalesce(max(at_ms), 0) FROM log", &[])?;
        let at_ms = newest.first().map_or(Ok(0), |row| row.get(0))?;
        let (epoch, head, trimmed) = (found.epoch, found.head, found.trimmed);
        let facts = StoreFacts { epoch, head, at_ms, trimmed };
        Ok(Source { conn: found.conn, facts, _files: found.files })
    }

    /// All tables that move, as the schema has them: the log first, each after those that it refers to.
    pub fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut all = Vec::new();
        for row in sqlite::query(&self.conn, names, &[])? {
            let name: String = row.get(0)?;
            if !Table::moves(&name) {
                continue;
            }
            let mut columns = Vec::new();
            let of = "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid";
            for row in sqlite::query(&self.conn, of, &[name.as_str().into()])? {
                let (column, kind): (String, String) = (row.get(0)?, row.get(1)?);
                let holds = match kind.as_str() {
                    "INTEGER" => TableContents::Number,
                    "TEXT" => TableContents::Text,
                    "BLOB" => TableContents::Bytes,
                    _ => return Err(super::other(&format!("{name}.{column} is a {kind}"))),
                };
                columns.push((column, holds));
            }
            let refers = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)";
            let refers = sqlite::query(&self.conn, refers, &[name.as_str().into()])?;
            let refers = refers.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
            all.push((Table { name, columns }, refers));
        }
        ordered(all)
    }

    /// The next part of the log, and the position at its end.
    pub fn log_after(
        &self,
        log: &Table,
        after: Position,
    ) -> Result<(Vec<Vec<Value>>, Position), StoreError> {
        let columns = log.list();
        let sql =
            format!("SELECT {columns} FROM log WHERE position > ?1 ORDER BY position LIMIT ?2");
        let (mut rows, mut bytes, mut last) = (Vec::new(), 0, after);
        self.each(&sql, &[after.into(), (limits::MOVED_ROWS_MAX as u64).into()], |row| {
            bytes += size(&row);
            last = Row(row.clone()).get(0)?;
            rows.push(row);
            Ok(bytes < limits::MOVED_BYTES_MAX)
        })?;
        Ok((rows, last))
    }

    /// The positions that events after this one have erased, by event. None if nothing has been copied before.
    pub fn erasures_after(&self, copied: Position) -> Result<Vec<Vec<Position>>, StoreError> {
        let mut all = Vec::new();
        if copied.0 == 0 {
            return Ok(all);
        }
        let sql = "SELECT erases FROM log WHERE position > ?1 AND erases IS NOT NULL";
        self.each(sql, &[copied.into()], |row| {
            let erases: Vec<u8> = Row(row).get(0)?;
            all.push(erases::positions(&erases));
            Ok(true)
        })?;
        Ok(all)
    }

    /// Hands over all rows of a table, some at a time.
    pub fn rows(
        &self,
        table: &Table,
        mut take: impl FnMut(&[Vec<Value>]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!("SELECT {} FROM {}", table.list(), table.name);
        let (mut some, mut bytes) = (Vec::new(), 0);
        self.each(&sql, &[], |row| {
            bytes += size(&row);
            some.push(row);
            if some.len() == limits::MOVED_ROWS_MAX || bytes >= limits::MOVED_BYTES_MAX {
                take(&some)?;
                some.clear();
                bytes = 0;
            }
            Ok(true)
        })?;
        if some.is_empty() { Ok(()) } else { take(&some) }
    }

    fn each(
        &self,
        sql: &str,
        params: &[Value],
        mut take: impl FnMut(Vec<Value>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            let fields = (0..columns).map(|i| Ok(sqlite::value(row.get_ref(i)?)));
            if !take(fields.collect::<Result<_, rusqlite::Error>>()?)? {
                break;
            }
        }
        Ok(())
    }

    /// Marks the store as a copy: it gets another epoch when it is opened again.
    pub fn leave(&self) -> Result<(), StoreError> {
        sqlite::set_state(&self.conn, "restored", 1)
    }
}
