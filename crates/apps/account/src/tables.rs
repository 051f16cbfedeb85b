//! The tables of accounts.

use encke_store::Migration;

/// The migrations of these tables, the oldest first. A change is a further migration at the end.
pub const TABLES: &[Migration] = &[
    Migration::new(
        include_str!("tables/sqlite/0001.sql"),
        include_str!("tables/postgres/0001.sql"),
    )
    .within(1, 1),
    Migration::new(
        include_str!("tables/sqlite/0002.sql"),
        include_str!("tables/postgres/0002.sql"),
    )
    .within(3, 3),
    Migration::new(
        include_str!("tables/sqlite/0003.sql"),
        include_str!("tables/postgres/0003.sql"),
    )
    .within(4, 4),
    Migration::new(
        include_str!("tables/sqlite/0004.sql"),
        include_str!("tables/postgres/0004.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0005.sql"),
        include_str!("tables/postgres/0005.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0006.sql"),
        include_str!("tables/postgres/0006.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0007.sql"),
        include_str!("tables/postgres/0007.sql"),
    ),
];
