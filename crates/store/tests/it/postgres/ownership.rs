//! A database that other roles share: a space belongs to the role that Encke connects as, and to no other.

use std::sync::{Arc, Barrier, Mutex};

use encke_engine::PersonId;
use encke_rig::Postgres;
use encke_store::{Sql, Store, SystemClock, params};

use super::OnPostgres;
use super::nodes::stream;
use crate::space::{Space, event};

/// A role that may make schemas, like any role that shares a database with Encke.
fn role() -> String {
    // PostgreSQL refuses one of two grants on the same database at the same moment.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let name = format!("role_{}", Postgres::fresh_space());
    let postgres = Postgres::shared();
    postgres.sql(&format!("CREATE ROLE {name} LOGIN; GRANT CREATE ON DATABASE postgres TO {name}"));
    name
}

/// A fresh space, reached as this role.
fn space_of(role: &str) -> OnPostgres {
    OnPostgres::at(format!("postgres://{role}@127.0.0.1:{}/postgres", Postgres::shared().port()))
}

/// Runs SQL as another role.
fn sql_as(role: &str, sql: &str) {
    Postgres::shared().sql(&format!("SET SESSION AUTHORIZATION {role}; {sql}"));
}

/// The reason why a space can't be opened.
fn refusal(space: &OnPostgres) -> String {
    let opened = Store::open(space.options(Arc::new(SystemClock), |_| {}));
    opened.err().expect("it is refused").to_string()
}

#[test]
fn a_schema_that_another_role_prepared_is_refused_and_its_trigger_never_runs() {
    let (ours, mallory) = (role(), role());
    let space = space_of(&ours);
    let (schema, tables) = (space.schema(), crate::tables::POSTGRES_BEFORE[0]);
    // Everything for a first start is there already, and a trigger would copy the first rows to its maker.
    sql_as(
        &mallory,
        &format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema}; {tables}
             CREATE TABLE version (number INT PRIMARY KEY); INSERT INTO version VALUES (1);
             CREATE TABLE stolen (what TEXT);
             CREATE FUNCTION spy() RETURNS TRIGGER LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO {schema}.stolen VALUES (current_user); RETURN NEW; END $$;
             CREATE TRIGGER spy BEFORE INSERT ON space FOR EACH ROW EXECUTE FUNCTION spy();
             GRANT ALL ON SCHEMA {schema} TO {ours};
             GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {ours}"
        ),
    );
    let said = refusal(&space);
    assert!(said.contains(&format!("schema {schema} belongs to the role {mallory}")), "{said}");
    let stolen = Postgres::shared().sql(&format!("SELECT what FROM {schema}.stolen"));
    assert_eq!(stolen, [""; 0], "its trigger ran as us");
}

#[test]
fn a_space_with_another_roles_hand_in_it_is_refused_until_that_is_gone() {
    let (ours, mallory) = (role(), role());
    let space = space_of(&ours);
    Space::open(&space).close();
    let s = space.schema();
    let sql = |sql: &str| drop(Postgres::shared().sql(sql));
    sql(&format!("CREATE SCHEMA of_{mallory} AUTHORIZATION {mallory}"));
    sql_as(
        &mallory,
        &format!(
            "CREATE FUNCTION of_{mallory}.spy() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
             CREATE FUNCTION of_{mallory}.same(a BIGINT, b TEXT) RETURNS BOOL LANGUAGE SQL AS 'SELECT true'"
        ),
    );
    let planted: [(&str, String, String); 11] = [
        (
            "belongs to the role",
            format!("ALTER TABLE {s}.session OWNER TO {mallory}"),
            format!("ALTER TABLE {s}.session OWNER TO {ours}"),
        ),
        (
            "belongs to the role",
            format!("ALTER SCHEMA {s} OWNER TO {mallory}; GRANT ALL ON SCHEMA {s} TO {ours}"),
            format!("ALTER SCHEMA {s} OWNER TO {ours}; REVOKE ALL ON SCHEMA {s} FROM {mallory}"),
        ),
        (
            "trigger spy on table",
            format!(
                "CREATE TRIGGER spy BEFORE INSERT ON {s}.session FOR EACH ROW EXECUTE FUNCTION of_{mallory}.spy()"
            ),
            format!("DROP TRIGGER spy ON {s}.session"),
        ),
        (
            "rule copy on table",
            format!("CREATE RULE copy AS ON UPDATE TO {s}.person DO ALSO SELECT 1"),
            format!("DROP RULE copy ON {s}.person"),
        ),
        (
            "policy p on table",
            format!("CREATE POLICY p ON {s}.session USING (false)"),
            format!("DROP POLICY p ON {s}.session"),
        ),
        (
            "function",
            format!(
                "CREATE FUNCTION {s}.coalesce(a TEXT, b TEXT) RETURNS TEXT LANGUAGE SQL AS 'SELECT a'"
            ),
            format!("DROP FUNCTION {s}.\"coalesce\""),
        ),
        (
            "view",
            format!("CREATE VIEW {s}.device AS SELECT * FROM {s}.session"),
            format!("DROP VIEW {s}.device"),
        ),
        (
            "operator",
            format!(
                "CREATE OPERATOR {s}.= (LEFTARG = BIGINT, RIGHTARG = TEXT, FUNCTION = of_{mallory}.same)"
            ),
            format!("DROP OPERATOR {s}.= (BIGINT, TEXT)"),
        ),
        (
            "inheritance",
            format!("CREATE TABLE of_{mallory}.more () INHERITS ({s}.session)"),
            format!("DROP TABLE of_{mallory}.more"),
        ),
        (
            "TRIGGER ON TABLE",
            format!("GRANT TRIGGER ON {s}.session TO {mallory}"),
            format!("REVOKE TRIGGER ON {s}.session FROM {mallory}"),
        ),
        (
            "CREATE ON SCHEMA",
            format!("GRANT CREATE ON SCHEMA {s} TO PUBLIC"),
            format!("REVOKE CREATE ON SCHEMA {s} FROM PUBLIC"),
        ),
    ];
    for (told, plant, remove) in planted {
        sql(&plant);
        let said = refusal(&space);
        assert!(said.contains(told) && said.contains(&s), "after {plant}: {said}");
        sql(&remove);
        Space::open(&space).close();
    }
}

