//! The rules of a desk's queue: who gets which ticket ([`plan`]), and when the owner of one counts as gone ([`Gone`]).
//!
//! The desk carries them out, and the simulation runs them against nodes that crash and agents that vanish.
//!
//! Never in here: a store, a clock, a request. What is there is handed in.

mod gone;
mod plan;

pub use gone::Gone;
pub use plan::{Free, Turns, Wanted, plan};
