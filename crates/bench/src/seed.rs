//! People with tokens in a data folder. They are made before a server runs on it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use encke_account::Account;
use encke_engine::Error;
use encke_site::Product;
use encke_store::{Database, Options, Sql, Store, StoreError, SystemClock, Tables, Tx, params};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

/// People in one transaction.
const BATCH: usize = 2_000;
const LABEL: &str = "seed";

/// The token of a person by its number.
pub fn token(number: usize) -> String {
    format!("bench-{number}")
}

/// Makes `token(0)` to `token(count - 1)` valid, each for a bot of its own, because bots may publish to channels.
/// Tokens of an earlier call stay. Returns the number of people that were made.
pub fn people(data: &Path, count: usize) -> Result<usize> {
    people_of(data, database(), count)
}

/// The same for members instead of bots: people that can be staff of a desk.
pub fn members(data: &Path, count: usize) -> Result<usize> {
    members_of(data, database(), count)
}

/// The same in this database, or in the folder if there is none.
pub fn members_of(data: &Path, database: Option<Database>, count: usize) -> Result<usize> {
    making(data, database, count, "member")
}

/// Fills a desk with resolved tickets of the last 300 days, for reports of them. They have no messages.
pub fn tickets(data: &Path, desk: u64, count: u64) -> Result<()> {
    /// Tickets in one statement.
    const BATCH: u64 = 20_000;
    with_store(data, database(), |runtime, store| {
        for first in (0..count).step_by(BATCH as usize) {
            let many = BATCH.min(count - first);
            runtime.block_on(store.write(move |tx| {
                let numbers = "WITH RECURSIVE n (i) AS (SELECT CAST(?1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST(?2 AS BIGINT))";
                let now = tx.now_ms();
                let end = first + many;
                tx.execute(
                    &format!(
                        "INSERT INTO conversation (id, kind, open, created_ms, house)
                         {numbers} SELECT 10000000 + i, 'ticket', 0, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) FROM n"
                    ),
                    params![first, end, now, desk],
                )?;
                let asked = "(CAST(?3 AS BIGINT) - (i * 7919 % 25920000) * 1000)";
                tx.execute(
                    &format!(
                        "INSERT INTO desk_ticket (conversation, house, visitor, state, speaker, owner, team, lowness,
                             tags, asked_ms, waiting, since_ms, owned_ms, first_answer_ms, resolved_ms, stars, form,
                             changed_ms)
                         {numbers} SELECT 10000000 + i, CAST(?4 AS BIGINT), 1, 'resolved', 'person', 1 + i % 200,
                             CASE i % 4 WHEN 0 THEN 'sales' WHEN 1 THEN 'support' WHEN 2 THEN 'returns' END, 2,
                             CASE i % 5 WHEN 0 THEN '[\"refund\",\"vip\"]' WHEN 1 THEN '[\"delivery\"]'
                                 WHEN 2 THEN '[\"size\"]' ELSE '[]' END,
                             {asked}, 0, {asked} + 600000, {asked} + 1000, {asked} + 1000 * (i % 900),
                             {asked} + 10000 * (i % 3600), CASE WHEN i % 3 = 0 THEN 1 + i % 5 END, '{{}}',
                             {asked} + 36000000
                         FROM n"
                    ),
                    params![first, end, now, desk],
                )
                .map(drop)
                .map_err(Error::from)
            }))
            .map_err(|e| anyhow!("{e}"))?;
        }
        Ok(())
    })
}

/// Makes tokens valid in this database, or in the folder if there is none.
pub fn people_of(data: &Path, database: Option<Database>, count: usize) -> Result<usize> {
    making(data, database, count, "bot")
}

fn making(
    data: &Path,
    database: Option<Database>,
    count: usize,
    role: &'static str,
) -> Result<usize> {
    with_store(data, database, |runtime, store| {
        let mut made = 0;
        for first in (0..count).step_by(BATCH) {
            let batch = first..count.min(first + BATCH);
            let written = store.write(move |tx| {
                let mut made = 0;
                for number in batch {
                    made += usize::from(person(tx, number, role)?);
                }
                Ok(made)
            });
            made += runtime.block_on(written).map_err(|e| anyhow!("{e}"))?;
        }
        Ok(made)
    })
}

/// Opens the store of this database, or of the folder if there is none, does this, and closes it.
fn with_store<T>(
    data: &Path,
    database: Option<Database>,
    work: impl FnOnce(&Runtime, &Store) -> Result<T>,
) -> Result<T> {
    let options = Options {
        data: data.to_owned(),
        database,
        clock: Arc::new(SystemClock),
        tables: vec![Tables { owner: Account.name(), migrations: Account.tables() }],
        readers: 1,
        fatal: Arc::new(|e: &StoreError| panic!("{e}")),
    };
    let opened = Store::open(options).map_err(|e| anyhow!("{e}"))?;
    opened.start.publishing_to(drop).map_err(|e| anyhow!("{e}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let done = work(&runtime, &opened.store)?;
    opened.store.close();
    Ok(done)
}

/// The database that a server started from here would use, from the environment.
fn database() -> Option<Database> {
    let url = std::env::var("ENCKE_DATABASE_URL").ok()?;
    let space = std::env::var("ENCKE_SPACE").unwrap_or_else(|_| "main".into());
    Some(Database { url, space })
}

/// Makes one person and its token. Returns false if they exist.
fn person(tx: &mut Tx<'_>, number: usize, role: &str) -> Result<bool, Error> {
    let hash: [u8; 32] = Sha256::digest(token(number)).into();
    let known = "SELECT 1 FROM token WHERE hash = ?1";
    if tx.query_one(known, params![&hash[..]])?.is_some() {
        return Ok(false);
    }
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO person (display_name, role, created_ms) VALUES (?1, ?3, ?2) RETURNING id",
        params![format!("Bench {number}"), now, role],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    tx.execute(
        "INSERT INTO token (hash, person, label, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![&hash[..], row.get::<i64>(0)?, LABEL, now],
    )?;
    Ok(true)
}
