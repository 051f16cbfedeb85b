//! Identities: from a credential to a person. They are remembered while the credential holds.

use std::sync::{Arc, RwLock};

use encke_engine::{Error, PersonId, limits};
use encke_site::follows::read_follows;
use encke_site::identity::{Identify, LookedUp, VISITOR, not_signed_in};
use encke_site::remembered::Remembered;
use encke_site::{Credentials, Followed, Identity, Role, Site};
use encke_store::{Read, Sql, StoreError, Tx, params};
use sha2::{Digest, Sha256};

use crate::{Accounts, pass};

/// The SHA-256 of a credential. The store never has the credential itself.
pub type Hash = [u8; 32];

/// The hash under which the store has a credential, or another random secret.
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// The number of a credential.
pub(crate) fn number(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// The end of a session moves in steps of at least this many milliseconds.
const EXTENDED_BY_MS: u64 = 24 * 60 * 60 * 1000;

/// Identities that are remembered at least. To look up another one takes some 10 µs, so they need not be many. A hash
/// table of 4,096 places is full with these; one more, and it has twice as many places.
const IDENTITIES_MAX: usize = 3_584;

/// Identities that were looked up lately.
pub(crate) struct Identities(RwLock<Remembered<Hash, Identity>>);

impl Default for Identities {
    fn default() -> Self {
        Identities(RwLock::new(Remembered::new(IDENTITIES_MAX)))
    }
}

impl Identities {
    /// Finds an identity. A token does not count as a session if somebody sends it as a cookie: it would pass without a
    /// check of its origin.
    fn get(&self, hash: &Hash, by_cookie: bool) -> Option<Identity> {
        let known = self.0.read().expect("not poisoned").get(hash).copied();
        known.filter(|i| i.by_cookie == by_cookie)
    }

    /// Moves the end of a remembered session. Returns false if the session is not remembered or has moved already.
    fn extend(&self, hash: &Hash, expires_ms: u64, at_least_ms: u64) -> bool {
        let mut all = self.0.write().expect("not poisoned");
        match all.get_mut(hash) {
            Some(known) if known.expires_ms + at_least_ms <= expires_ms => {
                known.expires_ms = expires_ms;
                true
            }
            _ => false,
        }
    }

    /// Calls `done` and then forgets identities. Other threads can't read any identity in between.
    fn forget_after(&self, gone: impl Fn(&Identity) -> bool, done: impl FnOnce()) {
        let mut all = self.0.write().expect("not poisoned");
        done();
        all.retain(|identity| !gone(identity));
    }
}

fn identities(site: &Site) -> &Identities {
    &Accounts::of(site).identities
}

/// The look-up of credentials that accounts provide to the site.
pub(crate) struct Known;

impl Identify for Known {
    fn known(&self, site: &Site, shown: Credentials<'_>) -> Option<Identity> {
        known(site, shown)
    }

    fn submit(&self, site: &Arc<Site>, shown: Credentials<'_>, reply: LookedUp<Identity>) {
        submit_look_up(site, shown, |_, _| Ok(()), |found| reply(found.map(|(who, ())| who)));
    }

    fn submit_admission(
        &self,
        site: &Arc<Site>,
        shown: Credentials<'_>,
        reply: LookedUp<(Identity, Followed)>,
    ) {
        let site_for_store = site.clone();
        submit_look_up(site, shown, read_follows, move |found| {
            reply(found.inspect(|(identity, followed)| {
                site_for_store.remember_follows(identity.person, followed);
            }));
        });
    }

    fn redeem(&self, site: &Site, pass: &str) -> Option<Identity> {
        pass::redeem(site, pass)
    }

    fn submit_redeem(&self, site: &Arc<Site>, pass: &str, reply: LookedUp<Option<Identity>>) {
        pass::submit_redeem(site, pass, reply);
    }

    fn submit_left(
        &self,
        site: &Arc<Site>,
        person: PersonId,
        credential: u64,
        reply: LookedUp<u64>,
    ) {
        submit_left(site, person, credential, reply);
    }
}

/// The identity behind these credentials, if it is known without reading the store.
fn known(site: &Site, shown: Credentials<'_>) -> Option<Identity> {
    let (secret, by_cookie) = secret(shown)?;
    let (hash, now) = (hash(secret), site.now_ms());
    let known = identities(site).get(&hash, by_cookie).filter(|i| i.expires_ms > now)?;
    keep_alive(site, &hash, known, now);
    Some(known)
}

/// Looks up the identity behind these credentials, and in the same view more facts about the person.
fn submit_look_up<T: Send + 'static>(
    site: &Arc<Site>,
    credentials: Credentials<'_>,
    more: impl FnOnce(&mut Read<'_>, PersonId) -> Result<T, Error> + Send + 'static,
    reply: impl FnOnce(Result<(Identity, T), Error>) + Send + 'static,
) {
    let Some((secret, by_cookie)) = secret(credentials) else {
        return reply(Err(not_signed_in()));
    };
    let (hash, now, site_for_store) = (hash(secret), site.now_ms(), site.clone());
    let revocations = site.revocations();
    let work = move |read: &mut Read<'_>| {
        let found = look_up(read, &hash, by_cookie)?.filter(|i| i.expires_ms > now);
        let identity = found.ok_or_else(not_signed_in)?;
        Ok((identity, more(read, identity.person)?))
    };
    site.store.submit_read(work, move |found| {
        if let Ok((identity, _)) = &found {
            let mut known = identities(&site_for_store).0.write().expect("not poisoned");
            // An identity that was revoked during the look-up must not be remembered.
            if site_for_store.revocations() == revocations {
                known.insert(hash, *identity);
            }
        }
        reply(found);
    });
}

