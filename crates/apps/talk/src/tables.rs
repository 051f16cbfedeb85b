//! The tables of any conversation.

use encke_store::Migration;

/// The migrations that make these tables, the oldest first. A change is a further migration at the end.
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
    .within(5, 6),
    Migration::new(
        include_str!("tables/sqlite/0003.sql"),
        include_str!("tables/postgres/0003.sql"),
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
        include_str!("tables/sqlite/0006.sql"),
        include_str!("tables/postgres/0006.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0007.sql"),
        include_str!("tables/postgres/0007.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0008.sql"),
        include_str!("tables/postgres/0008.sql"),
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
        include_str!("tables/sqlite/0011.sql"),
        include_str!("tables/postgres/0011.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0012.sql"),
        include_str!("tables/postgres/0012.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0013.sql"),
        include_str!("tables/postgres/0013.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0014.sql"),
        include_str!("tables/postgres/0014.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0015.sql"),
        include_str!("tables/postgres/0015.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0019.sql"),
        include_str!("tables/postgres/0019.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0020.sql"),
        include_str!("tables/postgres/0020.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0021.sql"),
        include_str!("tables/postgres/0021.sql"),
    ),
    Migration::new(
        include_str!("tables/sqlite/0022.sql"),
        include_str!("tables/postgres/0022.sql"),
    ),
];
