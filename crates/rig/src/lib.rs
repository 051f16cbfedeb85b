//! Parts for tests: a real PostgreSQL, a real NATS server, a real mail server, a real nginx, wires to them that can be cut, machines on
//! cables that can be cut, and a disk that loses its power.
//!
//! The servers listen on free ports of 127.0.0.1 only, or in a network namespace of the test's own. They keep their
//! files in a folder of their own, and end with the test's process however it ends. This crate uses no other crate of
//! Encke, so that each of them may use it.

pub mod disk;
mod machine;
mod mail_server;
mod nats;
mod nginx;
mod postgres;
mod process;
mod relay;
mod wire;

pub use machine::{Machine, alone};
pub use mail_server::{Guard, MailServer};
pub use nats::Nats;
pub use nginx::Nginx;
pub use postgres::Postgres;
pub use process::free_port;
pub use relay::Relay;
pub use wire::{Fault, Wire};
