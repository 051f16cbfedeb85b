//! Files as a product: its tables, routes, state and housekeeping.

use std::sync::Arc;

use encke_site::product::{Extras, Housekeeping};
use encke_site::{Parts, Product, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::storage::Storage;
use crate::tables::TABLES;
use crate::{collect, download, upload};

/// Files of people, for whatever holds them.
pub struct Files;

impl Product for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(Storage::default());
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about =
            "Uploads that can be resumed, and files that members of a conversation may read.";
        let tag = TagBuilder::new().name("files").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(upload::begin))
            .routes(routes!(download::get, upload::state, upload::piece, upload::cancel))
            .routes(routes!(download::thumbnail))
    }

    fn extras(&self) -> Extras<'_> {
        Extras { housekeeping: Some(self), ..Extras::default() }
    }
}

impl Housekeeping for Files {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(collect::turn(site, number))
    }
}
