//! The tables that move, learned from the schema, and their rows as both engines give them.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::value::Value;

/// The kind of values in a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TableContents {
    Number,
    Text,
    Bytes,
}

/// A table with its columns. Both engines have it under the same names.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<(String, TableContents)>,
}

/// Tables that exist in SQLite only, because PostgreSQL keeps their content elsewhere or makes it anew when the space
/// is opened.
const STAY: [&str; 4] = ["state", "stream_head", "stream_mark", "tables_version"];
/// How the names of tables begin that an owner makes anew from the log, when it finds them empty.
const MADE_ANEW: &str = "index_";
/// The log, which moves first and in parts.
const LOG: &str = "log";

impl Table {
    /// The names of the columns, divided by commas.
    pub fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether rows are only ever added at the end, so that a copy can go on where it stopped.
    pub fn is_log(&self) -> bool {
        self.name == LOG
    }

    /// Whether the table of this name moves at all.
    pub fn moves(name: &str) -> bool {
        !STAY.contains(&name) && !name.starts_with("sqlite_") && !name.starts_with(MADE_ANEW)
    }
}

/// Brings tables into an order in which each comes after those that it refers to, the log first.
pub(super) fn ordered(mut all: Vec<(Table, Vec<String>)>) -> Result<Vec<Table>, StoreError> {
    all.sort_by(|(a, _), (b, _)| (!a.is_log(), &a.name).cmp(&(!b.is_log(), &b.name)));
    let (mut done, mut names) = (Vec::new(), BTreeSet::new());
    while !all.is_empty() {
        let is_ready = |(table, refers): &(Table, Vec<String>)| {
            refers.iter().all(|name| *name == table.name || names.contains(name))
        };
        let Some(at) = all.iter().position(is_ready) else {
            return Err(super::other("tables refer to each other in a circle"));
        };
        let (table, _) = all.remove(at);
        names.insert(table.name.clone());
        done.push(table);
    }
    Ok(done)
}

/// The number of a table's rows, and a sum over their content. The order of the rows does not change the sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' SHA-256, cut to 128 bits.
    pub sum: u128,
}

impl Sum {
    pub(super) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            // The kind and the length go before each value, so that no two rows look alike.
            match value {
                Value::Null => hash.update([0]),
                Value::Int(v) => {
                    hash.update([1]);
                    hash.update(v.to_be_bytes());
                }
                Value::Text(v) => {
                    hash.update([2]);
                    hash.update((v.len() as u64).to_be_bytes());
                    hash.update(v);
                }
                Value::Blob(v) => {
                    hash.update([3]);
                    hash.update((v.len() as u64).to_be_bytes());
                    hash.update(v);
                }
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let first = digest.first_chunk().map_or(0, |b| u128::from_be_bytes(*b));
        self.sum = self.sum.wrapping_add(first);
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        let table = |name: &str, refers: &[&str]| {
            let table = Table { name: name.to_owned(), columns: Vec::new() };
            (table, refers.iter().map(|r| (*r).to_owned()).collect())
        };
        let all = vec![
            table("answer", &["question", "person"]),
            table("person", &[]),
            table("question", &["person", "question"]),
            table("log", &[]),
        ];
        let names: Vec<String> = ordered(all).unwrap().into_iter().map(|t| t.name).collect();
        assert_eq!(names, ["log", "person", "question", "answer"]);
        assert!(ordered(vec![table("a", &["b"]), table("b", &["a"])]).is_err());
    }
}
