//! The state of previews in memory for one site.

use std::sync::{Arc, OnceLock};

use encke_egress::Egress;
use encke_engine::outgoing_limits;
use encke_site::Site;
use encke_site::following::Following;
use tokio::sync::Semaphore;

use crate::options::PreviewOptions;
use crate::rate::Rates;

/// The way to pages outside.
pub(crate) struct Ground {
    /// The client for requests outside.
    pub egress: Arc<Egress>,
    /// Whether previews have pictures.
    pub has_pictures: bool,
    /// One picture is decoded at one time: each may need much memory.
    pub decoding: Semaphore,
}

/// The state of previews in memory.
pub(crate) struct State {
    ground: OnceLock<Ground>,
    /// How far this node has looked through the log.
    pub following: Following,
    /// Previews that may be made at one time.
    pub running: Arc<Semaphore>,
    /// The pages that were fetched lately, by person and by host.
    pub rates: Rates,
}

impl Default for State {
    fn default() -> Self {
        State {
            ground: OnceLock::new(),
            following: Following::new("preview_mark"),
            running: Arc::new(Semaphore::new(outgoing_limits::PREVIEW_RUNNING_MAX)),
            rates: Rates::default(),
        }
    }
}

/// Gives the previews of a site their options and the client for requests outside. To be called once, before the site
/// serves. A site with other products than [`Preview`](crate::Preview) has none.
pub fn open(site: &Site, options: &PreviewOptions, egress: Arc<Egress>) {
    if options.are_shown()
        && let Some(state) = site.find_part::<State>()
    {
        let has_pictures = options.have_pictures();
        let _ = state.ground.set(Ground { egress, has_pictures, decoding: Semaphore::new(1) });
    }
}

impl State {
    /// The previews of a site.
    pub fn of(site: &Site) -> &State {
        site.part()
    }

    /// The way to pages outside; `None` if the site shows no previews.
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.get()
    }
}
