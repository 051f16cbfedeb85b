//! The description of the API as it is served: made once, shared by all answers.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

#[derive(Clone)]
struct Description {
    json: Bytes,
    etag: HeaderValue,
}

/// Serves this text.
pub fn router(json: String) -> Router {
    let digest = Sha256::digest(&json);
    let short: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    let etag = HeaderValue::try_from(format!("\"{short}\"")).expect("hex digits");
    let description = Description { json: json.into(), etag };
    Router::new().route("/openapi.json", get(serve)).with_state(description)
}

async fn serve(State(description): State<Description>, headers: HeaderMap) -> Response {
    let Description { json, etag } = description;
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == etag);
    let lines = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, etag),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, lines).into_response(),
        false => (lines, json).into_response(),
    }
}
