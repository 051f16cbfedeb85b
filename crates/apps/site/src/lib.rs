//! The ground that every product stands on.
//!
//! Entry points: [`Site`] for the state that all products of a site share, [`Product`] for the parts of a product,
//! [`Caller`] for the signed-in person of a request, [`router`] for the HTTP API of all products.
//!
//! Invariants: the sender of a request is the signed-in person ([`Caller`]) and never a field of the request. A change
//! of rights is one write with the events that tell of it. The end of a right also ends the open connections that rest
//! on it (P7).
//!
//! Never in here: the name of a product, sockets, framing, the transport of events.

pub mod body;
pub mod bulk;
pub mod caller;
mod command;
pub mod description;
mod embedded;
pub mod feed_body;
pub mod following;
pub mod follows;
mod guest_channels;
pub mod identity;
mod json_object;
pub mod notices;
pub mod origin;
mod parts;
pub mod path;
mod peers;
pub mod posted;
pub mod product;
pub mod quota;
pub mod random;
pub mod remembered;
pub mod reply;
mod search;
pub mod sent;
mod site;
pub mod snapshot;

pub use body::{Body, MaybeBody};
pub use caller::{Browser, Caller, CallerOrVisitor, Peer, Scheme, credentials, shown};
pub use command::{Sender, command, unread};
pub use embedded::{Embedded, Embedding};
pub use feed_body::{EventBody, FeedEvent, InFeed, SignalBody, event};
pub use follows::Followed;
pub use guest_channels::GuestChannels;
pub use identity::{Credentials, Identify, Identity, LookedUp, Role};
pub use json_object::{JsonList, JsonObject};
pub use origin::{Origin, PageRule};
pub use parts::Parts;
pub use path::Path;
pub use posted::{Posted, post};
pub use product::{Product, Products};
pub use quota::{Act, Share, Shares};
pub use random::readable_secret;
pub use reply::{Refusal, Refused};
pub use search::check_search;
pub use sent::Sent;
pub use site::{Site, SiteOptions};

use std::sync::Arc;

use axum::middleware;
use axum::response::Response;
use http::{HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;

/// An answer belongs to its caller and is true only now, so no cache may keep it, unless the route says otherwise.
async fn no_store(mut response: Response) -> Response {
    let cache = response.headers_mut().entry(header::CACHE_CONTROL);
    cache.or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The HTTP API of all products of a site: all of docs/protocol.md except the feed and operation.
pub fn router(site: Arc<Site>) -> OpenApiRouter {
    let empty = OpenApiRouter::new();
    let all = site.products().iter().fold(empty, |all, product| all.merge(product.routes()));
    all.layer(middleware::map_response(no_store)).with_state(site)
}
