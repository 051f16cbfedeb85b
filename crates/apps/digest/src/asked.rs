//! How many requests to confirm are sent, so that the form can't be used to send mails to strangers.

use encke_engine::{Code, Error, PersonId, outgoing_limits};
use encke_letter::digits;
use encke_store::{Sql, Tx, params};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Takes one request from what a person, and an address, may have in a day. All nodes count together.
pub(crate) fn take(tx: &mut Tx<'_>, person: PersonId, address: &str) -> Result<(), Error> {
    let now = tx.now_ms();
    let digits = digits(address);
    tx.execute("DELETE FROM digest_asked WHERE at_ms < ?1", params![now.saturating_sub(DAY_MS)])?;
    let of_person = "SELECT count(*), min(at_ms) FROM digest_asked WHERE person = ?1";
    let of_address = "SELECT count(*), min(at_ms) FROM digest_asked WHERE address = ?1";
    let found = [
        (tx.query_one(of_person, params![person])?, outgoing_limits::MAIL_ASKED_PER_PERSON_PER_DAY),
        (
            tx.query_one(of_address, params![&*digits])?,
            outgoing_limits::MAIL_ASKED_PER_ADDRESS_PER_DAY,
        ),
    ];
    for (row, most) in found {
        let Some(row) = row else { continue };
        let (count, first): (u64, Option<u64>) = (row.get(0)?, row.get(1)?);
        if count >= most {
            let wait = (first.unwrap_or(now) + DAY_MS).saturating_sub(now).max(1);
            let what = "Too many mails were asked for; try again tomorrow.";
            return Err(Error::new(Code::RateLimited, what).retry_after_ms(wait));
        }
    }
    tx.execute(
        "INSERT INTO digest_asked (person, address, at_ms) VALUES (?1, ?2, ?3)",
        params![person, digits, now],
    )?;
    Ok(())
}
