//! The state of mails in memory for one site.

use std::sync::{Arc, OnceLock};

use encke_engine::{Code, Error, outgoing_limits};
use encke_letter::{MailOptions, Post};
use encke_site::Site;
use encke_site::following::Following;
use tokio::sync::Semaphore;

/// The state of mails in memory.
pub(crate) struct State {
    post: OnceLock<Post>,
    /// How far this node has looked through the log.
    pub following: Following,
    /// Mails that may be sent at one time.
    pub running: Arc<Semaphore>,
}

impl Default for State {
    fn default() -> Self {
        State {
            post: OnceLock::new(),
            following: Following::new("digest_mark"),
            running: Arc::new(Semaphore::new(outgoing_limits::MAIL_RUNNING_MAX)),
        }
    }
}

/// Gives the mails of a site their options. To be called once, before the site serves. A site with other products than
/// [`Digest`](crate::Digest) has none. The error is a sentence about a wrong option.
pub fn open(site: &Site, options: &MailOptions, public_url: Option<&str>) -> Result<(), String> {
    if let Some(post) = Post::open(options, public_url)?
        && let Some(state) = site.find_part::<State>()
    {
        let _ = state.post.set(post);
    }
    Ok(())
}

impl State {
    /// The mails of a site.
    pub fn of(site: &Site) -> &State {
        site.part()
    }

    /// The way to the mail server; `None` if the site sends no mails.
    pub fn post(&self) -> Option<&Post> {
        self.post.get()
    }

    /// The same; `not_found` if the site sends no mails.
    pub fn open(&self) -> Result<&Post, Error> {
        self.post().ok_or_else(|| Error::new(Code::NotFound, "This site sends no mails."))
    }
}
