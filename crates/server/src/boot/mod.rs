//! Starting and stopping: what is opened in which order, how a process divides what it has, and how it goes down.
//!
//! Entry point: [`serve::run`].

pub mod allocator;
pub mod budget;
pub mod cluster;
pub mod demo;
pub mod logging;
pub mod products;
pub mod serve;
pub mod setup_code;
pub mod space;
pub mod spaces;
