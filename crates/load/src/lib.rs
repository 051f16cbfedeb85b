//! Load generator for push servers: one thread of raw epoll that holds many
//! subscribers, publishes to them and accounts for every delivery. (The crash
//! test, `src/bin/crash`, has blocking clients of its own.)
//!
//! The binaries are `pushbench` (the workloads), `rawpush` (the floor),
//! `durability` (what a durable row costs), `classic` (classic pages), `seed` and `crash`.

pub mod engine;
pub mod http;
pub mod payload;
pub mod procs;
pub mod ring;
pub mod seed;
pub mod stats;
pub mod sys;
pub mod target;
pub mod work;
pub mod ws;
