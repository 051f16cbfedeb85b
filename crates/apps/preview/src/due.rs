//! Rows of `preview_due`: messages that have to be looked after.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, Position, Seq, outgoing_limits};
use encke_site::{Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use std::collections::HashSet;

/// A message that has to be looked after.
pub(crate) struct NewDue {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The message.
    pub seq: Seq,
    /// The time at which its text came.
    pub since_ms: u64,
    /// The position of the event that asks for it.
    pub noted: Position,
}

/// The same, taken by this node until a time.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The message.
    pub seq: Seq,
    /// The time at which its text came.
    pub since_ms: u64,
    /// The position of the newest event that asked for it when the row was taken.
    noted: Position,
    /// The time from which another node may take the row.
    until_ms: u64,
}

impl Due {
    /// The message as tables name it.
    pub fn key(&self) -> (ConversationId, Seq) {
        (self.conversation, self.seq)
    }
}

/// Notes what is due at once. A row that waits already takes the newer text along.
pub(crate) fn note(tx: &mut Tx<'_>, due: &[NewDue]) -> Result<(), StoreError> {
    // One statement can't change a row twice.
    for due in due {
        tx.execute(
            "INSERT INTO preview_due (conversation, seq, since_ms, noted, due_ms)
             VALUES (?1, ?2, ?3, ?4, ?3)
             ON CONFLICT (conversation, seq) DO UPDATE
             SET noted = excluded.noted, since_ms = excluded.since_ms",
            params![due.conversation, due.seq, due.since_ms, due.noted],
        )?;
    }
    Ok(())
}

/// Takes what is due now for this node, at most `count` rows.
pub(crate) async fn take(site: &Arc<Site>, count: usize) -> Result<Vec<Due>, Error> {
    let now = site.now_ms();
    let waiting = site.store.read(move |read| Ok(waiting(read, now, count)?)).await?;
    if waiting.is_empty() {
        return Ok(waiting);
    }
    site.store.write(move |tx| Ok(claim(tx, waiting)?)).await
}

fn waiting(read: &mut Read<'_>, now_ms: u64, count: usize) -> Result<Vec<Due>, StoreError> {
    let query = "SELECT conversation, seq, since_ms, noted, due_ms
                 FROM preview_due WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
    let of = |row: &Row| {
        Ok(Due {
            conversation: row.get(0)?,
            seq: row.get(1)?,
            since_ms: row.get(2)?,
            noted: row.get(3)?,
            until_ms: row.get(4)?,
        })
    };
    read.query(query, params![now_ms, count as u64])?.iter().map(of).collect()
}

/// Takes those of these rows that no other node has taken.
fn claim(tx: &mut Tx<'_>, waiting: Vec<Due>) -> Result<Vec<Due>, StoreError> {
    let until_ms = tx.now_ms() + outgoing_limits::PREVIEW_LEASE_MS;
    let mut taken = HashSet::new();
    for part in bulk::parts(&waiting) {
        let update = format!(
            "WITH v (conversation, seq, due_ms) AS ({})
             UPDATE preview_due SET due_ms = ?{} FROM v
             WHERE preview_due.conversation = v.conversation AND preview_due.seq = v.seq
                 AND preview_due.due_ms = v.due_ms
             RETURNING preview_due.conversation, preview_due.seq",
            bulk::values(part.len(), 3),
            part.len() * 3 + 1
        );
        let row = |due: &Due| -> [Value; 3] {
            [due.conversation.into(), due.seq.into(), due.until_ms.into()]
        };
        let params: Vec<Value> = part.iter().flat_map(row).chain([until_ms.into()]).collect();
        for row in tx.query(&update, &params)? {
            taken.insert((row.get::<ConversationId>(0)?, row.get::<Seq>(1)?));
        }
    }
    let mine = waiting.into_iter().filter(|due| taken.contains(&due.key()));
    Ok(mine.map(|due| Due { until_ms, ..due }).collect())
}

/// Forgets a message that was looked after. If it was changed meanwhile, it is looked after again at once.
pub(crate) fn done(tx: &mut Tx<'_>, due: &Due) -> Result<(), StoreError> {
    let which = "conversation = ?1 AND seq = ?2";
    let (id, seq) = due.key();
    let delete = format!("DELETE FROM preview_due WHERE {which} AND noted <= ?3");
    if tx.execute(&delete, params![id, seq, due.noted])? == 0 {
        later(tx, due, tx.now_ms())?;
    }
    Ok(())
}

/// Lets a message wait until a time, unless another node has taken it meanwhile.
pub(crate) fn later(tx: &mut Tx<'_>, due: &Due, at_ms: u64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE preview_due SET due_ms = ?4
         WHERE conversation = ?1 AND seq = ?2 AND due_ms = ?3",
        params![due.conversation, due.seq, due.until_ms, at_ms],
    )?;
    Ok(())
}
