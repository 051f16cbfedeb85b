//! All that is served over HTTP beside the feed: the router, the screens, administration and operation. Also the parts
//! that find out where a request came from.
//!
//! Entry point: [`router::all`].

pub mod admin;
pub mod assets;
mod feed_description;
mod framing;
pub mod hosts;
pub mod metrics;
pub mod openapi;
pub mod operation;
pub mod ops_listener;
pub mod proxies;
pub mod router;
pub mod schemes;
