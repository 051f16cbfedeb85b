//! The desk as a product: its tables, routes, events and housekeeping.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::StreamId;
use encke_site::product::{Extras, Housekeeping, Peer};
use encke_site::{Embedded, InFeed, Parts, Product, Site};
use encke_store::Migration;
use encke_talk::ticket::TicketKeeper;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::due::Gone;
use crate::framing::Window;
use crate::keeper::Keeper;
use crate::mail::state::MailState;
use crate::mail::{address, links, shown, transcript};
use crate::tables::TABLES;
use crate::{
    agent, article, ask, blocked, canned, change, claim, desk, door, due, help, looking, mail,
    note, rating, report, report_tickets, status, ticket, ticket_list, ticket_page, visit, visitor,
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
        parts.insert(Gone::default());
        parts.insert(MailState::default());
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
            .routes(routes!(ticket_page::get, change::change))
            .routes(routes!(change::transfer))
            .routes(routes!(note::write, note::list))
            .routes(routes!(looking::look))
            .routes(routes!(rating::rate))
            .routes(routes!(report::report))
            .routes(routes!(report_tickets::list))
            .routes(routes!(report_tickets::table))
            .routes(routes!(canned::list, canned::create))
            .routes(routes!(canned::change, canned::delete))
            .routes(routes!(article::list, article::create))
            .routes(routes!(article::get, article::write, article::delete))
            .routes(routes!(help::list))
            .routes(routes!(help::get))
            .routes(routes!(blocked::block, blocked::unblock))
            .routes(routes!(claim::claim))
            .routes(routes!(claim::give_back))
            .routes(routes!(claim::join))
            .routes(routes!(claim::leave))
            .routes(routes!(address::get, address::put, address::delete))
            .routes(routes!(links::confirm_page, links::confirm))
            .routes(routes!(links::stop_page, links::stop))
            .routes(routes!(shown::get))
            .routes(routes!(transcript::ask))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<ticket::Ticket>()
            .event::<status::TicketStatus>()
            .event::<agent::AgentChanged>()
            .event::<note::Note>()
            .signal::<looking::Looking>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras { peer: Some(self), housekeeping: Some(self), ..Extras::default() }
    }
}

impl Peer for Desk {
    fn signal(&self, stream: StreamId, item: &[u8]) -> Option<Bytes> {
        looking::written_anew(stream, item)
    }
}

impl Housekeeping for Desk {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            due::turn(site, number).await;
            mail::turn::turn(site, number).await;
        })
    }
}
