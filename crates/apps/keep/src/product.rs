//! Keep as a product: its tables, routes, events and part of the snapshot.

use std::sync::Arc;

use encke_site::product::Extras;
use encke_site::{InFeed, Parts, Product, Site};
use encke_store::Migration;
use encke_talk::message::ClearDraft;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::tables::TABLES;
use crate::{draft, star, starred};

/// What people keep for themselves.
pub struct Keep;

impl Product for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(ClearDraft(draft::clear));
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about = "What people keep for themselves: starred messages and drafts.";
        let tag = TagBuilder::new().name("keeping").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(star::star, star::unstar))
            .routes(routes!(star::of_conversation))
            .routes(routes!(starred::list))
            .routes(routes!(draft::save, draft::get, draft::delete))
            .routes(routes!(draft::list))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<star::Starred>()
            .event::<draft::DraftChanged>()
            .event::<draft::DraftRemoved>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras { in_snapshot: Some(self), ..Extras::default() }
    }
}
