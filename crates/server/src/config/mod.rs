//! The options of an operator, for the process and for each space. Each is declared once.
//!
//! Entry point: [`options::Options`].

#[macro_use]
mod site_options;

pub mod options;
pub mod quota_options;
pub mod space_options;
