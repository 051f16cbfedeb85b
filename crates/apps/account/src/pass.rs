//! Passes: credentials that are good for one request of the feed. They are for URLs, which get into logs and histories.
//!
//! The wire calls a pass a ticket (`?ticket=`, `POST /v1/tickets`), and so do the table of the PostgreSQL store and the
//! limits. In the code the word ticket is kept for a question at the desk.
//!
//! A pass is used once, dies within seconds and is never logged. A node that has a store of its own keeps its passes in
//! memory. Nodes that share a store keep them as rows there: a pass may be used on any of these nodes, but only once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use encke_engine::{Error, PersonId, limits};
use encke_store::{Sql, Tx, params};
use http::{HeaderMap, StatusCode};
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::identity::{Hash, hash, look_up, secret};
use encke_site::Act;
use encke_site::Site;
use encke_site::caller::{CallerOrVisitor, Scheme, credentials};
use encke_site::identity::{Credentials, Identity, not_signed_in};
use encke_site::random;
use encke_site::reply::Refusal;

/// Unused passes, by their hashes. The time is when a pass ends.
#[derive(Default)]
struct Unused {
    passes: FxHashMap<Hash, (Identity, u64)>,
    /// All passes in the order in which they were given and end, the used ones too.
    given: VecDeque<(Hash, PersonId)>,
    /// The passes of each person in the same order.
    by_person: FxHashMap<PersonId, VecDeque<Hash>>,
}

impl Unused {
    fn add(&mut self, pass: Hash, identity: Identity, now_ms: u64) {
        let is_over = |unused: &Self| match unused.given.front() {
            None => false,
            Some((oldest, _)) => unused.passes.get(oldest).is_none_or(|(_, end)| *end <= now_ms),
        };
        while self.given.len() >= limits::TICKETS_MAX || is_over(self) {
            self.drop_oldest();
        }
        self.passes.insert(pass, (identity, now_ms + limits::TICKET_AGE_MS));
        self.given.push_back((pass, identity.person));
        let mine = self.by_person.entry(identity.person).or_default();
        mine.push_back(pass);
        if mine.len() > limits::TICKETS_PER_PERSON_MAX
            && let Some(oldest) = mine.pop_front()
        {
            self.passes.remove(&oldest);
        }
    }

    fn drop_oldest(&mut self) {
        let Some((oldest, person)) = self.given.pop_front() else { return };
        self.passes.remove(&oldest);
        if let Some(mine) = self.by_person.get_mut(&person) {
            if mine.front() == Some(&oldest) {
                mine.pop_front();
            }
            if mine.is_empty() {
                self.by_person.remove(&person);
            }
        }
    }
}

/// The unused passes of this node.
#[derive(Default)]
pub(crate) struct Passes(Mutex<Unused>);

impl Passes {
    fn add(&self, pass: &str, identity: Identity, now_ms: u64) {
        self.0.lock().expect("not poisoned").add(hash(pass), identity, now_ms);
    }

    /// Forgets the passes that were given for a revoked credential; for all credentials of the person if none is named.
    pub fn forget(&self, person: PersonId, credential: Option<u64>) {
        self.0.lock().expect("not poisoned").passes.retain(|_, (identity, _)| {
            identity.person != person || credential.is_some_and(|c| c != identity.credential)
        });
    }
}

/// Uses up a pass of this node and returns the identity that it was given to.
pub(crate) fn redeem(site: &Site, pass: &str) -> Option<Identity> {
    let found =
        Accounts::of(site).passes.0.lock().expect("not poisoned").passes.remove(&hash(pass));
    let (identity, until) = found?;
    let now = site.now_ms();
    let holds = until > now && identity.expires_ms > now;
    holds.then_some(Identity { by_cookie: false, ..identity })
}

/// Uses up a pass of any node that shares the store, and replies with the identity that it was given to.
///
/// `reply` runs on the store's thread, or at once.
pub(crate) fn submit_redeem(
    site: &Arc<Site>,
    pass: &str,
    reply: impl FnOnce(Result<Option<Identity>, Error>) + Send + 'static,
) {
    let (hash, now) = (hash(pass), site.now_ms());
    let redeem = move |tx: &mut Tx<'_>| {
        let used = "DELETE FROM ticket WHERE hash = ?1 AND expires_ms > ?2
                    RETURNING credential, by_cookie";
        let Some(row) = tx.query_one(used, params![&hash[..], now])? else { return Ok(None) };
        let credential: Vec<u8> = row.get(0)?;
        let Some(credential) = credential.first_chunk() else { return Ok(None) };
        // The look-up finds nothing if the credential was revoked meanwhile.
        let found = look_up(tx, credential, row.get(1)?)?;
        let found = found.filter(|i| i.expires_ms > now);
        Ok(found.map(|identity| Identity { by_cookie: false, ..identity }))
    };
    site.store.submit_write(redeem, reply);
}

