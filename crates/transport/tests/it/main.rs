//! The transports over real sockets: one list of scenarios for every transport.
#![allow(missing_docs, clippy::unwrap_used)]

mod client;
mod crowd;
mod ends;
mod hosts;
mod http;
mod http_sends;
mod scenarios;
mod slow;
mod waits;
mod websocket;
mod world;
