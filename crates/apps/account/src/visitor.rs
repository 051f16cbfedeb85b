//! Visitors: people that a product lets in for one purpose, such as to ask a desk. They have a display name and a token, and
//! nothing else: no account, no name to sign in with, no place in the search for people.
//!
//! What is open to a visitor says so itself ([`CallerOrVisitor`](encke_site::CallerOrVisitor)); all else is closed.

use std::net::IpAddr;

use encke_engine::{Code, Error, PersonId, desk_limits};
use encke_site::identity::VISITOR;
use encke_site::{Site, random};
use encke_store::{Sql, StoreError, Tx, params};

use crate::Accounts;
use crate::display_name::display_name;
use crate::identity::{hash, number};
use crate::look;

/// The label of a visitor's token.
const LABEL: &str = "visitor";

/// The secret of a visitor's token: 256 random bits. Only its hash is stored.
pub fn new_secret() -> Result<String, Error> {
    random::secret("ekv_")
}

/// Takes one entry of a visitor from the allowance of an address. The error says when there will be one again.
pub fn take_entry(site: &Site, address: Option<IpAddr>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_visitor(address, site.now_ms())
}

/// Takes one look at a desk's door from the allowance of an address.
pub fn take_door(site: &Site, address: Option<IpAddr>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_door(address, site.now_ms())
}

/// Takes one read of a desk's help from the allowance of an address.
pub fn take_help(site: &Site, address: Option<IpAddr>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_help(address, site.now_ms())
}

/// A display name as a visitor may have it. It looks like that of nobody with an account.
pub fn check_name(tx: &mut Tx<'_>, name: &str) -> Result<String, Error> {
    let name = display_name(name)?;
    if look::is_somebodys(tx, &name)? {
        let what = "Somebody with an account has this name, or one that looks like it.";
        return Err(Error::new(Code::NameTaken, what));
    }
    Ok(name)
}

/// Lets a visitor in by a new token. The name has passed [`check_name`], or is the product's own.
pub fn let_in(tx: &mut Tx<'_>, name: &str, secret: &str) -> Result<PersonId, Error> {
    let now = tx.now_ms();
    // Its name need not be told apart from others, so it has no skeleton.
    let row = tx.query_one(
        "INSERT INTO person (display_name, role, created_ms, skeleton) VALUES (?1, ?2, ?3, '') RETURNING id",
        params![name, VISITOR, now],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    let person = row.get(0)?;
    give_token(tx, person, secret)?;
    Ok(person)
}

fn give_token(tx: &mut Tx<'_>, person: PersonId, secret: &str) -> Result<(), Error> {
    let now = tx.now_ms();
    let expires_ms = now + desk_limits::VISITOR_TOKEN_AGE_MS;
    tx.execute(
        "INSERT INTO token (hash, person, label, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![&hash(secret)[..], person, LABEL, now, expires_ms],
    )?;
    Ok(())
}

/// Gives a visitor a further token, for another browser. It has a bounded number of them: the oldest end.
pub fn let_in_again(tx: &mut Tx<'_>, person: PersonId, secret: &str) -> Result<(), Error> {
    give_token(tx, person, secret)?;
    let query = "SELECT hash FROM token WHERE person = ?1 ORDER BY created_ms DESC, hash LIMIT 100 OFFSET ?2";
    let most = desk_limits::VERIFIED_TOKENS_MAX as u64;
    for row in tx.query(query, params![person, most])? {
        let stored: Vec<u8> = row.get(0)?;
        tx.execute("DELETE FROM token WHERE hash = ?1", params![&stored[..]])?;
        tx.revoke(person, Some(number(&stored)))?;
    }
    Ok(())
}

/// Gives a visitor the display name that the site or the staff knows it by. It has passed [`check_name`].
pub fn set_name(tx: &mut Tx<'_>, person: PersonId, name: &str) -> Result<(), Error> {
    let update = "UPDATE person SET display_name = ?2 WHERE id = ?1 AND role = 'visitor'";
    tx.execute(update, params![person, name])?;
    Ok(())
}

/// Ends all tokens of a visitor, and its connections.
pub fn shut_out(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    for table in ["token", "last_seen"] {
        tx.execute(&format!("DELETE FROM {table} WHERE person = ?1"), params![person])?;
    }
    Ok(tx.revoke(person, None)?)
}

/// Forgets a visitor that has left nothing behind: no conversation and no message. The product has deleted its own rows.
pub fn forget(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    shut_out(tx, person)?;
    tx.execute("DELETE FROM person WHERE id = ?1 AND role = 'visitor'", params![person])?;
    Ok(())
}
