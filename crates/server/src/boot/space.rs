//! One space: its store, its site, its shards and its session on the bus. It is opened, started, drained and closed
//! here.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use encke_egress::Egress;
use encke_engine::Epoch;
use encke_gateway::Gateways;
use encke_site::{Products, Site};
use encke_store::{Opened, Store, StoreError, SystemClock};
use encke_transport::{Config, Seed, SendPath, Shards};
use tokio::sync::watch;
use tracing::Instrument;

use crate::boot::allocator::give_back_after_bursts;
use crate::boot::budget::Budget;
use crate::boot::cluster::Cluster;
use crate::boot::spaces::{Serving, Spaces};
use crate::config::options::Place;
use crate::config::space_options::SpaceOptions;
use crate::http::admin;
use crate::http::operation::{self, Watched};
use crate::http::proxies::Proxies;
use crate::http::router;
use crate::http::schemes::Schemes;
use crate::wire::connections::Connections;
use crate::wire::gate::{SharedGate, SiteGate};

/// How long a starting server waits for the database of its only space.
const DATABASE_WAIT_MAX: Duration = Duration::from_secs(60);
/// The pause between two tries to reach a database.
const DATABASE_AGAIN: Duration = Duration::from_millis(500);
/// The number of threads that read the store.
const READERS: usize = 2;
/// The least number of connections of one shard, even with many spaces.
const CONNECTIONS_MIN: usize = 16;

/// The parts that all spaces of this process share.
pub struct Process {
    /// The products that each space serves.
    pub products: Products,
    /// Finds the space that a request is for.
    pub spaces: Arc<Spaces>,
    /// The connections that hyper serves.
    pub connections: Arc<Connections>,
    /// The proxies that may say where a request comes from.
    pub proxies: Proxies,
    /// The shares of open files.
    pub budget: Budget,
    /// Turns true when the process goes down.
    pub draining: watch::Sender<bool>,
    /// Whether operation has a listener of its own.
    pub has_ops: bool,
}

impl Process {
    /// The configuration of shards that hold this number of connections together.
    pub fn config(
        &self,
        listeners: Vec<TcpListener>,
        shards: Option<usize>,
        connections: usize,
    ) -> Config {
        let mut config = Config::new(listeners);
        config.shards = shards.unwrap_or(config.shards).max(1);
        config.connections_max = (connections / config.shards).max(CONNECTIONS_MIN);
        (config.files, config.files_left) = (self.budget.files.clone(), self.budget.left);
        let sends =
            self.products.iter().filter_map(|product| product.extras().sends).map(|s| s.path());
        config.sends =
            sends.map(|path| SendPath { before: path.before, after: path.after }).collect();
        config
    }
}

/// A store that was opened, and the folder that belongs to it.
pub struct Ground {
    opened: Opened,
    _folder: Option<File>,
}

/// A space that is being served.
pub struct Space {
    /// The site: the ground of all products.
    pub site: Arc<Site>,
    /// The options of the space.
    pub options: SpaceOptions,
    shards: Arc<Shards>,
    _folder: Option<File>,
    _socket: admin::Socket,
}

/// The action after a fatal error of the store: it can't acknowledge anything any more.
type Fatal = Arc<dyn Fn(&StoreError) + Send + Sync>;

/// Opens the store of a site for a command that administers it. This blocks.
pub fn open(products: Products, place: &Place) -> Result<Opened> {
    open_or(products, place, Arc::new(stop))
}

fn open_or(products: Products, place: &Place, fatal: Fatal) -> Result<Opened> {
    let what = match &place.database {
        Some(database) => format!("opening the space {} of the database", database.space),
        None => format!("opening the store in {}", place.data.display()),
    };
    let options = encke_store::Options {
        data: place.data.clone(),
        database: place.database.clone(),
        clock: Arc::new(SystemClock),
        tables: encke_site::product::tables(products),
        readers: READERS,
        fatal,
    };
    Store::open(options).context(what)
}

/// Opens the store and folder of a space.
pub async fn prepare(process: &Process, number: usize, options: &SpaceOptions) -> Result<Ground> {
    let (products, place) = (process.products, options.place());
    let (span, fatal) = (process.spaces.span(number), fatal(process, number));
    let open = move || {
        let folder = place.database.is_some().then(|| admin::take_folder(&place.data));
        Ok(Ground { _folder: folder.transpose()?, opened: open_or(products, &place, fatal)? })
    };
    tokio::task::spawn_blocking(move || span.in_scope(open)).await?
}

