//! Keep as a product: its tables, routes, events, part of the snapshot and housekeeping.

use std::sync::Arc;

use encke_engine::Batch;
use encke_engine::next_look::NextLook;
use encke_site::product::{AfterCommits, Extras, Housekeeping};
use encke_site::{InFeed, Parts, Product, Site};
use encke_store::Migration;
use encke_talk::StarsOf;
use encke_talk::message::ClearDraft;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::due;
use crate::tables::TABLES;
use crate::{draft, reminder, scheduled, star, starred};

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
        parts.insert(StarsOf(starred::between));
        parts.insert(NextLook::default());
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about =
            "What people keep for themselves: stars, drafts, messages sent later, reminders.";
        let tag = TagBuilder::new().name("keeping").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(star::star, star::unstar))
            .routes(routes!(star::of_conversation))
            .routes(routes!(starred::list))
            .routes(routes!(draft::save, draft::get, draft::delete))
            .routes(routes!(draft::list))
            .routes(routes!(scheduled::create))
            .routes(routes!(scheduled::list))
            .routes(routes!(scheduled::change, scheduled::cancel))
            .routes(routes!(reminder::create, reminder::list))
            .routes(routes!(reminder::change, reminder::dismiss))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<star::Starred>()
            .event::<draft::DraftChanged>()
            .event::<draft::DraftRemoved>()
            .event::<scheduled::ScheduledTold>()
            .event::<reminder::ReminderTold>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras {
            in_snapshot: Some(self),
            after_commits: Some(self),
            notices: Some(self),
            housekeeping: Some(self),
            ..Extras::default()
        }
    }
}

impl AfterCommits for Keep {
    fn committed(&self, site: &Site, batch: &Batch) {
        due::committed(site, batch);
    }
}

impl Housekeeping for Keep {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(due::turn(site, number))
    }
}
