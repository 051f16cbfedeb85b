//! A turn of housekeeping: what is new in the log, and whose mail is due.

use std::sync::Arc;

use encke_engine::{Error, PersonId, limits, outgoing_limits};
use encke_site::Site;
use encke_store::{Sql, Tx, params};

use crate::deliver;
use crate::follow;
use crate::state::State;

/// Turns of housekeeping between two looks.
const TURNS: u64 = outgoing_limits::MAIL_FOLLOW_MS / limits::RECEIPTS_FOLD_MS;

/// A person whose mail this node has taken until a time.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub person: PersonId,
    pub until_ms: u64,
}

/// Does one turn. Mails are sent by tasks of their own, so that no other product waits for the mail server.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    if State::of(site).post().is_none() || !number.is_multiple_of(TURNS.max(1)) {
        return;
    }
    match look(site).await {
        Ok(taken) => taken.into_iter().for_each(|taken| deliver::begin(site, taken)),
        Err(e) => tracing::warn!("mails: {e}"),
    }
}

async fn look(site: &Arc<Site>) -> Result<Vec<Taken>, Error> {
    if !follow::follow(site).await? {
        return Ok(Vec::new());
    }
    let (now, room) = (site.now_ms(), State::of(site).running.available_permits() as u64);
    let due = site.store.read(move |read| {
        let query = "SELECT person, due_ms FROM digest_person
                     WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
        let rows = read.query(query, params![now, room])?;
        let of = |row: &encke_store::Row| Ok((row.get(0)?, row.get(1)?));
        rows.iter().map(of).collect::<Result<Vec<(PersonId, u64)>, Error>>()
    });
    let due = due.await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    site.store.write(move |tx| claim(tx, due)).await
}

/// Takes those mails that no other node has taken.
fn claim(tx: &mut Tx<'_>, due: Vec<(PersonId, u64)>) -> Result<Vec<Taken>, Error> {
    let until_ms = tx.now_ms() + outgoing_limits::MAIL_LEASE_MS;
    let mut taken = Vec::new();
    for (person, due_ms) in due {
        let update = "UPDATE digest_person SET due_ms = ?3 WHERE person = ?1 AND due_ms = ?2";
        if tx.execute(update, params![person, due_ms, until_ms])? > 0 {
            taken.push(Taken { person, until_ms });
        }
    }
    Ok(taken)
}
