//! Talk: what any conversation does, whichever product owns it.
//!
//! A conversation owns a stream of what is said, one of receipts, and one of amendments. The table `member` decides who is in it. The
//! streams that a session follows (`follow`) change in the same write.
//!
//! Entry points: [`Talk`], the product; [`conversation`] and [`member`] for products that make conversations.

mod amended;
mod amendment;
pub mod audit;
pub mod ban;
pub mod block;
pub mod card;
pub mod choices;
mod command;
mod composed;
pub mod conversation;
mod conversation_facts;
pub mod conversation_page;
mod delivered;
mod edit;
mod emoji;
mod erase;
mod first_link;
mod forward;
mod growth;
pub mod hidden;
mod history;
pub mod kind;
mod last_seen;
mod marks;
pub mod member;
mod member_page;
mod member_role;
mod mention;
pub mod message;
mod mute;
pub mod notice;
mod one_conversation;
mod one_message;
pub mod onlooker;
mod peers;
mod pin;
mod poll;
mod poll_result;
mod presence;
pub mod preview;
mod product;
mod profile;
mod reaction;
mod recall;
mod receipts;
mod remote_presence;
mod report;
pub mod rights;
mod search;
pub mod shown_members;
mod site_emoji;
mod tables;
mod thread;
mod thread_answer;
mod thread_page;
pub mod ticket;
mod ticket_copy;
pub mod told;
mod typing;
pub mod view;
mod vote;
mod voters;

pub use amended::messages_now;
pub use amendment::{find_message, message_at, parse_seq};
pub use conversation::parse as parse_conversation;
pub use erase::erase_message;
pub use product::Talk;
pub use profile::{tell as tell_of_person, tell_others as tell_others_of_person};
pub use receipts::hold_up_to;
pub use search::{Between, Candidate, StarsOf, TicketsFound, tickets_with};
pub use ticket_copy::erase_copies;
