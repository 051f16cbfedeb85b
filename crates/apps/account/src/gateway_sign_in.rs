//! What other protocols need of accounts: whose a name is, guests, sessions.

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

/// Refuses a name in which something can't be seen, or turns the text around it.
pub fn check_visible(name: &str) -> Result<(), Error> {
    display_name::check_visible(name)
}

/// Whether somebody who is no guest has this name, to sign in with or to be shown, or one that looks like it.
pub fn looks_like_an_account(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(look::is_somebodys(tx, name)? || look::is_somebodys(tx, &kept(name))?)
}

/// Whether this is the name of an account, to sign in with or to be shown.
pub fn is_called(sql: &mut impl Sql, person: PersonId, name: &str) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND (name = ?2 OR display_name = ?3)";
    Ok(sql.query_one(query, params![person, fold(name), name])?.is_some())
}

/// Whether the owner lets guests in.
pub fn guests_are_allowed(sql: &mut impl Sql) -> Result<bool, StoreError> {
    Ok(settings(sql)?.guests)
}

/// Makes a guest. Of the name it keeps what fits on one line of a list.
pub fn new_guest(tx: &mut Tx<'_>, name: &str) -> Result<PersonId, Error> {
    Ok(insert_nameless(tx, &kept(name), Role::Guest)?)
}

fn kept(name: &str) -> String {
    let line = display_name::one_line(name);
    let line: String = line.chars().take(limits::DISPLAY_NAME_CHARS_MAX).collect();
    // Half of an emoji may be left at the end.
    match line.trim_end_matches('\u{200D}').trim_end() {
        "" => "Guest".into(),
        line => line.into(),
    }
}

/// Takes one entry from the allowance of an address, or says when there is one.
pub fn take_entry(site: &Site, address: Option<IpAddr>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take_entry(address, site.now_ms())
}

/// Gives a browser a session: `who` says in the same write whose. The one that `before` carries ends. The result is
/// the header that sets the cookie.
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

/// The header that sets the session's cookie to what it is already; none if there is none.
pub fn same_session(browser: &Browser) -> HeaderMap {
    let session = browser.session.as_deref();
    session.map_or_else(HeaderMap::new, |secret| session::cookie(browser.scheme, secret))
}
