//! The apps: what people do with the log. One file a feature: its route, its rule, its SQL.
//!
//! Entry points: [`router`] for the HTTP API, [`Site`] for what all features share, [`chat::command`] for what
//! comes over a WebSocket.
//!
//! Invariants: nobody is taken at a field's word, the sender is who is signed in ([`Caller`]); whatever changes who
//! may see what is one write with the events that tell of it; whatever ends a right also ends the open connections
//! that rest on it (P7).
//!
//! Never in here: sockets, framing, how an event travels.

pub mod account;
mod body;
mod bulk;
mod caller;
pub mod channel;
pub mod chat;
mod identity;
mod path;
mod posted;
mod quota;
mod random;
mod remembered;
mod reply;
mod sent;
mod site;

pub use caller::{Browser, Caller, Origin, Peer, Scheme, credentials, shown};
pub use identity::{Credentials, Identity, Role};
pub use posted::{Posted, post};
pub use quota::{Act, Share, Shares};
pub use random::readable_secret;
pub use reply::Refusal;
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

/// The whole HTTP API of docs/protocol.md, but for the feed and operation.
pub fn router(site: Arc<Site>) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(account::router())
        .merge(chat::router())
        .merge(channel::router())
        .layer(middleware::map_response(no_store))
        .with_state(site)
}
