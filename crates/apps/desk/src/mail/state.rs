//! The state of a desk's mails in memory.

use std::sync::{Arc, OnceLock};

use encke_engine::{Code, Error, outgoing_limits};
use encke_letter::{MailOptions, Post};
use encke_site::Site;
use tokio::sync::Semaphore;

/// The state of mails in memory.
pub(crate) struct MailState {
    post: OnceLock<Post>,
    /// Mails that may be sent at one time.
    pub running: Arc<Semaphore>,
}

impl Default for MailState {
    fn default() -> Self {
        let running = Arc::new(Semaphore::new(outgoing_limits::MAIL_RUNNING_MAX));
        MailState { post: OnceLock::new(), running }
    }
}

/// Gives the desks of a site their way to the mail server. To be called once, before the site serves. The error is a sentence
/// about a wrong option.
pub fn open(site: &Site, options: &MailOptions, public_url: Option<&str>) -> Result<(), String> {
    if let Some(post) = Post::open(options, public_url)?
        && let Some(state) = site.find_part::<MailState>()
    {
        let _ = state.post.set(post);
    }
    Ok(())
}

impl MailState {
    /// The mails of a site's desks.
    pub fn of(site: &Site) -> &MailState {
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
