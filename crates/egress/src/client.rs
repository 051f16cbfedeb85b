//! The client: its checks, its bounds, and one request.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use encke_engine::outgoing_limits;
use http::{HeaderMap, Method};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::address::{is_in, is_public};
use crate::options::EgressOptions;

/// A request that did not get an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EgressError {
    /// The server does not send such a request, now or later. The text says why.
    Refused(String),
    /// The request failed. It may succeed later.
    Failed(String),
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EgressError::Refused(why) => write!(f, "refused: {why}"),
            EgressError::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

impl std::error::Error for EgressError {}

/// A request to a server outside.
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The answer of a server outside. A redirect is an answer like any other.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body, at most as many bytes as were asked for.
    pub body: Bytes,
}

/// The addresses that requests of one scheme may go to.
#[derive(Clone)]
struct Guard {
    allowed: Arc<[IpNet]>,
    /// Whether the public internet is allowed as well.
    public: bool,
}

impl Guard {
    fn lets(&self, address: IpAddr) -> bool {
        is_in(&self.allowed, address) || (self.public && is_public(address))
    }
}

/// Resolves a name and returns only addresses that requests may go to.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|a| guard.lets(a.ip())).collect();
            if good.is_empty() {
                let closed = Closed(name.as_str().to_owned());
                return Err(Box::new(closed) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// A name without an address that a request may go to.
#[derive(Debug)]
struct Closed(String);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no address that this server may send requests to", self.0)
    }
}

impl std::error::Error for Closed {}

/// The clients of both schemes.
struct Clients {
    https: Client,
    http: Client,
}

/// Sends requests to servers outside, each to a checked address.
pub struct Egress {
    https: Guard,
    http: Guard,
    /// Made at the first request: a machine without root certificates can do all that needs none.
    clients: OnceLock<Result<Clients, String>>,
    places: Semaphore,
}

impl Egress {
    /// Makes a client with these options. The error is a sentence about a wrong option.
    pub fn new(options: &EgressOptions) -> Result<Self, String> {
        let allowed: Arc<[IpNet]> = options.networks()?.into();
        Ok(Egress {
            https: Guard { allowed: allowed.clone(), public: true },
            http: Guard { allowed, public: false },
            clients: OnceLock::new(),
            places: Semaphore::new(outgoing_limits::EGRESS_RUNNING_MAX),
        })
    }

    /// Reads an address that somebody has named, and refuses one that no request may go to. A name is resolved only when
    /// a request goes there, and checked again then.
    pub fn check(&self, text: &str) -> Result<Url, EgressError> {
        let refused = |why: &str| Err(EgressError::Refused(why.to_owned()));
        if text.len() > outgoing_limits::EGRESS_URL_BYTES_MAX {
            return refused("the address is too long");
        }
        let Ok(url) = Url::parse(text) else { return refused("this is not a URL") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("the address has a name or password");
        }
        let Some(guard) = self.guard(&url) else { return refused("the address has to be https") };
        // The parser has turned every spelling of a number into an address.
        let lets = match url.host() {
            Some(Host::Ipv4(v4)) => guard.lets(v4.into()),
            Some(Host::Ipv6(v6)) => guard.lets(v6.into()),
            Some(Host::Domain(_)) => guard.public || !guard.allowed.is_empty(),
            None => false,
        };
        if lets { Ok(url) } else { refused("this server sends no requests there") }
    }

    fn guard(&self, url: &Url) -> Option<&Guard> {
        match url.scheme() {
            "https" => Some(&self.https),
            "http" if !self.http.allowed.is_empty() => Some(&self.http),
            _ => None,
        }
    }

    /// Sends a request and returns its answer. It waits for a place first, if there are many others.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, EgressError> {
        self.send_reading(outgoing, outgoing_limits::EGRESS_ANSWER_BYTES_MAX).await
    }

    /// The same, with at most this many bytes of the body in place of
    /// [`EGRESS_ANSWER_BYTES_MAX`](outgoing_limits::EGRESS_ANSWER_BYTES_MAX).
    pub async fn send_reading(
        &self,
        outgoing: Outgoing,
        bytes_max: usize,
    ) -> Result<Answer, EgressError> {
        let url = self.check(outgoing.url.as_str())?;
        let _place = self.places.acquire().await.expect("it is never closed");
        let clients = self.clients.get_or_init(|| Clients::new(self)).as_ref();
        let clients = clients.map_err(|why| EgressError::Failed(why.clone()))?;
        let client = if url.scheme() == "https" { &clients.https } else { &clients.http };
        let request = client.request(outgoing.method, url).headers(outgoing.headers);
        let mut answer = request.body(outgoing.body).send().await.map_err(|e| failed(&e))?;
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|e| failed(&e))? {
            let room = bytes_max - body.len();
            body.extend_from_slice(&part[..part.len().min(room)]);
            if part.len() >= room {
                break;
            }
        }
        let headers = std::mem::take(answer.headers_mut());
        Ok(Answer { status: answer.status().as_u16(), headers, body: body.freeze() })
    }
}

impl Clients {
    fn new(egress: &Egress) -> Result<Self, String> {
        // The client takes the cryptography that the process has chosen, as everything else here does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let made = |guard: &Guard| {
            let client = Client::builder()
                .dns_resolver(Arc::new(guard.clone()))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(concat!("encke/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_millis(outgoing_limits::EGRESS_CONNECT_MS_MAX))
                .timeout(Duration::from_millis(outgoing_limits::EGRESS_WAIT_MS_MAX))
                .pool_idle_timeout(Duration::from_millis(outgoing_limits::EGRESS_IDLE_MS_MAX))
                .pool_max_idle_per_host(outgoing_limits::EGRESS_IDLE_PER_HOST_MAX);
            client.build().map_err(|e| causes(&e))
        };
        Ok(Clients { https: made(&egress.https)?, http: made(&egress.http)? })
    }
}

fn failed(e: &reqwest::Error) -> EgressError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(e);
    while let Some(now) = cause {
        if now.is::<Closed>() {
            return EgressError::Refused(now.to_string());
        }
        cause = now.source();
    }
    EgressError::Failed(causes(e))
}

/// An error and its causes, without the address, which may be a secret.
fn causes(e: &reqwest::Error) -> String {
    let mut text = if e.is_timeout() { "no answer in time" } else { "no answer" }.to_owned();
    let mut cause = std::error::Error::source(e);
    while let Some(now) = cause {
        text += &format!(": {now}");
        cause = now.source();
    }
    text
}
