//! The desk as a product: its tables, routes, events and housekeeping.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Batch, StreamId};
use encke_site::product::{AfterCommits, Extras, Housekeeping, Peer};
use encke_site::{Embedded, InFeed, Parts, Product, Site};
use encke_store::Migration;
use encke_talk::ticket::TicketKeeper;
use futures_util::future::BoxFuture;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::automation::{act, macros, rule_routes, run, trial};
use crate::claims::Claims;
use crate::day_sums::DaysLeft;
use crate::due::Watched;
use crate::framing::Window;
use crate::incoming::take::Reading;
use crate::incoming::{mailbox, take};
use crate::keeper::Keeper;
use crate::kept::KeptDoors;
use crate::mail::state::MailState;
use crate::mail::{address, links, shown, transcript};
use crate::tables::TABLES;
use crate::{
    agent, article, ask, blocked, bulk_change, canned, change, claim, contact, contact_list,
    contact_merge, day_sums, desk, door, draft, due, erasure, export, help, help_page, helped,
    invitation, looking, mail, mentions, note, promise, rating, report, report_tickets, saved_view,
    site_secret, status, team, ticket, ticket_list, ticket_merge, ticket_page, ticket_search,
    ticket_split, verified, visit, visitor,
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
        parts.insert(Watched::default());
        parts.insert(DaysLeft::default());
        parts.insert(Claims::default());
        parts.insert(KeptDoors::default());
        parts.insert(MailState::default());
        parts.insert(Reading::default());
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
            .routes(routes!(ticket_merge::merge))
            .routes(routes!(ticket_split::split))
            .routes(routes!(note::write, note::list))
            .routes(routes!(looking::look, looking::look_away))
            .routes(routes!(draft::show))
            .routes(routes!(invitation::invite))
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
            .routes(routes!(help_page::list))
            .routes(routes!(help_page::article, helped::answer))
            .routes(routes!(help_page::named))
            .routes(routes!(blocked::list))
            .routes(routes!(blocked::block, blocked::unblock))
            .routes(routes!(rule_routes::list, rule_routes::create, rule_routes::order))
            .routes(routes!(rule_routes::write, rule_routes::delete))
            .routes(routes!(trial::try_rule))
            .routes(routes!(run::list))
            .routes(routes!(macros::list, macros::create))
            .routes(routes!(macros::write, macros::delete))
            .routes(routes!(macros::run))
            .routes(routes!(promise::get, promise::set))
            .routes(routes!(claim::claim))
            .routes(routes!(claim::give_back))
            .routes(routes!(claim::join))
            .routes(routes!(claim::leave))
            .routes(routes!(verified::identify))
            .routes(routes!(site_secret::list, site_secret::make))
            .routes(routes!(site_secret::delete))
            .routes(routes!(contact_list::list))
            .routes(routes!(contact::get, contact::write, erasure::erase))
            .routes(routes!(contact::note))
            .routes(routes!(contact::delete_note))
            .routes(routes!(contact_merge::merge))
            .routes(routes!(export::export))
            .routes(routes!(team::list, team::create))
            .routes(routes!(team::set, team::delete))
            .routes(routes!(bulk_change::change))
            .routes(routes!(ticket_search::find))
            .routes(routes!(saved_view::list, saved_view::create))
            .routes(routes!(saved_view::delete))
            .routes(routes!(mentions::list))
            .routes(routes!(mentions::seen))
            .routes(routes!(address::get, address::put, address::delete))
            .routes(routes!(links::confirm_page, links::confirm))
            .routes(routes!(links::stop_page, links::stop))
            .routes(routes!(shown::get))
            .routes(routes!(transcript::ask))
            .routes(routes!(mailbox::get, mailbox::put, mailbox::delete))
            .routes(routes!(mailbox::make_token))
            .routes(routes!(take::take))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<ticket::Ticket>()
            .event::<status::TicketStatus>()
            .event::<agent::AgentChanged>()
            .event::<note::Note>()
            .event::<ticket_merge::TicketMerged>()
            .event::<ticket_split::TicketSplit>()
            .event::<erasure::ContactErased>()
            .event::<act::DeskAlert>()
            .signal::<looking::Looking>()
            .signal::<draft::VisitorDraft>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras {
            peer: Some(self),
            after_commits: Some(self),
            notices: Some(self),
            housekeeping: Some(self),
            ..Extras::default()
        }
    }
}

impl Peer for Desk {
    fn signal(&self, stream: StreamId, item: &[u8]) -> Option<Bytes> {
        looking::written_anew(stream, item).or_else(|| draft::written_anew(stream, item))
    }
}

impl AfterCommits for Desk {
    fn committed(&self, site: &Site, batch: &Batch) {
        site.part::<KeptDoors>().committed(batch);
    }
}

impl Housekeeping for Desk {
    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            due::turn(site, number).await;
            if let Err(e) = day_sums::turn(site, number).await {
                tracing::warn!("the days of the desks could not be summed up: {e}");
            }
            mail::turn::turn(site, number).await;
        })
    }
}
