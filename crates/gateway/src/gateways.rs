//! All gateways of a site: their options, and their routes. The server knows gateways by this file alone, so a further
//! protocol is one more line in each of these functions.

use std::sync::Arc;

use axum::Router;
use encke_site::{Product, Site};
use encke_store::Migration;
use encke_transport::Shards;

use crate::classic::{self, Classic, ClassicOptions};
use crate::tables::TABLES;

/// The options of all gateways.
pub type GatewayOptions = ClassicOptions;

/// The table of the configuration file that has [`GatewayOptions`].
pub const TABLE: &str = "classic";

/// The path of the classic pages.
const CLASSIC: &str = "/classic";

/// The gateways that a site has switched on.
pub struct Gateways {
    classic: Option<Arc<Classic>>,
}

impl Gateways {
    /// The gateways that these options switch on.
    pub fn new(site: &Arc<Site>, options: &GatewayOptions) -> Self {
        let classic = |claims| Classic::new(site.clone(), claims, options.html());
        Gateways { classic: options.claims().map(classic) }
    }

    /// Adds the routes of the gateways.
    pub fn mounted_on(&self, router: Router) -> Router {
        match &self.classic {
            Some(classic) => router.nest(CLASSIC, classic::router(classic.clone())),
            None => router,
        }
    }

    /// Connects the shards that hold the requests which wait. Called once, before the site serves.
    pub fn reach_over(&self, shards: &Arc<Shards>) {
        if let Some(classic) = &self.classic {
            classic.reach_over(shards.clone());
        }
    }
}

/// The tables of classic pages, which a store has even if its site has them switched off. Their routes are no part of
/// the API, so [`Gateways`] adds them.
pub struct ClassicPages;

impl Product for ClassicPages {
    fn name(&self) -> &'static str {
        "classic"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }
}

/// Whether a page at this path reads every answer as one of its own protocol. Such a page would show a refusal of the
/// API as a message.
pub fn answers_for_itself(path: &str) -> bool {
    path.strip_prefix(CLASSIC).is_some_and(|rest| rest.starts_with('/'))
}
