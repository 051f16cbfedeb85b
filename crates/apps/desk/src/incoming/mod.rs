//! Mails to a desk: a new one becomes a ticket, an answer goes on in its ticket.
//!
//! A program hands a mail in with the token of the desk's mailbox (`take`). It is read ([`mail`]), and placed in a write of its
//! own: a mail is known by its Message-ID and taken once (P3), also if its ticket is gone by then (P10). Who it says it is from
//! proves nothing, so it makes a visitor of that address and comes into a ticket of that visitor alone, and nothing is sent by
//! itself in answer. What was quoted is left out of the message, and the whole mail is kept beside it as a file.

mod fold;
mod known;
mod mail;
pub(crate) mod mailbox;
mod origin;
mod place;
mod sender;
pub(crate) mod take;
pub(crate) mod thread;

pub(crate) use fold::LINE;
pub(crate) use known::forget_old;
pub(crate) use sender::{forget, hand_on};
