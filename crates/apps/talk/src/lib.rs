//! Talk: what any conversation does, whichever product owns it.
//!
//! A conversation owns one stream, and a second one for its receipts. The table `member` decides who is in it. The
//! streams that a session follows (`follow`) change in the same write.
//!
//! Entry points: [`Talk`], the product; [`conversation`] and [`member`] for products that make conversations.

mod attachment;
mod command;
pub mod conversation;
mod conversation_facts;
pub mod conversation_page;
mod delivered;
mod history;
pub mod kind;
mod marks;
pub mod member;
mod member_page;
pub mod message;
mod peers;
mod presence;
mod product;
mod receipts;
mod remote_presence;
pub mod shown_members;
mod tables;
mod typing;
pub mod view;

pub use product::Talk;
pub use receipts::hold_up_to;
