//! The spaces of a process as its connections see them: which space a request is for, and whether it is up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Result, bail};
use encke_engine::{Code, Epoch, Error};
use encke_transport::{OtherSite, Shards};
use http::{Request, header};
use tracing::Span;

use crate::http::hosts::{Hosts, plain};
use crate::http::operation::Watched;
use crate::http::schemes::Schemes;

/// After this many milliseconds a client may try again to reach a space without its database.
const AWAY_MS: u64 = 2_000;

/// The answer to a request for a host name without a space.
const MISDIRECTED: &str = "No site is served under this host name. If one should be, its operator sets public-url to its address, \
    or lists the name in hosts.";

/// All spaces. Each appears here as soon as it is up.
pub struct Spaces {
    hosts: Hosts,
    names: Vec<String>,
    serving: Vec<OnceLock<Serving>>,
    /// Whether the store of a space has failed for good. Such a space serves nobody until the process starts again.
    failed: Vec<AtomicBool>,
    /// The name of the space that serves each log.
    logs: Mutex<HashMap<Epoch, String>>,
}

/// The parts of a space that answer its requests.
pub struct Serving {
    /// Answers all requests except those for the feed.
    pub router: axum::Router,
    /// Answer requests for the feed.
    pub shards: Arc<Shards>,
    /// The space as operation sees it.
    pub watched: Arc<Watched>,
    /// Tells by which scheme a request reached it.
    pub schemes: Arc<Schemes>,
    /// The span that names the space in log lines.
    pub span: Span,
}

impl Spaces {
    /// Makes the list of spaces by their names. None is up yet.
    pub fn new(hosts: Hosts, names: Vec<String>) -> Arc<Self> {
        let serving = names.iter().map(|_| OnceLock::new()).collect();
        let failed = names.iter().map(|_| AtomicBool::new(false)).collect();
        Arc::new(Spaces { hosts, names, serving, failed, logs: Mutex::default() })
    }

    /// The name of a space.
    pub fn name(&self, number: usize) -> &str {
        &self.names[number]
    }

    /// The name of a space; `None` if the process serves only one.
    pub fn told_name(&self, number: usize) -> Option<String> {
        (!self.hosts.is_only()).then(|| self.names[number].clone())
    }

    /// The span that names a space in log lines; an empty one if the process serves only one.
    pub fn span(&self, number: usize) -> Span {
        match self.told_name(number) {
            // The span has the highest level, so a filter never drops the name from a line that it lets through.
            Some(name) => tracing::error_span!("space", name),
            None => Span::none(),
        }
    }

    /// A space as operation sees it.
    ///
    /// # Errors
    ///
    /// The space is not up.
    pub fn watched(&self, number: usize) -> Result<Arc<Watched>, Error> {
        self.at(number).map(|serving| serving.watched.clone())
    }

    /// Stops a space whose store has failed. It serves nobody any more, and its connections end, because its answers
    /// can't be trusted.
    pub fn fail(&self, number: usize) {
        self.failed[number].store(true, SeqCst);
        if let Some(serving) = self.serving[number].get() {
            serving.shards.drain(Duration::ZERO);
        }
    }

    /// The number of spaces.
    pub fn count(&self) -> usize {
        self.serving.len()
    }

    /// Begins to serve a space.
    pub fn serve(&self, number: usize, serving: Serving) {
        let _ = self.serving[number].set(serving);
    }

    /// Registers the space that serves a log.
    ///
    /// # Errors
    ///
    /// Another space serves this log already. Then a cursor, session or token of one space would be good in the other,
    /// and two writers would work on one log.
    pub fn own(&self, epoch: Epoch, name: &str) -> Result<()> {
        let mut logs = self.logs.lock().expect("not poisoned");
        match logs.get(&epoch) {
            Some(other) if other != name => bail!(
                "the spaces {other} and {name} have the same log: they are stored in one place, or one is a copy of the other's files"
            ),
            _ => {}
        }
        logs.insert(epoch, name.to_owned());
        Ok(())
    }

    /// Finds the space that a request is for. A request that names two hosts is refused.
    pub fn of<B>(&self, request: &Request<B>) -> Result<&Serving, Error> {
        let mut lines = request.headers().get_all(header::HOST).iter();
        let line = lines.next().map(|value| value.to_str().unwrap_or_default());
        let authority = request.uri().authority().map(|a| a.as_str());
        let one = match (authority, line) {
            (Some(authority), Some(line)) => plain(authority) == plain(line),
            _ => true,
        };
        if !one || lines.next().is_some() {
            return Err(misdirected());
        }
        self.at(self.hosts.of(authority.or(line)).ok_or_else(misdirected)?)
    }

    /// The only space, if there is one.
    pub fn only(&self) -> Option<&Serving> {
        if self.count() == 1 { self.at(0).ok() } else { None }
    }

    fn at(&self, number: usize) -> Result<&Serving, Error> {
        let there = self.serving[number].get().filter(|_| !self.failed[number].load(SeqCst));
        there.ok_or_else(|| {
            let what = "This site is not there right now; try again soon.";
            Error::new(Code::Overloaded, what).retry_after_ms(AWAY_MS)
        })
    }

    /// The spaces as the shards of one space see them, or, without a number, as the shards that accept for all spaces
    /// do.
    pub fn seen_by(self: &Arc<Self>, who: Option<usize>) -> Arc<dyn encke_transport::Hosts> {
        Arc::new(SeenBy { spaces: self.clone(), who })
    }
}

struct SeenBy {
    spaces: Arc<Spaces>,
    who: Option<usize>,
}

impl encke_transport::Hosts for SeenBy {
    fn other_site(&self, host: Option<&str>) -> Option<OtherSite> {
        let number = self.spaces.hosts.of(host);
        if number.is_some() && number == self.who {
            return None;
        }
        let serving = number.ok_or_else(misdirected).and_then(|number| self.spaces.at(number));
        Some(match serving {
            Ok(serving) => OtherSite::Shards(serving.shards.clone()),
            Err(e) => OtherSite::Nobody(e),
        })
    }
}

fn misdirected() -> Error {
    Error::new(Code::Misdirected, MISDIRECTED)
}
