//! Requests for the feed that hyper read: they are parsed here, sent to the gate for admission, and refused.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse;
use encke_engine::{Code, Error, limits};
use encke_site::Refusal;
use encke_transport::{Admission, FeedRequest, Shards};
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::End;
use crate::wire::bridge;
use crate::wire::bridge_places::Full;

pub(super) fn is_feed(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET && request.uri().path() == encke_transport::PATH
}

/// A feed request that hyper read: parsed, and as hyper gave it.
pub(super) type ParsedFeed = (Arc<FeedRequest>, Request<Incoming>);

pub(super) fn from_request(
    request: Request<Incoming>,
    end: End,
) -> Result<ParsedFeed, Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    match FeedRequest::from_parts(&parts, end.peer) {
        Ok(mut feed) => {
            feed.tls = end.tls;
            Ok((Arc::new(feed), Request::from_parts(parts, body)))
        }
        Err(refused) => Err(Box::new(refusal(refused))),
    }
}

/// Turns a refusal of the feed into an answer of hyper's.
pub(super) fn refusal(refused: encke_transport::Refusal) -> Response<Body> {
    let mut response = Refusal(refused.error).into_response();
    if let Ok(status) = http::StatusCode::from_u16(refused.status) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    if let Some((name, value)) = refused.header
        && let Ok(value) = HeaderValue::from_str(value)
    {
        headers.insert(name, value);
    }
    if let Some(origin) = refused.allow_origin
        && let Ok(origin) = HeaderValue::from_str(&origin)
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// Asks the gate to admit a request that is to be bridged.
pub(super) async fn admitted(
    shards: &Shards,
    feed: Arc<FeedRequest>,
) -> Result<Box<Admission>, Response<Body>> {
    let (tell, told) = oneshot::channel();
    shards.admit(feed, |answer| drop(tell.send(answer)));
    match told.await {
        Ok(Ok(admission)) => Ok(admission),
        Ok(Err(refused)) => Err(refusal(*refused)),
        Err(_) => Err(unavailable()),
    }
}

pub(super) fn no_place(full: Full) -> Response<Body> {
    let (code, what) = match full {
        Full::NoRoom => (Code::Overloaded, "Too many feeds are open here; try again later."),
        Full::Person => (Code::RateLimited, "You have too many feeds open; close some of them."),
    };
    Refusal(Error::new(code, what).retry_after_ms(limits::SLOW_READER_MS_MAX)).into_response()
}

pub(super) fn wrapped(response: Response<bridge::Carried>) -> Response<Body> {
    response.map(Body::new)
}

pub(super) fn not_bridged(e: std::io::Error) -> Response<Body> {
    tracing::warn!("a request that waits could not be bridged: {e}");
    unavailable()
}

pub(super) fn unavailable() -> Response<Body> {
    Refusal(Error::new(Code::Overloaded, "The feed is not to be had right now.")).into_response()
}
