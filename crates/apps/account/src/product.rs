//! Accounts as a product: routes, state in memory, revocations, and sign-ins at other nodes.

use std::net::IpAddr;
use std::sync::Arc;

use encke_engine::{Batch, Error, Step, limits, people_limits};
use encke_site::product::{AfterCommits, Extras, Housekeeping, Peer};
use encke_site::{Identify, Parts, Product, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::tables::TABLES;

use crate::device::DeviceId;
use crate::hasher::Hasher;
use crate::identity::{Identities, Known, revoke};
use crate::limits::{SignInLimits, Try};
use crate::pass::Passes;
use crate::session::Sessions;
use crate::{
    administer, guest, pass, password, person, session, settings, setup, sign_in, snapshot, status,
    token,
};

/// The product of people and their sign-in.
pub struct Account;

/// The state of accounts in memory for one site.
#[derive(Default)]
pub(crate) struct Accounts {
    pub identities: Identities,
    pub passes: Passes,
    pub hasher: Hasher,
    pub sign_ins: SignInLimits,
    pub sessions: Sessions,
}

impl Accounts {
    pub fn of(site: &Site) -> &Self {
        site.part()
    }
}

impl Product for Account {
    fn name(&self) -> &'static str {
        "account"
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(Accounts::default());
        parts.insert::<Box<dyn Identify>>(Box::new(Known));
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new()
            .routes(routes!(setup::needed, setup::setup))
            .routes(routes!(sign_in::sign_in))
            .routes(routes!(guest::enter))
            .routes(routes!(session::sign_out))
            .routes(routes!(session::who))
            .routes(routes!(password::change))
            .routes(routes!(person::search, administer::create))
            .routes(routes!(administer::disable))
            .routes(routes!(settings::get, settings::change))
            .routes(routes!(token::list, token::create))
            .routes(routes!(token::revoke))
            .routes(routes!(pass::issue))
            .routes(routes!(snapshot::snapshot))
    }

    fn extras(&self) -> Extras<'_> {
        Extras {
            after_commits: Some(self),
            peer: Some(self),
            housekeeping: Some(self),
            ..Extras::default()
        }
    }
}

impl Housekeeping for Account {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let turns = people_limits::STATUSES_ENDED_EVERY_MS / limits::RECEIPTS_FOLD_MS;
            if number.is_multiple_of(turns) {
                status::end_those_over(site).await;
            }
        })
    }
}

impl AfterCommits for Account {
    fn committed(&self, site: &Site, batch: &Batch) {
        for step in &batch.steps {
            if let Step::Revoke { person, credential } = step {
                revoke(site, *person, *credential);
            }
        }
    }
}

/// Notes of accounts to the other nodes.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Note {
    /// Somebody has tried to sign in.
    Tried { name: Option<String>, address: Option<IpAddr>, device: Option<DeviceId> },
}

impl Peer for Account {
    fn noted(&self, site: &Arc<Site>, note: &str) {
        let Ok(Note::Tried { name, address, device }) = serde_json::from_str(note) else { return };
        let tried = Try { name: name.as_deref(), address, device };
        // The other node has decided on the try. This node only counts it.
        let _ = Accounts::of(site).sign_ins.take(tried, site.now_ms());
    }
}

/// Counts one try to sign in, on every node.
pub(crate) fn try_to_sign_in(site: &Site, tried: Try<'_>) -> Result<(), Error> {
    Accounts::of(site).sign_ins.take(tried, site.now_ms())?;
    let Try { name, address, device } = tried;
    let note = Note::Tried { name: name.map(str::to_owned), address, device };
    site.tell_nodes(Account.name(), &note);
    Ok(())
}
