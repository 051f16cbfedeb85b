//! The store seen from outside.

#![allow(missing_docs, clippy::unwrap_used)]

mod conformance;
mod faults;
mod model;
mod postgres;
mod space;
mod sqlite;
mod sqlite_erased;
mod tables;
