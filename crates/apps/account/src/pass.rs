//! Tickets: for URLs that must carry a credential. Used once, dead within seconds, never logged.
//!
//! One node keeps them in memory. Where several share a store, a ticket may be used on another node than the one that gave
//! it, and only once on all of them together: so there they are rows.

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
use encke_site::caller::{Caller, Scheme, credentials};
use encke_site::identity::{Credentials, Identity, not_signed_in};
use encke_site::random;
use encke_site::reply::Refusal;

#[derive(Default)]
struct Unused {
    tickets: FxHashMap<Hash, (Identity, u64)>,
    /// In the order in which they were given, which is that in which they end; also such as were used since.
    given: VecDeque<(Hash, PersonId)>,
    /// The same for each person.
    by_person: FxHashMap<PersonId, VecDeque<Hash>>,
}

impl Unused {
    fn add(&mut self, ticket: Hash, identity: Identity, now_ms: u64) {
        let is_over = |unused: &Self| match unused.given.front() {
            None => false,
            Some((oldest, _)) => unused.tickets.get(oldest).is_none_or(|(_, end)| *end <= now_ms),
        };
        while self.given.len() >= limits::TICKETS_MAX || is_over(self) {
            self.drop_oldest();
        }
        self.tickets.insert(ticket, (identity, now_ms + limits::TICKET_AGE_MS));
        self.given.push_back((ticket, identity.person));
        let mine = self.by_person.entry(identity.person).or_default();
        mine.push_back(ticket);
        if mine.len() > limits::TICKETS_PER_PERSON_MAX
            && let Some(oldest) = mine.pop_front()
        {
            self.tickets.remove(&oldest);
        }
    }

    fn drop_oldest(&mut self) {
        let Some((oldest, person)) = self.given.pop_front() else { return };
        self.tickets.remove(&oldest);
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

/// Tickets that are not used yet.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<Unused>);

impl Tickets {
    fn add(&self, ticket: &str, identity: Identity, now_ms: u64) {
        self.0.lock().expect("not poisoned").add(hash(ticket), identity, now_ms);
    }

    /// Forgets what rests on a credential that was revoked.
    pub fn forget(&self, person: PersonId, credential: Option<u64>) {
        self.0.lock().expect("not poisoned").tickets.retain(|_, (identity, _)| {
            identity.person != person || credential.is_some_and(|c| c != identity.credential)
        });
    }
}

/// Whom a ticket was given to; it is used up by this.
pub fn redeem(site: &Site, ticket: &str) -> Option<Identity> {
    let found =
        Accounts::of(site).tickets.0.lock().expect("not poisoned").tickets.remove(&hash(ticket));
    let (identity, until) = found?;
    let now = site.now_ms();
    let holds = until > now && identity.expires_ms > now;
    holds.then_some(Identity { by_cookie: false, ..identity })
}

/// Whom a ticket was given to by any node; it is used up by this. `reply` runs on the store's thread, or at once.
pub fn submit_redeem(
    site: &Arc<Site>,
    ticket: &str,
    reply: impl FnOnce(Result<Option<Identity>, Error>) + Send + 'static,
) {
    let (hash, now) = (hash(ticket), site.now_ms());
    let redeem = move |tx: &mut Tx<'_>| {
        let used = "DELETE FROM ticket WHERE hash = ?1 AND expires_ms > ?2
                    RETURNING credential, by_cookie";
        let Some(row) = tx.query_one(used, params![&hash[..], now])? else { return Ok(None) };
        let credential: Vec<u8> = row.get(0)?;
        let Some(credential) = credential.first_chunk() else { return Ok(None) };
        // What was revoked since is not found any more.
        let found = look_up(tx, credential, row.get(1)?)?;
        let found = found.filter(|i| i.expires_ms > now);
        Ok(found.map(|identity| Identity { by_cookie: false, ..identity }))
    };
    site.store.submit_write(redeem, reply);
}

async fn store_ticket(site: &Site, ticket: &str, shown: Credentials<'_>) -> Result<(), Error> {
    let (of, by_cookie) = secret(shown).ok_or_else(not_signed_in)?;
    let (ticket, of, now) = (hash(ticket), hash(of), site.now_ms());
    let stored = site.store.write(move |tx| {
        tx.execute("DELETE FROM ticket WHERE expires_ms <= ?1", params![now])?;
        // A further one takes the place of the oldest.
        tx.execute(
            "DELETE FROM ticket WHERE hash IN (SELECT hash FROM ticket WHERE credential = ?1
             ORDER BY expires_ms DESC, hash LIMIT 1000 OFFSET ?2)",
            params![&of[..], limits::TICKETS_PER_PERSON_MAX as u64 - 1],
        )?;
        tx.execute(
            "INSERT INTO ticket (hash, credential, by_cookie, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![&ticket[..], &of[..], by_cookie, now + limits::TICKET_AGE_MS],
        )?;
        Ok(())
    });
    stored.await
}

