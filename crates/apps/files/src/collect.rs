//! Housekeeping: uploads that were given up, files that no message holds, and the bytes of files that are gone.

use std::sync::Arc;

use encke_engine::{Error, PersonId, file_limits, limits};
use encke_site::Site;
use encke_store::{Read, Sql, Tx, params};

use crate::file_id::FileId;
use crate::room;
use crate::storage::Storage;

/// Turns of housekeeping between two looks.
const TURNS: u64 = file_limits::FILES_COLLECT_MS / limits::RECEIPTS_FOLD_MS;

/// A file that is to be deleted.
struct GoneFile {
    id: FileId,
    uploader: PersonId,
    bytes: u64,
    parts: String,
}

/// Does one turn of housekeeping.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    if number.is_multiple_of(TURNS.max(1))
        && let Err(e) = collect(site).await
    {
        // What is left goes with a later turn.
        tracing::warn!("files could not be collected: {e}");
    }
}

async fn collect(site: &Arc<Site>) -> Result<(), Error> {
    let now = site.now_ms();
    let give_up = now.saturating_sub(file_limits::UPLOAD_AGE_MS);
    let unsent = now.saturating_sub(file_limits::FILE_UNSENT_AGE_MS);
    let (stale, gone) = site.store.read(move |read| find(read, give_up, unsent)).await?;
    if stale {
        site.store.write(move |tx| let_old_go(tx, give_up, unsent)).await?;
    }
    let storage = Storage::of(site);
    for file in gone {
        if storage.is_running(&file.id) {
            continue;
        }
        // The bytes go before the row. If this node dies in between, the row says that they have to go.
        storage.blobs()?.remove(&file.id, &file.parts).await?;
        site.store.write(move |tx| forget(tx, &file)).await?;
    }
    Ok(())
}

/// Whether files have waited for too long, and the files that are gone.
fn find(read: &mut Read<'_>, give_up: u64, unsent: u64) -> Result<(bool, Vec<GoneFile>), Error> {
    let mut stale = false;
    for (state, before) in [("coming", give_up), ("whole", unsent)] {
        let query =
            "SELECT 1 FROM file WHERE state <> 'held' AND state = ?1 AND touched_ms < ?2 LIMIT 1";
        stale |= read.query_one(query, params![state, before])?.is_some();
    }
    let query =
        "SELECT id, uploader, bytes, parts FROM file WHERE state <> 'held' AND state = 'gone'
                 ORDER BY touched_ms LIMIT ?1";
    let rows = read.query(query, params![file_limits::FILES_COLLECTED_MAX as u64])?;
    let gone = rows.iter().map(|row| {
        let id: String = row.get(0)?;
        Ok(GoneFile {
            id: id.parse()?,
            uploader: row.get(1)?,
            bytes: row.get(2)?,
            parts: row.get(3)?,
        })
    });
    Ok((stale, gone.collect::<Result<_, Error>>()?))
}

fn let_old_go(tx: &mut Tx<'_>, give_up: u64, unsent: u64) -> Result<(), Error> {
    for (state, before) in [("coming", give_up), ("whole", unsent)] {
        let sql = "UPDATE file SET state = 'gone', name = ''
                   WHERE state <> 'held' AND state = ?1 AND touched_ms < ?2";
        tx.execute(sql, params![state, before])?;
    }
    Ok(())
}

fn forget(tx: &mut Tx<'_>, file: &GoneFile) -> Result<(), Error> {
    let delete = "DELETE FROM file WHERE id = ?1 AND state = 'gone'";
    // Another node may have been faster.
    if tx.execute(delete, params![&file.id])? > 0 {
        room::change(tx, file.uploader, -(file.bytes as i64))?;
    }
    Ok(())
}
