//! Several nodes on one real PostgreSQL, with and without a real NATS server between them.

mod delivery;
mod faults;
mod forged;
mod moving;
mod own;
mod rights;
mod signals;

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use encke_rig::{Nats, Postgres};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::feed::Feed;
use crate::harness::{Person, Server, Site};

/// A site on several nodes.
pub struct Cluster {
    pub nodes: Vec<Site>,
    space: String,
    database: String,
    nats: Option<String>,
    /// Further arguments of each node.
    further: Vec<String>,
}

/// Types until the other person hears it. Typing travels over the bus alone and at most once.
pub fn typing_until_heard(who: &Person, room: &str, feed: &mut Feed) -> Value {
    let path = format!("/v1/conversations/{room}/typing");
    let mut writing = who.clone();
    let (heard, hearing) = channel::<()>();
    let saying = std::thread::spawn(move || {
        let pause = Duration::from_millis(20);
        while hearing.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            writing.client.post(&path, &json!({"on": true})).is(204);
        }
    });
    let typing = std::iter::from_fn(|| feed.item()).find(|i| i["kind"] == "typing").unwrap();
    drop(heard);
    saying.join().unwrap();
    typing
}

impl Cluster {
    /// This many nodes. They hear of each other over this bus, or by looking alone.
    pub fn start(count: usize, nats: Option<&Nats>) -> Cluster {
        Cluster::on(Postgres::shared(), count, nats.map(Nats::url))
    }

    /// This many nodes, with the bus that all tests share.
    pub fn with_bus(count: usize) -> Cluster {
        Cluster::start(count, Some(Nats::shared()))
    }

    /// The same, with further arguments for each node.
    pub fn with_bus_and(count: usize, further: &[&str]) -> Cluster {
        Cluster::with(Postgres::shared(), count, Some(Nats::shared().url()), further)
    }

    pub fn on(postgres: &Postgres, count: usize, nats: Option<String>) -> Cluster {
        Cluster::with(postgres, count, nats, &[])
    }

    fn with(postgres: &Postgres, count: usize, nats: Option<String>, further: &[&str]) -> Cluster {
        let (space, database) = (Postgres::fresh_space(), postgres.url());
        let mut cluster = Cluster { nodes: Vec::new(), space, database, nats, further: Vec::new() };
        cluster.further.extend(further.iter().map(|&argument| argument.to_owned()));
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
        args.extend(self.further.iter().map(String::as_str));
        Server::start_on(Arc::new(TempDir::new().unwrap()), listen, &args, &[])
    }

    pub fn two(&self) -> (&Site, &Site) {
        (&self.nodes[0], &self.nodes[1])
    }
}
