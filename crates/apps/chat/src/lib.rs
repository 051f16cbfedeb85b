//! Chat: direct conversations between two people, and rooms.
//!
//! Entry points: [`Chat`], the product; [`gateway_conversations`] for the gateways. Messages, receipts,
//! history and presence are those of any conversation, in the crate `talk`.

mod direct;
pub mod gateway_conversations;
mod invitation;
mod link;
mod members;
mod room;
mod room_picture;
mod rooms;
mod snapshot;
mod start;
mod tables;

use std::sync::Arc;

use encke_site::product::Extras;
use encke_site::{InFeed, Product, Site};
use encke_store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::tables::TABLES;

/// Direct conversations, rooms, invitations and invite links.
pub struct Chat;

impl Product for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new()
            .routes(routes!(start::create))
            .routes(routes!(room::change))
            .routes(routes!(room_picture::set, room_picture::remove))
            .routes(routes!(rooms::list))
            .routes(routes!(members::join))
            .routes(routes!(invitation::list, invitation::decline))
            .routes(routes!(invitation::accept))
            .routes(routes!(link::make, link::list))
            .routes(routes!(link::revoke))
            .routes(routes!(link::look))
            .routes(routes!(link::join))
            .routes(routes!(members::invite))
            .routes(routes!(members::change_role, members::remove))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<room::RoomChanged>()
            .event::<invitation::Invited>()
            .event::<invitation::InvitationGone>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras { in_snapshot: Some(self), ..Extras::default() }
    }
}
