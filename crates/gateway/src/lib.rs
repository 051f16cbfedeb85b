//! Other people's protocols on the same log.
//!
//! Entry points: [`Gateways`], which mounts those that the operator switched on, and [`classic`], the six protocols of the
//! Comet tutorials. A request that can be answered at once gets an ordinary response; one that has to wait gets a response that carries a
//! [`Wait`](encke_transport::Wait) ([`Parking`]), and the server parks its connection with the shards.
//!
//! Invariants: a send is answered with success only when it is durable (P1); every answer is what the log holds after
//! what the page says it has, so nothing falls between two polls (P4); what a page confirms, or was given, is noted in
//! the store and never by its mere asking (P5).
//!
//! Never in here: sockets, threads, a queue for each page.

pub mod classic;
mod gateways;
mod parking;
mod tables;

pub use gateways::{ClassicPages, GatewayOptions, Gateways, TABLE, answers_for_itself};
pub use parking::Parking;
