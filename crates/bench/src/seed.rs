//! People with tokens in a data folder. They are made before a server runs on it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use encke_account::Account;
use encke_engine::Error;
use encke_site::Product;
use encke_store::{Database, Options, Sql, Store, StoreError, SystemClock, Tables, Tx, params};
use sha2::{Digest, Sha256};

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

/// Makes tokens valid in this database, or in the folder if there is none.
pub fn people_of(data: &Path, database: Option<Database>, count: usize) -> Result<usize> {
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
    let mut made = 0;
    for first in (0..count).step_by(BATCH) {
        let batch = first..count.min(first + BATCH);
        let written = opened.store.write(move |tx| {
            let mut made = 0;
            for number in batch {
                made += usize::from(person(tx, number)?);
            }
            Ok(made)
        });
        made += runtime.block_on(written).map_err(|e| anyhow!("{e}"))?;
    }
    opened.store.close();
    Ok(made)
}

/// The database that a server started from here would use, from the environment.
fn database() -> Option<Database> {
    let url = std::env::var("ENCKE_DATABASE_URL").ok()?;
    let space = std::env::var("ENCKE_SPACE").unwrap_or_else(|_| "main".into());
    Some(Database { url, space })
}

/// Makes one person and its token. Returns false if they exist.
fn person(tx: &mut Tx<'_>, number: usize) -> Result<bool, Error> {
    let hash: [u8; 32] = Sha256::digest(token(number)).into();
    let known = "SELECT 1 FROM token WHERE hash = ?1";
    if tx.query_one(known, params![&hash[..]])?.is_some() {
        return Ok(false);
    }
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO person (display_name, role, created_ms) VALUES (?1, 'bot', ?2) RETURNING id",
        params![format!("Bench {number}"), now],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    tx.execute(
        "INSERT INTO token (hash, person, label, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![&hash[..], row.get::<i64>(0)?, LABEL, now],
    )?;
    Ok(true)
}
