//! Previews as a product: a route, tables, state, and work from time to time.

use std::sync::Arc;

use encke_engine::{Error, limits, outgoing_limits};
use encke_site::product::{Extras, Housekeeping};
use encke_site::{Parts, Product, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::State;
use crate::tables::TABLES;
use crate::{due, follow, make, picture, release};

/// Turns of housekeeping between two looks at the log.
const TURNS: u64 = outgoing_limits::PREVIEW_FOLLOW_MS / limits::RECEIPTS_FOLD_MS;
/// Turns of housekeeping after which old failures are forgotten.
const FORGET_TURNS: u64 = outgoing_limits::PREVIEW_FAILED_MS / limits::RECEIPTS_FOLD_MS;

/// Previews of links.
pub struct Preview;

impl Product for Preview {
    fn name(&self) -> &'static str {
        "preview"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(State::default());
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new().routes(routes!(picture::get))
    }

    fn extras(&self) -> Extras<'_> {
        Extras { housekeeping: Some(self), ..Extras::default() }
    }
}

impl Housekeeping for Preview {
    fn begin<'a>(&'a self, site: &'a Arc<Site>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            match State::of(site).ground() {
                Some(_) => Ok(()),
                None => release::empty(site).await,
            }
        })
    }

    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if State::of(site).ground().is_some()
                && number.is_multiple_of(TURNS.max(1))
                && let Err(e) = turn(site, number).await
            {
                tracing::warn!("previews of links: {e}");
            }
        })
    }
}

/// Does one turn. Pages are fetched by tasks of their own, so that no other product waits for them.
async fn turn(site: &Arc<Site>, number: u64) -> Result<(), Error> {
    follow::follow(site).await?;
    let room = State::of(site).running.available_permits();
    due::take(site, room).await?.into_iter().for_each(|due| make::begin(site, due));
    if number.is_multiple_of(FORGET_TURNS) {
        release::forget_failures(site).await?;
    }
    Ok(())
}
