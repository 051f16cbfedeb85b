//! The tables of owners: a store from before owners had numbers gets the same tables as a new one.

use std::collections::BTreeSet;

use encke_rig::Postgres;
use encke_store::{Migration, Store, Tables};

use crate::postgres::OnPostgres;
use crate::space::Space;
use crate::sqlite::{Sqlite, options};

/// A migration of a product, by the folder of its crate.
macro_rules! of {
    ($folder:literal, $number:literal) => {
        Migration::new(
            include_str!(concat!("../../../", $folder, "/src/tables/sqlite/", $number, ".sql")),
            include_str!(concat!("../../../", $folder, "/src/tables/postgres/", $number, ".sql")),
        )
    };
}

/// The tables that stores had before owners had numbers, as their owners bring them now.
pub const OWNERS: [Tables; 4] = [
    Tables {
        owner: "account",
        migrations: &[
            of!("apps/account", "0001").within(1, 1),
            of!("apps/account", "0002").within(3, 3),
            of!("apps/account", "0003").within(4, 4),
        ],
    },
    Tables {
        owner: "talk",
        migrations: &[
            of!("apps/talk", "0001").within(1, 1),
            of!("apps/talk", "0002").within(5, 6),
            of!("apps/talk", "0003"),
            of!("apps/talk", "0004"),
        ],
    },
    Tables { owner: "chat", migrations: &[of!("apps/chat", "0001").within(5, 6)] },
    Tables { owner: "classic", migrations: &[of!("gateway", "0001").within(2, 2)] },
];

/// A room with a member and a guest, in any version.
const ROOM: &str = "
    INSERT INTO person (id, name, display_name, role, created_ms)
        VALUES (7, 'mei', 'Mei', 'member', 1), (8, NULL, 'Otto', 'guest', 1);
    INSERT INTO conversation (id, kind, open, created_ms) VALUES (9, 'room', 0, 1), (10, 'room', 0, 1);
    INSERT INTO member (conversation, person, role, joined_seq, joined_ms, delivered, read)
        VALUES (9, 7, 'owner', 1, 1, 0, 0), (9, 8, 'member', 1, 1, 0, 0), (10, 7, 'owner', 1, 1, 0, 0);";

