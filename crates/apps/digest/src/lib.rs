//! Missed direct messages and mentions by e-mail.
//!
//! A person gives an address, confirms it by a link in a mail, and chooses how long a message may stay unread before it is
//! told. Housekeeping follows the log some way behind, like notifications do, and notes in `digest_waiting` who may have
//! missed what. When a person's mail is due, a node takes it, looks which of the messages are still unread and still there,
//! and sends one mail about all of them.
//!
//! Several nodes share the tables. The mark in the log and each mail that is due are taken by one node at a time, in a write
//! (P11). A node that dies in the midst of sending leaves the mail to another one, so after a crash a mail may come twice.
//!
//! Entry points: [`Digest`], the product; [`open`] gives it its options.
//!
//! Invariants: nothing but the request to confirm is sent to an address that was not confirmed, and of those requests a
//! bounded number. The tables hold no text of any message (P10).
//!
//! Never in here: who may read a message, and what counts as unread.

mod asked;
mod compose;
mod deliver;
mod follow;
mod links;
mod product;
mod settings;
mod state;
mod tables;
mod turn;
mod words;

pub use product::Digest;
pub use state::open;
