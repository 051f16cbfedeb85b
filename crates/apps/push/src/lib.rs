//! Notifications by Web Push (RFC 8030, 8188, 8291, 8292) while no page of a person is open.
//!
//! Nothing here is on the way of a send. Housekeeping follows the log some way behind, and only if somebody has
//! subscribed: for each message it notes in the table `push_due` which subscriptions are to be told of which conversation.
//! A few seconds later a node takes such a row, looks whether the person has read the message or has a page open by now,
//! and sends what is left to the push service.
//!
//! Several nodes share the tables. The mark in the log and each row that is due are taken by one node at a time, in a
//! write; a row whose node dies is taken by another one. So a notification may come twice, which its tag hides, and is
//! never forgotten by a crash.
//!
//! Entry points: [`Push`], the product; [`open`] gives it its options and the client for requests outside.
//!
//! Invariants: the tables hold no text of anybody (P10): a message is read from the log when it is sent, so a recalled one
//! is not. A subscription ends with the session that made it.
//!
//! Never in here: who may read a message, and how a notification looks.

mod credential;
mod deliver;
mod due;
mod encrypt;
mod ended;
mod follow;
mod key;
mod notification;
mod options;
mod product;
mod quiet;
mod service;
mod state;
mod subscription;
mod tables;
mod turn;
mod vapid;

pub use options::PushOptions;
pub use product::Push;
pub use state::open;
