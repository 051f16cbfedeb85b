//! `encke serve`, from start to end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use encke_site::Products;
use encke_transport::Shards;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::boot::budget::Budget;
use crate::boot::demo;
use crate::boot::setup_code;
use crate::boot::space::{self, Process, Space};
use crate::boot::spaces::Spaces;
use crate::config::options::Options;
use crate::config::space_options::SpaceOptions;
use crate::http::hosts::Hosts;
use crate::http::ops_listener;
use crate::wire::connections::Connections;
use crate::wire::host_dispatch;
use crate::wire::tls;

/// Connections that may wait to be accepted. After a restart all clients come back at once.
const BACKLOG: i32 = 4_096;
/// How long the server may take to go down.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Runs the server until a signal ends it.
pub fn run(options: &Options, products: Products) -> Result<()> {
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options, products))
}

/// The running parts of the process.
struct Running {
    /// The shards that accept for all of several spaces.
    door: Option<Arc<Shards>>,
    address: SocketAddr,
    spaces: Vec<Space>,
    /// The spaces that could not reach their database at the start.
    late: JoinSet<Option<Space>>,
}

async fn serve(options: &Options, products: Products) -> Result<()> {
    // Signals count from here on, before all parts are up.
    let ends = Ends::new()?;
    let all = options.spaces();
    let hosts = options.hosts()?;
    if !hosts.has_names() && !options.listen().ip().is_loopback() {
        tracing::warn!(
            "the site has no name, so it is served under addresses such as http://192.0.2.7 alone: set public-url, or hosts"
        );
    }
    let several = options.has_several();
    let process = Arc::new(process(products, hosts, &all, options)?);
    // Operation starts before the spaces, so that an operator can watch them start.
    let operation = options.ops_listen.map(|address| serve_ops(address, &process)).transpose()?;
    let running = match &all[..] {
        [only] if !several => serve_one(options, &process, only).await?,
        _ => serve_several(options, &process, all).await?,
    };

    let mut addresses = vec![format!("http://{}", running.address)];
    addresses.extend(serve_tls(options, &process.connections, &process.draining).await?);
    if let ([only], Some(true)) = (&running.spaces[..], options.demo) {
        demo::make(&only.site, &only.options.data(), &addresses[0]).await?;
    }
    if let Some(address) = operation {
        println!("Operation is at http://{address}");
    }
    for space in &running.spaces {
        setup_code::print(&space.site, &space.options, running.address).await;
    }
    println!("Encke is ready: {}", addresses.join(" "));
    ends.wait().await;
    running.go_down(&process).await
}

fn process(
    products: Products,
    hosts: Hosts,
    all: &[SpaceOptions],
    options: &Options,
) -> Result<Process> {
    let proxies = options.proxies()?;
    let spaces = Spaces::new(hosts, all.iter().map(|space| space.name.clone()).collect());
    let long_heads = all.iter().any(|space| space.gateways.has_long_heads());
    let budget = Budget::of_process(all.len());
    let (runtime, of) = (Handle::current(), proxies.clone());
    let (draining, has_ops) = (watch::Sender::new(false), options.ops_listen.is_some());
    let until = draining.subscribe();
    let connections = Connections::new(spaces.clone(), of, runtime, &budget, long_heads, until);
    Ok(Process { products, spaces, connections, proxies, budget, draining, has_ops })
}

async fn serve_one(options: &Options, process: &Process, only: &SpaceOptions) -> Result<Running> {
    let ground = space::prepare_when_there(process, only).await?;
    let listener = listen(options.listen())?;
    let address = listener.local_addr()?;
    let space = Space::start(process, 0, only, ground, vec![listener]).await?;
    Ok(Running { door: None, address, spaces: vec![space], late: JoinSet::new() })
}

/// Starts the spaces that can be started.
///
/// A space that can't reach its database starts later. Any other fault of a space is an error at once, because somebody
/// is watching the start now.
async fn serve_several(
    options: &Options,
    process: &Arc<Process>,
    all: Vec<SpaceOptions>,
) -> Result<Running> {
    let listener = listen(options.listen())?;
    let address = listener.local_addr()?;
    let mut trying = JoinSet::new();
    for (number, space) in all.into_iter().enumerate() {
        let process = process.clone();
        trying.spawn(async move {
            let prepared = space::prepare(&process, number, &space).await;
            (number, space, prepared)
        });
    }
    let (mut spaces, mut late) = (Vec::new(), JoinSet::new());
    while let Some(tried) = trying.join_next().await {
        let (number, space, prepared) = tried?;
        match prepared {
            Ok(ground) => {
                let started = Space::start(process, number, &space, ground, Vec::new()).await;
                spaces.push(started.with_context(|| format!("the space {}", space.name))?);
            }
            Err(e) if space::is_away(&e) => {
                tracing::warn!(
                    "the space {} is not there, the others are served: {e:#}",
                    space.name
                );
                late.spawn(start_late(process.clone(), number, space, address));
            }
            Err(e) => return Err(e.context(format!("the space {}", space.name))),
        }
    }
    let door = Some(host_dispatch::open(process, listener, options.shards)?);
    Ok(Running { door, address, spaces, late })
}

async fn start_late(
    process: Arc<Process>,
    number: usize,
    options: SpaceOptions,
    address: SocketAddr,
) -> Option<Space> {
    let space = space::start_when_there(process, number, options).await?;
    setup_code::print(&space.site, &space.options, address).await;
    Some(space)
}

impl Running {
    async fn go_down(mut self, process: &Process) -> Result<()> {
        tracing::info!("going down");
        process.draining.send_replace(true);
        while let Some(Ok(Some(space))) = self.late.try_join_next() {
            self.spaces.push(space);
        }
        if let Some(door) = &self.door {
            door.drain(DRAIN_MAX);
        }
        self.spaces.iter().for_each(|space| space.drain(DRAIN_MAX));
        process.connections.drained(DRAIN_MAX).await;
        // A space may just be finishing its start. Spaces that still wait for their database are given up.
        while let Ok(Some(late)) = tokio::time::timeout(DRAIN_MAX, self.late.join_next()).await {
            if let Ok(Some(space)) = late {
                space.drain(DRAIN_MAX);
                self.spaces.push(space);
            }
        }
        if let Some(door) = self.door {
            tokio::task::spawn_blocking(move || door.join()).await?;
        }
        for space in self.spaces {
            space.close().await?;
        }
        Ok(())
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("listening on {address}"))?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

fn serve_ops(address: SocketAddr, process: &Process) -> Result<SocketAddr> {
    let listener = listen(address)?;
    let address = listener.local_addr()?;
    ops_listener::serve(listener, process.spaces.clone())?;
    Ok(address)
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

/// Raises the limit of open files, because each waiting connection is one.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(e) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("the limit on open files stays at {:?}: {e}", limit.current);
    }
}
