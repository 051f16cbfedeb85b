//! The visitor that a mail is from. An address proves nothing, so it is only a visitor of that name.

use encke_account::visitor as account;
use encke_engine::{ConversationId, Error, PersonId};
use encke_site::random;
use encke_store::{Sql, StoreError, Tx, params};

use super::mail::IncomingMail;
use crate::desk::DeskRow;
use crate::visitor;

/// The visitor with this address that came by mail before.
pub(crate) fn find(
    sql: &mut impl Sql,
    house: ConversationId,
    address: &str,
) -> Result<Option<PersonId>, StoreError> {
    let query = "SELECT person FROM desk_mail_sender WHERE house = ?1 AND address = ?2";
    let row = sql.query_one(query, params![house, address.to_ascii_lowercase()])?;
    row.map(|row| row.get(0)).transpose()
}

/// The visitor with this address, who comes in now if it never wrote.
pub(crate) fn let_in(
    tx: &mut Tx<'_>,
    desk: &DeskRow,
    mail: &IncomingMail,
) -> Result<PersonId, Error> {
    if let Some(person) = find(tx, desk.house, &mail.from)? {
        return Ok(person);
    }
    let own = mail.from.split('@').next().unwrap_or_default();
    let names = [mail.name.as_deref().unwrap_or_default(), own];
    let mut name = None;
    for each in names {
        name = name.or(account::check_name(tx, each).ok());
    }
    let name = name.unwrap_or_else(|| "E-mail".to_owned());
    // Nobody gets this token: whoever writes mails has no page.
    let person = visitor::insert(tx, desk, &name, language(mail), &random::secret("")?)?;
    tx.execute(
        "INSERT INTO desk_mail_sender (person, house, address) VALUES (?1, ?2, ?3)",
        params![person, desk.house, mail.from.to_ascii_lowercase()],
    )?;
    Ok(person)
}

/// The language in which somebody writes, of those that mails can be answered in.
fn language(mail: &IncomingMail) -> &'static str {
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    if is_chinese(&mail.text) || is_chinese(&mail.subject) { "zh-CN" } else { "en" }
}

/// Makes the address of a sender the one that answers go to: it has written from there.
pub(crate) fn answer_there(
    tx: &mut Tx<'_>,
    house: ConversationId,
    person: PersonId,
    address: &str,
) -> Result<(), Error> {
    let (now, secret) = (tx.now_ms(), random::secret("")?.into_bytes());
    tx.execute(
        "INSERT INTO desk_mail_address (person, house, address, secret, confirmed, asked_ms, due_ms, tries)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, NULL, 0)
         ON CONFLICT (person) DO UPDATE SET confirmed = 1 WHERE lower(desk_mail_address.address) = lower(excluded.address)",
        params![person, house, address, secret, now],
    )?;
    Ok(())
}

/// Forgets what a visitor has to do with mails, when it is erased. That they came stays known, without their names.
pub(crate) fn forget(tx: &mut Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM desk_mail_sender WHERE person = ?1", params![person])?;
    let update = "UPDATE desk_mail_in SET name = NULL, subject = NULL WHERE person = ?1";
    tx.execute(update, params![person]).map(drop)
}

/// Hands the mails of one visitor to another one.
pub(crate) fn hand_on(tx: &mut Tx<'_>, from: PersonId, into: PersonId) -> Result<(), StoreError> {
    for table in ["desk_mail_sender", "desk_mail_in"] {
        tx.execute(
            &format!("UPDATE {table} SET person = ?2 WHERE person = ?1"),
            params![from, into],
        )?;
    }
    Ok(())
}
