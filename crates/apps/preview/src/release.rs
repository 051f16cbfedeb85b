//! Which messages hold a page, and that pages go which none holds any more (P10).

use std::collections::HashSet;
use std::sync::Arc;

use encke_engine::{ConversationId, Error, Seq, outgoing_limits};
use encke_site::{Site, bulk};
use encke_store::{Sql, StoreError, Tx, Value, params};

/// Those of these messages that hold a page.
pub(crate) fn held_among(
    sql: &mut impl Sql,
    keys: &[(ConversationId, Seq)],
) -> Result<HashSet<(ConversationId, Seq)>, StoreError> {
    let mut held = HashSet::new();
    for part in bulk::parts(keys) {
        let query = format!(
            "WITH v (conversation, seq) AS ({})
             SELECT h.conversation, h.seq FROM v
             JOIN preview_held h ON h.conversation = v.conversation AND h.seq = v.seq",
            bulk::values(part.len(), 2)
        );
        let params: Vec<Value> =
            part.iter().flat_map(|(id, seq)| [Value::from(*id), Value::from(*seq)]).collect();
        for row in sql.query(&query, &params)? {
            held.insert((row.get(0)?, row.get(1)?));
        }
    }
    Ok(held)
}

/// A message holds a page from here on. It holds no other one.
pub(crate) fn hold(
    tx: &mut Tx<'_>,
    (id, seq): (ConversationId, Seq),
    page: u64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO preview_held (conversation, seq, page) VALUES (?1, ?2, ?3)",
        params![id, seq, page],
    )?;
    Ok(())
}

/// A message holds no page any more.
pub(crate) fn release(tx: &mut Tx<'_>, (id, seq): (ConversationId, Seq)) -> Result<(), StoreError> {
    let delete = "DELETE FROM preview_held WHERE conversation = ?1 AND seq = ?2 RETURNING page";
    for row in tx.query(delete, params![id, seq])? {
        drop_unheld(tx, row.get(0)?)?;
    }
    Ok(())
}

/// Deletes a page unless a message holds it.
pub(crate) fn drop_unheld(tx: &mut Tx<'_>, page: u64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM preview_page WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM preview_held WHERE page = ?1)",
        params![page],
    )?;
    Ok(())
}

/// Forgets that old pages gave nothing, and the oldest of too many.
pub(crate) async fn forget_failures(site: &Arc<Site>) -> Result<(), Error> {
    let before = site.now_ms().saturating_sub(outgoing_limits::PREVIEW_FAILED_MS);
    let most = outgoing_limits::PREVIEW_FAILED_KEPT_MAX;
    let work = site.store.write(move |tx| {
        let old = "DELETE FROM preview_page WHERE state IN (0, 2) AND at_ms < ?1";
        tx.execute(old, params![before])?;
        let many = "DELETE FROM preview_page WHERE id IN (
                        SELECT id FROM preview_page WHERE state = 2
                        ORDER BY at_ms DESC, id DESC LIMIT 1000 OFFSET ?1)";
        tx.execute(many, params![most])?;
        Ok(())
    });
    work.await
}

/// Empties the tables of a site that shows no previews any more: nobody would release its pages.
pub(crate) async fn empty(site: &Arc<Site>) -> Result<(), Error> {
    let any = "SELECT 1 FROM preview_mark LIMIT 1";
    if site.store.read(|read| Ok(read.query_one(any, params![])?)).await?.is_none() {
        return Ok(());
    }
    let work = site.store.write(|tx| {
        for table in ["preview_held", "preview_page", "preview_due", "preview_mark"] {
            tx.execute(&format!("DELETE FROM {table}"), params![])?;
        }
        Ok(())
    });
    work.await
}
