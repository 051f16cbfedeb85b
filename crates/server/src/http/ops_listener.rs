//! The operations address (`--ops-listen`): `/healthz`, `/readyz` and `/metrics` of all spaces, for an operator's
//! network.
//!
//! It has connections of its own, so that it answers while all other places are taken.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use encke_engine::{Code, Error, limits};
use http::StatusCode;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::boot::spaces::Spaces;
use crate::http::operation;

/// Serves operation until the process ends, also while it goes down.
pub fn serve(listener: std::net::TcpListener, spaces: Arc<Spaces>) -> Result<()> {
    listener.set_nonblocking(true)?;
    tokio::spawn(accept(TcpListener::from_std(listener)?, router(spaces)));
    Ok(())
}

fn router(spaces: Arc<Spaces>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .fallback(async || (StatusCode::NOT_FOUND, "/healthz, /readyz and /metrics are here.\n"))
        .with_state(spaces)
}

async fn accept(listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(limits::OPS_CONNECTIONS_MAX));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // The process is out of files. They are free again when connections end.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut builder = hyper::server::conn::http1::Builder::new();
            let head_wait = Duration::from_millis(limits::HEAD_WAIT_MS_MAX);
            builder.timer(TokioTimer::new()).header_read_timeout(head_wait);
            let served = builder.serve_connection(TokioIo::new(stream), service);
            let longest = Duration::from_millis(limits::OPS_CONNECTION_MS_MAX);
            if let Ok(Err(e)) = tokio::time::timeout(longest, served).await {
                tracing::debug!("a connection to the operations address ended: {e}");
            }
            drop(place);
        });
    }
}

#[derive(Deserialize)]
struct Which {
    /// Answer only for this space.
    space: Option<String>,
}

/// Answers with a line for each of several spaces.
///
/// The process is ready if one of them is, so that one space without its database does not take the others down.
async fn ready(State(spaces): State<Arc<Spaces>>, Query(which): Query<Which>) -> Response {
    if let Some(name) = which.space {
        return operation::is_ready(one_ready(&spaces, &name).await);
    }
    if spaces.count() == 1 {
        return operation::is_ready(at_ready(&spaces, 0).await);
    }
    let mut status = StatusCode::SERVICE_UNAVAILABLE;
    let mut lines = String::new();
    for number in 0..spaces.count() {
        let said = match at_ready(&spaces, number).await {
            Ok(()) => {
                status = StatusCode::OK;
                "ready".to_owned()
            }
            Err(e) => e.to_string(),
        };
        lines.push_str(&format!("{}: {said}\n", spaces.name(number)));
    }
    (status, lines).into_response()
}

async fn at_ready(spaces: &Spaces, number: usize) -> Result<(), Error> {
    spaces.watched(number)?.ready().await
}

async fn one_ready(spaces: &Spaces, name: &str) -> Result<(), Error> {
    let unknown = || Error::new(Code::NotFound, "There is no space of this name.");
    let number = (0..spaces.count()).find(|n| spaces.name(*n) == name).ok_or_else(unknown)?;
    at_ready(spaces, number).await
}

async fn figures(State(spaces): State<Arc<Spaces>>) -> Response {
    let there: Vec<_> = (0..spaces.count()).filter_map(|n| spaces.watched(n).ok()).collect();
    let sources: Vec<_> = there.iter().filter_map(|watched| watched.source()).collect();
    operation::page(&sources)
}
