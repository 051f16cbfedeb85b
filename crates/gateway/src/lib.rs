//! Other protocols on the same log.
//!
//! Entry points: [`Gateways`], which mounts those that the operator switched on, and [`classic`], the six protocols of
//! the Comet tutorials. A request that can be answered at once gets an ordinary response. A request that has to wait
//! gets a response with a [`Wait`](encke_transport::Wait) in it ([`Parking`]), and the server parks its connection with
//! the shards.
//!
//! Invariants: a send succeeds only when it is durable (P1). Every answer has what the log holds after the page's own
//! position, so nothing is lost between two polls (P4). The store notes what a page has confirmed or was given; a
//! request alone moves nothing (P5).
//!
//! Never in here: sockets, threads, a queue for each page.

pub mod classic;
mod gateways;
mod parking;
mod tables;

pub use gateways::{ClassicPages, GatewayOptions, Gateways, TABLE, answers_for_itself};
pub use parking::Parking;
