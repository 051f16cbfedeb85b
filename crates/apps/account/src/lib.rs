//! Accounts: who people are, and how they prove it.

mod administer;
mod device;
mod display_name;
pub mod entrance;
mod guest;
mod hasher;
mod limits;
mod look;
mod password;
mod person;
mod session;
mod settings;
mod setup;
mod setup_code;
mod sign_in;
mod ticket;
mod token;

pub use administer::{Listed, NewAccount, add, add_as, bot, everyone, named, set_password};
pub(crate) use device::DeviceId;
pub(crate) use hasher::Hasher;
pub(crate) use limits::{SignInLimits, Try};
pub use password::Recovered;
pub(crate) use person::{Me, Person, me, pattern, people};
pub(crate) use session::Sessions;
pub(crate) use settings::settings;
pub use setup_code::new_setup_code;
pub(crate) use ticket::Tickets;
pub use token::{AnyToken, all_tokens, create_token, revoke_token};

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::site::Site;

pub(crate) fn router() -> OpenApiRouter<Arc<Site>> {
    OpenApiRouter::new()
        .routes(routes!(setup::needed, setup::setup))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(guest::enter))
        .routes(routes!(session::sign_out))
        .routes(routes!(session::who))
        .routes(routes!(password::change))
        .routes(routes!(person::search, administer::create))
        .routes(routes!(administer::disable))
        .routes(routes!(settings::get, settings::change))
        .routes(routes!(token::list, token::create))
        .routes(routes!(token::revoke))
        .routes(routes!(ticket::issue))
}