/// A ticket for one request.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ticket {
    ticket: String,
    expires_in_ms: u64,
}

/// Issues a ticket for one request to the feed.
#[utoipa::path(post, operation_id = "issue_ticket", path = "/v1/tickets", tag = "feed",
    responses((status = 201, body = Ticket), (status = 429, description = "rate_limited")))]
pub(crate) async fn issue(
    State(site): State<Arc<Site>>,
    caller: Caller,
    scheme: Scheme,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Ticket>), Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Pass)?;
    let ticket = random::secret("ekk_")?;
    if site.store.is_shared() {
        store_ticket(&site, &ticket, credentials(&headers, scheme)).await?;
        return Ok((
            StatusCode::CREATED,
            Json(Ticket { ticket, expires_in_ms: limits::TICKET_AGE_MS }),
        ));
    }
    Accounts::of(&site).tickets.add(&ticket, caller.0, site.now_ms());
    // A revocation that came after the caller was identified and before the ticket was there did not find it.
    if let Err(gone) = site.identify(credentials(&headers, scheme)).await {
        Accounts::of(&site).tickets.forget(caller.0.person, Some(caller.0.credential));
        return Err(gone.into());
    }
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_in_ms: limits::TICKET_AGE_MS })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encke_site::Role;

    fn identity(person: u64) -> Identity {
        let (credential, by_cookie, expires_ms) = (1, true, u64::MAX);
        Identity { person: PersonId(person), role: Role::Guest, credential, by_cookie, expires_ms }
    }

    fn ticket(number: usize) -> Hash {
        hash(&number.to_string())
    }

    #[test]
    fn a_further_ticket_takes_the_place_of_the_persons_own_oldest() {
        let mut unused = Unused::default();
        unused.add(ticket(0), identity(1), 0);
        for number in 1..=10 * limits::TICKETS_PER_PERSON_MAX {
            unused.add(ticket(number), identity(2), 0);
        }
        assert_eq!(unused.tickets.len(), 1 + limits::TICKETS_PER_PERSON_MAX);
        assert!(unused.tickets.contains_key(&ticket(0)), "somebody else's");
        assert!(!unused.tickets.contains_key(&ticket(1)));
    }

    #[test]
    fn nobody_is_refused_because_others_have_many_and_what_is_over_goes() {
        let mut unused = Unused::default();
        for number in 0..limits::TICKETS_MAX + 10 {
            unused.add(ticket(number), identity(number as u64), 0);
        }
        assert_eq!(unused.tickets.len(), limits::TICKETS_MAX);
        assert!(unused.tickets.contains_key(&ticket(limits::TICKETS_MAX + 9)));
        unused.add(ticket(1), identity(1), limits::TICKET_AGE_MS);
        let sizes = (unused.tickets.len(), unused.given.len(), unused.by_person.len());
        assert_eq!(sizes, (1, 1, 1));
    }
}
