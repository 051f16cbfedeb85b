//! Load generator for push servers: one thread of raw epoll that holds many subscribers, publishes to them and accounts
//! for every delivery.
//!
//! Entry point: [`work`], the workloads of the binary `pushbench`. The other binaries are `rawpush` (the floor),
//! `durability` (the cost of a durable row), `classic` (classic pages) and `seed` (people for a data folder).
//!
//! Never in here: a judgement. `encke-trial` and the tests of each crate check what must hold.

pub mod client;
pub mod engine;
pub mod http;
pub mod payload;
pub mod procs;
pub mod ring;
pub mod seed;
pub mod stats;
pub mod stored;
pub mod sys;
pub mod target;
pub mod work;
pub mod ws;
