//! Talk as a product: its routes, what it keeps in memory, its sends and its housekeeping.

use std::sync::Arc;

use bytes::Bytes;
use encke_account::PresenceOf;
use encke_engine::{Batch, Error, PersonId, Position, StreamId, growth_limits, limits};
use encke_site::product::{
    AfterCommits, Answer, Commands, Extras, Housekeeping, Peer, Reply, SendPath, Sends, Sessions,
};
use encke_site::{Identity, InFeed, Parts, Posted, Product, Sender, Site};
use encke_store::Migration;
use futures_util::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::tables::TABLES;

use crate::conversation_facts::KnownConversations;
use crate::presence::{Presences, presence_of};
use crate::receipts::Receipts;
use crate::{
    audit, ban, block, card, choices, command, conversation, conversation_page, edit, forward,
    growth, hidden, history, last_seen, member, member_page, message, mute, one_conversation,
    one_message, peers, pin, poll, poll_result, presence, preview, profile, reaction, recall,
    receipts, report, search, site_emoji, thread, thread_answer, thread_page, ticket, typing, vote,
    voters,
};

/// The product behind all conversations, whatever their kind.
pub struct Talk;

impl Product for Talk {
    fn name(&self) -> &'static str {
        "talk"
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert(Receipts::default());
        parts.insert(KnownConversations::default());
        parts.insert(Presences::default());
        parts.insert(last_seen::Left::default());
        parts.insert(search::Followed::default());
        parts.insert(PresenceOf(presence_of));
    }

    fn tables(&self) -> &'static [Migration] {
        TABLES
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new()
            .routes(routes!(conversation_page::list))
            .routes(routes!(one_conversation::get))
            .routes(routes!(member_page::list))
            .routes(routes!(message::send))
            .routes(routes!(forward::forward))
            .routes(routes!(one_message::get, edit::edit, recall::recall))
            .routes(routes!(edit::edits))
            .routes(routes!(reaction::react, reaction::take_back))
            .routes(routes!(pin::pin, pin::unpin))
            .routes(routes!(pin::pins))
            .routes(routes!(poll::create))
            .routes(routes!(card::send))
            .routes(routes!(growth::open::open))
            .routes(routes!(growth::piece::piece))
            .routes(routes!(growth::whole::close))
            .routes(routes!(growth::stop::stop))
            .routes(routes!(vote::vote))
            .routes(routes!(vote::close))
            .routes(routes!(voters::list))
            .routes(routes!(preview::remove))
            .routes(routes!(hidden::hide, hidden::show))
            .routes(routes!(history::page))
            .routes(routes!(search::search))
            .routes(routes!(site_emoji::list))
            .routes(routes!(site_emoji::put, site_emoji::delete))
            .routes(routes!(site_emoji::picture))
            .routes(routes!(receipts::mark))
            .routes(routes!(receipts::ack))
            .routes(routes!(typing::typing))
            .routes(routes!(presence::say))
            .routes(routes!(profile::person))
            .routes(routes!(profile::set_name))
            .routes(routes!(profile::set_status, profile::end_status))
            .routes(routes!(profile::set_picture, profile::remove_picture))
            .routes(routes!(profile::hide_last_seen))
            .routes(routes!(mute::mute, mute::unmute))
            .routes(routes!(ban::ban, ban::lift))
            .routes(routes!(ban::list))
            .routes(routes!(thread_answer::answer))
            .routes(routes!(thread_answer::follow, thread_answer::unfollow))
            .routes(routes!(thread_page::list))
            .routes(routes!(audit::list))
            .routes(routes!(choices::change))
            .routes(routes!(choices::list))
            .routes(routes!(block::block, block::unblock))
            .routes(routes!(block::list))
            .routes(routes!(report::report))
            .routes(routes!(report::list))
            .routes(routes!(report::list_of_site))
            .routes(routes!(report::resolve))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default()
            .event::<conversation::Created>()
            .event::<message::Said<'_>>()
            .event::<member::MemberJoined>()
            .event::<member::MemberLeft>()
            .event::<member::RoleChanged>()
            .event::<mute::MemberMuted>()
            .event::<choices::ChoicesChanged>()
            .event::<block::Blocked>()
            .event::<profile::PersonChanged>()
            .event::<report::Reported>()
            .event::<edit::Edited>()
            .event::<reaction::Reacted>()
            .event::<pin::Pinned>()
            .event::<poll_result::Polled>()
            .event::<vote::Voted>()
            .event::<preview::Previewed>()
            .event::<growth::piece::Piece>()
            .event::<growth::piece::Grown>()
            .event::<growth::stop::StopAsked>()
            .event::<growth::whole::Whole>()
            .event::<thread::Answered>()
            .event::<thread::ThreadFollowed>()
            .event::<ticket::TicketFollowed>()
            .event::<recall::Recalled>()
            .event::<recall::Erased>()
            .event::<hidden::Hidden>()
            .event::<receipts::MembersMarked>()
            .event::<receipts::SelfMarked>()
            .event::<conversation::ConversationAdded>()
            .event::<member::ConversationRemoved>()
            .signal::<typing::Typing>()
            .signal::<presence::PresenceTold>()
            .commands::<command::TalkCommand>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras {
            sends: Some(self),
            commands: Some(self),
            sessions: Some(self),
            after_commits: Some(self),
            peer: Some(self),
            housekeeping: Some(self),
            ..Extras::default()
        }
    }
}

