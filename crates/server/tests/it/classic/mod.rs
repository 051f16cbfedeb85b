//! Classic pages, addressed as their own scripts do. The protocols are the specified ones, including every fault of the
//! PHP originals.

mod boards;
mod hostile;
mod identity;
mod kefu;
mod life;
mod many;
mod markup;
mod novcomet;
mod options;
mod room;
mod webim;

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Answer, Server, Wire, encode, eventually, line_of};

const TRUST: [&str; 3] = ["--classic", "--classic-identity", "trust"];

/// A server that believes its pages.
pub fn trusting() -> Server {
    Server::start_with(&TRUST, &[])
}

/// The same again on the same folder and port, after the first has ended.
pub fn again(server: Server, args: &[&str]) -> Server {
    let (folder, address) = (server.folder.clone(), server.address.to_string());
    drop(server);
    Server::start_on(folder, &address, args, &[])
}

pub fn start(args: &[&str]) -> Server {
    Server::start_on(Arc::new(TempDir::new().unwrap()), "127.0.0.1:0", args, &[])
}

/// A form of names and values.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

pub const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// A page: where it is served from, and its cookies.
#[derive(Clone)]
pub struct Page {
    pub address: SocketAddr,
    pub cookies: Vec<String>,
}

/// A request that is on its way.
pub struct Asked(pub Wire);

impl Asked {
    #[track_caller]
    pub fn answer(mut self) -> Answer {
        self.0.answer().expect("an answer")
    }

    #[track_caller]
    pub fn json(self) -> Value {
        self.answer().is(200).json()
    }

    /// Breaks the connection off.
    pub fn leave(self) {
        drop(self.0);
    }
}

impl Page {
    pub fn of(server: &Server) -> Page {
        Page { address: server.address, cookies: Vec::new() }
    }

    pub fn with(server: &Server, cookie: &str) -> Page {
        Page { address: server.address, cookies: vec![cookie.to_owned()] }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self.cookies.is_empty() {
            true => Vec::new(),
            false => vec![("Cookie", self.cookies.join("; "))],
        }
    }

    /// Posts a body as it is, over a connection of its own.
    pub fn asks_raw(&self, path: &str, body: &[u8]) -> Asked {
        let mut headers = self.headers();
        headers.push(("Content-Type", FORM.to_owned()));
        let mut wire = Wire::connect(self.address);
        let path = format!("/classic{path}");
        wire.try_send(line_of("POST", &path, self.address, &headers, Some(body)));
        Asked(wire)
    }

    pub fn asks(&self, path: &str, pairs: &[(&str, &str)]) -> Asked {
        self.asks_raw(path, form(pairs).as_bytes())
    }

    #[track_caller]
    pub fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.asks(path, pairs).answer()
    }

    pub fn gets(&self, path: &str) -> Asked {
        let mut wire = Wire::connect(self.address);
        let path = format!("/classic{path}");
        wire.try_send(line_of("GET", &path, self.address, &self.headers(), None));
        Asked(wire)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.gets(path).answer()
    }
}

/// How many requests wait.
pub fn waiting(server: &Server) -> usize {
    let text = server.figures();
    let of = |transport: &str| {
        let name = format!("encke_sessions{{transport=\"{transport}\"}} ");
        let line = text.lines().find_map(|l| l.strip_prefix(&name).map(str::to_owned));
        line.expect("a figure").parse::<usize>().unwrap()
    };
    of("long-poll") + of("iframe")
}

/// Waits until exactly this many requests wait.
#[track_caller]
pub fn wait_for(server: &Server, count: usize) {
    eventually(&format!("{count} requests that wait"), || (waiting(server) == count).then_some(()));
}

/// A text as pages are given it: as HTML that shows it.
pub fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Texts that the originals lost or that end something somewhere.
pub const TEXTS: [&str; 12] = [
    " spaces,  commas, and a tab\tinside ",
    "it's \"quoted\" \\ and `ticked`",
    "'; DROP TABLE person; --",
    "100% + 1 & 2 = %41 %zz %",
    "<script>alert(1)</script><!--<script>",
    "line\r\nbreak\nand\u{2028}more\u{2029}",
    "你好，世界",
    "\u{1F600}\u{1F468}\u{200D}\u{1F469}",
    "\u{0}\u{1}\u{7F}\u{FFFF}",
    "]]></msg>&amp;&#60;",
    "0",
    "\u{202E}abc\u{200B}",
];
