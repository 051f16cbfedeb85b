//! Set-up codes. With one, a person may create a site's owner while there is none.
//!
//! Strangers can reach a site from its first second, so the first visitor need not be the operator. Each node makes and
//! prints a code when it starts. The newest codes are good on all nodes, so that the operator may read the log of any
//! of them. The store has only their hashes.

use std::sync::Arc;

use encke_engine::{Code, Error, limits};
use encke_store::{Sql, StoreError, Tx, params};
use subtle::ConstantTimeEq;

use super::setup::has_owner;
use crate::identity::{Hash, hash};
use encke_site::Site;
use encke_site::random::{folded, readable_secret};

/// The setting that holds the hashes: hexadecimal, separated by blanks, the newest first.
const SETTING: &str = "setup_codes";

/// Makes a set-up code for the operator; `None` if the site has an owner. `alone` ends all earlier codes.
pub async fn new_setup_code(site: &Arc<Site>, alone: bool) -> Result<Option<String>, Error> {
    let code = readable_secret()?;
    let new = hex(&hash(&folded(&code)));
    let kept = site.store.write(move |tx| {
        if has_owner(tx)? {
            return Ok(false);
        }
        let earlier = if alone { String::new() } else { stored(tx)? };
        let newest = std::iter::once(&*new).chain(earlier.split_whitespace());
        let newest: Vec<&str> = newest.take(limits::SETUP_CODES_MAX).collect();
        tx.execute(
            "INSERT INTO setting (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![SETTING, newest.join(" ")],
        )?;
        Ok(true)
    });
    Ok(kept.await?.then_some(code))
}

/// Whether this is a valid code. It is compared with all of them, each in constant time.
pub(super) fn is_setup_code(sql: &mut impl Sql, code: &str) -> Result<bool, StoreError> {
    let given = hex(&hash(&folded(code)));
    let all = stored(sql)?;
    let same = all.split_whitespace().map(|one| one.as_bytes().ct_eq(given.as_bytes()));
    Ok(same.fold(0.into(), |any: subtle::Choice, one| any | one).into())
}

/// Ends all codes, because the site has its owner.
pub(super) fn forget(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM setting WHERE name = ?1", params![SETTING]).map(drop)
}

pub(super) fn wrong() -> Error {
    let what = "This set-up code is not right: the server prints it when it starts, and `encke setup-code` prints a new one.";
    Error::new(Code::WrongSetupCode, what)
}

fn stored(sql: &mut impl Sql) -> Result<String, StoreError> {
    let row = sql.query_one("SELECT value FROM setting WHERE name = ?1", params![SETTING])?;
    row.map_or(Ok(String::new()), |row| row.get(0))
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
