//! Load generator for push servers: one thread of raw epoll that holds many
//! subscribers, publishes to them and accounts for every delivery. What the crash
//! test and the cluster test share, with blocking clients of its own, is [`trial`].
//!
//! The binaries are `pushbench` (the workloads), `rawpush` (the floor),
//! `durability` (what a durable row costs), `classic` (classic pages), `seed`, `crash` and `cluster`.

pub mod engine;
pub mod http;
pub mod payload;
pub mod procs;
pub mod ring;
pub mod seed;
pub mod stats;
pub mod sys;
pub mod target;
pub mod trial;
pub mod work;
pub mod ws;
