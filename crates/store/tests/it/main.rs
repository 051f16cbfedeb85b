//! The store seen from outside.

#![allow(missing_docs, clippy::unwrap_used)]

mod conformance;
mod faults;
mod model;
mod space;
mod sqlite;