#[test]
fn a_role_that_may_only_read_a_space_does_not_keep_it_from_being_opened() {
    let (ours, reporter) = (role(), role());
    let space = space_of(&ours);
    Space::open(&space).close();
    let s = space.schema();
    sql_as(
        &ours,
        &format!(
            "GRANT USAGE ON SCHEMA {s} TO {reporter}; GRANT SELECT ON ALL TABLES IN SCHEMA {s} TO {reporter};
             ALTER DEFAULT PRIVILEGES IN SCHEMA {s} GRANT SELECT ON TABLES TO {reporter};
             CREATE TABLE {s}.kept AS SELECT * FROM {s}.person"
        ),
    );
    Space::open(&space).close();
}

/// Any role can take an advisory lock by its number, also by the number of a schema's name.
#[test]
fn another_role_can_not_stall_the_opening() {
    let (ours, mallory) = (role(), role());
    let (fresh, used) = (space_of(&ours), space_of(&ours));
    Space::open(&used).close();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let url = space_of(&mallory).url;
    let other = runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for schema in [fresh.schema(), used.schema()] {
            let lock = "SELECT pg_advisory_lock(hashtext($1))";
            client.execute(lock, &[&schema]).await.unwrap();
            let table = client.batch_execute(&format!("LOCK TABLE {schema}.version")).await;
            assert!(table.is_err(), "it may lock our table");
        }
        client
    });
    Space::open(&fresh).close();
    Space::open(&used).close();
    drop(other);
}

#[test]
fn nodes_that_open_a_new_space_at_once_open_the_same() {
    for _ in 0..5 {
        let space = space_of(&role());
        let all = Barrier::new(6);
        let fixtures: Vec<_> = (0..6).map(|_| space.by(space.url.clone())).collect();
        let nodes: Vec<Space> = std::thread::scope(|scope| {
            let all = &all;
            let open = |fixture: OnPostgres| {
                all.wait();
                Space::open(&fixture)
            };
            let opening = fixtures.into_iter().map(|fixture| scope.spawn(move || open(fixture)));
            let opening: Vec<_> = opening.collect();
            opening.into_iter().map(|node| node.join().unwrap()).collect()
        });
        assert!(nodes.iter().all(|node| node.opened.epoch == nodes[0].opened.epoch));
        nodes[1].append(event(stream(1), "1")).unwrap();
        let versions = Postgres::shared()
            .sql(&format!("SELECT count(*), max(number) FROM {}.version", space.schema()));
        let (count, newest) = versions[0].split_once('|').unwrap();
        assert_eq!(count, newest, "a version was applied twice or left out");
    }
}

#[test]
fn a_temporary_table_or_one_in_public_is_not_taken_for_ours() {
    let space = Space::open(&OnPostgres::new());
    let found = space.write(|tx| {
        tx.execute("INSERT INTO setting VALUES ('whose', 'ours')", params![])?;
        tx.execute("CREATE TEMP TABLE setting (name TEXT, value TEXT) ON COMMIT DROP", params![])?;
        tx.execute("INSERT INTO pg_temp.setting VALUES ('whose', 'theirs')", params![])?;
        tx.subscribe(PersonId(1), stream(1))?;
        let rows = tx.query("SELECT value FROM setting WHERE name = 'whose'", params![])?;
        Ok(rows[0].get::<String>(0)?)
    });
    assert_eq!(found.unwrap(), "ours");
    Postgres::shared().sql("CREATE TABLE IF NOT EXISTS public.nobodys (name TEXT)");
    let found = space.read(|read| Ok(read.query("SELECT name FROM nobodys", params![]).is_err()));
    assert!(found.unwrap(), "a table in public is found");
}
