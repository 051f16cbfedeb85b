//! All that is served over HTTP beside the feed: the API, operation, the web chat.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use encke_apps::{Origin, Refusal, Site};
use encke_engine::{Code, Error, limits};
use encke_gateway::classic::Classic;
use http::{HeaderValue, Method, StatusCode, header};
use utoipa::OpenApi;

use crate::cluster::Cluster;
use crate::{assets, metrics};

#[derive(OpenApi)]
#[openapi(info(
    title = "Encke",
    description = "Messaging that always arrives. The feed and its six transports are described in docs/protocol.md."
))]
struct Api;

/// What the pages of operation look at.
#[derive(Clone)]
struct Operation {
    site: Arc<Site>,
    cluster: Arc<OnceLock<Arc<Cluster>>>,
    openapi: Arc<str>,
}

/// The API with its description, without operation and the web chat.
pub fn api(site: &Arc<Site>) -> (Router, String) {
    let (router, mut openapi) = encke_apps::router(site.clone()).split_for_parts();
    let described = Api::openapi();
    openapi.info = described.info;
    let json = openapi.to_pretty_json().expect("a description is JSON");
    let known = middleware::from_fn_with_state(site.clone(), cross_origin);
    // The feed itself never comes here; what a browser asks before it asks for the feed from another origin does.
    let router = router.route(encke_transport::PATH, any(wrong_method));
    (router.method_not_allowed_fallback(wrong_method).layer(known), json)
}

/// Everything.
pub fn all(
    site: &Arc<Site>,
    cluster: Arc<OnceLock<Arc<Cluster>>>,
    classic: Option<&Arc<Classic>>,
) -> Router {
    let (api, openapi) = api(site);
    let operation = Operation { site: site.clone(), cluster, openapi: openapi.into() };
    let operation = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .route("/openapi.json", get(openapi_json))
        .with_state(operation);
    let all = api.merge(operation);
    let all = match classic {
        Some(classic) => all.nest("/classic", encke_gateway::classic::router(classic.clone())),
        None => all,
    };
    all.fallback(assets::serve)
}

async fn wrong_method() -> Response {
    Refusal(Error::new(Code::WrongMethod, "This address does not take this method."))
        .into_response()
}

/// Whether the store takes writes: an empty write goes through its writer and its disk, or to its database and back.
/// Whoever balances does not wait for long, so neither does this.
async fn ready(State(operation): State<Operation>) -> Response {
    let longest = Duration::from_millis(limits::READY_MS_MAX);
    let written = operation.site.store.write(|tx| Ok(tx.now_ms()));
    match tokio::time::timeout(longest, written).await {
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(e)) => Refusal(e).into_response(),
        Err(_) => {
            let why = Error::new(Code::Overloaded, "The store does not answer in time.");
            Refusal(why.retry_after_ms(1_000)).into_response()
        }
    }
}

async fn figures(State(operation): State<Operation>) -> Response {
    let Some(cluster) = operation.cluster.get() else {
        return Refusal(Error::new(Code::Overloaded, "The server is starting.")).into_response();
    };
    let text = metrics::text(&operation.site.store, cluster);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn openapi_json(State(operation): State<Operation>) -> Response {
    let json = operation.openapi.to_string();
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Lets pages of allowed origins read the answers, and answers what browsers ask before they send (CORS).
async fn cross_origin(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let trusted = Origin::of(request.headers(), request.uri()).is_trusted(&site);
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if let (true, Some(origin)) = (trusted, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        if preflight {
            let methods = HeaderValue::from_static("GET, POST, PATCH, DELETE");
            let names = HeaderValue::from_static(
                "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
            );
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}
