//! Chat: conversations between people, direct ones and rooms.
//!
//! A conversation owns one stream, and a second one for its receipts. Who is a member is decided by the table
//! `member`; what a session follows (`follow`) changes in the same write.

pub mod between;
mod command;
mod conversation;
mod elsewhere;
mod follows;
mod history;
mod invitation;
mod kind;
mod marks;
mod member;
mod message;
mod notes;
mod presence;
mod receipts;
mod rooms;
mod snapshot;
mod typing;
mod view;

pub use command::command;
pub(crate) use elsewhere::Elsewhere;
pub use follows::Followed;
pub(crate) use follows::Follows;
pub(crate) use message::post as post_message;
pub(crate) use notes::Told;
pub(crate) use receipts::Receipts;
pub use receipts::hold_up_to;

use std::sync::Arc;

use encke_engine::limits;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::site::Site;

pub(crate) fn router() -> OpenApiRouter<Arc<Site>> {
    OpenApiRouter::new()
        .routes(routes!(snapshot::snapshot))
        .routes(routes!(conversation::create))
        .routes(routes!(conversation::get, conversation::change))
        .routes(routes!(rooms::list))
        .routes(routes!(member::join))
        .routes(routes!(invitation::list, invitation::decline))
        .routes(routes!(invitation::accept))
        .routes(routes!(member::invite))
        .routes(routes!(member::change_role, member::remove))
        .routes(routes!(message::send))
        .routes(routes!(history::page))
        .routes(routes!(receipts::mark))
        .routes(routes!(receipts::ack))
        .routes(routes!(typing::typing))
        .routes(routes!(presence::say))
}

impl Site {
    /// Folds receipts and lets presence expire, as long as the site lives; runs as a task.
    pub async fn keep_house(self: Arc<Self>) {
        let mut turn =
            tokio::time::interval(std::time::Duration::from_millis(limits::RECEIPTS_FOLD_MS));
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 0u64.. {
            turn.tick().await;
            if number.is_multiple_of(limits::NODE_ALIVE_MS / limits::RECEIPTS_FOLD_MS) {
                self.say_alive();
            }
            receipts::flush(&self).await;
            presence::expire(&self);
        }
    }

    /// Stores what is only folded in memory; to be called on the way down.
    pub async fn settle(self: &Arc<Self>) {
        receipts::flush(self).await;
    }
}