impl Sends for Talk {
    fn path(&self) -> SendPath {
        SendPath { before: "/v1/conversations/", after: "/messages" }
    }

    fn post(
        &self,
        site: &Arc<Site>,
        identity: Identity,
        name: &str,
        posted: Posted<'_>,
        reply: Reply,
    ) {
        message::post(site, identity, name, posted, reply);
    }
}

impl Commands for Talk {
    fn types(&self) -> &'static [&'static str] {
        command::TYPES
    }

    fn command(&self, site: &Arc<Site>, sender: Sender<'_>, frame: &[u8], answer: Answer) {
        command::command(site, sender, frame, answer);
    }
}

impl Sessions for Talk {
    fn opened(&self, site: &Arc<Site>, person: PersonId, device: &str) {
        presence::connected(site, person, device);
    }

    fn closed(&self, site: &Arc<Site>, person: PersonId, device: &str) {
        presence::disconnected(site, person, device);
    }

    fn acked(&self, site: &Arc<Site>, person: PersonId, position: Position) {
        receipts::acked(site, person, position);
    }
}

impl AfterCommits for Talk {
    fn committed(&self, site: &Site, batch: &Batch) {
        Receipts::of(site).note_sends(batch);
    }
}

impl Peer for Talk {
    fn noted(&self, site: &Arc<Site>, note: &str) {
        peers::noted(site, note);
    }

    fn signal(&self, stream: StreamId, item: &[u8]) -> Option<Bytes> {
        typing::written_anew(stream, item)
    }
}

impl Housekeeping for Talk {
    fn begin<'a>(&'a self, site: &'a Arc<Site>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(receipts::fold_own_sends(site))
    }

    fn turn<'a>(&'a self, site: &'a Arc<Site>, number: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if number.is_multiple_of(limits::NODE_ALIVE_MS / limits::RECEIPTS_FOLD_MS) {
                peers::say_alive(site);
            }
            receipts::flush(site).await;
            presence::expire(site);
            last_seen::store(site).await;
            if number.is_multiple_of(growth_limits::GROWTH_LOOK_EVERY_MS / limits::RECEIPTS_FOLD_MS)
            {
                growth::broken::look(site).await;
            }
            if number.is_multiple_of(limits::INDEX_EVERY_MS / limits::RECEIPTS_FOLD_MS) {
                search::follow(site).await;
            }
        })
    }

    fn settle<'a>(&'a self, site: &'a Arc<Site>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            receipts::flush(site).await;
            last_seen::settle(site).await;
        })
    }
}
