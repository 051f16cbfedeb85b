//! The mails that have come. Each is known for a time, so that it is taken once, also if its ticket was erased.

use encke_engine::{Code, ConversationId, Error, PersonId, mail_limits};
use encke_store::{Sql, StoreError, Tx, params};
use sha2::{Digest, Sha256};

use super::mail::{IncomingMail, bare_subject};

const HOUR_MS: u64 = 60 * 60 * 1000;

/// A mail by which it is known.
pub(crate) struct Known {
    pub digest: Vec<u8>,
    name: Option<String>,
    pub subject: Vec<u8>,
}

impl Known {
    /// What a mail is known by: its Message-ID, or all of its bytes.
    pub fn of(mail: &IncomingMail, raw: &[u8]) -> Self {
        let digest = mail.id.as_ref().map_or_else(|| Sha256::digest(raw), Sha256::digest);
        let subject = Sha256::digest(bare_subject(&mail.subject)).to_vec();
        // It is written into answers, where it must not end its own header.
        let is_plain = |id: &&String| {
            id.len() <= mail_limits::MAIL_ID_BYTES_MAX
                && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>".contains(&b))
        };
        Known { digest: digest.to_vec(), name: mail.id.as_ref().filter(is_plain).cloned(), subject }
    }
}

/// What became of the same mail when it came before.
pub(crate) fn before(
    tx: &mut Tx<'_>,
    house: ConversationId,
    known: &Known,
) -> Result<Option<Option<ConversationId>>, StoreError> {
    let query = "SELECT conversation FROM desk_mail_in WHERE house = ?1 AND digest = ?2";
    let row = tx.query_one(query, params![house, &*known.digest])?;
    row.map(|row| row.get(0)).transpose()
}

/// Notes a mail. Its name and subject are kept with its sender alone.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    house: ConversationId,
    known: &Known,
    person: Option<PersonId>,
    (ticket, asks): (Option<ConversationId>, bool),
) -> Result<(), StoreError> {
    let now = tx.now_ms();
    let name = person.and(known.name.as_deref());
    let subject = person.map(|_| &*known.subject);
    tx.execute(
        "INSERT INTO desk_mail_in (house, digest, name, person, conversation, subject, asks, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (house, digest) DO NOTHING",
        params![house, &*known.digest, name, person, ticket, subject, u64::from(asks), now],
    )?;
    Ok(())
}

/// Refuses a mail for now if its sender, or all together, have sent too many within an hour. Those of nobody, such as reports, are
/// counted apart: they keep no other mail away.
pub(crate) fn check_rate(
    tx: &mut Tx<'_>,
    house: ConversationId,
    person: Option<PersonId>,
    is_of_nobody: bool,
) -> Result<(), Error> {
    let since = tx.now_ms().saturating_sub(HOUR_MS);
    let whose = if is_of_nobody { "person IS NULL" } else { "person IS NOT NULL" };
    let of_desk =
        format!("SELECT count(*) FROM desk_mail_in WHERE house = ?1 AND at_ms > ?2 AND {whose}");
    let all =
        tx.query_one(&of_desk, params![house, since])?.map_or(Ok(0), |row| row.get::<u64>(0))?;
    let mut is_too_much = all >= mail_limits::MAILS_PER_DESK_PER_HOUR;
    if let Some(person) = person {
        let own = "SELECT count(*) FROM desk_mail_in WHERE person = ?1 AND at_ms > ?2";
        let own =
            tx.query_one(own, params![person, since])?.map_or(Ok(0), |row| row.get::<u64>(0))?;
        is_too_much |= own >= mail_limits::MAILS_PER_SENDER_PER_HOUR;
    }
    if is_too_much {
        let what = "Too many mails have come within an hour; hand it in again later.";
        return Err(Error::new(Code::RateLimited, what).retry_after_ms(HOUR_MS));
    }
    Ok(())
}

/// Forgets mails that came long ago, a bounded number of them.
pub(crate) fn forget_old(tx: &mut Tx<'_>) -> Result<(), Error> {
    let before = tx.now_ms().saturating_sub(mail_limits::MAIL_KNOWN_MS);
    let most = mail_limits::MAILS_FORGOTTEN_AT_ONCE_MAX as u64;
    let query = "SELECT house, digest FROM desk_mail_in WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2";
    for row in tx.query(query, params![before, most])? {
        let (house, digest): (ConversationId, Vec<u8>) = (row.get(0)?, row.get(1)?);
        tx.execute(
            "DELETE FROM desk_mail_in WHERE house = ?1 AND digest = ?2",
            params![house, digest],
        )?;
    }
    Ok(())
}
