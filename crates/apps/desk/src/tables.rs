//! The tables of desks.

use encke_store::Migration;

/// The migrations of these tables, the oldest first. A change is a further migration at the end.
pub(crate) const TABLES: &[Migration] = &[
    Migration::new(
        include_str!("tables/sqlite/0001.sql"),
        include_str!("tables/postgres/0001.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0002.sql"),
        include_str!("tables/postgres/0002.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0003.sql"),
        include_str!("tables/postgres/0003.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0007.sql"),
        include_str!("tables/postgres/0007.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0004.sql"),
        include_str!("tables/postgres/0004.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0005.sql"),
        include_str!("tables/postgres/0005.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0009.sql"),
        include_str!("tables/postgres/0009.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0010.sql"),
        include_str!("tables/postgres/0010.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0012.sql"),
        include_str!("tables/postgres/0012.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0013.sql"),
        include_str!("tables/postgres/0013.sql"),
    ),
];
