//! A whole cluster in one thread: several nodes, a store, a bus, clients, and a network that does its worst.
//!
//! The engine is the real one: hubs, tails, the order of commits, cursors, marks, presence. Everything with I/O is
//! modelled: the store as a log in the order of commits ([`store`]), the nodes' wiring ([`node`]), bus and connections.
//! There is one clock, which only moves when nothing is left to do, and one source of chance. So a seed is a world: the
//! same seed gives the same world to the last step, and a failure is found again by its number.
//!
//! Entry point: [`run`]. The binary runs many seeds, and one with a trace.
//!
//! Invariants that are checked at every step, and once more when all faults have healed ([`check`]):
//! - an acknowledged send stands, once, at the place that its sender was told (P1, P3);
//! - positions and numbers have no gap, and all readers see the same (P2);
//! - a reader gets all events that it may see, in order, once, or is told to start anew (P4);
//! - marks only move forward, and only by acks (P5); a full connection is handed nothing (P6);
//! - a node that is well hands out nothing under a right that has ended, and ends no session whose sign-in is good
//!   (P7);
//! - a signal comes at most once, and only if a node has sent it (P9).
//!
//! The checks are checked: each [`Variant`] builds the cluster with a fault that has to be found.
//!
//! Never in here: threads, sockets, a real clock, iteration without a fixed order.

mod agenda;
mod check;
mod client;
pub mod desk;
mod faults;
mod figures;
mod forger;
pub mod later;
mod node;
mod scene;
mod store;
mod variant;
mod weather;
mod wires;
mod world;

pub use figures::Figures;
pub use scene::Violation;
pub use variant::Variant;
pub use world::{Report, run};
