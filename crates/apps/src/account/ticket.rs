//! Tickets: for URLs that must carry a credential. Used once, dead within seconds, never logged.
//!
//! One node keeps them in memory. Where several share a store, a ticket may be used on another node than the one that gave
//! it, and only once on all of them together: so there they are rows.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, Tx, params};
use http::{HeaderMap, StatusCode};
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, Scheme, credentials};
use crate::identity::{Credentials, Hash, Identity, hash, look_up, not_signed_in, secret};
use crate::random;
use crate::reply::{Refusal, Refused};
use crate::site::Site;

/// Tickets that are not used yet.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<FxHashMap<Hash, (Identity, u64)>>);

impl Tickets {
    fn add(&self, ticket: &str, identity: Identity, now_ms: u64) -> Result<(), Error> {
        let mut all = self.0.lock().expect("not poisoned");
        if all.len() >= limits::TICKETS_MAX {
            all.retain(|_, (_, until)| *until > now_ms);
        }
        if all.len() >= limits::TICKETS_MAX {
            return Err(Error::new(Code::Overloaded, "There are too many unused tickets.")
                .retry_after_ms(limits::TICKET_AGE_MS));
        }
        all.insert(hash(ticket), (identity, now_ms + limits::TICKET_AGE_MS));
        Ok(())
    }

    /// Forgets what rests on a credential that was revoked.
    pub fn forget(&self, person: PersonId, credential: Option<u64>) {
        self.0.lock().expect("not poisoned").retain(|_, (identity, _)| {
            identity.person != person || credential.is_some_and(|c| c != identity.credential)
        });
    }
}

impl Site {
    /// Whom a ticket was given to; it is used up by this.
    pub fn redeem(&self, ticket: &str) -> Option<Identity> {
        let found = self.tickets.0.lock().expect("not poisoned").remove(&hash(ticket));
        let (identity, until) = found?;
        let now = self.now_ms();
        let holds = until > now && identity.expires_ms > now;
        holds.then_some(Identity { by_cookie: false, ..identity })
    }
}

impl Site {
    /// Whom a ticket was given to by any node; it is used up by this. `reply` runs on the store's thread, or at once.
    pub fn submit_redeem(
        self: &Arc<Self>,
        ticket: &str,
        reply: impl FnOnce(Result<Option<Identity>, Error>) + Send + 'static,
    ) {
        let (hash, now) = (hash(ticket), self.now_ms());
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
        self.store.submit_write(redeem, reply);
    }

    async fn store_ticket(&self, ticket: &str, shown: Credentials<'_>) -> Result<(), Error> {
        let (of, by_cookie) = secret(shown).ok_or_else(not_signed_in)?;
        let (ticket, of, now) = (hash(ticket), hash(of), self.now_ms());
        let stored = self.store.write(move |tx| {
            tx.execute("DELETE FROM ticket WHERE expires_ms <= ?1", params![now])?;
            tx.execute(
                "INSERT INTO ticket (hash, credential, by_cookie, expires_ms) VALUES (?1, ?2, ?3, ?4)",
                params![&ticket[..], &of[..], by_cookie, now + limits::TICKET_AGE_MS],
            )?;
            Ok(())
        });
        stored.await
    }
}

/// A ticket for one request.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ticket {
    ticket: String,
    expires_in_ms: u64,
}

/// Issues a ticket for one request to the feed.
#[utoipa::path(post, path = "/v1/tickets", tag = "feed",
    responses((status = 201, body = Ticket),
        (status = 401, body = Refused, description = "not_signed_in"),
        (status = 403, body = Refused, description = "foreign_origin"),
        (status = 503, body = Refused, description = "overloaded")))]
pub(crate) async fn issue(
    State(site): State<Arc<Site>>,
    caller: Caller,
    scheme: Scheme,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Ticket>), Refusal> {
    let ticket = random::secret("ekk_")?;
    if site.store.is_shared() {
        site.store_ticket(&ticket, credentials(&headers, scheme)).await?;
        return Ok((
            StatusCode::CREATED,
            Json(Ticket { ticket, expires_in_ms: limits::TICKET_AGE_MS }),
        ));
    }
    site.tickets.add(&ticket, caller.0, site.now_ms())?;
    // A revocation that came after the caller was identified and before the ticket was there did not find it.
    if let Err(gone) = site.identify(credentials(&headers, scheme)).await {
        site.tickets.forget(caller.0.person, Some(caller.0.credential));
        return Err(gone.into());
    }
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_in_ms: limits::TICKET_AGE_MS })))
}