/// The name of the member, the members that each room counts, and the number of memberships of guests.
fn found(space: &Space) -> (String, i64, i64, i64) {
    let found = space.read(|read| {
        let query = "SELECT (SELECT name FROM person WHERE id = 7),
            (SELECT members FROM conversation WHERE id = 9),
            (SELECT members FROM conversation WHERE id = 10),
            (SELECT count(*) FROM member WHERE guest = 1 AND person = 8)";
        let row = encke_store::Sql::query_one(read, query, &[])?.unwrap();
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    found.unwrap()
}

/// The versions of the store in SQLite before owners had numbers.
pub const SQLITE_BEFORE: [&str; 5] = [
    include_str!("../legacy/sqlite/0001.sql"),
    include_str!("../legacy/sqlite/0002.sql"),
    include_str!("../legacy/sqlite/0003.sql"),
    include_str!("../legacy/sqlite/0004.sql"),
    include_str!("../legacy/sqlite/0005.sql"),
];

/// The versions of the store in PostgreSQL before owners had numbers.
pub const POSTGRES_BEFORE: [&str; 6] = [
    include_str!("../legacy/postgres/0001.sql"),
    include_str!("../legacy/postgres/0002.sql"),
    include_str!("../legacy/postgres/0003.sql"),
    include_str!("../legacy/postgres/0004.sql"),
    include_str!("../legacy/postgres/0005.sql"),
    include_str!("../legacy/postgres/0006.sql"),
];

/// Every table and index of a store with its statement, without the differences that the way there makes.
fn schema(sqlite: &Sqlite) -> BTreeSet<String> {
    let conn = rusqlite::Connection::open(sqlite.file("space.db")).unwrap();
    let all = "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'
        UNION ALL SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk
            FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'
        UNION ALL SELECT t.name || ' refers to ' || f.\"table\" || ' by ' || f.\"from\"
            FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
        UNION ALL SELECT i.name || ': ' || i.sql FROM sqlite_schema i WHERE i.type = 'index' AND i.sql IS NOT NULL";
    let mut statement = conn.prepare(all).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_file_of_every_earlier_version_opens_and_comes_out_like_a_new_one() {
    let new = Sqlite::new();
    Space::open(&new).close();
    let expected = schema(&new);
    assert!(expected.contains("table person") && expected.contains("table invitation"));
    for version in 1..=SQLITE_BEFORE.len() {
        let old = Sqlite::new();
        let conn = rusqlite::Connection::open(old.file("space.db")).unwrap();
        let made = SQLITE_BEFORE[..version].concat();
        conn.execute_batch(&format!("{made} {ROOM} PRAGMA user_version = {version}")).unwrap();
        drop(conn);
        Space::open(&old).close();
        assert_eq!(schema(&old), expected, "version {version}");
        // The store is opened once more, because no step may be applied twice.
        let space = Space::open(&old);
        assert_eq!(found(&space), ("mei".into(), 2, 1, 1), "version {version}");
        space.close();
        assert_eq!(schema(&old), expected, "version {version}");
    }
}

fn schema_in(to: &OnPostgres) -> BTreeSet<String> {
    let schema = to.schema();
    let rows = Postgres::shared().sql(&format!(
        "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || is_identity || ' '
            || coalesce(collation_name, '') FROM information_schema.columns WHERE table_schema = '{schema}'
         UNION ALL SELECT replace(indexdef, '{schema}.', '') FROM pg_indexes WHERE schemaname = '{schema}'
         UNION ALL SELECT conrelid::regclass::text || ' ' || replace(pg_get_constraintdef(oid), '{schema}.', '')
            FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace"
    ));
    rows.iter().map(|row| row.replace(&format!("{schema}."), "")).collect()
}

#[test]
fn a_space_of_every_earlier_version_opens_and_comes_out_like_a_new_one() {
    let new = OnPostgres::new();
    Space::open(&new).close();
    let expected = schema_in(&new);
    assert!(expected.contains("invitation.inviter bigint NO NO "), "{expected:?}");
    for version in [1, 2, 4, 5, 6] {
        let old = OnPostgres::new();
        let (schema, made) = (old.schema(), POSTGRES_BEFORE[..version].concat());
        Postgres::shared().sql(&format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema}; {made}
             CREATE TABLE version (number INT PRIMARY KEY);
             INSERT INTO version SELECT generate_series(1, {version}); {ROOM}"
        ));
        let space = Space::open(&old);
        assert_eq!(found(&space), ("mei".into(), 2, 1, 1), "version {version}");
        space.close();
        assert_eq!(schema_in(&old), expected, "version {version}");
        Space::open(&old).close();
        assert_eq!(schema_in(&old), expected, "version {version}");
    }
}

#[test]
fn an_owner_that_comes_later_gets_its_tables_when_the_store_opens() {
    const GUESTS: Tables = Tables {
        owner: "guests",
        migrations: &[
            Migration::new("CREATE TABLE guests (name TEXT PRIMARY KEY) STRICT;", ""),
            Migration::new("CREATE INDEX guests_by_name ON guests (name);", ""),
        ],
    };
    let sqlite = Sqlite::new();
    Space::open(&sqlite).close();
    let mut more = options(sqlite.0.path(), std::sync::Arc::new(encke_store::SystemClock));
    more.tables.push(GUESTS);
    let opened = Store::open(more).unwrap();
    opened.start.publishing_to(drop).unwrap();
    opened.store.close();
    assert!(schema(&sqlite).contains("table guests"));
    let kept = std::fs::read_dir(sqlite.file("backups")).unwrap();
    let names: Vec<_> =
        kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        matches!(&*names, [name] if name.starts_with("before-guests-1-")),
        "one copy: {names:?}"
    );
}
