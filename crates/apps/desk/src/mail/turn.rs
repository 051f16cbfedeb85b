//! A turn of housekeeping: mails to visitors that are due.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, PersonId, limits, outgoing_limits};
use encke_site::Site;
use encke_store::{Row, Sql, StoreError, Tx, params};

use super::deliver;
use super::state::MailState;

/// The number of turns of housekeeping between two looks.
const TURNS: u64 = outgoing_limits::MAIL_FOLLOW_MS / limits::RECEIPTS_FOLD_MS;

/// A mail.
#[derive(Clone, Copy)]
pub(crate) enum Mail {
    /// The request to confirm the address of a visitor.
    Request(PersonId),
    /// Answers to a ticket, or the whole of it.
    Ticket(ConversationId),
}

/// A mail that this node has taken until a time.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub mail: Mail,
    pub until_ms: u64,
}

/// Does one turn. Mails are sent by tasks of their own, so that nothing else waits for the mail server.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    if MailState::of(site).post().is_none() || !number.is_multiple_of(TURNS.max(1)) {
        return;
    }
    match look(site).await {
        Ok(taken) => taken.into_iter().for_each(|taken| deliver::begin(site, taken)),
        Err(e) => tracing::warn!("mails to visitors: {e}"),
    }
}

async fn look(site: &Arc<Site>) -> Result<Vec<Taken>, Error> {
    let room = MailState::of(site).running.available_permits() as u64;
    let now = site.now_ms();
    let due = site.store.read(move |read| {
        let mut due = Vec::new();
        let requests = "SELECT person, due_ms FROM desk_mail_address
                        WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
        for row in read.query(requests, params![now, room])? {
            due.push((Mail::Request(row.get(0)?), row.get(1)?));
        }
        let tickets = "SELECT conversation, due_ms FROM desk_mail
                       WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2";
        let of =
            |row: &Row| -> Result<_, StoreError> { Ok((Mail::Ticket(row.get(0)?), row.get(1)?)) };
        for row in read.query(tickets, params![now, room])? {
            due.push(of(&row)?);
        }
        due.sort_by_key(|(_, due_ms)| *due_ms);
        due.truncate(room as usize);
        Ok(due)
    });
    let due: Vec<(Mail, u64)> = due.await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    site.store.write(move |tx| claim(tx, due)).await
}

/// Takes those mails that no other node has taken.
fn claim(tx: &mut Tx<'_>, due: Vec<(Mail, u64)>) -> Result<Vec<Taken>, Error> {
    let until_ms = tx.now_ms() + outgoing_limits::MAIL_LEASE_MS;
    let mut taken = Vec::new();
    for (mail, due_ms) in due {
        let count = match mail {
            Mail::Request(person) => tx.execute(
                "UPDATE desk_mail_address SET due_ms = ?3 WHERE person = ?1 AND due_ms = ?2",
                params![person, due_ms, until_ms],
            )?,
            Mail::Ticket(id) => tx.execute(
                "UPDATE desk_mail SET due_ms = ?3 WHERE conversation = ?1 AND due_ms = ?2",
                params![id, due_ms, until_ms],
            )?,
        };
        if count > 0 {
            taken.push(Taken { mail, until_ms });
        }
    }
    Ok(taken)
}
