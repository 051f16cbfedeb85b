//! What an operator can decide: options of the process and of each space, each declared once.
//!
//! Entry point: [`options::Options`].

pub mod options;
pub mod quota_options;
pub mod space_options;