/// The action for a store that fails: the only space ends the process, one of several ends by itself.
fn fatal(process: &Process, number: usize) -> Fatal {
    if process.spaces.count() == 1 {
        return Arc::new(stop);
    }
    let spaces = Arc::downgrade(&process.spaces);
    Arc::new(move |e| {
        if matches!(e, StoreError::Replaced(_)) {
            // The shards' clients have to begin anew, which takes new shards. Restarting the process makes them.
            stop(e);
        }
        tracing::error!(
            "{e}; this site is served no more, so that nothing is acknowledged that is not stored. \
             Mend the disk, then start the server again"
        );
        if let Some(spaces) = spaces.upgrade() {
            spaces.fail(number);
        }
    })
}

/// Opens the store of the only space. Waits for a database that is about to come up, as after a power cut or in a
/// failover.
pub async fn prepare_when_there(process: &Process, options: &SpaceOptions) -> Result<Ground> {
    let deadline = Instant::now() + DATABASE_WAIT_MAX;
    loop {
        match prepare(process, 0, options).await {
            Err(e) if is_away(&e) && Instant::now() < deadline => {
                tracing::warn!("waiting for the database: {e:#}");
                tokio::time::sleep(DATABASE_AGAIN).await;
            }
            prepared => return prepared,
        }
    }
}

/// Starts one of several spaces while the others serve. Repeats whatever fails until the space is up.
///
/// Returns `None` if the process goes down first.
pub async fn start_when_there(
    process: Arc<Process>,
    number: usize,
    options: SpaceOptions,
) -> Option<Space> {
    let mut draining = process.draining.subscribe();
    let mut said = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(DATABASE_AGAIN) => {}
            _ = draining.wait_for(|d| *d) => return None,
        }
        let started = match prepare(&process, number, &options).await {
            Ok(ground) => Space::start(&process, number, &options, ground, Vec::new()).await,
            Err(e) => Err(e),
        };
        match started {
            Ok(space) => {
                tracing::info!("the space {} is there", options.name);
                return Some(space);
            }
            Err(e) => {
                let now = format!("{e:#}");
                if now != said {
                    tracing::warn!("the space {} is not there: {now}", options.name);
                    said = now;
                }
            }
        }
    }
}

/// Whether the database can't be reached now but may be later.
pub fn is_away(e: &anyhow::Error) -> bool {
    matches!(e.downcast_ref(), Some(StoreError::Away(_)))
}

/// Ends the process, because it may only acknowledge what is stored. It begins anew if the database was replaced.
fn stop(e: &StoreError) {
    if matches!(e, StoreError::Replaced(_)) {
        tracing::error!("{e}; the server begins anew, so that clients are told to do the same");
        let again = std::env::current_exe().map(|program| {
            // `exec` replaces this process and closes its sockets. It returns only on failure.
            std::process::Command::new(program).args(std::env::args_os().skip(1)).exec()
        });
        tracing::error!("beginning anew: {:?}", again.map(drop));
    }
    tracing::error!("{e}; the server stops, so that nothing is acknowledged that is not stored");
    std::process::exit(74);
}

impl Space {
    /// Begins to serve. The listeners are given if this is the only space.
    pub async fn start(
        process: &Process,
        number: usize,
        options: &SpaceOptions,
        ground: Ground,
        listeners: Vec<TcpListener>,
    ) -> Result<Space> {
        let span = process.spaces.span(number);
        Space::begin(process, number, options, ground, listeners).instrument(span).await
    }

