//! How a site sends mails: its mail server, the letters, and the pages of their signed links.
//!
//! Entry points: [`Post`], the way to the mail server; [`Letter`], one mail; [`Signed`], what a link in a mail is made for.
//!
//! Invariants: no text of people adds a header, a command or HTML. What a link does is done by a button of its page, never by
//! opening it.
//!
//! Never in here: who gets a mail, when, and what it says. The products that send mails know.

mod address;
mod html;
mod key;
mod letter;
mod options;
mod page;
mod post;
mod smtp;

pub use address::{check, digits};
pub use html::{document, escaped, link};
pub use key::{Purpose, Signed, person_of};
pub use letter::{Letter, Thread, one_line};
pub use options::MailOptions;
pub use page::{Link, Wanted, button, sentence};
pub use post::Post;
pub use smtp::{Outcome, pause};
