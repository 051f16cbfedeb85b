//! Rows of `push_due`: browsers that are to be told of events of a stream, most of all of the messages of a conversation.

use std::sync::Arc;

use encke_engine::{Error, Seq, StreamId, outgoing_limits};
use encke_site::{Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use rustc_hash::FxHashSet;

/// Events that a browser is to be told of.
pub(crate) struct NewDue {
    /// The subscription of the browser.
    pub subscription: u64,
    /// The stream of the events.
    pub stream: StreamId,
    /// The first of them.
    pub first_seq: Seq,
    /// The last of them.
    pub last_seq: Seq,
    /// The time of the first.
    pub since_ms: u64,
}

/// The same, taken by this node until a time.
#[derive(Clone)]
pub(crate) struct Due {
    /// The subscription of the browser.
    pub subscription: u64,
    /// The stream of the events.
    pub stream: StreamId,
    /// The first of them.
    pub first_seq: Seq,
    /// The last of them, when the row was taken.
    pub last_seq: Seq,
    /// The time of the first.
    pub since_ms: u64,
    /// The number of tries that failed.
    pub tries: u64,
    /// The time from which another node may take the row.
    until_ms: u64,
}

/// Notes what is due a moment later. A row that waits already takes the events along.
pub(crate) fn note(tx: &mut Tx<'_>, due: &[NewDue]) -> Result<(), StoreError> {
    let most = outgoing_limits::PUSH_DUE_PER_SUBSCRIPTION_MAX;
    for part in bulk::parts(due) {
        let insert = format!(
            "WITH v (subscription, stream, first_seq, last_seq, since_ms, due_ms) AS ({})
             INSERT INTO push_due
                 (subscription, stream, first_seq, last_seq, since_ms, due_ms, tries)
             SELECT subscription, stream, first_seq, last_seq, since_ms, due_ms, 0 FROM v
             WHERE (SELECT count(*) FROM push_due d WHERE d.subscription = v.subscription) < {most}
             ON CONFLICT (subscription, stream) DO UPDATE SET last_seq = excluded.last_seq
                 WHERE push_due.last_seq < excluded.last_seq",
            bulk::values(part.len(), 6)
        );
        let row = |due: &NewDue| -> [Value; 6] {
            let at = due.since_ms + outgoing_limits::PUSH_DELAY_MS;
            let NewDue { subscription, stream, first_seq, last_seq, since_ms } = *due;
            [
                subscription.into(),
                stream.into(),
                first_seq.into(),
                last_seq.into(),
                since_ms.into(),
                at.into(),
            ]
        };
        tx.execute(&insert, &part.iter().flat_map(row).collect::<Vec<_>>())?;
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
    let query = "SELECT subscription, stream, first_seq, last_seq, since_ms, tries, due_ms
                 FROM push_due WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
    let of = |row: &Row| {
        Ok(Due {
            subscription: row.get(0)?,
            stream: row.get(1)?,
            first_seq: row.get(2)?,
            last_seq: row.get(3)?,
            since_ms: row.get(4)?,
            tries: row.get(5)?,
            until_ms: row.get(6)?,
        })
    };
    read.query(query, params![now_ms, count as u64])?.iter().map(of).collect()
}

/// Takes those of these rows that no other node has taken.
fn claim(tx: &mut Tx<'_>, waiting: Vec<Due>) -> Result<Vec<Due>, StoreError> {
    let until_ms = tx.now_ms() + outgoing_limits::PUSH_LEASE_MS;
    let mut taken = FxHashSet::default();
    for part in bulk::parts(&waiting) {
        let update = format!(
            "WITH v (subscription, stream, due_ms) AS ({})
             UPDATE push_due SET due_ms = ?{} FROM v
             WHERE push_due.subscription = v.subscription
                 AND push_due.stream = v.stream AND push_due.due_ms = v.due_ms
             RETURNING push_due.subscription, push_due.stream",
            bulk::values(part.len(), 3),
            part.len() * 3 + 1
        );
        let row = |due: &Due| -> [Value; 3] {
            [due.subscription.into(), due.stream.into(), due.until_ms.into()]
        };
        let params: Vec<Value> = part.iter().flat_map(row).chain([until_ms.into()]).collect();
        for row in tx.query(&update, &params)? {
            taken.insert((row.get::<u64>(0)?, row.get::<StreamId>(1)?));
        }
    }
    let mine = waiting.into_iter().filter(|d| taken.contains(&(d.subscription, d.stream)));
    Ok(mine.map(|due| Due { until_ms, ..due }).collect())
}

/// Forgets what the browser was told of, or what it need not be told of. Events that came meanwhile are due later.
pub(crate) fn done(tx: &mut Tx<'_>, due: &Due) -> Result<(), StoreError> {
    let which = "subscription = ?1 AND stream = ?2";
    let told = format!("DELETE FROM push_due WHERE {which} AND last_seq <= ?3");
    tx.execute(&told, params![due.subscription, due.stream, due.last_seq])?;
    let now = tx.now_ms();
    let rest = format!(
        "UPDATE push_due SET first_seq = ?3, since_ms = ?4, due_ms = ?5, tries = 0
         WHERE {which} AND due_ms = ?6"
    );
    let next = Seq(due.last_seq.0 + 1);
    let at = now + outgoing_limits::PUSH_DELAY_MS;
    let params = params![due.subscription, due.stream, next, now, at, due.until_ms];
    tx.execute(&rest, params).map(drop)
}

/// Lets a row wait until a time.
pub(crate) fn later(tx: &mut Tx<'_>, due: &Due, at_ms: u64, tries: u64) -> Result<(), StoreError> {
    let update = "UPDATE push_due SET due_ms = ?3, tries = ?4
                  WHERE subscription = ?1 AND stream = ?2 AND due_ms = ?5";
    let params = params![due.subscription, due.stream, at_ms, tries, due.until_ms];
    tx.execute(update, params).map(drop)
}
