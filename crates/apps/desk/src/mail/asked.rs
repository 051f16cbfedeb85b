//! How many mails visitors may ask for, so that a desk can't be used to write to strangers.

use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits, outgoing_limits};
use encke_letter::digits;
use encke_store::{Sql, Tx, params};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Takes one mail from what a visitor, an address and a desk may have in a day. All nodes count together.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    house: ConversationId,
    visitor: PersonId,
    address: &str,
) -> Result<(), Error> {
    let now = tx.now_ms();
    let digits = digits(address);
    tx.execute(
        "DELETE FROM desk_mail_asked WHERE at_ms < ?1",
        params![now.saturating_sub(DAY_MS)],
    )?;
    let counted = |which: &str| {
        format!("SELECT count(*), min(at_ms) FROM desk_mail_asked WHERE {which} = ?1")
    };
    let found = [
        (
            tx.query_one(&counted("visitor"), params![visitor])?,
            outgoing_limits::MAIL_ASKED_PER_PERSON_PER_DAY,
        ),
        (
            tx.query_one(&counted("address"), params![&*digits])?,
            outgoing_limits::MAIL_ASKED_PER_ADDRESS_PER_DAY,
        ),
        (tx.query_one(&counted("house"), params![house])?, desk_limits::DESK_MAIL_ASKED_PER_DAY),
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
        "INSERT INTO desk_mail_asked (house, visitor, address, at_ms) VALUES (?1, ?2, ?3, ?4)",
        params![house, visitor, digits, now],
    )?;
    Ok(())
}
