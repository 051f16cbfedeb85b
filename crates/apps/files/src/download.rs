//! Reading files: whole, in parts, or as thumbnails.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use encke_engine::Error;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::{Act, Refusal, Site};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::disposition;
use crate::file::FileRow;
use crate::file_id::{FileId, not_found};
use crate::holding::readable;
use crate::outgoing::Outgoing;
use crate::range;
use crate::storage::Storage;

/// The name under which browsers save a thumbnail.
const THUMBNAIL_NAME: &str = "thumbnail";

async fn find(site: &Arc<Site>, caller: &CallerOrVisitor, id: &str) -> Result<FileRow, Error> {
    let (id, me): (FileId, _) = (id.parse()?, caller.0.person);
    site.take(me, caller.0.role, Act::FileRequest)?;
    site.store.read(move |read| readable(read, &id, me)).await
}

/// Whether the client has these bytes already. The bytes of a file never change, so its id tells.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == etag || tag == "*")
    })
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("ids and numbers can stand in headers")
}

/// The bytes of a file. Pictures, video and sound are shown in place, all else is only saved.
#[utoipa::path(get, operation_id = "file", path = "/v1/files/{id}", tag = "files",
    params(("id" = String, Path), ("Range" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = Vec<u8>, content_type = "*/*"),
        (status = 206, body = Vec<u8>, content_type = "*/*", description = "The part that was asked for."),
        (status = 304, description = "The client has it already."),
        (status = 404, description = "not_found"), (status = 416, description = "out_of_range"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = find(&site, &caller, &id).await?;
    let etag = format!("\"{}\"", row.id);
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    disposition::set(out, &row.media_type, &row.name);
    out.insert(header::ETAG, text(&etag));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if is_known(&headers, &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let part = range::asked(&headers, row.bytes, &etag)?;
    let (from, to) = part.unwrap_or((0, row.bytes));
    let storage = Storage::of(&site);
    let _place = storage.downloads.take(caller.0.person)?;
    let reading = storage.blobs()?.read(&row.id, from, to).await?;
    out.insert(header::CONTENT_LENGTH, (to - from).into());
    if part.is_some() {
        let told = format!("bytes {from}-{}/{}", to - 1, row.bytes);
        response.headers_mut().insert(header::CONTENT_RANGE, text(&told));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let (reader, id) = (caller.0.person, row.id);
    *response.body_mut() = Outgoing { site: site.clone(), id, reader, reading, _place }.into_body();
    Ok(response)
}

/// A small picture of a file.
#[utoipa::path(get, operation_id = "thumbnail", path = "/v1/files/{id}/thumbnail", tag = "files",
    params(("id" = String, Path), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"),
        (status = 304, description = "The client has it already."),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn thumbnail(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = find(&site, &caller, &id).await?;
    let media_type = row.thumbnail.ok_or_else(not_found)?;
    let etag = format!("\"{}-thumbnail\"", row.id);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Storage::of(&site).blobs()?.read_thumbnail(&row.id).await?.into_response()
    };
    disposition::set(response.headers_mut(), &media_type, THUMBNAIL_NAME);
    response.headers_mut().insert(header::ETAG, text(&etag));
    Ok(response)
}
