//! The picture of a preview, for those who may read the message.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use encke_engine::{Code, Error};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Sql, params};
use encke_talk::member::check_member;
use encke_talk::{parse_conversation, parse_seq};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// A picture is shown by the page of this site alone, and does nothing if it is opened by itself.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // A copy may be kept, but whether it may still be read is asked each time.
    (header::CACHE_CONTROL, "private, no-cache"),
];

/// The picture of a message's preview, a PNG or JPEG that this server has made.
#[utoipa::path(get, operation_id = "preview_picture",
    path = "/v1/conversations/{id}/messages/{seq}/preview/picture", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"),
        (status = 304, description = "The client has it already."),
        (status = 403, description = "not_member"), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (id, seq, me) = (parse_conversation(&id)?, parse_seq(&seq)?, caller.0.person);
    site.take(me, caller.0.role, Act::FileRequest)?;
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        let query = "SELECT p.id, p.picture_type, p.picture FROM preview_held h
                     JOIN preview_page p ON p.id = h.page
                     WHERE h.conversation = ?1 AND h.seq = ?2 AND p.picture IS NOT NULL";
        let none = || Error::new(Code::NotFound, "This message shows no picture of a page.");
        let row = read.query_one(query, params![id, seq])?.ok_or_else(none)?;
        let (page, media_type): (u64, String) = (row.get(0)?, row.get(1)?);
        Ok((page, media_type, row.get::<Vec<u8>>(2)?))
    });
    let (page, media_type, bytes) = found.await?;
    let etag = format!("\"preview-{page}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known == Some(&etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(bytes))
    };
    let out = response.headers_mut();
    for (name, value) in HEADERS {
        out.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [(header::CONTENT_TYPE, &media_type), (header::ETAG, &etag)] {
        out.insert(name, HeaderValue::from_str(value).expect("written here"));
    }
    Ok(response)
}
