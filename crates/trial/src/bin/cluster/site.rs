//! The whole site: the database, the bus with its relay, three nodes, and nginx in front of them.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

use anyhow::Result;
use encke_bench::seed;
use encke_rig::{Nats, Nginx, Postgres, Relay};
use encke_store::Database;
use encke_trial::desk::AGENTS;
use encke_trial::doors::Doors;
use encke_trial::world::PEOPLE;

use crate::node::{NETWORK, Node};
use crate::stage::Stage;

/// Nodes of the site.
pub const NODES: usize = 3;
/// The configuration that operators get for several nodes.
const FRONT: &str = include_str!("../../../../../deploy/compose/front.conf");
/// The line in it that names a node.
const NODE: &str = "server two:8080 max_fails=1 fail_timeout=2s;";

pub struct Site {
    // The fields are in the order in which the programs end.
    nginx: Nginx,
    pub nodes: Vec<Node>,
    pub relay: Relay,
    pub nats: Nats,
    pub postgres: Postgres,
}

impl Site {
    /// Starts everything. All nodes are ready when this returns.
    pub fn start(program: &Path, folder: &Path, stage: &Stage) -> Result<Self> {
        let postgres = Postgres::start();
        postgres.stop();
        postgres.open_to(NETWORK);
        postgres.start_again();
        stage.still_on()?;
        let database = Database { url: postgres.url(), space: "main".into() };
        seed::people_of(&folder.join("seed"), Some(database.clone()), PEOPLE)?;
        seed::members_of(&folder.join("seed"), Some(database), PEOPLE + AGENTS)?;
        let nats = Nats::start();
        let relay = Relay::to(nats.port(), Ipv4Addr::UNSPECIFIED.into());
        let mut nodes = Vec::new();
        for number in 1..=NODES as u8 {
            let database = |at| format!("postgres://encke@{at}:{}/postgres", postgres.port());
            let bus = |at| format!("nats://{at}:{}", relay.port());
            let mut node = Node::new(number, program, folder, database, bus);
            node.start()?;
            nodes.push(node);
        }
        for node in &mut nodes {
            node.wait_ready(stage)?;
        }
        let addresses: Vec<SocketAddrV4> = nodes.iter().map(|node| node.address).collect();
        let nginx = Nginx::start(|port| front(&addresses, port));
        Ok(Site { nginx, nodes, relay, nats, postgres })
    }

    /// The address of nginx.
    pub fn front(&self) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.nginx.port())
    }

    pub fn addresses(&self) -> Vec<SocketAddrV4> {
        self.nodes.iter().map(|node| node.address).collect()
    }

    /// The ways to the site: through nginx alone, straight to any node, and all of them.
    pub fn doors(&self) -> Vec<Doors> {
        let straight = self.addresses();
        let mut all = straight.clone();
        all.push(self.front());
        vec![Doors::one(self.front()), Doors::of(straight), Doors::of(all)]
    }

    /// Forbidden lines in the nodes' logs.
    pub fn faults(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let log = std::fs::read_to_string(&node.log).unwrap_or_default();
            let bad = log.lines().filter(|l| l.contains("panicked") || l.contains("begins anew"));
            all.extend(bad.map(|line| format!("the log of node {}: {line}", number + 1)));
        }
        all
    }
}

/// nginx with the operators' configuration and these nodes.
fn front(nodes: &[SocketAddrV4], port: u16) -> String {
    let other = NODE.replace("two", "one");
    let line = |node: &SocketAddrV4| NODE.replace("two:8080", &node.to_string());
    let places = [
        (other.as_str(), String::new()),
        (NODE, nodes.iter().map(line).collect()),
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
    ];
    places.iter().fold(FRONT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "deploy/compose/front.conf says {from}");
        text.replace(from, to)
    })
}
