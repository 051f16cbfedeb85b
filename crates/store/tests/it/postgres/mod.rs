//! PostgreSQL: the conformance suite on a real server, and the tests of a store with several nodes.

mod erased;
mod faults;
mod hints;
mod moving;
mod nodes;
mod ownership;
mod tls;

use std::cell::RefCell;
use std::sync::Arc;

use encke_rig::Postgres;
use encke_store::{Clock, Database, Opened, Options, Store, StoreError};
use tempfile::TempDir;

use crate::space::{Fixture, Space};
use crate::tables::{OWNERS, POSTGRES_BEFORE};

/// A space on a server.
pub struct OnPostgres {
    pub url: String,
    space: RefCell<String>,
    /// The folder of the nodes.
    data: Arc<TempDir>,
}

impl OnPostgres {
    /// A fresh space on the server that all tests share.
    pub fn new() -> Self {
        OnPostgres::at(Postgres::shared().url())
    }

    /// A fresh space on another server.
    pub fn at(url: String) -> Self {
        let data = Arc::new(TempDir::new().unwrap());
        OnPostgres { url, space: RefCell::new(Postgres::fresh_space()), data }
    }

    /// The same space at another URL.
    pub fn by(&self, url: String) -> Self {
        OnPostgres { url, space: self.space.clone(), data: self.data.clone() }
    }

    pub fn database(&self) -> Database {
        Database { url: self.url.clone(), space: self.space.borrow().clone() }
    }

    /// Whether the space can't be opened, for this reason.
    pub fn is_refused(&self, why: &str) -> bool {
        let clock = Arc::new(encke_store::SystemClock);
        Store::open(self.options(clock, |_| {})).is_err_and(|e| e.to_string().contains(why))
    }

    pub fn schema(&self) -> String {
        format!("encke_{}", self.space.borrow())
    }

    pub fn options(
        &self,
        clock: Arc<dyn Clock>,
        fatal: impl Fn(&StoreError) + Send + Sync + 'static,
    ) -> Options {
        let database = self.database();
        let fatal = Arc::new(fatal);
        let data = self.data.path().to_owned();
        let tables = OWNERS.to_vec();
        Options { data, database: Some(database), clock, tables, readers: 2, fatal }
    }
}

const TABLES: [&str; 12] = [
    "space",
    "log",
    "change",
    "follow",
    "channel",
    "person",
    "session",
    "token",
    "ticket",
    "setting",
    "conversation",
    "member",
];

impl Fixture for OnPostgres {
    fn open(&self, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
        Store::open(self.options(clock, |e| panic!("{e}")))
    }

    fn write_before_classes(&self, statements: &str) {
        let schema = self.schema();
        let tables = POSTGRES_BEFORE.concat();
        // The space knows the database that it is in; otherwise it would get another epoch.
        let rest = "INSERT INTO change VALUES (1, 2, 'subscribe', 7, 48, NULL);
            INSERT INTO space SELECT 1, 7, system_identifier::text || '.' ||
                substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.' || 'log'::regclass::oid,
                6, 1, 500, 0 FROM pg_control_system();
            ALTER TABLE log ALTER COLUMN mark DROP DEFAULT;
            CREATE TABLE version (number INT PRIMARY KEY);
            INSERT INTO version SELECT generate_series(1, 6)";
        let statements = statements.replace("BODY", r"'\x31'");
        Postgres::shared().sql(&format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema}; {tables}
             ALTER TABLE log ALTER COLUMN mark SET DEFAULT 9; {statements} {rest}"
        ));
    }

    /// Copies like `pg_restore`: new tables with the same rows.
    fn restore_backup_of(&self, store: &Store) {
        let from = self.find(store);
        Space::open(self).close();
        let to = self.schema();
        let copy: String = TABLES
            .iter()
            .map(|t| {
                format!("DELETE FROM {to}.{t}; INSERT INTO {to}.{t} SELECT * FROM {from}.{t};")
            })
            .collect();
        Postgres::shared().sql(&format!("BEGIN; {copy} COMMIT"));
    }

    /// A killed node leaves nothing behind but the database, so both use the same one.
    fn crashed_copy_of(&self, other: &Self) {
        *self.space.borrow_mut() = other.space.borrow().clone();
    }
}

impl OnPostgres {
    /// The schema of a store, by its epoch.
    fn find(&self, store: &Store) -> String {
        let epoch = store.cursor_at(store.position()).epoch.0;
        let postgres = Postgres::shared();
        let schemas = postgres
            .sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'space'");
        let of = |schema: &String| {
            postgres.sql(&format!("SELECT epoch FROM {schema}.space")) == [epoch.to_string()]
        };
        schemas.into_iter().find(of).expect("the store has a schema")
    }
}

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            crate::conformance::$name(OnPostgres::new);
        }
    )* };
}
crate::conformance::list!(suite);
