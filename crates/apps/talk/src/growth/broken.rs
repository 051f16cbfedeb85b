//! Growing messages whose author is not heard of any more.

use std::sync::Arc;

use encke_engine::{Error, growth_limits};
use encke_site::Site;
use encke_store::{Sql, StoreError, Tx, params};

use super::{COLUMNS, GrowingRow, GrowthState};

/// Breaks off what is due. Each node looks; the row says in the same write that it is done, so it is done once.
pub(crate) async fn look(site: &Arc<Site>) {
    let now = site.now_ms();
    let due = site.store.read(move |read| Ok(is_due(read, now)?)).await;
    let ended = match due {
        Ok(true) => site.store.write(move |tx| break_off(tx, now)).await,
        other => other.map(drop),
    };
    if let Err(e) = ended {
        tracing::warn!("growing messages could not be looked through: {e}");
    }
}

fn is_due(sql: &mut impl Sql, now: u64) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM growing WHERE state = 0 AND due_ms <= ?1 LIMIT 1";
    Ok(sql.query_one(query, params![now])?.is_some())
}

fn break_off(tx: &mut Tx<'_>, now: u64) -> Result<(), Error> {
    let query = format!(
        "SELECT {COLUMNS} FROM growing WHERE state = 0 AND due_ms <= ?1 ORDER BY due_ms LIMIT ?2"
    );
    for row in tx.query(&query, params![now, growth_limits::GROWTH_BROKEN_AT_ONCE_MAX])? {
        let key = (row.get(10)?, row.get(9)?);
        GrowingRow::of(&row)?.end(tx, key, None, GrowthState::Broken)?;
    }
    Ok(())
}
