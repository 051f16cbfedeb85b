//! The state of notifications in memory for one site.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use encke_egress::Egress;
use encke_engine::{Code, Error, PersonId, outgoing_limits};
use encke_site::Site;
use encke_site::following::Following;
use tokio::sync::Semaphore;

use crate::key::SiteKey;
use crate::options::PushOptions;

/// The way to push services, and what they are told. It is known once the site is opened.
pub(crate) struct Ground {
    /// The client for requests outside.
    pub egress: Arc<Egress>,
    /// Whether notifications hold the beginning of the message.
    pub has_text: bool,
    /// Where push services reach the operator.
    pub contact: Option<String>,
}

/// The state of notifications in memory.
pub(crate) struct State {
    ground: OnceLock<Ground>,
    /// The key of the site, once it was needed.
    pub key: OnceLock<SiteKey>,
    /// Whether anybody had a subscription when that was last looked up.
    pub subscribed: AtomicBool,
    /// People of whom a session or token has ended since the last turn.
    pub ended: Mutex<Vec<PersonId>>,
    /// How far this node has looked through the log.
    pub following: Following,
    /// Notifications that may be sent at one time.
    pub running: Arc<Semaphore>,
}

impl Default for State {
    fn default() -> Self {
        State {
            ground: OnceLock::new(),
            key: OnceLock::new(),
            subscribed: AtomicBool::new(false),
            ended: Mutex::default(),
            following: Following::new("push_mark"),
            running: Arc::new(Semaphore::new(outgoing_limits::PUSH_RUNNING_MAX)),
        }
    }
}

/// Gives the notifications of a site their options and the client for requests outside. To be called once, before the site
/// serves. A site with other products than [`Push`](crate::Push) has none.
pub fn open(site: &Site, options: &PushOptions, egress: Arc<Egress>, public_url: Option<&str>) {
    if options.are_sent()
        && let Some(state) = site.find_part::<State>()
    {
        let (has_text, contact) = (options.has_text(), options.contact(public_url));
        let _ = state.ground.set(Ground { egress, has_text, contact });
    }
}

impl State {
    /// The notifications of a site.
    pub fn of(site: &Site) -> &State {
        site.part()
    }

    /// The way to push services; `None` if the site sends no notifications.
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.get()
    }

    /// The same; `not_found` if the site sends no notifications.
    pub fn open(&self) -> Result<&Ground, Error> {
        let none = || Error::new(Code::NotFound, "This site sends no notifications.");
        self.ground().ok_or_else(none)
    }
}
