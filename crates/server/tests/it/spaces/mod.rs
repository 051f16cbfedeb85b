//! Several spaces in one process. Each has a host of its own, which is an address of this machine: a client of
//! 127.0.0.2 reaches another site than a client of 127.0.0.1 at the same port.

mod broken;
mod connections;
mod encrypted;
mod isolation;
mod life;
mod options;
mod proxied;
mod stores;
mod transports;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Client, METRICS_TOKEN, Person, Server, Wire, line_of};

/// A process with two spaces, `left` and `right`.
pub struct Two {
    pub server: Server,
    pub left: Client,
    pub right: Client,
}

/// Two spaces in folders of their own; the rest of the configuration comes first.
pub fn text(first: &str) -> String {
    format!(
        "{first}\n[[space]]\nname = \"left\"\nhosts = [\"127.0.0.1\", \"left.example\"]\ndata = \"left\"\n\
         metrics-token = \"{METRICS_TOKEN}\"\n\
         [[space]]\nname = \"right\"\nhosts = [\"127.0.0.2\", \"right.example\"]\ndata = \"right\"\n\
         metrics-token = \"{METRICS_TOKEN}\"\n"
    )
}

/// The address of a space: this host at the server's port.
pub fn at(server: &Server, last: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, last), server.address.port()).into()
}

/// A server with this configuration, on a fresh folder.
pub fn start(text: &str) -> Server {
    Server::configured(Arc::new(TempDir::new().unwrap()), "0.0.0.0:0", text)
}

impl Two {
    pub fn start() -> Two {
        Two::with("")
    }

    pub fn with(first: &str) -> Two {
        Two::on(start(&text(first)))
    }

    /// Sets up the owners of two fresh spaces.
    pub fn on(server: Server) -> Two {
        let (left, right) = (Client::set_up(at(&server, 1)), Client::set_up(at(&server, 2)));
        Two { server, left, right }
    }

    /// Two people and their room in each of them.
    pub fn pairs(&mut self) -> [(Person, Person, String); 2] {
        [&mut self.left, &mut self.right].map(|owner| {
            let (mut mei, tom) = (owner.person("mei"), owner.person("tom"));
            let room = mei.room(&[&tom]);
            (mei, tom, room)
        })
    }
}

/// The text of the newest message in a poll's answer, which has receipts besides.
pub fn message(polled: &Value) -> Option<&str> {
    let events = polled["events"].as_array().unwrap();
    events.iter().rev().find_map(|event| event["body"]["text"].as_str())
}

/// A connection that says itself which host it asks.
pub struct Any(pub Wire);

impl Any {
    pub fn to(server: &Server) -> Any {
        Any(Wire::connect(at(server, 1)))
    }

    /// Asks as somebody of the space at that address, wherever the connection goes.
    pub fn asks(&mut self, who: &Client, method: &str, path: &str, body: Option<&str>) {
        let mut lines = who.auth.lines(who.address);
        lines.extend(body.map(|_| ("Content-Type", "application/json".to_owned())));
        let body = body.map(str::as_bytes);
        self.0.send(line_of(method, path, who.address, &lines, body));
    }

    /// GET with lines as they are.
    pub fn gets(&mut self, path: &str, lines: &str) {
        self.0.send(format!("GET {path} HTTP/1.1\r\n{lines}\r\n"));
    }
}
