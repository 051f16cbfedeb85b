//! Channels for guests: the product of channels decides which ones they may follow.

use encke_engine::{Code, Error};

use crate::identity::LookedUp;
use crate::site::Site;

/// Decides which channels guests may follow. Channels add one to the site's parts, as `Box<dyn GuestChannels>`.
pub trait GuestChannels: Send + Sync {
    /// Replies whether guests may follow all of these channels; `forbidden` if not.
    fn submit_may_follow(&self, site: &Site, names: Vec<Box<str>>, reply: LookedUp<()>);
}

impl Site {
    /// Replies whether guests may follow all of these channels; `forbidden` if not, and on a site without channels.
    /// `reply` runs on the store's thread, or at once if too much is waiting.
    pub fn submit_may_guest_follow(
        &self,
        names: Vec<Box<str>>,
        reply: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        match self.find_part::<Box<dyn GuestChannels>>() {
            Some(channels) => channels.submit_may_follow(self, names, Box::new(reply)),
            None => reply(Err(Error::new(Code::Forbidden, "Guests may not follow channels."))),
        }
    }
}
