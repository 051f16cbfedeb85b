//! The router of all that is served over HTTP beside the feed: the API, its description, the screens.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use encke_engine::{Code, Error};
use encke_gateway::Gateways;
use encke_site::{Origin, Refusal, Site};
use http::{HeaderValue, Method, StatusCode, header};

use crate::http::assets;
use crate::http::openapi;

/// The API, without its description, operation and the screens.
pub fn api(site: &Arc<Site>) -> Router {
    let (router, _) = encke_site::router(site.clone()).split_for_parts();
    let known = middleware::from_fn_with_state(site.clone(), cross_origin);
    // Requests for the feed never come here, but a browser's preflight for the feed does.
    let router = router.route(encke_transport::PATH, any(wrong_method));
    router.method_not_allowed_fallback(wrong_method).layer(known)
}

/// The whole router. `operation` is [`operation::router`](crate::http::operation::router).
pub fn all(site: &Arc<Site>, operation: Router, gateways: &Gateways) -> Router {
    let all = api(site).merge(operation).merge(openapi::router(site.products()));
    gateways.mounted_on(all).fallback_service(any(assets::serve).with_state(site.clone()))
}

async fn wrong_method() -> Response {
    Refusal(Error::new(Code::WrongMethod, "This address does not take this method."))
        .into_response()
}

/// Adds CORS: pages of allowed origins may read the answers, and preflights are answered.
async fn cross_origin(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let trusted = Origin::of(request.headers(), request.uri(), request.extensions());
    let trusted = trusted.is_trusted(&site);
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if let (true, Some(origin)) = (trusted, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        let told = HeaderValue::from_static(
            "Upload-Offset, Upload-Length, Content-Disposition, Content-Range, ETag",
        );
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, told);
        if preflight {
            let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
            let names = HeaderValue::from_static(
                "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Range, Upload-Offset",
            );
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}
