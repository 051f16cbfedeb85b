//! The real binary on a temporary data folder, spoken to over the wire.
//!
//! `harness` starts servers and speaks HTTP, `feed` reads the feed over each transport, the other modules are the
//! tests. Every wait has a deadline; silence is never proved by sleeping but by a marker that must come next.
#![allow(missing_docs, clippy::unwrap_used)]

mod amendments;
mod bad_feed;
mod bad_http;
mod bad_values;
mod bad_wire;
mod bystander;
mod channel_names;
mod classic;
mod cli;
mod cluster;
mod crowd;
mod deploy;
mod desk;
mod encrypted;
mod feed;
mod files;
mod forward;
mod growing;
mod guest_channels;
mod harness;
mod hidden;
mod invitations;
mod keeping;
mod last_seen;
mod life;
mod mail;
mod mentions;
mod operation;
mod ops;
mod pairs;
mod polls;
mod preview;
mod profile;
mod program;
mod push;
mod quotas;
mod reached;
mod recall;
mod recorded;
mod reference;
mod room_picture;
mod scenarios;
mod sealed;
mod search;
mod secrets;
mod sign_in;
mod site_emoji;
mod snapshot;
mod spaces;
mod threads;
mod two;
