//! Keep: what people keep for themselves, which nobody else sees. Starred messages and drafts.
//!
//! Entry point: [`Keep`], the product.
//!
//! Invariants: every change is one write with an event in the person's own stream, so all devices show the same. No
//! event and no index holds a text: the text of a draft lies in a place of its own (`text`), and a star holds no more than
//! the place of its message, so what is erased in the log is gone here, too (P10). A list shows only messages of conversations that
//! the person is in at that moment.
//!
//! Never in here: what a message is and who may read it. The crate `talk` knows.

mod draft;
mod page;
mod product;
mod snapshot;
mod star;
mod starred;
mod tables;
mod text;

pub use product::Keep;
