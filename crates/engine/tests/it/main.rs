//! The engine seen from outside.

#![allow(missing_docs, clippy::unwrap_used)]

mod erased;
mod hub;
mod tail;
