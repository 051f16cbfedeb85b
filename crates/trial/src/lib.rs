//! What the crash test and the cluster test share: writers and readers that go on whatever happens, all that they
//! write down, and the checker that compares it with the promises P1 to P4.
//!
//! Begin at [`check`]. Nothing in here knows what goes wrong on the other side, or when.

pub mod cast;
pub mod check;
pub mod doors;
pub mod feed;
pub mod http;
pub mod item;
pub mod journal;
pub mod random;
pub mod reader;
pub mod report;
pub mod shared;
pub mod world;
pub mod writer;
