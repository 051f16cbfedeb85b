//! Who is asking: from a credential to a person, remembered as long as it holds.

use std::sync::{Arc, RwLock};

use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Read, Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::remembered::Remembered;
use crate::site::Site;

/// What a person is on this site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the site.
    Owner,
    /// Has an account.
    Member,
    /// Came with a display name alone.
    Guest,
    /// A program.
    Bot,
}

impl Role {
    /// As it is stored.
    pub fn text(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Member => "member",
            Role::Guest => "guest",
            Role::Bot => "bot",
        }
    }

    /// As one byte, for those who carry it without knowing what it means.
    pub fn rank(self) -> u8 {
        match self {
            Role::Guest => 0,
            Role::Member => 1,
            Role::Bot => 2,
            Role::Owner => 3,
        }
    }

    /// From such a byte; anything unknown has the least rights.
    pub fn of_rank(rank: u8) -> Self {
        match rank {
            1 => Role::Member,
            2 => Role::Bot,
            3 => Role::Owner,
            _ => Role::Guest,
        }
    }

    /// From how it is stored; anything unknown has the least rights.
    pub fn of(text: &str) -> Self {
        match text {
            "owner" => Role::Owner,
            "member" => Role::Member,
            "bot" => Role::Bot,
            _ => Role::Guest,
        }
    }
}

/// Who is signed in, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The person.
    pub person: PersonId,
    /// What it is on this site.
    pub role: Role,
    /// The credential's own number, to end just the connections that rest on it.
    pub credential: u64,
    /// Whether a browser sends it by itself, so that the origin has to be checked.
    pub by_cookie: bool,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// The credentials that a request carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// `Authorization: Bearer …`
    pub bearer: Option<&'a str>,
    /// The cookie `encke_session`.
    pub cookie: Option<&'a str>,
}

/// SHA-256 of a credential: all that is stored of it.
pub(crate) type Hash = [u8; 32];

