//! The parts that every test needs: a server, people, and clients.

mod http;
mod server;
mod site;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use http::{Answer, Client, Wire, line_of, values};
pub use server::{METRICS_TOKEN, Server, SetupCode, encke, figures_at, is_on_database};
pub use site::{PASSWORD, Person, Site, name};

/// How long anything may take on a busy machine.
pub const WAIT: Duration = Duration::from_secs(30);

/// The credential of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    None,
    Bearer(String),
    /// A browser's session; the page is the site's own.
    Cookie(String),
}

impl Auth {
    /// The header lines that carry it.
    pub fn lines(&self, address: SocketAddr) -> Vec<(&'static str, String)> {
        match self {
            Auth::None => Vec::new(),
            Auth::Bearer(token) => vec![("Authorization", format!("Bearer {token}"))],
            Auth::Cookie(session) => vec![
                ("Cookie", format!("theme=dark; encke_session={session}")),
                ("Origin", format!("http://{address}")),
            ],
        }
    }
}

/// A text as a query or a form carries it.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Asks again and again until there is something; panics at the deadline.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Random numbers from a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Below `n`.
    pub fn roll(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % n
    }
}