async fn store_pass(site: &Site, pass: &str, shown: Credentials<'_>) -> Result<(), Error> {
    let (of, by_cookie) = secret(shown).ok_or_else(not_signed_in)?;
    let (pass, of, now) = (hash(pass), hash(of), site.now_ms());
    let stored = site.store.write(move |tx| {
        tx.execute("DELETE FROM ticket WHERE expires_ms <= ?1", params![now])?;
        // A further pass takes the place of the oldest.
        tx.execute(
            "DELETE FROM ticket WHERE hash IN (SELECT hash FROM ticket WHERE credential = ?1
             ORDER BY expires_ms DESC, hash LIMIT 1000 OFFSET ?2)",
            params![&of[..], limits::TICKETS_PER_PERSON_MAX as u64 - 1],
        )?;
        tx.execute(
            "INSERT INTO ticket (hash, credential, by_cookie, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![&pass[..], &of[..], by_cookie, now + limits::TICKET_AGE_MS],
        )?;
        Ok(())
    });
    stored.await
}

/// A ticket for one request.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct IssuedPass {
    ticket: String,
    expires_in_ms: u64,
}

/// Issues a ticket for one request to the feed.
#[utoipa::path(post, operation_id = "issue_ticket", path = "/v1/tickets", tag = "feed",
    responses((status = 201, body = IssuedPass), (status = 429, description = "rate_limited")))]
pub(crate) async fn issue(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    scheme: Scheme,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<IssuedPass>), Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Pass)?;
    let pass = random::secret("ekk_")?;
    if site.store.is_shared() {
        store_pass(&site, &pass, credentials(&headers, scheme)).await?;
        return Ok((
            StatusCode::CREATED,
            Json(IssuedPass { ticket: pass, expires_in_ms: limits::TICKET_AGE_MS }),
        ));
    }
    Accounts::of(&site).passes.add(&pass, caller.0, site.now_ms());
    // A revocation between the identification of the caller and the line above could not find the pass.
    if let Err(gone) = site.identify(credentials(&headers, scheme)).await {
        Accounts::of(&site).passes.forget(caller.0.person, Some(caller.0.credential));
        return Err(gone.into());
    }
    Ok((
        StatusCode::CREATED,
        Json(IssuedPass { ticket: pass, expires_in_ms: limits::TICKET_AGE_MS }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encke_site::Role;

    fn identity(person: u64) -> Identity {
        let (credential, by_cookie, expires_ms) = (1, true, u64::MAX);
        let (person, role, visitor) = (PersonId(person), Role::Guest, false);
        Identity { person, role, visitor, credential, by_cookie, expires_ms }
    }

    fn pass(number: usize) -> Hash {
        hash(&number.to_string())
    }

    #[test]
    fn a_further_pass_takes_the_place_of_the_persons_own_oldest() {
        let mut unused = Unused::default();
        unused.add(pass(0), identity(1), 0);
        for number in 1..=10 * limits::TICKETS_PER_PERSON_MAX {
            unused.add(pass(number), identity(2), 0);
        }
        assert_eq!(unused.passes.len(), 1 + limits::TICKETS_PER_PERSON_MAX);
        assert!(unused.passes.contains_key(&pass(0)), "somebody else's");
        assert!(!unused.passes.contains_key(&pass(1)));
    }

    #[test]
    fn a_full_table_refuses_nobody_and_ended_passes_go() {
        let mut unused = Unused::default();
        for number in 0..limits::TICKETS_MAX + 10 {
            unused.add(pass(number), identity(number as u64), 0);
        }
        assert_eq!(unused.passes.len(), limits::TICKETS_MAX);
        assert!(unused.passes.contains_key(&pass(limits::TICKETS_MAX + 9)));
        unused.add(pass(1), identity(1), limits::TICKET_AGE_MS);
        let sizes = (unused.passes.len(), unused.given.len(), unused.by_person.len());
        assert_eq!(sizes, (1, 1, 1));
    }
}
