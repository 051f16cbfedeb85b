//! Notifications as a product: routes, tables, state, and work from time to time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use encke_engine::{Batch, Step, outgoing_limits};
use encke_site::product::{AfterCommits, Extras, Housekeeping};
use encke_site::{InFeed, Parts, Product, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::State;
use crate::tables::TABLES;
use crate::{key, quiet, subscription, turn};

/// Notifications by Web Push.
pub struct Push;

impl Product for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(State::default());
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about = "Notifications by Web Push for people without an open page.";
        let tag = TagBuilder::new().name("push").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(key::get))
            .routes(routes!(subscription::put, subscription::delete))
            .routes(routes!(quiet::get, quiet::put))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default().event::<quiet::QuietChanged>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras { after_commits: Some(self), housekeeping: Some(self), ..Extras::default() }
    }
}

impl AfterCommits for Push {
    fn committed(&self, site: &Site, batch: &Batch) {
        let state = State::of(site);
        // Messages are not looked at here: housekeeping follows the log.
        if !state.subscribed.load(Ordering::Relaxed) {
            return;
        }
        for step in &batch.steps {
            if let Step::Revoke { person, .. } = step {
                let mut ended = state.ended.lock().expect("not poisoned");
                if ended.len() < outgoing_limits::PUSH_ENDED_WAITING_MAX {
                    ended.push(*person);
                }
            }
        }
    }
}

impl Housekeeping for Push {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(turn::turn(site, number))
    }
}
