//! Several nodes on one real PostgreSQL, with and without a real NATS server between them.

mod delivery;
mod faults;
mod moving;
mod rights;
mod signals;

use std::sync::Arc;

use encke_rig::{Nats, Postgres};
use tempfile::TempDir;

use crate::harness::{Server, Site};

/// A site on several nodes.
pub struct Cluster {
    pub nodes: Vec<Site>,
    space: String,
    database: String,
    nats: Option<String>,
}

impl Cluster {
    /// So many nodes, which hear of each other over this bus, or by looking alone.
    pub fn start(count: usize, nats: Option<&Nats>) -> Cluster {
        Cluster::on(Postgres::shared(), count, nats.map(Nats::url))
    }

    /// So many nodes with the bus that all tests share.
    pub fn with_bus(count: usize) -> Cluster {
        Cluster::start(count, Some(Nats::shared()))
    }

    pub fn on(postgres: &Postgres, count: usize, nats: Option<String>) -> Cluster {
        let (space, database) = (Postgres::fresh_space(), postgres.url());
        let mut cluster = Cluster { nodes: Vec::new(), space, database, nats };
        for number in 0..count {
            let server = cluster.node("127.0.0.1:0");
            let site = match number {
                0 => Site::on(server),
                _ => cluster.nodes[0].beside(server),
            };
            cluster.nodes.push(site);
        }
        cluster
    }

    /// The arguments of a command that works on this site's store.
    pub fn args(&self) -> [&str; 4] {
        ["--database-url", &self.database, "--space", &self.space]
    }

    /// One more node of the same site.
    pub fn node(&self, listen: &str) -> Server {
        let mut args = self.args().to_vec();
        args.extend(self.nats.iter().flat_map(|url| ["--nats-url", url]));
        Server::start_on(Arc::new(TempDir::new().unwrap()), listen, &args, &[])
    }

    pub fn two(&self) -> (&Site, &Site) {
        (&self.nodes[0], &self.nodes[1])
    }
}
