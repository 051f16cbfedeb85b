//! The ground that every product stands on.
//!
//! Entry points: [`Site`] for what all products of a site share, [`Product`] for what a product brings, [`Caller`] for
//! who is signed in, [`router`] for the HTTP API of all products together.
//!
//! Invariants: nobody is taken at a field's word, the sender is who is signed in ([`Caller`]); whatever changes who
//! may see what is one write with the events that tell of it; whatever ends a right also ends the open connections
//! that rest on it (P7).
//!
//! Never in here: a product by name, sockets, framing, how an event travels.

pub mod body;
pub mod bulk;
pub mod caller;
mod command;
pub mod description;
pub mod feed_body;
pub mod follows;
pub mod identity;
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
pub mod sent;
mod site;
pub mod snapshot;

pub use body::{Body, MaybeBody};
pub use caller::{Browser, Caller, Peer, Scheme, credentials, shown};
pub use command::{Sender, command, unread};
pub use feed_body::{EventBody, FeedEvent, InFeed, SignalBody, event};
pub use follows::Followed;
pub use identity::{Credentials, Identify, Identity, Role};
pub use origin::{Origin, PageRule};
pub use parts::Parts;
pub use path::Path;
pub use posted::{Posted, post};
pub use product::{Product, Products};
pub use quota::{Act, Share, Shares};
pub use random::readable_secret;
pub use reply::{Refusal, Refused};
pub use sent::Sent;
pub use site::{Site, SiteOptions};

use std::sync::Arc;

use axum::middleware;
use axum::response::Response;
use http::{HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;

/// What is answered belongs to who asked, and is true only now.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The HTTP API of all products of a site: all of docs/protocol.md but the feed and operation.
pub fn router(site: Arc<Site>) -> OpenApiRouter {
    let empty = OpenApiRouter::new();
    let all = site.products().iter().fold(empty, |all, product| all.merge(product.routes()));
    all.layer(middleware::map_response(no_store)).with_state(site)
}
