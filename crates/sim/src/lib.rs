//! A whole cluster in one thread: several nodes, a store, a bus, clients, and a network that does its worst.
//!
//! The engine is the real one: hubs, tails, the order of commits, cursors, marks, presence. What does I/O is modelled:
//! the store as a log in the order of commits ([`store`]), the nodes' wiring ([`node`]), bus and connections. There is
//! one clock, which only moves when there is nothing left to do, and one source of chance. So a seed is a world: run
//! again it is the same to the last step, and a failure is found again by its number.
//!
//! Entry point: [`run`]. The binary runs many seeds, and one with a trace.
//!
//! Invariants that are checked at every step, and once more when all has healed ([`check`]):
//! - what was acknowledged stands where it was said to stand, once (P1, P3);
//! - positions and numbers have no gap, and everybody sees the same (P2);
//! - a reader gets all that it may see, in order, once, or is told to start anew (P4);
//! - marks only move forward, and only by acks (P5); a full connection is handed nothing (P6);
//! - what was taken from somebody is not handed to it once a node that is well must know, and nobody is signed out
//!   whose sign-in is good (P7);
//! - a signal comes at most once, and only if a node has said it (P9).
//!
//! The checks are checked: [`Variant`] builds the cluster wrongly in a number of ways, each of which has to be found.
//!
//! Never in here: threads, sockets, a real clock, anything that iterates in an order that is not fixed.

mod agenda;
mod check;
mod client;
mod faults;
mod figures;
mod forger;
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
