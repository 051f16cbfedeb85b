//! For tests: a real PostgreSQL, a real NATS server, a real nginx, wires between us and them that can be cut, and
//! machines on cables that can be cut.
//!
//! All of it listens on 127.0.0.1 only (or within a network namespace that only the test is in), on ports that were free, keeps its files in a folder of its own, and ends with
//! the test's process, however that ends. Nothing of ours is used in here, so that every crate may use it.

mod machine;
mod nats;
mod nginx;
mod postgres;
mod process;
mod relay;
mod wire;

pub use machine::{Machine, alone};
pub use nats::Nats;
pub use nginx::Nginx;
pub use postgres::Postgres;
pub use process::free_port;
pub use relay::Relay;
pub use wire::{Fault, Wire};
