//! Subscriptions of sessions and tokens that have ended.

use std::collections::BTreeSet;
use std::sync::Arc;

use encke_engine::{Error, PersonId};
use encke_site::Site;
use encke_store::{Sql, params};

use crate::credential;
use crate::state::State;
use crate::subscription;

/// Forgets the subscriptions of sessions and tokens that have ended since the last turn. One that is missed here is
/// forgotten when its next notification is due.
pub(crate) async fn look(site: &Arc<Site>) {
    let ended = std::mem::take(&mut *State::of(site).ended.lock().expect("not poisoned"));
    for person in ended.into_iter().collect::<BTreeSet<_>>() {
        if let Err(e) = look_at(site, person).await {
            tracing::warn!("subscriptions of ended sessions: {e}");
        }
    }
}

async fn look_at(site: &Arc<Site>, person: PersonId) -> Result<(), Error> {
    let query = "SELECT id, credential FROM push_subscription WHERE person = ?1";
    let found = site.store.read(move |read| {
        let rows = read.query(query, params![person])?;
        let of = |row: &encke_store::Row| Ok((row.get::<u64>(0)?, row.get::<String>(1)?));
        rows.iter().map(of).collect::<Result<Vec<_>, Error>>()
    });
    for (id, stored) in found.await? {
        if credential::has_ended(site, person, credential::read(&stored)).await? {
            site.store.write(move |tx| Ok(subscription::forget(tx, id)?)).await?;
        }
    }
    Ok(())
}
