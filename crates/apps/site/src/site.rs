//! The state that all products of one site share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use encke_engine::reach::Reach;
use encke_engine::{Batch, Error, PersonId, Position, limits};
use encke_store::{Clock, Store};
use tokio::time::MissedTickBehavior;

use crate::follows::Follows;
use crate::parts::Parts;
use crate::product::{self, AfterCommits, Products, Sessions};
use crate::quota::{Quotas, Shares};

/// The options of a site that the operator decides.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// Origins besides the site's own that may use its cookies and read its answers, such as `https://www.example.com`.
    pub allowed_origins: Vec<String>,
    /// The allowance of each role.
    pub shares: Shares,
}

/// One site: its store, its fan-out, its products and their states in memory.
pub struct Site {
    /// The store. It is the only truth.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The options.
    pub options: SiteOptions,
    pub(crate) quotas: Quotas,
    pub(crate) follows: Follows,
    /// The number of this node. No other node has it.
    node: u64,
    products: Products,
    /// The products with work after each commit. They are asked for it once: a commit may hold one message.
    after_commits: Vec<&'static dyn AfterCommits>,
    /// The products with work when sessions open, end and acknowledge.
    sessions: Vec<&'static dyn Sessions>,
    parts: Parts,
    reach: OnceLock<Arc<dyn Reach>>,
}

impl Site {
    /// Makes a site on an opened store with these products.
    ///
    /// # Panics
    /// If two of the products have the same name, stream class, command or path of sends.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        options: SiteOptions,
        products: Products,
    ) -> Arc<Self> {
        product::check(products);
        let mut parts = Parts::default();
        products.iter().for_each(|p| p.parts(&mut parts));
        Arc::new(Site {
            store,
            clock,
            options,
            quotas: Quotas::default(),
            follows: Follows::default(),
            node: getrandom::u64().expect("the system has random numbers"),
            products,
            after_commits: products.iter().filter_map(|p| p.extras().after_commits).collect(),
            sessions: products.iter().filter_map(|p| p.extras().sessions).collect(),
            parts,
            reach: OnceLock::new(),
        })
    }

    /// The products of the site.
    pub fn products(&self) -> Products {
        self.products
    }

    /// The state that a product keeps in memory. The caller's own product, or one that it uses, has added it
    /// ([`Parts`]).
    ///
    /// # Panics
    ///
    /// If the list of products lacks the one that adds this state.
    pub fn part<T: 'static>(&self) -> &T {
        self.find_part().unwrap_or_else(|| {
            panic!("no product of this site brings {}", std::any::type_name::<T>())
        })
    }

    /// The state that a product keeps in memory; `None` if the product is missing.
    pub fn find_part<T: 'static>(&self) -> Option<&T> {
        self.parts.get()
    }

    /// Connects the fan-out; to be called once. A command line that works on the store alone has none and reaches no
    /// client.
    pub fn reach_over(&self, reach: Arc<dyn Reach>) {
        let _ = self.reach.set(reach);
    }

    /// The fan-out, if there is one.
    pub fn reach(&self) -> Option<&Arc<dyn Reach>> {
        self.reach.get()
    }

    /// The number of this node. No other node has it.
    pub fn node(&self) -> u64 {
        self.node
    }

    /// The number of the newest revocation.
    pub fn revocations(&self) -> u64 {
        self.reach().map_or(0, |r| r.revocations())
    }

    /// The present time in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Shows a commit to every product. To be called with each commit before it is published.
    pub fn committed(&self, batch: &Batch) {
        for product in &self.after_commits {
            product.committed(self, batch);
        }
    }

    /// A session of a person's device began.
    pub fn opened(self: &Arc<Self>, person: PersonId, device: &str) {
        for product in &self.sessions {
            product.opened(self, person, device);
        }
    }

    /// A session of a person's device ended.
    pub fn closed(self: &Arc<Self>, person: PersonId, device: &str) {
        for product in &self.sessions {
            product.closed(self, person, device);
        }
    }

    /// One of a person's clients holds all events up to this position.
    pub fn acked(self: &Arc<Self>, person: PersonId, position: Position) {
        for product in &self.sessions {
            product.acked(self, person, position);
        }
    }

    /// Lets products bring their state up to date. To be called once, when commits are published and before the site
    /// serves.
    pub async fn begin(self: &Arc<Self>) -> Result<(), Error> {
        for product in self.products.iter().filter_map(|p| p.extras().housekeeping) {
            product.begin(self).await?;
        }
        Ok(())
    }

    /// Runs the products' housekeeping while the site lives. To be spawned as a task.
    pub async fn keep_house(self: Arc<Self>) {
        let mut turn = tokio::time::interval(Duration::from_millis(limits::RECEIPTS_FOLD_MS));
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0u64.. {
            turn.tick().await;
            for product in self.products.iter().filter_map(|p| p.extras().housekeeping) {
                product.turn(&self, number).await;
            }
        }
    }

    /// Lets products store state that is only in memory. To be called on the way down.
    pub async fn settle(self: &Arc<Self>) {
        for product in self.products.iter().filter_map(|p| p.extras().housekeeping) {
            product.settle(self).await;
        }
    }
}