pub(crate) fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// The number of a credential.
pub(crate) fn number(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// A session lives on in steps of at least so many milliseconds.
const EXTENDED_BY_MS: u64 = 24 * 60 * 60 * 1000;

/// What a write ended: one credential of a person, or all.
pub(crate) struct Ended {
    pub person: PersonId,
    pub credential: Option<u64>,
}

/// Identities that are remembered at least. To look up another one takes some 10 µs, so it need not be many.
const IDENTITIES_MAX: usize = 4_096;

/// Identities that were looked up lately.
pub(crate) struct Identities(RwLock<Remembered<Hash, Identity>>);

impl Default for Identities {
    fn default() -> Self {
        Identities(RwLock::new(Remembered::new(IDENTITIES_MAX)))
    }
}

impl Identities {
    /// A token is no session, even if somebody sends it as a cookie: it would pass without a check of its origin.
    fn get(&self, hash: &Hash, by_cookie: bool) -> Option<Identity> {
        let known = self.0.read().expect("not poisoned").get(hash).copied();
        known.filter(|i| i.by_cookie == by_cookie)
    }

    /// Moves the end of a session that is remembered; false if it is not, or has moved already.
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

    /// Does something and then forgets; who asks in between waits until it is forgotten.
    fn forget_after(&self, gone: impl Fn(&Identity) -> bool, done: impl FnOnce()) {
        let mut all = self.0.write().expect("not poisoned");
        done();
        all.retain(|identity| !gone(identity));
    }
}

pub(crate) fn not_signed_in() -> Error {
    Error::new(Code::NotSignedIn, "Sign in first.")
}

impl Site {
    /// Who these credentials are, if that is known without reading the store.
    pub fn known_identity(&self, credentials: Credentials<'_>) -> Option<Identity> {
        let (secret, by_cookie) = secret(credentials)?;
        let (hash, now) = (hash(secret), self.now_ms());
        let known = self.identities.get(&hash, by_cookie).filter(|i| i.expires_ms > now)?;
        self.keep_alive(&hash, known, now);
        Some(known)
    }

    /// Who these credentials are; `not_signed_in` if nobody.
    pub async fn identify(
        self: &Arc<Self>,
        credentials: Credentials<'_>,
    ) -> Result<Identity, Error> {
        if let Some(known) = self.known_identity(credentials) {
            return Ok(known);
        }
        let (done, found) = oneshot::channel();
        self.submit_identify(credentials, |found| drop(done.send(found)));
        let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
        found.await.map_err(|_| lost())?
    }

    /// Looks up who these credentials are. `reply` runs on the store's thread, or at once if too much is waiting.
    pub fn submit_identify(
        self: &Arc<Self>,
        credentials: Credentials<'_>,
        reply: impl FnOnce(Result<Identity, Error>) + Send + 'static,
    ) {
        let of_person = |found: Result<(Identity, ()), Error>| reply(found.map(|(who, ())| who));
        self.submit_look_up(credentials, |_, _| Ok(()), of_person);
    }

    /// Looks up in the store who these credentials are, and in the same view what else is to be known of the person.
    pub(crate) fn submit_look_up<T: Send + 'static>(
        self: &Arc<Self>,
        credentials: Credentials<'_>,
        more: impl FnOnce(&mut Read<'_>, PersonId) -> Result<T, Error> + Send + 'static,
        reply: impl FnOnce(Result<(Identity, T), Error>) + Send + 'static,
    ) {
        let Some((secret, by_cookie)) = secret(credentials) else {
            return reply(Err(not_signed_in()));
        };
        let (hash, now, site) = (hash(secret), self.now_ms(), self.clone());
        let revocations = self.revocations();
        let work = move |read: &mut Read<'_>| {
            let found = look_up(read, &hash, by_cookie)?.filter(|i| i.expires_ms > now);
            let identity = found.ok_or_else(not_signed_in)?;
            Ok((identity, more(read, identity.person)?))
        };
        self.store.submit_read(work, move |found| {
            if let Ok((identity, _)) = &found {
                let mut known = site.identities.0.write().expect("not poisoned");
                // What was revoked while it was looked up must not be remembered.
                if site.revocations() == revocations {
                    known.insert(hash, *identity);
                }
            }
            reply(found);
        });
    }

    /// For how many milliseconds a credential of a person is still good, as the store has it now; 0 if it has ended.
    pub fn submit_left(
        self: &Arc<Self>,
        person: PersonId,
        credential: u64,
        reply: impl FnOnce(Result<u64, Error>) + Send + 'static,
    ) {
        let (site, now) = (self.clone(), self.now_ms());
        let work = move |read: &mut Read<'_>| {
            let mut until = 0;
            for (query, by_cookie) in [
                ("SELECT hash FROM session WHERE person = ?1", true),
                ("SELECT hash FROM token WHERE person = ?1", false),
            ] {
                for row in read.query(query, params![person])? {
                    let hash: Vec<u8> = row.get(0)?;
                    let Some(hash) = hash.first_chunk().filter(|h| number(&h[..]) == credential)
                    else {
                        continue;
                    };
                    let Some(found) = look_up(read, hash, by_cookie)? else { continue };
                    // It may be extended here already, and not yet there.
                    let known = site.identities.get(hash, by_cookie).unwrap_or(found);
                    until = until.max(found.expires_ms).max(known.expires_ms);
                }
            }
            Ok(until.saturating_sub(now))
        };
        self.store.submit_read(work, reply);
    }

    /// A session that is in use lives on. Stored at most once a day, and nobody waits for it.
    fn keep_alive(&self, hash: &Hash, known: Identity, now_ms: u64) {
        let until = now_ms + limits::SESSION_AGE_MS;
        if !known.by_cookie || known.expires_ms + EXTENDED_BY_MS > until {
            return;
        }
        if known.expires_ms <= now_ms || !self.identities.extend(hash, until, EXTENDED_BY_MS) {
            return;
        }
        let hash = *hash;
        let extend = move |tx: &mut Tx<'_>| {
            let sql = "UPDATE session SET expires_ms = ?2 WHERE hash = ?1 AND expires_ms < ?2";
            Ok(tx.execute(sql, params![&hash[..], until])?)
        };
        self.store.submit_write(extend, |extended| {
            if let Err(e) = extended {
                tracing::warn!("a session was not extended: {e}");
            }
        });
    }

    /// Writes, and in the same commit ends what rests on the credentials that the write ended: on every node, before
    /// this is answered here, and also when the client is gone before that, as a page is that signs out and is closed.
    pub(crate) async fn write_and_revoke<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<(T, Vec<Ended>), Error> + Send + 'static,
    {
        let revoking = |tx: &mut Tx<'_>| {
            let (value, ended) = work(tx)?;
            for Ended { person, credential } in ended {
                tx.revoke(person, credential)?;
            }
            Ok(value)
        };
        self.store.write(revoking).await
    }

    /// Ends what rests on one credential of a person, or on all: the store has it.
    pub(crate) fn revoke(&self, person: PersonId, credential: Option<u64>) {
        self.tickets.forget(person, credential);
        let is_gone =
            |i: &Identity| i.person == person && credential.is_none_or(|c| c == i.credential);
        // The number rises first, so that a look-up under way is not remembered afterwards. And who is told by this may
        // be back before the next line is run: until all is forgotten nobody is known.
        self.identities.forget_after(is_gone, || {
            if let Some(reach) = self.reach() {
                reach.revoke(person, credential);
            }
        });
        // One that was made meanwhile.
        self.tickets.forget(person, credential);
    }
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
    Ok(Some(Identity {
        person: row.get(0)?,
        role: Role::of(&row.get::<String>(1)?),
        credential: number(hash),
        by_cookie,
        expires_ms: row.get(2)?,
    }))
}
