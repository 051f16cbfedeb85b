//! Mails as a product: routes, tables, state, and work from time to time.

use std::sync::Arc;

use encke_site::product::{Extras, Housekeeping};
use encke_site::{Parts, Product, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::State;
use crate::tables::TABLES;
use crate::{links, settings, turn};

/// Missed messages by e-mail.
pub struct Digest;

impl Product for Digest {
    fn name(&self) -> &'static str {
        "digest"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(State::default());
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about = "Missed direct messages and mentions by e-mail.";
        let tag = TagBuilder::new().name("mail").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(settings::get, settings::put, settings::delete))
            .routes(routes!(links::confirm_page, links::confirm))
            .routes(routes!(links::unsubscribe_page, links::unsubscribe))
    }

    fn extras(&self) -> Extras<'_> {
        Extras { housekeeping: Some(self), ..Extras::default() }
    }
}

impl Housekeeping for Digest {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(turn::turn(site, number))
    }
}
