//! `encke serve`: everything wired together, from the first line to the last.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use encke_apps::Site;
use encke_gateway::classic::Classic;
use encke_store::{Opened, Store, StoreError, SystemClock};
use encke_transport::{Config, Seed, Shards};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::admin;
use crate::cluster::Cluster;
use crate::connections::Connections;
use crate::demo;
use crate::gate::{Shared, SiteGate};
use crate::options::{Options, Place};
use crate::{router, tls};

/// Connections that may wait to be accepted: after a restart everybody comes at once.
const BACKLOG: i32 = 4_096;
/// How long the way down may take.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// For so long a server that starts waits for its database,
const DATABASE_WAIT_MAX: Duration = Duration::from_secs(60);
/// with so much time between two tries.
const DATABASE_AGAIN: Duration = Duration::from_millis(500);
/// Threads that read the store.
const READERS: usize = 2;

/// Runs the server until it is told to end.
pub fn run(options: &Options) -> Result<()> {
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

/// Opens the store of a site for a process that serves or administers.
pub fn open(place: &Place) -> Result<Opened> {
    let what = match &place.database {
        Some(database) => format!("opening the space {} of the database", database.space),
        None => format!("opening the store in {}", place.data.display()),
    };
    let options = encke_store::Options {
        data: place.data.clone(),
        database: place.database.clone(),
        clock: Arc::new(SystemClock),
        readers: READERS,
        fatal: Arc::new(stop),
    };
    Store::open(options).context(what)
}

/// The same, but waits for a database that is about to come up, as after a power cut or in a failover.
async fn open_when_there(place: &Place) -> Result<Opened> {
    let deadline = Instant::now() + DATABASE_WAIT_MAX;
    loop {
        match open(place) {
            Err(e)
                if matches!(e.downcast_ref(), Some(StoreError::Away(_)))
                    && Instant::now() < deadline =>
            {
                tracing::warn!("waiting for the database: {e:#}");
                tokio::time::sleep(DATABASE_AGAIN).await;
            }
            opened => return opened,
        }
    }
}

/// Nothing may be acknowledged any more, so nobody is answered any more.
fn stop(e: &StoreError) {
    if matches!(e, StoreError::Replaced(_)) {
        tracing::error!("{e}; the server begins anew, so that clients are told to do the same");
        let again = std::env::current_exe().map(|program| {
            // Takes the place of this process, whose sockets end: it only returns if that fails.
            std::process::Command::new(program).args(std::env::args_os().skip(1)).exec()
        });
        tracing::error!("beginning anew: {:?}", again.map(drop));
    }
    tracing::error!("{e}; the server stops, so that nothing is acknowledged that is not stored");
    std::process::exit(74);
}

async fn serve(options: &Options) -> Result<()> {
    // From here on a signal is heard, also one that comes before everything is up.
    let ends = Ends::new()?;
    let data = options.data();
    let place = options.place();
    let _folder = place.database.is_some().then(|| admin::take_folder(&data)).transpose()?;
    let opened = open_when_there(&place).await?;
    let Opened { store, epoch, trimmed, tail, head, start } = opened;
    let site = Site::new(store.clone(), Arc::new(SystemClock), options.site());
    let cluster_later = Arc::new(OnceLock::new());
    let classic = options.classic.claims().map(|claims| Classic::new(site.clone(), claims));
    let router = router::all(&site, cluster_later.clone(), classic.as_ref());
    let runtime = tokio::runtime::Handle::current();
    let connections = Connections::new(router, runtime, classic.is_some());
    let gate = Arc::new(SiteGate::new(site.clone()));

    let listener = listen(options.listen())?;
    let address = listener.local_addr()?;
    let mut config = Config::new(vec![listener]);
    config.shards = options.shards.unwrap_or(config.shards).max(1);
    let seed = Seed { epoch, trimmed, tail, head };
    let handoff = Arc::new(crate::connections::Shared(connections.clone()));
    let shards = Shards::start(config, seed, Arc::new(Shared(gate.clone())), handoff)?;
    connections.hand_feeds_to(shards.clone());
    let cluster = Cluster::join(options, &site, &shards, epoch).await?;
    site.reach_over(cluster.clone());
    let _ = cluster_later.set(cluster.clone());
    if let Some(classic) = &classic {
        classic.reach_over(shards.clone());
    }
    let publishing = shards.clone();
    start.publishing_to(move |batch| {
        gate.committed(&batch);
        publishing.publish(batch);
    })?;
    site.fold_own_sends().await?;
    tokio::spawn(site.clone().keep_house());

    let draining = watch::Sender::new(false);
    let mut addresses = vec![format!("http://{address}")];
    addresses.extend(serve_tls(options, &connections, &draining).await?);
    let _socket = admin::listen(&data, &site, draining.subscribe())?;
    if options.demo == Some(true) {
        demo::make(&site, &addresses[0]).await?;
    }
    options.classic.warn();
    println!("Encke is ready: {}", addresses.join(" "));
    ends.wait().await;

    tracing::info!("going down");
    draining.send_replace(true);
    shards.drain(DRAIN_MAX);
    connections.drain(DRAIN_MAX).await;
    let threads = shards.clone();
    tokio::task::spawn_blocking(move || threads.join()).await?;
    site.settle().await;
    tokio::task::spawn_blocking(move || store.close()).await?;
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("listening on {address}"))?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

async fn serve_tls(
    options: &Options,
    connections: &Arc<Connections>,
    draining: &watch::Sender<bool>,
) -> Result<Option<String>> {
    let (Some(address), Some(cert), Some(key)) =
        (options.tls_listen, &options.tls_cert, &options.tls_key)
    else {
        return Ok(None);
    };
    let acceptor = tls::acceptor(cert, key)?;
    let listener = listen(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::spawn(tls::serve(listener, acceptor, connections.clone(), draining.subscribe()));
    Ok(Some(format!("https://{address}")))
}

/// The signals that end the server.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    fn new() -> Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Ends { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Every waiting connection is an open file.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(e) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("the limit on open files stays at {:?}: {e}", limit.current);
    }
}
