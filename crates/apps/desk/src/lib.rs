//! Desk: visitors ask, agents answer.
//!
//! A desk is a closed room of staff, its *house*, that visitors can ask. Who is staff, and who of it leads, is decided in that
//! room. A question is a ticket: a conversation of the crate `talk`, so messages, files, receipts and history come from
//! there. Here is the rest: whose the ticket is, who waits, and what visitors are shown.
//!
//! Entry points: [`Desk`], the product; [`open`] gives it the way to the mail server.
//!
//! Invariants: a ticket has one owner or none, and each change of it is one write (P11). Every change of a ticket's row is told
//! to the house in the same write (`ticket`), and what the visitor may know of it to the ticket (`ticket_status`). No table
//! here holds the text of a message (P10). Notes have a stream of their own, which only staff follows.
//!
//! Never in here: what a message is, and who may read a conversation. The crate `talk` knows.

mod agent;
mod article;
mod ask;
mod assignment;
mod automation;
mod blocked;
mod bulk_change;
mod calling;
mod canned;
mod change;
mod claim;
mod claims;
mod contact;
mod contact_list;
mod contact_merge;
mod csv;
mod day_sums;
mod desk;
mod door;
mod draft;
mod due;
mod erasure;
mod export;
mod figures;
mod framing;
mod greeting;
mod help;
mod help_html;
mod help_page;
mod helped;
mod hours;
mod incoming;
mod invitation;
mod keeper;
mod kept;
mod key;
mod lateness;
mod looking;
mod mail;
mod markdown;
mod mentions;
mod note;
mod one_more;
mod product;
mod promise;
mod rating;
mod report;
mod report_tickets;
mod saved_view;
mod settings;
mod site_secret;
mod span;
mod staff;
mod status;
mod sums;
mod tables;
mod team;
mod ticket;
mod ticket_list;
mod ticket_merge;
mod ticket_page;
mod ticket_search;
mod ticket_split;
mod verified;
mod visit;
mod visitor;

pub use mail::open;
pub use product::Desk;
