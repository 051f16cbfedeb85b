//! The desk as a product: its tables, routes and events.

use std::sync::Arc;

use encke_site::{Embedded, InFeed, Parts, Product, Site};
use encke_store::Migration;
use encke_talk::ticket::TicketKeeper;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::framing::Window;
use crate::keeper::Keeper;
use crate::tables::TABLES;
use crate::{
    agent, ask, claim, desk, door, status, ticket, ticket_list, ticket_page, visit, visitor,
};

/// The customer-service desk.
pub struct Desk;

impl Product for Desk {
    fn name(&self) -> &'static str {
        "desk"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(TicketKeeper(&Keeper));
        parts.insert(Embedded(&Window));
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        let about = "The customer-service desk: visitors ask, agents answer.";
        let tag = TagBuilder::new().name("desk").description(Some(about));
        let api = OpenApiBuilder::new().tags(Some([tag.build()])).build();
        OpenApiRouter::with_openapi(api)
            .routes(routes!(desk::create, desk::list))
            .routes(routes!(desk::get, desk::change))
            .routes(routes!(agent::list))
            .routes(routes!(agent::set_mine))
            .routes(routes!(agent::set))
            .routes(routes!(door::door))
            .routes(routes!(visitor::enter, visit::list))
            .routes(routes!(visit::visit))
            .routes(routes!(ask::ask, ticket_list::list))
            .routes(routes!(ask::mine))
            .routes(routes!(ticket_page::get))
            .routes(routes!(claim::claim))
            .routes(routes!(claim::give_back))
            .routes(routes!(claim::join))
            .routes(routes!(claim::leave))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<ticket::Ticket>()
            .event::<status::TicketStatus>()
            .event::<agent::AgentChanged>()
    }
}
