//! Acceptance with real processes: the crash test, the cluster test and the hostile node that forges messages.
//!
//! The binaries `crash` and `cluster` decide which faults happen, and when. They share this library: writers and
//! readers that go on through every fault, a journal of all that they saw, and the checker that compares the journal
//! with the promises P1 to P4. Entry point: [`check`].
//!
//! Never in here: a fault. Writers, readers and the checker must not know of the faults on the other side.

pub mod cast;
pub mod check;
pub mod desk;
pub mod doors;
pub mod feed;
pub mod http;
pub mod item;
pub mod journal;
pub mod left;
pub mod random;
pub mod reader;
pub mod report;
pub mod run_state;
pub mod world;
pub mod writer;
