//! Which ticket a mail goes on in, and by which names the mails of a ticket are known.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::{ConversationId, Error, PersonId};
use encke_store::{Sql, StoreError, Tx, params};
use ring::hmac;
use sha2::{Digest, Sha256};

use super::known::Known;
use super::mail::IncomingMail;
use super::mailbox::Mailbox;
use crate::contact;
use crate::ticket::{self, Ticket};

/// Bytes of the sign in the name of a mail.
const SIGN_BYTES: usize = 15;

/// The name of a mail that the desk sends: only who got it, and this desk, know it.
pub(crate) fn own_name(secret: &[u8], ticket: ConversationId, number: u64) -> String {
    let name = format!("desk.{ticket}.{number}");
    let sign = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), name.as_bytes());
    format!("{name}.{}", URL_SAFE_NO_PAD.encode(&sign.as_ref()[..SIGN_BYTES]))
}

/// The ticket of a mail that this desk has sent.
pub(crate) fn own_ticket(secret: &[u8], id: &str) -> Option<ConversationId> {
    let (name, _) = id.split_once('@')?;
    let mut parts = name.strip_prefix("desk.")?.split('.');
    let (ticket, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let is_own = own_name(secret, ticket, number) == name;
    is_own.then_some(ticket)
}

/// The ticket that a mail goes on in. It is one of its sender's, and about the same.
pub(crate) fn ticket_of(
    tx: &mut Tx<'_>,
    mailbox: &Mailbox,
    house: ConversationId,
    (mail, known, sender): (&IncomingMail, &Known, Option<PersonId>),
) -> Result<Option<Ticket>, Error> {
    for id in &mail.earlier {
        let Some(ticket) = named(tx, mailbox, house, id)? else { continue };
        let Some(ticket) = ticket::find(tx, ticket)?.filter(|ticket| ticket.desk == house) else {
            continue;
        };
        if is_senders(tx, &ticket, sender, &mail.from)? && is_about_the_same(tx, &ticket, known)? {
            return Ok(Some(gone_on(tx, ticket)?));
        }
    }
    let Some(sender) = sender.filter(|_| mail.earlier.is_empty() && !mail.subject.is_empty())
    else {
        return Ok(None);
    };
    // Programs that send notices name no earlier mail: one about the same goes on in the ticket that is open.
    let query = "SELECT m.conversation FROM desk_mail_in m JOIN desk_ticket t ON t.conversation = m.conversation
                 WHERE m.person = ?1 AND m.subject = ?2 AND t.house = ?3 AND t.state <> 'resolved'
                 ORDER BY m.at_ms DESC LIMIT 1";
    let row = tx.query_one(query, params![sender, &*known.subject, house])?;
    let Some(row) = row else { return Ok(None) };
    Ok(ticket::find(tx, row.get(0)?)?)
}

/// The ticket that a mail of this name belongs to: one of the desk's own, or one that came in.
pub(crate) fn named(
    sql: &mut impl Sql,
    mailbox: &Mailbox,
    house: ConversationId,
    id: &str,
) -> Result<Option<ConversationId>, StoreError> {
    if let Some(ticket) = own_ticket(&mailbox.secret, id) {
        return Ok(Some(ticket));
    }
    let query = "SELECT conversation FROM desk_mail_in WHERE house = ?1 AND digest = ?2";
    let row = sql.query_one(query, params![house, Sha256::digest(id).to_vec()])?;
    row.map_or(Ok(None), |row| row.get(0))
}

/// Whether the address is that of the ticket's visitor, who came by mail, or has confirmed it.
fn is_senders(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    sender: Option<PersonId>,
    address: &str,
) -> Result<bool, Error> {
    if let Some(sender) = sender
        && contact::selves(tx, ticket.visitor)?.contains(&sender)
    {
        return Ok(true);
    }
    let query = "SELECT 1 FROM desk_mail_address WHERE person = ?1 AND confirmed = 1 AND lower(address) = ?2";
    Ok(tx.query_one(query, params![ticket.visitor, address.to_ascii_lowercase()])?.is_some())
}

/// Whether a mail has the subject of its ticket. Who answers an old mail with another subject asks something else.
fn is_about_the_same(tx: &mut Tx<'_>, ticket: &Ticket, known: &Known) -> Result<bool, StoreError> {
    let query = "SELECT subject FROM desk_mail_in WHERE conversation = ?1 AND subject IS NOT NULL
                 ORDER BY at_ms LIMIT 1";
    let row = tx.query_one(query, params![ticket.id])?;
    // The subjects of answers to questions that were asked elsewhere are the desk's own.
    let is_same = |subject: Vec<u8>| subject == known.subject || subject == *Sha256::digest("");
    row.map_or(Ok(true), |row| Ok(is_same(row.get(0)?)))
}

/// The ticket itself, or the one that it was merged into.
fn gone_on(tx: &mut Tx<'_>, ticket: Ticket) -> Result<Ticket, Error> {
    let Some(into) = ticket.merged_into else { return Ok(ticket) };
    Ok(ticket::find(tx, into)?.unwrap_or(ticket))
}

/// The name of the newest mail of a ticket that came in, for answers; `None` if it has none.
pub(crate) fn last_name(
    sql: &mut impl Sql,
    ticket: ConversationId,
) -> Result<Option<String>, StoreError> {
    let query = "SELECT name FROM desk_mail_in WHERE conversation = ?1 AND name IS NOT NULL
                 ORDER BY at_ms DESC LIMIT 1";
    sql.query_one(query, params![ticket])?.map(|row| row.get(0)).transpose()
}

/// Whether a ticket was asked by mail.
pub(crate) fn is_by_mail(sql: &mut impl Sql, ticket: ConversationId) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM desk_mail_in WHERE conversation = ?1 AND asks = 1 LIMIT 1";
    Ok(sql.query_one(query, params![ticket])?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_mail_is_signed() {
        let ticket = ConversationId(12);
        let id = format!("{}@example.com", own_name(b"secret", ticket, 3));
        assert_eq!(own_ticket(b"secret", &id), Some(ticket));
        assert_eq!(own_ticket(b"another", &id), None);
        for wrong in [
            "desk.c12.3@example.com",
            "desk.c12.3.@x",
            "",
            "@",
            "desk.@x",
            &id.replace("c12", "c13"),
            &id.replace(".3.", ".4."),
        ] {
            assert_eq!(own_ticket(b"secret", wrong), None, "{wrong}");
        }
    }
}
