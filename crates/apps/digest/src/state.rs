//! The state of mails in memory for one site.

use std::sync::{Arc, OnceLock};

use encke_engine::{Code, Error, outgoing_limits};
use encke_site::Site;
use encke_site::following::Following;
use tokio::sync::Semaphore;

use crate::options::MailOptions;
use crate::smtp::Smtp;

/// The way to the mail server, and the site's address for links.
pub(crate) struct Ground {
    pub smtp: Smtp,
    /// Such as `https://chat.example.com`, without a slash at the end.
    pub public_url: String,
    /// How long a message may stay unread for those who want to know soon.
    pub soon_ms: u64,
}

/// The state of mails in memory.
pub(crate) struct State {
    ground: OnceLock<Ground>,
    /// How far this node has looked through the log.
    pub following: Following,
    /// Mails that may be sent at one time.
    pub running: Arc<Semaphore>,
}

impl Default for State {
    fn default() -> Self {
        State {
            ground: OnceLock::new(),
            following: Following::new("digest_mark"),
            running: Arc::new(Semaphore::new(outgoing_limits::MAIL_RUNNING_MAX)),
        }
    }
}

/// Gives the mails of a site their options. To be called once, before the site serves. A site with other products than
/// [`Digest`](crate::Digest) has none. The error is a sentence about a wrong option.
pub fn open(site: &Site, options: &MailOptions, public_url: Option<&str>) -> Result<(), String> {
    if let Some(server) = options.server()?
        && let Some(state) = site.find_part::<State>()
    {
        let public_url = public_url.unwrap_or_default().trim_end_matches('/').to_owned();
        let _ = state.ground.set(Ground {
            smtp: Smtp::new(server)?,
            public_url,
            soon_ms: options.soon_ms(),
        });
    }
    Ok(())
}

impl State {
    /// The mails of a site.
    pub fn of(site: &Site) -> &State {
        site.part()
    }

    /// The way to the mail server; `None` if the site sends no mails.
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.get()
    }

    /// The same; `not_found` if the site sends no mails.
    pub fn open(&self) -> Result<&Ground, Error> {
        self.ground().ok_or_else(|| Error::new(Code::NotFound, "This site sends no mails."))
    }
}
