//! Start and stop of the process: the order in which parts open, the shares of its resources, the way down.
//!
//! Entry point: [`serve::run`].

pub mod allocator;
pub mod budget;
pub mod cluster;
pub mod demo;
mod demo_desk;
pub mod logging;
pub mod products;
pub mod serve;
pub mod setup_code;
pub mod space;
pub mod spaces;
