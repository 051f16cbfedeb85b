//! What an operator can decide: options of the process and of each space, each declared once.
//!
//! Entry point: [`options::Options`].

#[macro_use]
mod site_options;

pub mod options;
pub mod quota_options;
pub mod space_options;
