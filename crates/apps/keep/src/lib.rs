//! Keep: what people keep for themselves, which nobody else sees. Starred messages, drafts, messages
//! that are sent later, and reminders.
//!
//! Entry point: [`Keep`], the product.
//!
//! Invariants: every change is one write with an event in the person's own stream, so all devices show the same. No
//! event and no index holds a text: the text of a draft lies in a place of its own (`text`), and a star holds no more than
//! the place of its message, so what is erased in the log is gone here, too (P10). A list of messages shows only
//! those of conversations that the person is in at that moment. What is due is taken out of its table in the write that
//! does it, so it is done once, by whichever node is there (P11).
//!
//! Never in here: what a message is and who may read it. The crate `talk` knows.

mod draft;
mod due;
mod id;
mod page;
mod product;
mod reminder;
mod reminding;
mod room;
mod scheduled;
mod sending;
mod snapshot;
mod star;
mod starred;
mod tables;
mod text;

pub use product::Keep;
