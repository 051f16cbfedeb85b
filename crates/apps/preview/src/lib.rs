//! Previews of links: the title, description and picture of the page that a message's first link leads to.
//!
//! Nothing here is on the way of a send. Housekeeping follows the log some way behind and notes in the table `preview_due`
//! which messages to look after. A node takes such a row, fetches the page with the guarded client for requests outside,
//! and hands what it found to `talk`, which tells everybody by an amendment.
//!
//! What was fetched lies in the table `preview_page`, and `preview_held` says which messages show it. Other messages with
//! the same link use it again for a time. It goes when no message holds it any more (P10).
//!
//! Several nodes share the tables. The mark in the log, each row that is due and each page are taken by one node at a
//! time, in a write (P11); what a node that dies has taken is taken by another one.
//!
//! Entry points: [`Preview`], the product; [`open`] gives it its options and the client for requests outside.
//!
//! Invariants: it is off unless the operator has switched it on. While it is off, its tables are empty. Nothing that a
//! page says is shown as anything but text, and a picture only after it was decoded and written anew.
//!
//! Never in here: who may read a message, and how a preview looks.

mod charset;
mod claim;
mod due;
mod fetch;
mod follow;
mod make;
mod options;
mod page_head;
mod picture;
mod product;
mod rate;
mod release;
mod state;
mod tables;
mod wording;

pub use options::PreviewOptions;
pub use product::Preview;
pub use state::open;
