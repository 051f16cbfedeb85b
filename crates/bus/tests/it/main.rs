//! The bus seen from outside.

#![allow(missing_docs, clippy::unwrap_used)]

mod conformance;
mod local;
mod nats;
mod node;
