//! Requests to servers outside that people or pages have named, such as push services.
//!
//! Somebody who names an address must not reach what only this machine or its network may reach. So each request is
//! checked: its URL first, and then every address that a name resolves to. The connection goes to exactly the checked
//! addresses, so a name that resolves to something else a moment later gains nothing.
//!
//! Entry points: [`Egress`] sends requests; [`EgressOptions`] says which further networks it may reach.
//!
//! Invariants: no redirect is followed and no proxy is used; each request has a bounded time, a bounded answer and one of a
//! bounded number of places.
//!
//! Never in here: what a request is for, and whether to repeat it.

mod address;
mod client;
mod options;

pub use client::{Answer, Egress, EgressError, Outgoing};
pub use options::EgressOptions;
pub use url::Url;
