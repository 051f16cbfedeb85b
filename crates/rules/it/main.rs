//! The rules of the workspace itself: its crates, its documents, its web packages.
//!
//! They only read files, so they are a package of their own: it needs no other crate of ours, and `make check` runs it without
//! building the server.
#![allow(missing_docs, clippy::unwrap_used)]

mod docs_rules;
mod rules;
mod web_rules;
