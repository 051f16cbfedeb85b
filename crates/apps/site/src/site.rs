//! What all features of one site share.

use std::sync::{Arc, Mutex, OnceLock};

use encke_engine::presence::Roll;
use encke_engine::reach::Reach;
use encke_store::{Clock, Store};

use crate::account::{Hasher, Sessions, SignInLimits, Tickets};
use crate::chat::{Elsewhere, Follows, Receipts, Told};
use crate::identity::Identities;
use crate::quota::{Quotas, Shares};

/// What the operator decides.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// Origins besides the site's own that may use its cookies and read its answers, such as `https://www.example.com`.
    pub allowed_origins: Vec<String>,
    /// How much each role may do.
    pub shares: Shares,
}

/// One site: its store, its fan-out, and what its features keep in memory.
pub struct Site {
    /// The truth.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator decided.
    pub options: SiteOptions,
    pub(crate) identities: Identities,
    pub(crate) tickets: Tickets,
    pub(crate) hasher: Hasher,
    pub(crate) sign_ins: SignInLimits,
    pub(crate) quotas: Quotas,
    pub(crate) sessions: Sessions,
    pub(crate) presence: Mutex<Roll>,
    pub(crate) presence_told: Told,
    pub(crate) elsewhere: Mutex<Elsewhere>,
    /// The number of this node, which no other has.
    pub(crate) node: u64,
    pub(crate) receipts: Receipts,
    pub(crate) follows: Follows,
    reach: OnceLock<Arc<dyn Reach>>,
}

impl Site {
    /// A site on an opened store.
    pub fn new(store: Store, clock: Arc<dyn Clock>, options: SiteOptions) -> Arc<Self> {
        Arc::new(Site {
            store,
            clock,
            options,
            identities: Identities::default(),
            tickets: Tickets::default(),
            hasher: Hasher::default(),
            sign_ins: SignInLimits::default(),
            quotas: Quotas::default(),
            sessions: Sessions::default(),
            presence: Mutex::default(),
            presence_told: Told::default(),
            elsewhere: Mutex::default(),
            node: getrandom::u64().expect("the system has random numbers"),
            receipts: Receipts::default(),
            follows: Follows::default(),
            reach: OnceLock::new(),
        })
    }

    /// Connects the fan-out, once. Without one (a command line that works on the store alone) nobody is reached.
    pub fn reach_over(&self, reach: Arc<dyn Reach>) {
        let _ = self.reach.set(reach);
    }

    pub(crate) fn reach(&self) -> Option<&Arc<dyn Reach>> {
        self.reach.get()
    }

    /// The number of the newest revocation.
    pub fn revocations(&self) -> u64 {
        self.reach().map_or(0, |r| r.revocations())
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}
