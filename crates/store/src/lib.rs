//! The store: the truth of a space, in SQLite for one node or in PostgreSQL for any number.
//!
//! There are two ways in. The hot path, [`Store::append`], is tuned by hand for each engine: an append-only log in
//! group commits. Everything else is SQL written once, in the subset that SQLite and PostgreSQL both take, through
//! [`Tx`] inside the same transaction as the events that it belongs to ([`Store::write`]), or through [`Read`] in one
//! consistent view ([`Store::read`]).
//!
//! Invariants, each held by the conformance suite (`tests/it/conformance.rs`):
//! - success is answered only after the commit is on stable storage (P1);
//! - positions and seqs are given out without gaps, in the order of commits (P2);
//! - a repeated key is the first send or a conflict (P3);
//! - every commit is published, in order, before its senders hear of it;
//! - no page of the store holds the content of an event that was erased (P10).
//!
//! The store never has HTTP, sockets or the rights of people.

mod append;
mod channels;
mod clock;
mod erases;
mod error;
mod job;
mod moving;
mod page_turn;
mod postgres;
mod queue;
mod read;
mod readers;
mod recent;
mod reserved;
mod row;
mod sqlite;
mod stats;
mod store;
mod tables;
mod tx;
mod value;

pub use append::Append;
pub use channels::Channels;
pub use clock::{Clock, SystemClock};
pub use encke_engine::append::{Appended, Guard, Head};
pub use error::StoreError;
pub use moving::{MovedTable, Sum, migrate};
pub use postgres::{BusKey, Database, renew_bus_key};
pub use read::Read;
pub use row::Row;
pub use sqlite::{backup_name, check_file};
pub use stats::{COMMIT_BUCKETS, Stats};
pub use store::{Opened, Options, Start, Store};
pub use tables::{Engine, Migration, Tables};
pub use tx::Tx;
pub use value::Value;

/// SQL with parameters `?1`, `?2` …, the same for reading and for writing.
pub trait Sql {
    /// The engine that answers, for what can't be said to both in the same words.
    fn engine(&self) -> Engine;

    /// All rows of a query.
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// The first row, if there is one.
    fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params)?.into_iter().next())
    }
}

/// A list of parameters for [`Sql::query`] and [`Tx::execute`].
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}
