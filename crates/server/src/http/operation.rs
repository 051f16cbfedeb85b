//! Routes for operators and their machines: whether the process lives, whether a space takes writes, and metrics.
//!
//! On the public address, `/metrics` needs a token. With an operations address ([`crate::http::ops_listener`]),
//! `/metrics` and `/readyz` are served only there.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use encke_engine::{Code, Error, limits};
use encke_site::{Refusal, Scheme, Site, credentials};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::boot::cluster::Cluster;
use crate::http::metrics;

/// One space as operation sees it.
pub struct Watched {
    /// The space's name, if the process serves several.
    pub space: Option<String>,
    site: Arc<Site>,
    cluster: Arc<OnceLock<Arc<Cluster>>>,
    token: Option<String>,
    /// The store's last answer and its time.
    ready: Mutex<Option<(Instant, Result<(), Error>)>>,
}

impl Watched {
    /// A space whose metrics need this token. Its cluster is added when the space has joined one.
    pub fn new(
        space: Option<String>,
        site: Arc<Site>,
        cluster: Arc<OnceLock<Arc<Cluster>>>,
        token: Option<String>,
    ) -> Arc<Self> {
        Arc::new(Watched { space, site, cluster, token, ready: Mutex::default() })
    }

    /// Whether the store takes writes: an empty write goes through its writer and to disk or database.
    ///
    /// One answer serves all who ask within [`limits::READY_KEPT_MS`], so frequent requests cost no writes.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut kept = self.ready.lock().await;
        if let Some((at, answer)) = &*kept
            && at.elapsed() < Duration::from_millis(limits::READY_KEPT_MS)
        {
            return answer.clone();
        }
        let longest = Duration::from_millis(limits::READY_MS_MAX);
        let written = self.site.store.write(|tx| Ok(tx.now_ms()));
        let answer = match tokio::time::timeout(longest, written).await {
            Ok(written) => written.map(drop),
            Err(_) => {
                let why = Error::new(Code::Overloaded, "The store does not answer in time.");
                Err(why.retry_after_ms(1_000))
            }
        };
        *kept = Some((Instant::now(), answer.clone()));
        answer
    }

    /// The sources of the space's metrics; `None` until the space has started.
    pub fn source(&self) -> Option<metrics::Source<'_>> {
        let cluster = self.cluster.get()?;
        Some(metrics::Source { space: self.space.as_deref(), store: &self.site.store, cluster })
    }

    /// Whether a request may read the metrics on the public address.
    fn may_read(&self, headers: &HeaderMap) -> Result<(), Error> {
        let Some(token) = &self.token else {
            let what = "Figures are not served here: set ops-listen or metrics-token.";
            return Err(Error::new(Code::Forbidden, what));
        };
        let given = credentials(headers, Scheme::Http).bearer.unwrap_or_default();
        // Hashes are compared, so that the time of the comparison says nothing about the token.
        if Sha256::digest(given) == Sha256::digest(token) {
            return Ok(());
        }
        Err(Error::new(Code::NotSignedIn, "Figures need the metrics-token."))
    }
}

/// The routes of operation on the public address. `apart` says that operation has an address of its own.
pub fn router(watched: Arc<Watched>, apart: bool) -> Router {
    let alive = Router::new().route("/healthz", get(async || "ok\n"));
    if apart {
        let elsewhere = || async { Refusal(not_here()).into_response() };
        return alive.route("/readyz", get(elsewhere)).route("/metrics", get(elsewhere));
    }
    let asked = Router::new().route("/readyz", get(ready)).route("/metrics", get(figures));
    alive.merge(asked.with_state(watched))
}

fn not_here() -> Error {
    Error::new(Code::NotFound, "This is served on the operations address alone.")
}

async fn ready(State(watched): State<Arc<Watched>>) -> Response {
    is_ready(watched.ready().await)
}

async fn figures(State(watched): State<Arc<Watched>>, headers: HeaderMap) -> Response {
    if let Err(refused) = watched.may_read(&headers) {
        return Refusal(refused).into_response();
    }
    match watched.source() {
        Some(source) => page(&[source]),
        None => Refusal(Error::new(Code::Overloaded, "The server is starting.")).into_response(),
    }
}

/// Makes the answer of `/readyz`.
pub fn is_ready(answer: Result<(), Error>) -> Response {
    match answer {
        Ok(()) => "ready\n".into_response(),
        Err(e) => Refusal(e).into_response(),
    }
}

/// Makes the answer of `/metrics`.
pub fn page(sources: &[metrics::Source<'_>]) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics::text(sources)).into_response()
}
