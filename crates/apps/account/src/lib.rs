//! Accounts: people, and how they prove their identity.
//!
//! Entry points: [`Account`], the product; [`people`] and [`me`], which show people to others; [`gateway_sign_in`], for
//! other protocols.
//!
//! Invariants: only the hash of a credential is stored. The end of a credential also ends the connections that rest on
//! it.

mod administer;
mod block;
mod device;
mod display_name;
pub mod gateway_sign_in;
mod guest;
mod hasher;
mod identity;
mod last_seen;
mod limits;
mod look;
mod own_name;
mod pass;
mod password;
mod person;
mod product;
mod session;
mod set_cookie;
mod settings;
mod setup;
mod setup_code;
mod sign_in;
mod snapshot;
mod status;
mod tables;
mod token;
pub mod visitor;

pub use administer::{
    Listed, NewAccount, add, add_as, bot, everyone, named, new_bot, rename_bot, set_password,
};
pub use block::{blocked_by, has_blocked, set_blocked};
pub use display_name::display_name;
pub use identity::hash as hash_of_secret;
pub use last_seen::{hide_last_seen, note_last_seen};
pub use own_name::set_display_name;
pub use password::Recovered;
pub use person::{
    Me, Person, PresenceOf, PresenceState, me, one, pattern, people, people_named, people_seen,
    presence,
};
pub use product::Account;
pub(crate) use product::Accounts;
pub use settings::{Settings, settings};
pub use setup_code::new_setup_code;
pub use status::{Status, set_picture, set_status};
pub use token::{AnyToken, all_tokens, create_token, revoke_token};
