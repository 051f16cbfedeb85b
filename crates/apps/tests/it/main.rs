//! The apps over HTTP, on a real store, as a client meets them.

#![allow(clippy::unwrap_used)] // Helpers of tests fail as tests do.

mod account;
mod channel;
mod conversation_pages;
mod desk_claims;
mod desk_report;
mod files;
mod guest_book;
mod history;
mod large_rooms;
mod people;
mod rooms;
mod setup;
mod site;
mod tokens;