    async fn begin(
        process: &Process,
        number: usize,
        options: &SpaceOptions,
        ground: Ground,
        listeners: Vec<TcpListener>,
    ) -> Result<Space> {
        let Ground { opened, _folder } = ground;
        let Opened { store, epoch, trimmed, tail, head, start } = opened;
        process.spaces.own(epoch, &options.name)?;
        let site = Site::new(store, Arc::new(SystemClock), options.site(), process.products);
        encke_files::open(&site, &options.files, &options.data()).context("files")?;
        let egress = Arc::new(Egress::new(&options.egress).map_err(anyhow::Error::msg)?);
        let public_url = options.public_url.as_deref();
        encke_digest::open(&site, &options.mail, public_url).map_err(anyhow::Error::msg)?;
        encke_desk::open(&site, &options.mail, public_url).map_err(anyhow::Error::msg)?;
        encke_preview::open(&site, &options.preview, egress.clone());
        encke_push::open(&site, &options.push, egress, public_url);
        let cluster = Arc::new(OnceLock::new());
        let gateways = Gateways::new(&site, &options.gateways);
        let name = process.spaces.told_name(number);
        let token = options.metrics_token.clone();
        let watched = Watched::new(name, site.clone(), cluster.clone(), token);
        let operation = operation::router(watched.clone(), process.has_ops);
        let router = router::all(&site, operation, &gateways);
        let proxies = process.proxies.clone();
        let schemes = Arc::new(Schemes::new(proxies, options.public_url.as_deref()));
        let gate = Arc::new(SiteGate::new(site.clone(), schemes.clone()));

        let only = !listeners.is_empty();
        let mut config = process.config(listeners, options.shards, process.budget.space);
        config.hosts = Some(process.spaces.seen_by(Some(number)));
        let seed = Seed { epoch, trimmed, tail, head };
        let handoff =
            Arc::new(crate::wire::connections::SharedConnections(process.connections.clone()));
        let shards = Shards::start(config, seed, Arc::new(SharedGate(gate.clone())), handoff)?;
        let serve = || {
            let (router, shards, watched) = (router.clone(), shards.clone(), watched.clone());
            let (schemes, span) = (schemes.clone(), process.spaces.span(number));
            process.spaces.serve(number, Serving { router, shards, watched, schemes, span });
        };
        if only {
            // The shards accept connections from here on.
            serve();
        }
        let joined = Joining { site: &site, shards: &shards, gate, start, epoch, cluster };
        if let Err(e) = joined.join(options, &gateways).await {
            shards.drain(Duration::ZERO);
            let store = site.store.clone();
            tokio::task::spawn_blocking(move || store.close()).await?;
            return Err(e);
        }
        let _socket = admin::listen(&options.data(), &site, process.draining.subscribe())?;
        tokio::spawn(site.clone().keep_house().in_current_span());
        tokio::spawn(give_back_after_bursts(came(&shards)));
        options.gateways.warn();
        serve();
        Ok(Space { site, options: options.clone(), shards, _folder, _socket })
    }

    /// Begins to go down.
    pub fn drain(&self, within: Duration) {
        self.shards.drain(within);
    }

    /// Closes a space that has drained.
    pub async fn close(self) -> Result<()> {
        let Space { site, shards, _folder, _socket, .. } = self;
        tokio::task::spawn_blocking(move || shards.join()).await?;
        site.settle().await;
        let store = site.store.clone();
        tokio::task::spawn_blocking(move || store.close()).await?;
        Ok(())
    }
}

/// Counts the connections and sessions that have come to these shards, as long as they are there.
fn came(shards: &Arc<Shards>) -> impl Fn() -> u64 + use<> {
    let shards = Arc::downgrade(shards);
    move || {
        let stats = shards.upgrade().map(|shards| shards.stats()).unwrap_or_default();
        stats.accepted + stats.sessions.iter().sum::<u64>()
    }
}

/// A space with all its parts, before they are joined.
struct Joining<'a> {
    site: &'a Arc<Site>,
    shards: &'a Arc<Shards>,
    gate: Arc<SiteGate>,
    start: encke_store::Start,
    epoch: Epoch,
    cluster: Arc<OnceLock<Arc<Cluster>>>,
}

impl Joining<'_> {
    async fn join(self, options: &SpaceOptions, gateways: &Gateways) -> Result<()> {
        let Joining { site, shards, gate, start, epoch, cluster } = self;
        let joined = Cluster::join(options, site, shards, epoch).await?;
        site.reach_over(joined.clone());
        let _ = cluster.set(joined);
        gateways.reach_over(shards);
        let publishing = shards.clone();
        start.publishing_to(move |batch| {
            gate.committed(&batch);
            publishing.publish(batch);
        })?;
        site.begin().await?;
        Ok(())
    }
}
