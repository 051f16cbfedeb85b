//! For tests: a real PostgreSQL, a real NATS server, and a wire between us and them that can be cut.
//!
//! All of it listens on 127.0.0.1 only, on ports that were free, keeps its files in a folder of its own, and ends with
//! the test's process, however that ends. Nothing of ours is used in here, so that every crate may use it.

mod nats;
mod postgres;
mod process;
mod wire;

pub use nats::Nats;
pub use postgres::Postgres;
pub use process::free_port;
pub use wire::{Fault, Wire};
