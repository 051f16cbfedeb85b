//! Sign-in for the gateways: the protocols there sign people in by a name alone.
//!
//! The functions tell which names belong to accounts, make guests, and begin sessions.

use std::net::IpAddr;
use std::sync::Arc;

use encke_engine::{Error, PersonId, limits};
use encke_store::{Sql, StoreError, Tx, params};
use http::HeaderMap;

use super::person::{fold, insert_nameless};
use super::settings::settings;
use super::{display_name, look, session};
use crate::Accounts;
use encke_site::Role;
use encke_site::Site;
use encke_site::caller::Browser;

/// The account that signs in with this name and is not disabled.
pub fn account_of(sql: &mut impl Sql, name: &str) -> Result<Option<PersonId>, StoreError> {
    let query = "SELECT id FROM person WHERE name = ?1 AND disabled_ms IS NULL";
    sql.query_one(query, params![fold(name)])?.map(|row| row.get(0)).transpose()
}

/// Refuses a name that has invisible characters, or characters that turn the direction of the text around it.
pub fn check_visible(name: &str) -> Result<(), Error> {
    display_name::check_visible(name)
}

/// Whether a person with an account signs in with this name, is shown by it, or has a name that looks like it.
pub fn looks_like_an_account(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(look::is_somebodys(tx, name)? || look::is_somebodys(tx, &kept(name))?)
}

/// Whether this person signs in with this name or is shown by it.
pub fn is_called(sql: &mut impl Sql, person: PersonId, name: &str) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND (name = ?2 OR display_name = ?3)";
    Ok(sql.query_one(query, params![person, fold(name), name])?.is_some())
}

/// Whether the owner lets guests in.
pub fn guests_are_allowed(sql: &mut impl Sql) -> Result<bool, StoreError> {
    Ok(settings(sql)?.guests)
}

/// Makes a guest. The name is cut to what fits on one line of a list.
pub fn new_guest(tx: &mut Tx<'_>, name: &str) -> Result<PersonId, Error> {
    Ok(insert_nameless(tx, &kept(name), Role::Guest)?)
}

fn kept(name: &str) -> String {
    let line = display_name::one_line(name);
    let line: String = line.chars().take(limits::DISPLAY_NAME_CHARS_MAX).collect();
    // The cut may have left a joiner of an emoji at the end.
    match line.trim_end_matches('\u{200D}').trim_end() {
        "" => "Guest".into(),
        line => line.into(),
    }
}

/// Takes one entry from the allowance of an address. The error says when there will be one again.
pub fn take_entry(site: &Site, address: Option<IpAddr>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_entry(address, site.now_ms())
}

/// Begins a session of a browser and returns the header that sets its cookie.
///
/// `who` runs in the same write and returns the person. The session that `before` carries ends.
pub async fn begin_session<F>(
    site: &Arc<Site>,
    before: &Browser,
    who: F,
) -> Result<HeaderMap, Error>
where
    F: FnOnce(&mut Tx<'_>) -> Result<PersonId, Error> + Send + 'static,
{
    Ok(session::begin(site, before, who).await?.0)
}

/// The header that sets the session's cookie to its present value; empty if the browser has no session.
pub fn same_session(browser: &Browser) -> HeaderMap {
    let session = browser.session.as_deref();
    session.map_or_else(HeaderMap::new, |secret| session::cookie(browser.scheme, secret))
}
