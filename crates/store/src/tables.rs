//! The tables that owners bring, beside those of the log.
//!
//! Every product declares its own tables, as a list of migrations that only ever grows at its end. When the store
//! opens, it applies the missing ones. For each owner it keeps the number of migrations that it has applied
//! (`tables_version`).
//!
//! Before owners had numbers of their own, all tables were part of the store's migrations. Such a migration names the
//! version of the store that it was in ([`Migration::within`]). A store from that time has it already, so nothing is
//! done.

use crate::error::StoreError;

/// One step in the history of an owner's tables, in the SQL of both engines.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    sqlite: &'static str,
    postgres: &'static str,
    /// The store's own versions that held this step, for SQLite and for PostgreSQL; 0 if there is none.
    within: (u32, u32),
}

impl Migration {
    /// A step for both engines.
    pub const fn new(sqlite: &'static str, postgres: &'static str) -> Self {
        Migration { sqlite, postgres, within: (0, 0) }
    }

    /// The same step, which the store itself took with these versions when owners had no numbers of their own.
    pub const fn within(self, sqlite: u32, postgres: u32) -> Self {
        Migration { within: (sqlite, postgres), ..self }
    }
}

/// The tables of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Tables {
    /// The owner's name. No other owner has it, and it never changes.
    pub owner: &'static str,
    /// The migrations that make the tables, the oldest first.
    pub migrations: &'static [Migration],
}

/// An engine that a store is kept by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// SQLite, in a file of the data folder.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A step that is missing in the store.
pub(crate) struct Step {
    pub owner: &'static str,
    /// The owner's number after this step.
    pub number: u32,
    pub sql: &'static str,
}

impl Tables {
    fn sql(migration: &Migration, engine: Engine) -> (&'static str, u32) {
        match engine {
            Engine::Sqlite => (migration.sqlite, migration.within.0),
            Engine::Postgres => (migration.postgres, migration.within.1),
        }
    }

    /// The steps that are missing. `applied` is the owner's number in the store, if it has one; `before` the store's
    /// own version up to which it held the tables of owners.
    ///
    /// # Errors
    /// If a newer Encke has applied more than are known here.
    fn missing(
        &self,
        engine: Engine,
        applied: Option<u32>,
        before: u32,
    ) -> Result<Vec<Step>, StoreError> {
        let held = |m: &&Migration| (1..=before).contains(&Tables::sql(m, engine).1);
        let applied =
            applied.unwrap_or_else(|| self.migrations.iter().take_while(held).count() as u32);
        let known = self.migrations.len() as u32;
        if applied > known {
            return Err(StoreError::Newer { found: applied, known });
        }
        let left = self.migrations.iter().zip(1..).skip(applied as usize);
        let step = |(migration, number)| {
            let (sql, _) = Tables::sql(migration, engine);
            Step { owner: self.owner, number, sql }
        };
        Ok(left.map(step).collect())
    }
}

/// The name under which `tables_version` keeps the store's version from before owners had numbers.
const BEFORE: &str = "";

/// The steps that a store misses, in the order of the owners. `versions` are the rows of `tables_version`.
pub(crate) fn missing(
    all: &[Tables],
    engine: Engine,
    versions: &[(String, u32)],
) -> Result<Vec<Step>, StoreError> {
    let of = |owner: &str| versions.iter().find(|(name, _)| name == owner).map(|(_, n)| *n);
    let before = of(BEFORE).unwrap_or(0);
    let mut steps = Vec::new();
    for tables in all {
        steps.extend(tables.missing(engine, of(tables.owner), before)?);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Tables; 2] = [
        Tables {
            owner: "a",
            migrations: &[
                Migration::new("a1", "A1").within(1, 1),
                Migration::new("a2", "A2").within(5, 6),
                Migration::new("a3", "A3"),
            ],
        },
        Tables { owner: "b", migrations: &[Migration::new("b1", "B1")] },
    ];

    fn steps(engine: Engine, versions: &[(&str, u32)]) -> Vec<&'static str> {
        let versions: Vec<_> = versions.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        missing(&ALL, engine, &versions).unwrap().iter().map(|step| step.sql).collect()
    }

    #[test]
    fn a_store_gets_the_steps_that_it_never_had() {
        use Engine::{Postgres, Sqlite};
        assert_eq!(steps(Sqlite, &[("", 0)]), ["a1", "a2", "a3", "b1"]);
        assert_eq!(steps(Sqlite, &[("", 4)]), ["a2", "a3", "b1"]);
        assert_eq!(steps(Sqlite, &[("", 5)]), ["a3", "b1"]);
        assert_eq!(steps(Postgres, &[("", 5)]), ["A2", "A3", "B1"]);
        assert_eq!(steps(Postgres, &[("", 6), ("a", 3)]), ["B1"]);
        assert_eq!(steps(Sqlite, &[("", 0), ("a", 1), ("b", 1)]), ["a2", "a3"]);
    }

    #[test]
    fn tables_of_a_newer_version_are_refused() {
        let newer = missing(&ALL, Engine::Sqlite, &[("b".into(), 2)]);
        assert!(matches!(newer, Err(StoreError::Newer { found: 2, known: 1 })));
    }
}