/// Looks up for how many milliseconds a person's credential still holds; 0 if it has ended.
fn submit_left(
    site: &Arc<Site>,
    person: PersonId,
    credential: u64,
    reply: impl FnOnce(Result<u64, Error>) + Send + 'static,
) {
    let (site_for_store, now) = (site.clone(), site.now_ms());
    let work = move |read: &mut Read<'_>| {
        let mut until = 0;
        for (query, by_cookie) in [
            ("SELECT hash FROM session WHERE person = ?1", true),
            ("SELECT hash FROM token WHERE person = ?1", false),
        ] {
            for row in read.query(query, params![person])? {
                let hash: Vec<u8> = row.get(0)?;
                let Some(hash) = hash.first_chunk().filter(|h| number(&h[..]) == credential) else {
                    continue;
                };
                let Some(found) = look_up(read, hash, by_cookie)? else { continue };
                // This node may have extended the session without having stored that yet.
                let known = identities(&site_for_store).get(hash, by_cookie).unwrap_or(found);
                until = until.max(found.expires_ms).max(known.expires_ms);
            }
        }
        Ok(until.saturating_sub(now))
    };
    site.store.submit_read(work, reply);
}

/// Extends a session that is in use. The store is written to at most once a day, and nobody waits for it.
fn keep_alive(site: &Site, hash: &Hash, known: Identity, now_ms: u64) {
    let until = now_ms + limits::SESSION_AGE_MS;
    if !known.by_cookie || known.expires_ms + EXTENDED_BY_MS > until {
        return;
    }
    if known.expires_ms <= now_ms || !identities(site).extend(hash, until, EXTENDED_BY_MS) {
        return;
    }
    let hash = *hash;
    let extend = move |tx: &mut Tx<'_>| {
        let sql = "UPDATE session SET expires_ms = ?2 WHERE hash = ?1 AND expires_ms < ?2";
        Ok(tx.execute(sql, params![&hash[..], until])?)
    };
    site.store.submit_write(extend, |extended| {
        if let Err(e) = extended {
            tracing::warn!("a session was not extended: {e}");
        }
    });
}

/// Ends the connections, identities and passes of one credential of a person, or of all its credentials. The store has
/// ended the credential already.
pub(crate) fn revoke(site: &Site, person: PersonId, credential: Option<u64>) {
    Accounts::of(site).passes.forget(person, credential);
    let is_gone = |i: &Identity| i.person == person && credential.is_none_or(|c| c == i.credential);
    // The count of revocations rises first, so that a look-up under way is not remembered. A client that learns of the
    // revocation may be back before the next line runs, so no identity can be read until they are forgotten.
    identities(site).forget_after(is_gone, || {
        if let Some(reach) = site.reach() {
            reach.revoke(person, credential);
        }
    });
    // A pass may have been made meanwhile.
    Accounts::of(site).passes.forget(person, credential);
}

pub(crate) fn secret(credentials: Credentials<'_>) -> Option<(&str, bool)> {
    let bearer = credentials.bearer.map(|b| (b, false));
    bearer.or(credentials.cookie.map(|c| (c, true)))
}

pub(crate) fn look_up(
    sql: &mut impl Sql,
    hash: &Hash,
    by_cookie: bool,
) -> Result<Option<Identity>, StoreError> {
    let query = if by_cookie {
        "SELECT p.id, p.role, s.expires_ms FROM session s JOIN person p ON p.id = s.person
         WHERE s.hash = ?1 AND p.disabled_ms IS NULL"
    } else {
        "SELECT p.id, p.role, coalesce(t.expires_ms, 9223372036854775807) FROM token t JOIN person p ON p.id = t.person
         WHERE t.hash = ?1 AND p.disabled_ms IS NULL"
    };
    let Some(row) = sql.query_one(query, params![&hash[..]])? else { return Ok(None) };
    let role: String = row.get(1)?;
    Ok(Some(Identity {
        person: row.get(0)?,
        role: Role::of(&role),
        visitor: role == VISITOR,
        credential: number(hash),
        by_cookie,
        expires_ms: row.get(2)?,
    }))
}
