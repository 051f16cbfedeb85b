//! Mails to visitors: the answers to a question whose visitor has gone, and the whole conversation if it asks for that.
//!
//! A visitor leaves an address and confirms it by a link in a mail. An answer to a ticket of such a visitor is noted in
//! `desk_mail` in the write of the answer (P1). When it is due, one node takes it (P11), looks what the visitor has not read, and
//! sends that. The tables hold no text of any message (P10).
//!
//! Nothing but the request to confirm goes to an address that was not confirmed. That request holds no text of the visitor, and a
//! bounded number of them is sent, so nobody is written to by strangers through a desk.

pub(crate) mod address;
mod asked;
mod compose;
mod deliver;
pub(crate) mod links;
pub(crate) mod outbox;
pub(crate) mod shown;
pub(crate) mod state;
pub(crate) mod transcript;
pub(crate) mod turn;
mod words;

pub use state::open;
